"""The second stage: the end of a frozen backbone is trained on with the head, and kept only if that is not worse."""

import dataclasses
import difflib
from pathlib import Path

import keras
import numpy as np

from trainer.errors import UsageError
from trainer.model import Classifier, Extractor
from trainer.progress import say
from trainer.settings import FineTuning, TrainerSettings
from trainer.training import FINE_TUNING, Batches, FineTuned, Training, fit


def check_fine_tuning(settings: TrainerSettings, extractor: Extractor) -> None:
    """Refuses layers that the backbone does not have, before anything is trained.

    Raises:
        UsageError: No layer's name begins as ``trainer.fine_tune.block`` says, or ``layers`` is more than there are.
    """
    check_layers(settings, _backbone_of(extractor))


def check_layers(settings: TrainerSettings, network: keras.Model) -> None:
    """The same of a backbone alone, which it leaves frozen."""
    if settings.fine_tune is not None:
        _unfreeze(network, settings.fine_tune, settings.backbone)
        network.trainable = False


def fine_tune(
    classifier: Classifier,
    films: Batches,
    positive: int,
    settings: TrainerSettings,
    first: Training,
    *,
    checkpoint: Path | None = None,
    log_dir: str | None = None,
) -> tuple[Classifier, Training]:
    """Trains the last layers of the backbone on, from the best epoch of the first stage.

    Batch normalisation stays as it is, statistics, scale and offset. What is better is decided by the eval loss, as
    between epochs: it moves with every film, while recall on a few dozen of them moves in steps or not at all.

    Args:
        classifier: after the first stage.
        films: the same as in the first stage.
        positive: index of the positive class.
        settings: ``fine_tune`` and what holds for both stages; its learning rate is constant.
        first: how the first stage went.
        checkpoint: file for the state after each epoch, another than the first stage's.
        log_dir: folder for TensorBoard scalars.

    Returns:
        The classifier, with an extractor that is not frozen if the second stage was kept, so that nobody takes
        features which the backbone gave before; and ``first`` with what the second stage came to.

    Raises:
        UsageError: The backbone has no such layers.
        RunError: The loss or a weight is not a number any more, or memory ran out.
    """
    if settings.fine_tune is None:
        return classifier, first
    network = _backbone_of(classifier.extractor)
    layers = _unfreeze(network, settings.fine_tune, settings.backbone)
    fixed = {id(variable) for variable in classifier.extractor.model.non_trainable_variables}
    moving = [variable for variable in classifier.core.variables if id(variable) not in fixed]
    before = [np.array(variable.numpy()) for variable in moving]
    second = fit(
        classifier.training,
        films,
        positive,
        settings.model_copy(
            update={
                "epochs": settings.fine_tune.epochs,
                "learning_rate": settings.fine_tune.learning_rate,
                "schedule": "constant",
            }
        ),
        stage=FINE_TUNING,
        class_weights=None if first.class_weights is None else np.array(first.class_weights, np.float32),
        frozen=classifier.extractor.model,
        checkpoint=checkpoint,
        log_dir=log_dir,
    )
    kept = second.eval_loss <= first.eval_loss
    if kept:
        extractor = dataclasses.replace(classifier.extractor, frozen=False)
        classifier = dataclasses.replace(classifier, extractor=extractor)
    else:
        for variable, value in zip(moving, before, strict=True):
            variable.assign(value)
        network.trainable = False
    losses = f"eval loss {first.eval_loss:.3g} before, {second.eval_loss:.3g} after"
    say(f"fine-tuning {'kept' if kept else 'undone'}: {losses}")
    fine_tuned = FineTuned(kept, first.eval_loss, second.eval_loss, layers, second.best_epoch, second.history)
    return classifier, dataclasses.replace(first, fine_tuned=fine_tuned)


def _backbone_of(extractor: Extractor) -> keras.Model:
    return next(layer for layer in extractor.maps.layers if isinstance(layer, keras.Model))


def _unfreeze(network: keras.Model, settings: FineTuning, backbone: str) -> tuple[str, ...]:
    """Makes the chosen layers trainable and no others; returns their names."""
    network.trainable = True
    names = [layer.name for layer in network.layers]
    movable = {
        layer.name
        for layer in network.layers
        if layer.trainable_weights and not isinstance(layer, keras.layers.BatchNormalization)
    }
    if settings.layers is not None and settings.layers > len(movable):
        raise UsageError(
            f"trainer.fine_tune.layers is {settings.layers}, but {backbone} has {len(movable)} layers that can be "
            "trained, batch normalisation not counted; give no more"
        )
    begin = 0
    if settings.block is not None:
        begin = next((index for index, name in enumerate(names) if name.startswith(settings.block)), len(names))
        if not movable & set(names[begin:]):
            near = difflib.get_close_matches(settings.block, names, n=3, cutoff=0) if begin == len(names) else []
            raise UsageError(
                f"trainer.fine_tune.block is '{settings.block}', but "
                + (
                    f"no layer's name in {backbone} begins so; near are {', '.join(near)}"
                    if near
                    else f"from there on {backbone} has no layer that can be trained; name an earlier one"
                )
            )
    chosen = [name for name in names[begin:] if name in movable][-(settings.layers or 0) :]
    for layer in network.layers:
        layer.trainable = layer.name in chosen
    return tuple(chosen)
