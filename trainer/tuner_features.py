"""The features that the trials share: of each backbone and each strength of the augmentation, computed once."""

import functools

import keras
import numpy as np

from trainer.devices import training_devices
from trainer.frozen_features import FeatureFiles, FrozenFeatures, frozen_features
from trainer.inference import Inference
from trainer.input import Split
from trainer.memory import explained_memory
from trainer.model import build_extractor
from trainer.precision import SINGLE
from trainer.search_job import SearchJob
from trainer.settings import TrainerSettings
from trainer.weights import fetch_weights


def trial_features(job: SearchJob, settings: TrainerSettings) -> FrozenFeatures:
    """The features that a trial trains on.

    What is missing is computed, and then that of the backbone's other strengths as well: so a process builds a backbone
    once at most, and holds one at a time.

    Args:
        job: the splits, the strengths, the folder.
        settings: of the trial.
    """

    @functools.cache
    def network() -> Inference:
        keras.utils.set_random_seed(settings.seed)  # a random backbone is to be the one that the Trainer will have
        with training_devices(settings):
            extractor = build_extractor(settings, job.train.image_size, fetch_weights(settings))
        return Inference(extractor.model, settings.batch_size)

    def infer(split: Split, what: str, augmentation: keras.Model | None) -> np.ndarray:
        return network()(split, f"{settings.backbone}: {what}", augmentation)

    def at(strength: float) -> FrozenFeatures:
        changed = settings.model_copy(
            update={"augmentation": settings.augmentation.model_copy(update={"strength": strength})}
        )
        files = FeatureFiles((job.features or job.folder) / SINGLE, changed)
        return frozen_features(infer, job.train, job.eval, files)

    with explained_memory(settings):
        features = at(settings.augmentation.strength)
        if network.cache_info().currsize:
            for strength in job.search.tuner.strengths:
                at(strength)
    return features
