"""The learning rate of each epoch, by the schedule's name. No TensorFlow.

A function of the epoch alone, so that a training which was killed goes on with the rate that it would have had.
"""

import math
from collections.abc import Callable

from trainer.settings import TrainerSettings

#: Schedule -> (settings, epoch counted from 0) -> part of ``learning_rate``, in 0..1.
SCHEDULES: dict[str, Callable[[TrainerSettings, int], float]] = {
    "constant": lambda settings, epoch: 1.0,
    # Loshchilov and Hutter 2017, without restarts: half a cosine over all epochs, early stopping or not.
    "cosine": lambda settings, epoch: (1 + math.cos(math.pi * epoch / settings.epochs)) / 2,
    "exponential": lambda settings, epoch: settings.decay ** (epoch / settings.decay_epochs),
    "step": lambda settings, epoch: settings.decay ** (epoch // settings.decay_epochs),
}


def learning_rate_of(settings: TrainerSettings, epoch: int) -> float:
    """The learning rate of an epoch, counted from 0."""
    return settings.learning_rate * SCHEDULES[settings.schedule](settings, epoch)
