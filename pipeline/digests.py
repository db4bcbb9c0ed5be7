"""What a result depends on, as digests: the bytes of the films, the code of each node, the lock.

Everything here runs before TensorFlow is imported.
"""

import ast
import hashlib
import json
import os
import sysconfig
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Final

from components.manifest_gen.folder import files_of
from components.manifest_gen.manifest import sha256_of as sha256_of_file
from components.manifest_gen.settings import DataSettings
from trainer.errors import SourceError

PROJECT: Final = Path(__file__).resolve().parent.parent
#: The packages whose edits count; any other code is held by the lock.
FIRST_PARTY: Final = ("components", "trainer", "schema", "pipeline")


def sha256_of(*parts: bytes) -> str:
    """The sha256 over the parts, each with its length so that no two lists of parts collide."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def data_digest(data: DataSettings, memo_file: Path) -> str:
    """Digests every file of every source by its bytes and its place below the root, wherever that is.

    Args:
        data: The settings, with an absolute root.
        memo_file: JSON kept from run to run: a file whose size, mtime and ctime are the same is not read again.

    Returns:
        64 hex digits.

    Raises:
        SourceError: A source's folder is missing.
    """
    memo = _read_memo(memo_file)
    fresh: dict[str, list[str]] = {}
    parts = []
    for file, is_outside in _source_files(data):
        place = os.path.relpath(file, data.root or ".")
        try:
            if is_outside:  # ManifestGen rejects it unopened, and so does this
                parts.append(f"{place}\0-> {os.readlink(file)}".encode(errors="surrogateescape"))
                continue
            status = file.stat()
            stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
            known = memo.get(str(file))
            content = known[1] if isinstance(known, list) and known[0] == stamp else sha256_of_file(file)
        except OSError as error:  # ManifestGen says which film it is
            parts.append(f"{place}\0{error.strerror}".encode(errors="surrogateescape"))
            continue
        fresh[str(file)] = [stamp, content]
        parts.append(f"{place}\0{content}".encode(errors="surrogateescape"))
    if fresh != memo:
        memo_file.parent.mkdir(parents=True, exist_ok=True)
        staged = memo_file.with_suffix(".tmp")
        staged.write_text(json.dumps(fresh), encoding="utf-8")
        staged.replace(memo_file)
    return sha256_of(*parts)


def count_files(data: DataSettings) -> int:
    """How many files the sources hold, tables among them."""
    return sum(1 for _ in _source_files(data))


def code_digest(module: str) -> str:
    """Digests a module, every first-party module that it imports, directly or not, and the lock.

    Args:
        module: Dotted name of a first-party module, for instance that of a node's executor.
    """
    files = sorted(_imported_files(module))
    return sha256_of(
        *(part for file in files for part in (str(file.relative_to(PROJECT)).encode(), file.read_bytes())), _lock()
    )


def _read_memo(file: Path) -> dict[str, list[str]]:
    try:
        memo = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return memo if isinstance(memo, dict) else {}


def _source_files(data: DataSettings) -> Iterator[tuple[Path, bool]]:
    """Metadata and films of every source, where the readers look for them; true for a link that leads out of there."""
    for source in data.sources:
        folder = Path(data.root or ".", source.path)
        if not folder.is_dir():
            raise SourceError(
                f"source '{source.name}': folder {folder} does not exist; correct data.root "
                f"({data.root}) or the source's path ({source.path})"
            )
        for table in source.tables:
            yield folder / table, False
        for file in sorted(files_of(source, folder), key=attrgetter("path")):
            if file.leads_out or file.path.is_file():
                yield file.path, file.leads_out


def _imported_files(module: str) -> set[Path]:
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        file = _file_of(waiting.pop())
        if file is None or file in found:
            continue
        found.add(file)
        waiting += _imports_in(file)
    if not found:
        raise ValueError(f"no first-party module {module}")
    return found


def _imports_in(file: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            # "from trainer import features" imports a module, "from trainer.features import VIEWS" a name
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file_of(module: str) -> Path | None:
    if module.partition(".")[0] not in FIRST_PARTY:
        return None
    path = PROJECT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _lock() -> bytes:
    """The lock, or, where the packages were installed without their checkout, what is installed beside them."""
    lock = PROJECT / "requirements" / "runtime.lock"
    if lock.is_file():
        return lock.read_bytes()
    installed = Path(sysconfig.get_path("purelib")).glob("*.dist-info")
    return "\n".join(sorted(path.name for path in installed)).encode()
