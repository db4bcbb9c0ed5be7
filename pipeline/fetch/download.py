"""A file over HTTP that goes on where it was interrupted: by a dropped connection, by Ctrl-C, by ``kill -9``."""

import json
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from components.manifest_gen.manifest import sha256_of
from pipeline.progress import Progress, silent
from trainer.errors import RunError

BLOCK: Final = 1 << 18  #: bytes between two words to the user
OVERLOADED: Final = (429, 500, 502, 503, 504)  #: answers that another try may mend


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server.

    Attributes:
        connect: Seconds for a connection.
        read: Seconds without a single byte.
        tries: Tries in a row that bring nothing new.
        backoff: Seconds before the second try; doubled for each further one.
    """

    connect: float = 10
    read: float = 30
    tries: int = 5
    backoff: float = 1


PATIENCE: Final = Patience()


class _Dropped(Exception):
    """The transfer ended before the file did."""


def download(
    url: str,
    file: Path,
    *,
    max_bytes: int,
    sha256: str | None = None,
    progress: Progress = silent,
    patience: Patience = PATIENCE,
) -> None:
    """Downloads a file; what an earlier call has left in ``<file>.part`` is not downloaded again.

    A part is continued (``Range``) only as long as the server says that the file is still the same one (``If-Range``
    with the ETag or the date that it gave at first); a server that says neither, or knows no ranges, starts again.

    Args:
        url: Of the file, http or https.
        file: Where it goes, by rename; its folder is there. ``<file>.part`` and ``<file>.json`` stand beside it
            meanwhile.
        max_bytes: A larger file is refused.
        sha256: 64 hex digits that the file must have, if they are known.
        progress: Told the bytes.
        patience: Timeouts and tries.

    Raises:
        RunError: The server cannot be reached, refuses, sends a web page or another file than expected, or too much;
            or the disk is full.
    """
    part, stamp = file.with_name(file.name + ".part"), file.with_name(file.name + ".json")
    if file.is_file() and _known(stamp).get("url") == url:
        return  # what came after the download was interrupted, not the download
    reached, idle = 0, 0
    with _session(patience) as session:
        while True:
            try:
                _continue(session, url, part, stamp, max_bytes, progress, patience)
                break
            except _Dropped as drop:
                size = part.stat().st_size if part.exists() else 0
                reached, idle = max(reached, size), 0 if size > reached else idle + 1
                if idle >= patience.tries:
                    raise RunError(
                        f"{_host(url)} dropped the connection {idle} times in a row ({drop}); {size} bytes are kept "
                        f"in {part}: the same command goes on from there"
                    ) from None
                time.sleep(patience.backoff * 2**idle if idle else 0)
    if sha256 is not None and (found := sha256_of(part)) != sha256:
        part.unlink()
        raise RunError(
            f"{url} has not the expected content: sha256 {found}, expected {sha256}; it was thrown away, try again or "
            "fetch the file elsewhere and give it with --from FILE"
        )
    part.replace(file)


def _session(patience: Patience) -> requests.Session:
    """Tries again what fails before the first byte; a drop in the middle is ours to mend."""
    retry = urllib3.Retry(
        total=patience.tries,
        connect=2,  # a closed network is told in a second, not in a minute
        read=2,
        status_forcelist=OVERLOADED,
        backoff_factor=patience.backoff,
        raise_on_status=False,
        respect_retry_after_header=False,  # a server may ask for hours
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    # Of a file that is compressed on the way, neither ranges nor sizes would mean the file's.
    session.headers["Accept-Encoding"] = "identity"
    return session


def _continue(
    session: requests.Session,
    url: str,
    part: Path,
    stamp: Path,
    max_bytes: int,
    progress: Progress,
    patience: Patience,
) -> None:
    known = _known(stamp)
    validator = known.get("validator") if known.get("url") == url and part.is_file() else None
    have = part.stat().st_size if validator else 0
    headers = {"Range": f"bytes={have}-", "If-Range": str(validator)} if have else {}
    try:
        response = session.get(url, headers=headers, stream=True, timeout=(patience.connect, patience.read))
    except requests.RequestException as error:
        raise RunError(
            f"{_host(url)} cannot be reached ({_reason(error)}); where the network is closed, fetch {_shown(url)} "
            "elsewhere and give the file with --from FILE"
        ) from error
    with response:
        start, total = _span(response, have)
        if start is None:  # the part is no part of what the server has now
            part.unlink(missing_ok=True)
            raise _Dropped("it has another file now")
        if response.status_code == 416:
            return  # the part is the whole file
        _check_answer(response, url, total, max_bytes)
        _check_space(part.parent, start, total)
        if not start:
            _write_stamp(stamp, url, response)
        _receive(response, part, start, total, max_bytes, url, progress)


def _span(response: requests.Response, have: int) -> tuple[int | None, int | None]:
    """Where the body begins in the file, None for nowhere, and the size of the file, None for unknown."""
    begin, total = _content_range(response.headers.get("Content-Range", ""))
    if response.status_code == 416:
        return (have, have) if total == have else (None, None)
    if response.status_code == 206:
        return (have, total) if begin == have else (None, None)
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _content_range(text: str) -> tuple[int | None, int | None]:
    """First byte and size of the file in ``bytes 5-9/10`` or ``bytes */10``."""
    span, _, total = text.removeprefix("bytes ").partition("/")
    begin = span.partition("-")[0]
    return int(begin) if begin.isdigit() else None, int(total) if total.isdigit() else None


def _check_answer(response: requests.Response, url: str, total: int | None, max_bytes: int) -> None:
    if response.status_code >= 400:
        raise RunError(
            f"{_host(url)} answers {response.status_code} {response.reason} to {_shown(url)}; check the URL, try "
            "again later, or fetch the file elsewhere and give it with --from FILE"
        )
    if url.startswith("https:") and response.url.startswith("http:"):
        raise RunError(f"{_shown(url)} leads to an unprotected URL on {_host(response.url)}, which is not followed")
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise RunError(
            f"{_shown(url)} is a web page, not an archive; give the URL of an archive, of a repository that ends in "
            ".git, or a file"
        )
    if total is not None and total > max_bytes:
        raise RunError(_too_large(url, total, max_bytes))


def _check_space(folder: Path, start: int, total: int | None) -> None:
    free = shutil.disk_usage(folder).free
    if total is not None and total - start > free:
        raise RunError(f"{folder} has {free} bytes left and needs {total - start}; make room or name another --to")


def _receive(
    response: requests.Response,
    part: Path,
    start: int,
    total: int | None,
    max_bytes: int,
    url: str,
    progress: Progress,
) -> None:
    done = start
    try:
        with part.open("ab" if start else "wb") as file:
            progress("downloading", done, total)
            # Not iter_content: it would unpack what a server calls a compressed body, and an archive may be one.
            for block in response.raw.stream(BLOCK, decode_content=False):
                done += len(block)
                if done > max_bytes:
                    raise RunError(_too_large(url, done, max_bytes))
                file.write(block)
                progress("downloading", done, total)
    except urllib3.exceptions.HTTPError as error:
        raise _Dropped(_reason(error)) from error
    except OSError as error:
        raise RunError(f"{part} cannot be written ({error.strerror}); make room or name another --to") from error
    if total is not None and done < total:
        raise _Dropped(f"it ended at {done} of {total} bytes")


def _known(stamp: Path) -> dict[str, Any]:
    """What an earlier call has noted beside its part: ``url`` and ``validator``; empty if there was none."""
    try:
        known = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write_stamp(stamp: Path, url: str, response: requests.Response) -> None:
    tag = response.headers.get("ETag", "")
    strong = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")
    stamp.write_text(json.dumps({"url": url, "validator": strong}), encoding="utf-8")


def _too_large(url: str, size: int, max_bytes: int) -> str:
    return f"{_shown(url)} has {size} bytes or more; at most {max_bytes} are taken for this collection"


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _shown(url: str) -> str:
    return url.partition("?")[0]


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words: libraries wrap it several times and print addresses in memory."""
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner
        inner = getattr(error, "reason", None) or (error.args[-1] if error.args else None)
    text = inner if isinstance(inner, str) else str(error)
    return re.sub(r"^(<.*?>|\w+Pool\(.*?\)): ", "", text) or type(error).__name__
