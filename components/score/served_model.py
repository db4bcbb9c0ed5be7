"""Which model is served now, as Score and ReleaseGate are told. Found without TFX's Resolver. No TensorFlow."""

import hashlib
from pathlib import Path

from components.pusher.publish import versions
from trainer.errors import RunError
from trainer.film_hashes import TRAINING_FILMS
from trainer.servable import MODEL_JSON, SAVED_MODEL, ModelInfo
from trainer.strict import Settings


class ServedModel(Settings):
    """The newest version under the serving folder.

    Attributes:
        version: Its number.
        folder: Of the version.
        digest: Of what lies in the folder, so that a node that is told of it runs again when that changes: the bytes of
            ``model.json`` and of the hashes of its films, names and sizes of all else.
    """

    version: str
    folder: str
    digest: str


def find_served(model_folder: Path, plan_digest: str) -> ServedModel | None:
    """The model that a candidate of this plan would replace.

    A version that the same plan has pushed is no rival of itself: were it taken, a run that has changed nothing would
    compare with what it has itself just pushed, and so never be the same run twice. One that a server loads, and we do
    not understand, is served all the same: it cannot be asked, and the gate says so.

    Args:
        model_folder: ``serving/<model name>``.
        plan_digest: Of everything that the candidate is made from.

    Returns:
        None where there is no version of another plan that a server would load.
    """
    for version in reversed(versions(model_folder)):
        if not ((version / SAVED_MODEL).is_file() and (version / "variables").is_dir()):
            continue
        try:
            if ModelInfo.read(version).plan_digest == plan_digest:
                continue
        except (RunError, OSError, UnicodeDecodeError):
            pass
        return ServedModel(version=version.name, folder=str(version), digest=_digest_of(version))
    return None


def _digest_of(version: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in version.rglob("*") if path.is_file()):
        read = file.name in (MODEL_JSON, TRAINING_FILMS)
        content = hashlib.sha256(file.read_bytes()).hexdigest() if read else str(file.stat().st_size)
        digest.update(f"{file.relative_to(version).as_posix()}\0{content}\0".encode())
    return digest.hexdigest()
