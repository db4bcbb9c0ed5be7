"""Where a run's films come from, and the key of their patients' pseudonyms."""

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Final

from components.manifest_gen.key import KEY_VARIABLE
from components.manifest_gen.pseudonym import check_key
from components.manifest_gen.settings import DataSettings
from components.manifest_gen.sources.registry import read_source
from pipeline.digests import code_digest
from pipeline.runtime import LOGGER
from pipeline.sample.data_set import draw_data_set
from pipeline.settings import RunSettings
from trainer.errors import UsageError

#: Drawn patients have nothing to hide, and their pseudonyms may be the same on every machine.
SAMPLE_KEY: Final = "drawn patients have nothing to hide"


def provide_films(settings: RunSettings, root: Path) -> DataSettings:
    """Finds the films, or draws them under the root where the settings name no folder.

    Returns:
        The data settings with an absolute root.

    Raises:
        UsageError: No folder is named and nothing says what to draw, or the folder is missing.
    """
    data = settings.data
    if data.root is not None:
        folder = Path(data.root).expanduser().resolve()
        if not folder.is_dir():
            raise UsageError(f"data.root is {data.root}, which is no folder; set it to the folder that holds the films")
        return data.model_copy(update={"root": str(folder)})
    if settings.sample is None:
        raise UsageError("data.root is not set; name the folder that holds the films with --set data.root=FOLDER")
    folder = root / "films"
    wanted = {**settings.sample.model_dump(), "code": code_digest("pipeline.sample.data_set")}
    stamp = root / "films.json"
    if not (folder.is_dir() and stamp.is_file() and stamp.read_text(encoding="utf-8") == json.dumps(wanted)):
        for old in (folder, *root.glob(f".{folder.name}-*")):  # the latter from a draw that was killed
            shutil.rmtree(old, ignore_errors=True)
        LOGGER.info("drawing films of 2 x %d patients into %s", settings.sample.patients, folder)
        draw_data_set(folder, patients=settings.sample.patients, seed=settings.sample.seed)
        stamp.write_text(json.dumps(wanted), encoding="utf-8")
    return data.model_copy(update={"root": str(folder)})


def check_sources(data: DataSettings) -> None:
    """Reads the metadata of every source once, so that one that cannot be read ends the run in a second.

    Raises:
        SourceError: A source that cannot be read at all.
    """
    for source in data.sources:
        for _ in read_source(source, Path(data.root or ".")):
            pass


def patient_key(settings: RunSettings, root: Path) -> str:
    """The secret of the patients' pseudonyms.

    The environment's own, or the sample's, or one that is made for the root and kept there, readable by its owner
    alone.

    Raises:
        UsageError: The environment's key is too short.
    """
    if key := os.environ.get(KEY_VARIABLE):
        check_key(key.encode())
        return key
    return SAMPLE_KEY if settings.data.root is None else _key_of_root(root)


def key_id(key: str) -> str:
    """A fingerprint of the key, which may be stored where the key may not."""
    return hashlib.sha256(b"cxr key id\0" + key.encode()).hexdigest()[:16]


def _key_of_root(root: Path) -> str:
    file = root / "patient.key"
    if not file.is_file() or not file.stat().st_size:  # empty where a run was killed between the two lines below
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(secrets.token_hex(32))
    return file.read_text(encoding="utf-8")
