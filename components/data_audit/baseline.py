"""The last accepted data: the statistics that were pushed with the newest model of other films. No TensorFlow."""

from pathlib import Path

from components.manifest_gen.manifest import sha256_of
from components.pusher.publish import STATISTICS, versions
from trainer.errors import RunError
from trainer.features import TRAIN
from trainer.servable import ModelInfo
from trainer.strict import Settings


class Baseline(Settings):
    """Training statistics that a model was accepted with.

    Attributes:
        version: Number of the served version.
        classes: Its classes; labels of other classes cannot be compared.
        file: The statistics of its train split.
        digest: sha256 of the file, so that a node that is told of it runs again when it changes.
    """

    version: str
    classes: tuple[str, ...]
    file: str
    digest: str


def find_baseline(model_folder: Path, data_digest: str) -> Baseline | None:
    """The newest served version that was trained on other films.

    A version of the same films says nothing of drift, and were it taken, a run that has changed nothing would compare
    with what it has itself just pushed, and so never be the same run twice.

    Args:
        model_folder: ``serving/<model name>``.
        data_digest: Digest of this run's films and metadata.

    Returns:
        None where there is no such version with statistics.
    """
    for version in reversed(versions(model_folder)):
        try:
            info = ModelInfo.read(version)
            file = statistics_file(version / STATISTICS, TRAIN)
            if info.data_digest != data_digest:
                return Baseline(version=version.name, classes=info.classes, file=str(file), digest=sha256_of(file))
        except (RunError, OSError):  # of another version of this project, or removed by hand
            continue
    return None


def statistics_file(folder: Path, split: str) -> Path:
    """Where StatisticsGen, and so Pusher, puts the statistics of a split."""
    return folder / f"Split-{split}" / "FeatureStats.pb"
