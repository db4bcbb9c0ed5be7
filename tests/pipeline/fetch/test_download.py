"""A file over HTTP, from servers of all kinds."""

import hashlib
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.fetch.download import Patience, download
from trainer.errors import RunError

BODY = bytes(range(256)) * 8192  # 2 MiB: several blocks
MAX = 1 << 30
HASTE = Patience(connect=1, read=1, tries=3, backoff=0)

Serve = Callable[..., Any]


@pytest.fixture
def fetch(tmp_path: Path) -> Callable[..., bytes]:
    def run(url: str, **options: Any) -> bytes:
        download(url, tmp_path / "file", **{"max_bytes": MAX, "patience": HASTE, **options})
        assert not (tmp_path / "file.part").exists()
        return (tmp_path / "file").read_bytes()

    return run


def test_a_file_is_downloaded_and_its_bytes_are_counted(serve: Serve, fetch: Callable[..., bytes]) -> None:
    served = serve(BODY)
    told: list[tuple[str, int, int | None]] = []
    assert fetch(served.url, progress=lambda *now: told.append(now)) == BODY
    assert (told[0], told[-1]) == (("downloading", 0, len(BODY)), ("downloading", len(BODY), len(BODY)))


def test_a_dropped_connection_is_continued_where_it_broke(serve: Serve, fetch: Callable[..., bytes]) -> None:
    served = serve(BODY, drop_after=[1_000_000, 500_000, 10])
    assert fetch(served.url) == BODY
    assert served.asked == ["", "bytes=1000000-", "bytes=1500000-", "bytes=1500010-"]


def test_a_server_without_ranges_starts_again(serve: Serve, fetch: Callable[..., bytes]) -> None:
    served = serve(BODY, ranges=False, drop_after=[1_000_000])
    assert fetch(served.url) == BODY
    assert served.asked == ["", "bytes=1000000-"]


def test_a_server_that_cannot_say_whether_the_file_is_the_same_starts_again(
    serve: Serve, fetch: Callable[..., bytes]
) -> None:
    served = serve(BODY, etag="", drop_after=[1_000_000])
    assert fetch(served.url) == BODY
    assert served.asked == ["", ""]


def test_a_weak_tag_is_no_reason_to_go_on(serve: Serve, fetch: Callable[..., bytes]) -> None:
    served = serve(BODY, etag='W/"one"', drop_after=[1_000_000])
    assert fetch(served.url) == BODY
    assert served.asked == ["", ""]


def test_the_next_call_goes_on_from_the_part(serve: Serve, fetch: Callable[..., bytes], tmp_path: Path) -> None:
    served = serve(BODY, drop_after=[1_000_000, 0, 0, 0])
    with pytest.raises(RunError, match=r"127.0.0.1 dropped the connection 3 times in a row \(it ended at 1000000 of"):
        fetch(served.url)
    assert (tmp_path / "file.part").stat().st_size == 1_000_000
    served.asked.clear()
    assert fetch(served.url) == BODY
    assert served.asked == ["bytes=1000000-"]


def test_ctrl_c_leaves_a_part_for_the_next_call(serve: Serve, fetch: Callable[..., bytes]) -> None:
    served = serve(BODY)

    def interrupt(work: str, done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(served.url, progress=interrupt)
    assert fetch(served.url) == BODY
    assert served.asked[1].startswith("bytes=")


def test_a_file_that_has_changed_meanwhile_is_taken_whole(serve: Serve, fetch: Callable[..., bytes]) -> None:
    served = serve(BODY, drop_after=[1_000_000, 0, 0, 0])
    with pytest.raises(RunError):
        fetch(served.url)
    served.body, served.etag = BODY[::-1], '"two"'
    assert fetch(served.url) == BODY[::-1]


def test_a_part_that_is_the_whole_file_is_not_downloaded_again(
    serve: Serve, fetch: Callable[..., bytes], tmp_path: Path
) -> None:
    served = serve(BODY, drop_after=[1_000_000, 0, 0, 0])
    with pytest.raises(RunError):
        fetch(served.url)
    (tmp_path / "file.part").write_bytes(BODY)
    assert fetch(served.url) == BODY
    assert served.asked[-1] == f"bytes={len(BODY)}-"


def test_a_part_that_is_longer_than_the_file_is_thrown_away(
    serve: Serve, fetch: Callable[..., bytes], tmp_path: Path
) -> None:
    served = serve(BODY, drop_after=[1_000_000, 0, 0, 0])
    with pytest.raises(RunError):
        fetch(served.url)
    (tmp_path / "file.part").write_bytes(BODY + b"more")
    assert fetch(served.url) == BODY


def test_a_file_that_is_there_is_not_asked_for(serve: Serve, fetch: Callable[..., bytes]) -> None:
    served = serve(BODY)
    fetch(served.url)
    assert fetch(served.url) == BODY
    assert len(served.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_overloaded_server_is_asked_again(status: int, serve: Serve, fetch: Callable[..., bytes]) -> None:
    assert fetch(serve(BODY, statuses=[status, status]).url) == BODY


@pytest.mark.parametrize("status", [404, 403, 410])
def test_a_refusal_is_told_at_once(status: int, serve: Serve, fetch: Callable[..., bytes]) -> None:
    served = serve(BODY, statuses=[status])
    with pytest.raises(RunError, match=rf"127\.0\.0\.1 answers {status} .* check the URL"):
        fetch(served.url)
    assert len(served.asked) == 1


def test_a_server_that_stays_overloaded_is_given_up(serve: Serve, fetch: Callable[..., bytes]) -> None:
    with pytest.raises(RunError, match="answers 503"):
        fetch(serve(BODY, statuses=[503] * 20).url)


def test_a_closed_port_is_one_line_with_the_host_and_the_way_out(fetch: Callable[..., bytes]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(RunError, match=r"127\.0\.0\.1 cannot be reached \(.*refused\); .* --from FILE") as caught:
        fetch(f"http://127.0.0.1:{port}/x.tar.gz?token=secret")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_server_that_says_nothing_is_given_up(fetch: Callable[..., bytes]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(RunError, match=r"cannot be reached \(.*timed out"):
            fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/x", patience=replace(HASTE, read=0.1))


def test_another_checksum_is_refused_and_nothing_is_kept(
    serve: Serve, fetch: Callable[..., bytes], tmp_path: Path
) -> None:
    served = serve(BODY)
    with pytest.raises(RunError, match=r"has not the expected content: sha256 .*, expected 0000"):
        fetch(served.url, sha256="0" * 64)
    assert not {path.name for path in tmp_path.iterdir()} & {"file", "file.part"}
    assert fetch(served.url, sha256=hashlib.sha256(BODY).hexdigest()) == BODY


@pytest.mark.parametrize("with_length", [True, False])
def test_more_than_the_bound_is_refused(with_length: bool, serve: Serve, fetch: Callable[..., bytes]) -> None:
    with pytest.raises(RunError, match="at most 1000 are taken for this collection"):
        fetch(serve(BODY, with_length=with_length).url, max_bytes=1000)


def test_a_web_page_is_no_archive(serve: Serve, fetch: Callable[..., bytes]) -> None:
    with pytest.raises(RunError, match="is a web page, not an archive"):
        fetch(serve(b"<html>", content_type="text/html; charset=utf-8").url)


def test_a_full_disk_is_told_before_the_download(
    serve: Serve, fetch: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 10}))
    with pytest.raises(RunError, match=f"has 10 bytes left and needs {len(BODY)}"):
        fetch(serve(BODY).url)
