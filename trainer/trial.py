"""One network of a comparison: trained as a run trains it, scored on train and test films, never exported."""

import gc

import keras
import numpy as np
import tensorflow as tf

from trainer.backbones import find_backbone
from trainer.calibration import calibrated
from trainer.fitting import feature_files
from trainer.frozen_features import plain_features
from trainer.inference import Inference
from trainer.input import Split
from trainer.job import Job
from trainer.memory import explained_memory
from trainer.metrics import rate
from trainer.model import Classifier
from trainer.trained import Trained, train_and_decide
from trainer.trial_report import LayerRow, TrialReport

_SMALLEST = 1e-7  #: As Keras's cross-entropy takes a probability of 0.


def try_network(job: Job, test: Split) -> tuple[TrialReport, np.ndarray]:
    """Trains a network and scores the films of two splits with the weights that were kept.

    Args:
        job: Its ``model_dir`` is not used.
        test: Films that the training has not seen.

    Returns:
        How it went, and the probabilities of the test films, float32 [n, C], calibrated, in the order of the records.

    Raises:
        CxrError: As :func:`trainer.trained.train_and_decide` does.
    """
    # Networks share a process: what the one before has left would take memory, and count on in the names of layers.
    keras.backend.clear_session()
    gc.collect()
    trained = train_and_decide(job)
    with explained_memory(job.settings):
        of_train, of_test = _probabilities(job, trained.classifier, test)
    return _report(job, trained, of_train), calibrated(of_test, trained.decision.temperature)


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log of the true class's probability.

    Args:
        probabilities: float32 [n, C].
        labels: int [n].
    """
    of_truth = probabilities[np.arange(len(labels)), labels].astype(float)
    return float(-np.log(np.clip(of_truth, _SMALLEST, 1)).mean())


def layer_table(classifier: Classifier, backbone: str) -> tuple[LayerRow, ...]:
    """A row for each layer of a network; a backbone that Keras brings is one row."""
    network = next(layer for layer in classifier.extractor.maps.layers if isinstance(layer, keras.Model))
    whole = find_backbone(backbone).frozen
    layers = [*([network] if whole else network.layers), *classifier.extractor.pooling.layers, *classifier.head.layers]
    return tuple(
        LayerRow(
            name=backbone if layer is network else layer.name,
            kind="frozen" if layer is network and not layer.trainable_weights else type(layer).__name__,
            output=tuple(layer.output.shape[1:]),
            parameters=layer.count_params(),
            trainable=sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights),
        )
        for layer in layers
        if not isinstance(layer, keras.layers.InputLayer)
    )


def _probabilities(job: Job, classifier: Classifier, test: Split) -> tuple[np.ndarray, np.ndarray]:
    """Of train and test films as they are, float32 [n, C]; features that training has kept are taken again."""
    size = job.settings.batch_size
    if not classifier.extractor.frozen:
        infer = Inference(classifier.core, size)
        return infer(job.train, "scoring train films"), infer(test, "scoring test films")
    infer = Inference(classifier.extractor.model, size)
    files = feature_files(job)
    features = (plain_features(infer, films, files, name) for films, name in ((job.train, "train"), (test, "test")))
    of_train, of_test = (np.asarray(classifier.head(one, training=False)) for one in features)
    return of_train, of_test


def _report(job: Job, trained: Trained, said: np.ndarray) -> TrialReport:
    info, settings = trained.info, job.settings
    seconds = [epoch["seconds"] for epoch in info.training["history"]]
    return TrialReport(
        backbone=info.backbone,
        weights=info.weights,
        settings=info.settings,
        trainable_parameters=info.trainable_parameters,
        layers=layer_table(trained.classifier, info.backbone),
        training=info.training,
        seconds_per_epoch=float(np.median(seconds)),
        device=_device(),
        features_once=bool(settings.feature_views) and find_backbone(info.backbone).frozen,
        threshold=info.threshold,
        temperature=info.temperature,
        train_accuracy=rate(said.argmax(axis=1) == job.train.labels, job.train.patients),
        train_loss=cross_entropy(said, job.train.labels),
        notes=info.notes,
    )


def _device() -> str:
    """``CPU``, or the names of the GPUs that TensorFlow sees."""
    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
    return ", ".join(names) or "CPU"
