"""What a --from means."""

from pathlib import Path

import pytest

from pipeline.fetch.origin import Origin, parse_origin
from trainer.errors import UsageError


@pytest.mark.parametrize(
    "text, kind",
    [
        ("https://example.org/a.tar.gz", "archive_url"),
        ("http://example.org/archive?ref=master", "archive_url"),
        ("https://example.org/a.git", "git"),
        ("ssh://git@example.org/a", "git"),
        ("git@example.org:a.git", "git"),
    ],
)
def test_urls_are_told_apart_by_their_spelling(text: str, kind: str) -> None:
    origin = parse_origin(text)
    assert (origin.kind, origin.where) == (kind, text)


def test_what_is_shown_holds_no_secrets() -> None:
    assert parse_origin("https://me:pass@example.org/a.zip?token=1#x").shown == "https://example.org/a.zip"


def test_files_and_repositories_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zip").write_bytes(b"")
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    (tmp_path / "bare" / "objects").mkdir(parents=True)
    (tmp_path / "bare" / "HEAD").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / "a.zip")
    assert parse_origin("a.zip") == parse_origin(f"file://{file}") == Origin("archive_file", file, file)
    assert [parse_origin(name).kind for name in ("clone", "bare")] == ["git", "git"]


def test_a_plain_folder_is_to_be_packed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no git repository; pack it \(tar czf FILE"):
        parse_origin(str(tmp_path))


@pytest.mark.parametrize("text", ["nowhere.zip", "ftp://example.org/a.zip", "--upload-pack=x", ""])
def test_anything_else_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        parse_origin(text)
