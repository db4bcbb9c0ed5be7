"""The films of a manifest as folders of splits and classes, for a program that reads such folders."""

import hashlib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from components.manifest_gen.rows import ManifestRow, shown
from components.manifest_gen.settings import CLASS_NAME
from pipeline.progress import Progress, silent
from trainer.errors import RunError, UsageError
from trainer.features import EVAL, IMAGE_ID_LENGTH, SPLITS, TEST, TRAIN, fold_names

#: Split -> its folder, as Keras's examples and the study of 2020 call them.
FOLDERS: Final[Mapping[str, str]] = {TRAIN: "train", EVAL: "validation", TEST: "test"}
#: By what the file holds, and not by its name: what stands behind the last dot of a name may be a patient's.
_SUFFIXES: Final[Mapping[str, str]] = {
    "JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "BMP": ".bmp", "DICOM": ".dcm",
}  # fmt: skip
#: How many films a message names.
_NAMED: Final = 3

Counts = dict[str, dict[str, int]]


def export_films(rows: Sequence[ManifestRow], folder: Path, progress: Progress = silent) -> Counts:
    """Copies the films of each split and class into a folder of their own, byte for byte.

    A film is called by its image id, never by the name or the patient that its source gives it; further films of the
    same bytes get a number behind it. Films that balancing left out are not copied. All are written beside ``folder``
    and renamed at the end, so that an interrupted export leaves nothing half.

    Args:
        rows: Of the manifest. The films must lie where it says.
        folder: New or empty; its parents are made.
        progress: Told the films.

    Returns:
        Folder of a split -> class -> films.

    Raises:
        UsageError: The folder holds something, or the manifest no film of a split.
        RunError: Films that are gone or have changed, all at once; a folder that cannot be written.
    """
    used = [row for row in rows if row.split in SPLITS]
    if not used and any(row.split == fold_names(1)[0] for row in rows):
        raise UsageError(
            "the manifest is that of a comparison with folds, which has no train, eval and test; give that of a run, "
            "or of cxr compare without --folds"
        )
    _check(folder, used)
    folder = Path(os.path.realpath(folder))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
            draft = Path(beside, "films")
            counts = _copy(used, draft, progress)
            draft.rename(folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error.strerror}); nothing was exported") from error
    return counts


def _check(folder: Path, used: Sequence[ManifestRow]) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"folder '{folder}' is not empty; films are exported into a new one: name another")
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"'{folder}' is no folder; films are exported into a new one: name another")
    if not used:
        raise UsageError("the manifest holds no film of train, eval or test, so there is nothing to export")
    if wrong := sorted({row.label for row in used if not re.fullmatch(CLASS_NAME, row.label)}):
        raise UsageError(f"{shown(wrong[0])} in the manifest is no name of a class; let the run write it again")


def _copy(used: Sequence[ManifestRow], draft: Path, progress: Progress) -> Counts:
    labels = sorted({row.label for row in used})
    for name in FOLDERS.values():
        for label in labels:
            (draft / name / label).mkdir(parents=True)
    counts: Counts = {name: dict.fromkeys(labels, 0) for name in FOLDERS.values()}
    taken: Counter[Path] = Counter()
    faults: list[str] = []
    for done, row in enumerate(used, start=1):
        content = _content(row)
        if isinstance(content, str):
            faults.append(content)
        elif not faults:  # with the first fault it is clear that nothing will come of it
            name = FOLDERS[row.split]
            place = draft / name / row.label / row.sha256[:IMAGE_ID_LENGTH]
            taken[place] += 1
            number = f"-{taken[place]}" if taken[place] > 1 else ""
            place.with_name(f"{place.name}{number}{_SUFFIXES.get(row.format, '')}").write_bytes(content)
            counts[name][row.label] += 1
        progress("films", done, len(used))
    if faults:
        raise RunError("; ".join(_said(faults, len(used))))
    return counts


def _content(row: ManifestRow) -> bytes | str:
    """The film's bytes, or what is wrong with it."""
    film = f"film {row.image_id} (row {row.row} of {row.source})" if row.row else f"film {row.image_id} of {row.source}"
    try:
        content = Path(row.path).read_bytes()
    except OSError as error:
        return f"{film}: {error.strerror}"
    if hashlib.sha256(content).hexdigest() != row.sha256:
        return f"{film}: its bytes have changed"
    return content


def _said(faults: Sequence[str], films: int) -> Iterator[str]:
    yield f"{len(faults)} of {films} films are not what the manifest says, so nothing was exported"
    yield from faults[:_NAMED]
    if len(faults) > _NAMED:
        yield f"and {len(faults) - _NAMED} more"
    yield "see cxr data check, or run the pipeline again"
