"""Brings a collection into a folder, or finds it there and sees that it is intact."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from filelock import FileLock, Timeout

from components.manifest_gen.manifest import sha256_of
from pipeline.fetch.archive import BadArchive, unpack
from pipeline.fetch.collections import Collection
from pipeline.fetch.download import PATIENCE, Patience, download
from pipeline.fetch.git import clone
from pipeline.fetch.origin import Origin, parse_origin
from pipeline.fetch.sums import damage_of, read_sums, sums_of, write_sums
from pipeline.progress import Progress, silent
from trainer.errors import RunError, UsageError

#: How deep below the top of an archive the collection may lie: ``covid-chestxray-dataset-master/`` and the like.
DEPTH: Final = 3


@dataclass(frozen=True)
class Fetched:
    """What came of it.

    Attributes:
        state: ``fetched`` anew, ``repaired`` in single files, or ``intact``: then nothing was fetched.
        folder: Of the collection.
        sums: Its checksums, for ``sha256sum -c`` from the folder around it.
        files: Number of files.
        damaged: Names of files that were missing or changed, and are mended now.
        left_out: Names of what the origin holds beside plain files of the collection; it was not taken.
        origin: Where it was taken from; empty if intact.
        commit: The git commit, where the origin says it.
    """

    state: Literal["fetched", "repaired", "intact"]
    folder: Path
    sums: Path
    files: int
    damaged: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    origin: str = ""
    commit: str = ""


@dataclass(frozen=True)
class _Taken:
    """What an origin gave: the folder that holds the collection, and what there was to say."""

    root: Path
    left_out: tuple[str, ...]
    commit: str


def bring(
    collection: Collection,
    into: Path,
    *,
    origin: str | None = None,
    sha256: str | None = None,
    announce: Callable[[tuple[str, ...]], None] = lambda damaged: None,
    progress: Progress = silent,
    patience: Patience = PATIENCE,
) -> Fetched:
    """Brings a collection, or verifies it where it has been brought before.

    Everything is made ready in a hidden folder beside its place and then renamed, so that nothing half-unpacked is
    ever there; an interrupted download is continued by the next call. ``<folder>.sha256`` and ``<folder>.origin.json``
    are written beside the collection. A file that was damaged since is replaced, if the origin still has the same.

    Args:
        collection: Which.
        into: Folder that gets the collection's folder; made if need be.
        origin: URL, file or repository instead of the collection's own archive.
        sha256: Of the archive at ``origin``.
        announce: Called with the names of damaged files, if there are any, before anything is fetched.
        progress: Told what is going on.
        patience: With the server.

    Raises:
        UsageError: An origin of no known kind, none for a collection that must be fetched by hand, a place that is
            taken by something else.
        RunError: Network, checksum, archive or disk; see `pipeline.fetch.download` and `pipeline.fetch.archive`.
    """
    folder, sums_file = into / collection.folder, into / f"{collection.folder}.sha256"
    with _workshop(into, collection) as work:
        known = read_sums(sums_file, collection.folder) if sums_file.is_file() and folder.is_dir() else None
        if known is None and folder.exists():
            raise UsageError(
                f"{folder} is there without {sums_file.name}, so it was not brought by this command; move it away, or "
                "name another folder with --to"
            )
        damaged = damage_of(folder, known, progress).names if known is not None else ()
        if known is not None and not damaged:
            return Fetched("intact", folder, sums_file, len(known))
        source = _origin_of(collection, origin)
        announce(damaged)
        expected = sha256 if origin is not None else collection.sha256
        taken = _take(source, collection, work, expected, progress, patience)
        result = Fetched("fetched", folder, sums_file, 0, damaged, taken.left_out, source.shown, taken.commit)
        if known is not None:
            _replace(damaged, known, taken.root, folder, source)
            return replace(result, state="repaired", files=len(known))
        sums = sums_of(taken.root, progress)
        result = replace(result, files=len(sums))
        _write_origin(into / f"{collection.folder}.origin.json", collection, result, expected)
        write_sums(sums_file, collection.folder, sums)  # before the rename: a list without a folder harms nobody
        taken.root.rename(folder)
        return result


@contextmanager
def _workshop(into: Path, collection: Collection) -> Iterator[Path]:
    """The hidden folder, locked. It stays behind only with what the next call can go on from."""
    work = into / f".fetch-{collection.folder}"
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{into} cannot be made ({error.strerror}); name another folder with --to") from error
    try:
        with FileLock(work / "lock", timeout=0):
            shutil.rmtree(work / "staged", ignore_errors=True)  # of a call that was killed
            try:
                yield work
            except BaseException:
                shutil.rmtree(work / "staged", ignore_errors=True)
                if {one.name for one in work.iterdir()} <= {"lock"}:
                    shutil.rmtree(work)
                raise
            shutil.rmtree(work)
    except Timeout:
        raise RunError(f"another process is fetching into {into}; wait for its end or name another --to") from None


def _origin_of(collection: Collection, origin: str | None) -> Origin:
    if origin is None and collection.archive is None:
        raise UsageError(
            f"collection '{collection.name}' cannot be fetched without a person: from {collection.page} "
            f"{collection.by_hand}"
        )
    return parse_origin(origin or collection.archive or "")


def _take(
    source: Origin, collection: Collection, work: Path, sha256: str | None, progress: Progress, patience: Patience
) -> _Taken:
    staged = work / "staged"
    left_out: tuple[str, ...] = ()
    if source.kind == "git":
        commit = clone(source.where, staged, shown=source.shown, progress=progress)
    else:
        archive = Path(source.where) if source.kind == "archive_file" else work / "archive"
        if source.kind == "archive_url":
            download(
                source.where,
                archive,
                max_bytes=collection.max_bytes,
                sha256=sha256,
                progress=progress,
                patience=patience,
            )
        elif sha256 is not None and (found := sha256_of(archive)) != sha256:
            raise RunError(f"{archive} has sha256 {found}, expected {sha256}; fetch it again")
        try:
            unpacked = unpack(archive, staged, max_bytes=collection.max_bytes, progress=progress)
        except BadArchive:
            if source.kind == "archive_url":
                archive.unlink()
            raise
        commit, left_out = unpacked.comment, unpacked.left_out
    root = _root_in(staged, collection.needs)
    if root is None:
        raise RunError(
            f"{source.shown} holds no folder with {', '.join(collection.needs)}, so it is not the collection "
            f"'{collection.name}'; check where it comes from"
        )
    beside = [
        one.name
        for level in [root, *root.parents]
        if level != staged and level.is_relative_to(staged)
        for one in level.parent.iterdir()
        if one != level
    ]
    return _Taken(root, (*left_out, *beside), commit)


def _root_in(staged: Path, needs: tuple[str, ...]) -> Path | None:
    """The uppermost folder that holds all that the collection needs."""
    level = [staged]
    for _ in range(DEPTH + 1):
        for folder in level:
            if all(any(folder.glob(need)) for need in needs):
                return folder
        level = sorted(one for folder in level for one in folder.iterdir() if one.is_dir() and not one.is_symlink())
    return None


def _replace(damaged: tuple[str, ...], known: dict[str, str], fresh: Path, folder: Path, source: Origin) -> None:
    """Puts fresh files in the places of damaged ones, but only those that are what the damaged ones once were."""
    lost = [name for name in damaged if not (fresh / name).is_file() or sha256_of(fresh / name) != known[name]]
    try:
        for name in damaged:
            if name not in lost:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(fresh / name, folder / name)
    except OSError as error:
        raise RunError(f"{folder / name} cannot be replaced ({error.strerror}); check its permissions") from error
    if lost:
        raise RunError(
            f"{source.shown} has another state by now: {len(lost)} of {len(damaged)} damaged files cannot be mended "
            f"from it ({', '.join(lost[:5])}{', ...' if len(lost) > 5 else ''}); fetch it whole with another --to"
        )


def _write_origin(file: Path, collection: Collection, result: Fetched, sha256: str | None) -> None:
    content = {
        "collection": collection.name,
        "title": collection.title,
        "page": collection.page,
        "origin": result.origin,
        "commit": result.commit or None,
        "archive_sha256": sha256,
        "files": result.files,
        "licence": collection.licence,
        "licence_link": collection.licence_link,
        "citation": collection.citation,
    }
    draft = file.with_name(f".{file.name}.tmp")
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(file)
