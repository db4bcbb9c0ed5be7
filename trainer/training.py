"""The training loop: epochs of Keras's fit, early stopping, a checkpoint after each."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.checkpoint import Epoch, State
from trainer.class_weights import weighted_crossentropy
from trainer.devices import uses_xla
from trainer.errors import DivergedError
from trainer.memory import explained_memory
from trainer.optimizers import build_optimizer
from trainer.progress import Bar, BatchProgress
from trainer.schedules import learning_rate_of
from trainer.settings import TrainerSettings


@dataclass(frozen=True)
class Batches:
    """What is trained and stopped on: batches of (input, one-hot label).

    Attributes:
        of_epoch: epoch, counted from 0 -> its batches, in that epoch's own order.
        steps: batches in an epoch.
        evaluation: batches that decide when to stop.
        at_once: steps between two returns to Python, which takes longer than a short step itself.
    """

    of_epoch: Callable[[int], tf.data.Dataset]
    steps: int
    evaluation: tf.data.Dataset
    at_once: int = 1


@dataclass(frozen=True)
class Stage:
    """What a training is called in messages.

    Attributes:
        doing, done: ``training`` and ``trained``.
        group: the group of settings that its epochs and learning rate stand in.
    """

    doing: str
    done: str
    group: str


TRAINING = Stage("training", "trained", "trainer")
FINE_TUNING = Stage("fine-tuning", "fine-tuned", "trainer.fine_tune")


@dataclass(frozen=True)
class FineTuned:
    """How the second stage went.

    Attributes:
        kept: whether its weights were kept: its best eval loss is not above that of the first stage.
        eval_loss_before, eval_loss_after: of the first stage's best epoch, and of the second's.
        layers: names of the backbone's layers that moved.
        best_epoch, history: as in :class:`Training`.
    """

    kept: bool
    eval_loss_before: float
    eval_loss_after: float
    layers: tuple[str, ...]
    best_epoch: int
    history: tuple[Epoch, ...]


@dataclass(frozen=True)
class Training:
    """How a training went.

    Attributes:
        history: per epoch: loss, accuracy, recall (of the positive class, at 0.5), the same with ``eval_``,
            learning_rate, seconds.
        best_epoch: the epoch whose weights were kept, counted from 1.
        class_weights: of each class in the loss; None = all the same.
        fine_tuned: the second stage; None = there was none.
    """

    history: tuple[Epoch, ...]
    best_epoch: int
    class_weights: tuple[float, ...] | None = None
    fine_tuned: FineTuned | None = None

    @property
    def eval_loss(self) -> float:
        """Of the epoch whose weights were kept."""
        return self.history[self.best_epoch - 1]["eval_loss"]

    def record(self) -> dict[str, Any]:
        """What ``model.json`` says of it."""
        record: dict[str, Any] = {"best_epoch": self.best_epoch, "history": self.history}
        if self.class_weights is not None:
            record["class_weights"] = self.class_weights
        if self.fine_tuned is not None:
            record["fine_tune"] = asdict(self.fine_tuned)
        return record


def best_epoch(history: tuple[Epoch, ...]) -> int:
    """The first epoch with the lowest eval loss, counted from 1."""
    return 1 + min(range(len(history)), key=lambda index: history[index]["eval_loss"])


def fit(
    model: keras.Model,
    batches: Batches,
    positive: int,
    settings: TrainerSettings,
    *,
    stage: Stage = TRAINING,
    class_weights: np.ndarray | None = None,
    frozen: keras.Model | None = None,
    checkpoint: Path | None = None,
    log_dir: str | None = None,
) -> Training:
    """Fits ``model`` and leaves the weights of the best epoch in it.

    Stops when the eval loss has not fallen for ``settings.patience`` epochs. Everything that decides when to stop
    stands in the history, so a training that was killed goes on exactly as if it had not been.

    Args:
        model: to fit; ends in softmax.
        batches: the films, or their features.
        positive: index of the positive class.
        settings: optimizer, learning rate and its schedule, ``epochs`` and ``patience`` decide.
        stage: what the training is called.
        class_weights: float [C], how much the films of each class count in the loss, the eval loss too; None = all
            the same.
        frozen: a part of the model, whose variables that are not trainable are left out of checkpoints; None = there
            is none.
        checkpoint: file for the state after each epoch; None = none is kept.
        log_dir: folder for TensorBoard scalars.

    Raises:
        DivergedError: The loss or a weight is not a number any more.
        RunError: Memory ran out.
    """
    model.compile(
        optimizer=build_optimizer(settings),
        loss="categorical_crossentropy" if class_weights is None else weighted_crossentropy(class_weights),
        metrics=[
            keras.metrics.CategoricalAccuracy(name="accuracy"),
            keras.metrics.Recall(class_id=positive, name="recall"),
        ],
        jit_compile=uses_xla(settings),
        steps_per_execution=batches.at_once,
    )
    model.optimizer.build(model.trainable_variables)
    kept = {id(variable) for variable in frozen.non_trainable_variables} if frozen is not None else set()
    weights = [variable for variable in model.variables if id(variable) not in kept]
    moving = [*weights, *model.optimizer.variables]

    state = (checkpoint and State.load(checkpoint)) or State((), (), ())
    _assign(moving, state.current)
    done = len(state.history)
    start = time.monotonic()
    scalars = tf.summary.create_file_writer(log_dir) if log_dir else tf.summary.create_noop_writer()
    with scalars.as_default(), Bar(stage.doing, (settings.epochs - done) * batches.steps) as bar:
        for epoch in range(done, settings.epochs):
            if epoch and epoch - best_epoch(state.history) >= settings.patience:
                break
            progress = BatchProgress(bar, _in_short(state.history))
            history = (*state.history, _epoch(model, epoch, batches, settings, stage, progress))
            is_best = best_epoch(history) == epoch + 1
            state = State(history, _values(moving), _values(weights) if is_best else state.best)
            if checkpoint is not None:
                state.save(checkpoint)
            for name, value in history[-1].items():
                tf.summary.scalar(name, value, step=epoch + 1)
            bar.note(_in_short(history))
        best = best_epoch(state.history)
        _assign(weights, state.best)
        measured = state.history[best - 1]
        epochs = f"{len(state.history)} epoch{'s' * (len(state.history) != 1)}"
        resumed = f" ({done} before a restart)" if done else ""
        bar.finish(
            f"{stage.done} {epochs}{resumed} in {time.monotonic() - start:.0f} s; best epoch {best}: "
            f"eval loss {measured['eval_loss']:.3g}, recall {measured['eval_recall']:.2f}"
        )
    return Training(state.history, best)


def _epoch(
    model: keras.Model,
    epoch: int,
    batches: Batches,
    settings: TrainerSettings,
    stage: Stage,
    progress: BatchProgress,
) -> Epoch:
    start = time.monotonic()
    learning_rate = learning_rate_of(settings, epoch)
    model.optimizer.learning_rate = learning_rate
    with explained_memory(settings):
        logs = model.fit(
            batches.of_epoch(epoch),
            validation_data=batches.evaluation,
            initial_epoch=epoch,
            epochs=epoch + 1,
            callbacks=[progress],
            verbose=0,
        ).history
    measured = {name.replace("val_", "eval_"): float(values[-1]) for name, values in logs.items()}
    # Some processors' ReLU gives 0 for a NaN, so that a network whose weights are lost still has a finite loss.
    if not (math.isfinite(measured["loss"]) and math.isfinite(measured["eval_loss"]) and _finite(model)):
        raise DivergedError(
            f"the loss is {measured['loss']:g} (eval {measured['eval_loss']:g}), or a weight is nan, in epoch "
            f"{epoch + 1} with {stage.group}.learning_rate {learning_rate:g}; lower the learning rate"
        )
    return measured | {"learning_rate": learning_rate, "seconds": round(time.monotonic() - start, 3)}


def _in_short(history: tuple[Epoch, ...]) -> str:
    return f"epoch {len(history)}: eval loss {history[-1]['eval_loss']:.3g}" if history else ""


def _finite(model: keras.Model) -> bool:
    return all(np.isfinite(variable.numpy()).all() for variable in model.trainable_variables)


def _values(variables: list[keras.Variable]) -> tuple[np.ndarray, ...]:
    return tuple(np.array(variable.numpy()) for variable in variables)


def _assign(variables: list[keras.Variable], values: tuple[np.ndarray, ...]) -> None:
    for variable, value in zip(variables, values, strict=bool(values)):
        variable.assign(value)
