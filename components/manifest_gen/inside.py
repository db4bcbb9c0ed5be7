"""Names of files and folders that settings and metadata give, and that may not lead out of a source's folder."""

import posixpath
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator


def leads_out(name: str) -> bool:
    """Whether a name is absolute or climbs out of the folder that it starts from, by either kind of slash."""
    name = posixpath.normpath(name.replace("\\", "/"))
    return name == ".." or name.startswith(("../", "/"))


def _inside(name: str) -> str:
    if leads_out(name):
        raise ValueError(
            f"'{name}' leads out of the source's folder; name a place inside it, without '..' or a first /"
        )
    if not name.strip() or not name.isprintable():
        raise ValueError(f"{name!r} names nothing; name a place inside the source's folder, '.' for the folder itself")
    return name


#: A file inside the source's folder.
PathInside = Annotated[str, AfterValidator(_inside)]

#: One place or several, each a folder or a film. ``*``, ``?`` and ``[...]`` match within a name, ``**`` any folders.
Patterns = Annotated[
    tuple[PathInside, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
]
