"""The optimizers, by name. To add one, add an entry to ``OPTIMIZERS`` and its name to the settings."""

from collections.abc import Callable

import keras

from trainer.settings import TrainerSettings

#: Name -> learning rate -> optimizer, with Keras's defaults but for the momentum of sgd, which is none there.
OPTIMIZERS: dict[str, Callable[[float], keras.optimizers.Optimizer]] = {
    "nadam": keras.optimizers.Nadam,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": lambda learning_rate: keras.optimizers.SGD(learning_rate, momentum=0.9),
    "rmsprop": keras.optimizers.RMSprop,
}


def build_optimizer(settings: TrainerSettings) -> keras.optimizers.Optimizer:
    """A new optimizer of the kind that ``settings.optimizer`` names."""
    return OPTIMIZERS[settings.optimizer](settings.learning_rate)
