"""How a network was trained for a comparison, as it is written and read; made in ``trainer.trial``. No TensorFlow."""

from typing import Any

from trainer.servable import Rate
from trainer.strict import Settings


class LayerRow(Settings):
    """One row of a network's layer table.

    Attributes:
        kind: Keras's name of the layer, or ``frozen`` for a whole backbone that keeps its weights.
        output: Shape of what comes out for one film.
        parameters: Numbers that it holds.
        trainable: Those of them that training moves.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    trainable: int


class TrialReport(Settings):
    """One trained network.

    Attributes:
        backbone: Its name.
        weights: As used: imagenet, random, scratch, or a file's name and fingerprint.
        settings: Of the trainer.
        trainable_parameters: Numbers that training moved.
        layers: From the image to the probabilities, without the input.
        training: As ``model.json`` has it: history, best epoch, class weights, fine-tuning.
        seconds_per_epoch: Median over the first stage; its first epoch holds the compiling.
        device: On which that was: ``CPU``, or the GPU's name.
        features_once: Whether an epoch trained the head alone, on features that had been computed before it.
        threshold: Chosen on the eval split.
        temperature: As in ``model.json``.
        train_accuracy: Share of the train films as they are, not augmented, whose most probable class is theirs, with
            the weights that were kept.
        train_loss: Mean cross-entropy on the same.
        notes: Sentences that a reader of the figures must see.
    """

    backbone: str
    weights: str
    settings: dict[str, Any]
    trainable_parameters: int
    layers: tuple[LayerRow, ...]
    training: dict[str, Any]
    seconds_per_epoch: float
    device: str
    features_once: bool
    threshold: float
    temperature: float
    train_accuracy: Rate
    train_loss: float
    notes: tuple[str, ...] = ()
