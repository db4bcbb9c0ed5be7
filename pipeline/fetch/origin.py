"""Where a collection is taken from: an archive behind a URL, an archive in a file, or a git repository."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit

from trainer.errors import UsageError

ALLOWED: Final = (
    "allowed are http(s) URLs of an archive or of a repository that ends in .git, archive files, and folders of git "
    "repositories"
)


@dataclass(frozen=True)
class Origin:
    """A place to take a collection from.

    Attributes:
        kind: What is there.
        where: URL or absolute path.
        shown: The same without user, password and query, which may hold secrets.
    """

    kind: Literal["archive_url", "archive_file", "git"]
    where: str
    shown: str


def parse_origin(text: str) -> Origin:
    """Says what a ``--from`` means; files and folders must be there, URLs are not asked.

    Raises:
        UsageError: Nothing of the three kinds.
    """
    scheme = urlsplit(text).scheme
    if scheme in ("http", "https", "ssh", "git") or text.startswith("git@"):
        is_git = scheme in ("ssh", "git") or text.startswith("git@") or text.endswith(".git")
        return Origin("git" if is_git else "archive_url", text, _without_secrets(text))
    path = Path(os.path.abspath(Path(text.removeprefix("file://")).expanduser()))
    if path.is_file():
        return Origin("archive_file", str(path), str(path))
    if (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir()):
        return Origin("git", str(path), str(path))
    if path.is_dir():
        raise UsageError(f"folder {text} is no git repository; pack it (tar czf FILE {path.name}) and give the file")
    raise UsageError(f"'{text}' is no file, folder or URL to fetch from; {ALLOWED}")


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    if not parts.scheme:  # git@host:path
        return url
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
