"""Which model is served now, as Score and ReleaseGate are told. Found without TFX's Resolver. No TensorFlow."""

from pathlib import Path

from components.pusher.publish import is_complete, versions
from trainer.errors import RunError
from trainer.servable import ModelInfo
from trainer.strict import Settings


class ServedModel(Settings):
    """The newest version under the serving folder.

    Attributes:
        version: Its number.
        folder: Of the version.
        digest: Of its content, so that a node that is told of it runs again when another one is served.
    """

    version: str
    folder: str
    digest: str


def find_served(model_folder: Path, plan_digest: str) -> ServedModel | None:
    """The model that a candidate of this plan would replace.

    A version that the same plan has pushed is no rival of itself: were it taken, a run that has changed nothing would
    compare with what it has itself just pushed, and so never be the same run twice.

    Args:
        model_folder: ``serving/<model name>``.
        plan_digest: Of everything that the candidate is made from.

    Returns:
        None where there is no complete version of another plan.
    """
    for version in reversed(versions(model_folder)):
        try:
            info = ModelInfo.read(version)
        except RunError:  # of another version of this project, or changed by hand
            continue
        if is_complete(version) and info.plan_digest != plan_digest:
            return ServedModel(version=version.name, folder=str(version), digest=info.content_digest)
    return None
