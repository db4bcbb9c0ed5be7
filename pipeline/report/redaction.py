"""Texts of a run without the names of films and patients: what others wrote is cleaned before a report repeats it."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from components.manifest_gen.rows import ManifestRow, Rejection

Model = TypeVar("Model", bound=BaseModel)

FILM: Final = "[film]"
PATIENT: Final = "[patient]"
_FOLDER: Final = "[folder]"
#: Names shorter than this, and bare numbers, are also counts and words: they are taken out only where a film is named.
_SURE: Final = 5
_ENDINGS: Final = r"(?:png|jpe?g|gif|bmp|dcm|dicom|tiff?|webp)"
#: The rest of a path: up to the ending of a film, which may hold spaces, or up to a space.
_BELOW: Final = rf"(?:/[^'\"]{{0,200}}?\.{_ENDINGS}|/[^\s'\"(),;:]*)?"
#: What Python itself says of a file: the quotes tell where a path ends that holds spaces.
_QUOTED: Final = re.compile(r"'/(?:\\.|[^'\\\n])+'|\"/(?:\\.|[^\"\\\n])+\"")
_PATTERNS: Final = (
    (re.compile(r"\brow \d+ of [\w-]+(?: \(film [^)]*\))?"), FILM),  # with the source at hand, a row is a film
    (re.compile(r"\b[0-9a-f]{12,64}\b"), FILM),  # image ids, digests, groups of copies, pseudonyms
    (re.compile(rf"'[^']*\.{_ENDINGS}'", re.IGNORECASE), FILM),
    (re.compile(rf"[^\s'\"(,;]+\.{_ENDINGS}\b", re.IGNORECASE), FILM),
    (re.compile(r"(?<![\w.:/])/(?:[^\s'\"(),;:/]+/)+[^\s'\"(),;:]*"), _FOLDER),
)


class Redactor:
    """Takes names of films and patients out of texts.

    Args:
        rows: Films of the manifest.
        rejected: And those that are not in it.
        root: Folder of the run; what lies under it is named from there.
        sources: Folder that holds the sources, absolute; None where it is not known.
        words: What is no name of a film even where a film is called so: classes, sources, views.
    """

    def __init__(
        self,
        rows: Iterable[ManifestRow],
        rejected: Iterable[Rejection],
        root: Path,
        sources: Path | None = None,
        words: Collection[str] = (),
    ) -> None:
        names: dict[str, str] = {}
        for row in rows:
            names |= dict.fromkeys((row.patient_id, row.group), PATIENT)
            names |= dict.fromkeys((row.image_id, row.sha256, *_names_of(row.path), *_names_of(row.file)), FILM)
        for rejection in rejected:
            names |= dict.fromkeys(_names_of(rejection.file), FILM)
        for word in ("", *words):
            names.pop(word, None)
        # The longest first: a name may be a part of another.
        self._names = sorted(names.items(), key=lambda item: (-len(item[0]), item[0]))
        self._root = f"{root}/"
        self._sources = (
            re.compile(rf"(?<![\w.-]){re.escape(str(sources))}(?![\w.-]){_BELOW}", re.IGNORECASE) if sources else None
        )

    def text(self, text: str) -> str:
        """A text without them."""
        text = _QUOTED.sub(self._quoted, text)
        for name, stands_for in self._names:
            if name in text:
                text = _without(text, name, stands_for)
        if self._sources:
            text = self._sources.sub(_FOLDER, text)
        text = text.replace(self._root, "")
        for pattern, stands_for in _PATTERNS:
            text = pattern.sub(stands_for, text)
        return text

    def model(self, model: Model) -> Model:
        """A model with every text in it cleaned."""
        return type(model).model_validate(self._clean(model.model_dump()))

    def _quoted(self, match: re.Match[str]) -> str:
        """A path in quotes as a whole, unless it is one that the run has made."""
        quoted = match.group()
        path = quoted[1:-1]
        own = path.startswith(self._root) and not (self._sources and self._sources.match(path))
        return quoted if own else f"{quoted[0]}{_FOLDER}{quoted[0]}"

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self._clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._clean(item) for item in value)
        return value


def _names_of(path: str) -> tuple[str, str, str]:
    """A path, its last part, and that without its ending."""
    pure = PurePosixPath(path)
    return path, pure.name, pure.stem


def _without(text: str, name: str, stands_for: str) -> str:
    if len(name) >= _SURE and not name.isdecimal():
        return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", stands_for, text)
    return re.sub(rf"(?<=')({re.escape(name)})(?=')|(?<=film )({re.escape(name)})(?!\w)", stands_for, text)
