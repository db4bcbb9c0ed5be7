"""A contact sheet of drawn films."""

import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from components.manifest_gen.build import build_manifest
from components.manifest_gen.rows import ManifestRow
from components.manifest_gen.settings import DataSettings, SplitSettings
from pipeline import contact_sheet
from pipeline.contact_sheet import GAP, HEADING, TILE, draw_sheet

Rows = tuple[ManifestRow, ...]


@pytest.fixture(scope="module")
def rows(films: Path, sample_data: dict[str, Any]) -> Rows:
    key = b"a key for tests, long enough"
    return build_manifest(DataSettings.model_validate(sample_data), SplitSettings(), key, films).rows


def pixels(sheet: Image.Image) -> bytes:
    return sheet.tobytes()


def first_tile(sheet: Image.Image) -> Image.Image:
    top = GAP + HEADING
    return sheet.crop((GAP, top, GAP + TILE, top + TILE))


def gray(path: Path, values: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    path.write_bytes(stream.getvalue())
    return stream.getvalue()


def test_the_same_films_and_seed_give_the_same_picture(rows: Rows) -> None:
    assert pixels(draw_sheet(rows, 2, 1)) == pixels(draw_sheet(rows[::-1], 2, 1))
    assert pixels(draw_sheet(rows, 2, 1)) != pixels(draw_sheet(rows, 2, 2))


def test_films_that_moved_give_the_same_picture(rows: Rows, films: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(films, tmp_path / "copy"))
    moved = [replace(row, path=str(copy / Path(row.path).relative_to(films.resolve()))) for row in rows]
    assert pixels(draw_sheet(moved, 2, 1)) == pixels(draw_sheet(rows, 2, 1))


def test_every_class_and_split_has_its_films_and_no_more_than_asked_for(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[ManifestRow] = []
    monkeypatch.setattr(contact_sheet, "_tile", lambda row: drawn.append(row) or Image.new("L", (TILE, TILE)))
    told: list[tuple[str, int, int | None]] = []
    sheet = draw_sheet(rows, 3, 1, lambda *now: told.append(now))
    of = {key: [row for row in rows if (row.label, row.split) == key] for key in {(r.label, r.split) for r in rows}}
    assert len(drawn) == sum(min(3, len(some)) for some in of.values()) == told[-1][1] == told[-1][2]
    assert {(row.label, row.split) for row in drawn} == set(of)
    assert sheet.width == GAP + 3 * (TILE + GAP)


def test_nothing_but_class_view_split_and_image_id_is_written(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    plain = ImageDraw.ImageDraw.text

    def text(self: Any, at: Any, words: str, *rest: Any, **options: Any) -> None:
        written.append(words)
        plain(self, at, words, *rest, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    draw_sheet(rows, 1, 1)
    allowed = {row.image_id for row in rows} | {f"{row.label} · {row.view} · {row.split}" for row in rows}
    headings = {text for text in written if text.endswith(" films")}
    assert set(written) - headings <= allowed
    assert headings
    private = {value for row in rows for value in (row.patient_id, Path(row.path).name, Path(row.path).stem)}
    assert not any(value in line for value in private for line in written)


def test_a_film_is_shown_whole_and_in_its_own_shape(rows: Rows, tmp_path: Path) -> None:
    gray(tmp_path / "wide.png", np.full((100, 400), 255, np.uint8))
    tile = np.asarray(first_tile(draw_sheet([replace(rows[0], path=str(tmp_path / "wide.png"))], 1, 1)))
    white = np.argwhere(tile > 200)
    assert (np.ptp(white[:, 0]) + 1, np.ptp(white[:, 1]) + 1) == (TILE // 4, TILE)


def test_sixteen_bits_are_scaled_and_not_cut_off(rows: Rows, tmp_path: Path) -> None:
    gray(tmp_path / "deep.png", np.full((100, 100), 128 * 257, np.uint16))
    tile = np.asarray(first_tile(draw_sheet([replace(rows[0], path=str(tmp_path / "deep.png"))], 1, 1)))
    assert tile[TILE // 2, TILE // 2] == 128


@pytest.mark.parametrize("content", [None, b"", b"no film", "cut", "huge"])
def test_a_film_that_cannot_be_drawn_is_an_empty_place(
    content: bytes | str | None, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "film.png"
    if content == "cut":
        path.write_bytes(gray(path, np.arange(10_000, dtype=np.uint8).reshape(100, 100))[:200])
    elif content == "huge":
        gray(path, np.zeros((100, 100), np.uint8))
        monkeypatch.setattr("trainer.film_size.MAX_PIXELS", 9_999)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    broken = replace(rows[0], path=str(path), label="aaa")
    sheet = draw_sheet([broken, *rows], 1, 1)
    tile = np.asarray(first_tile(sheet))
    assert tile[0, 0] == contact_sheet._BROKEN
    assert sheet.height > draw_sheet(rows, 1, 1).height


def test_a_dicom_film_is_drawn(rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    png = gray(tmp_path / "x.png", np.full((100, 100), 200, np.uint8))
    (tmp_path / "film.dcm").write_bytes(b"\0" * 128 + b"DICM")
    monkeypatch.setattr(contact_sheet, "decodable", lambda data: png if data[128:132] == b"DICM" else data)
    tile = np.asarray(first_tile(draw_sheet([replace(rows[0], path=str(tmp_path / "film.dcm"))], 1, 1)))
    assert tile[TILE // 2, TILE // 2] == 200


def test_long_names_of_classes_stay_in_their_place(rows: Rows) -> None:
    draw_sheet([replace(rows[0], label="x" * 64)], 1, 1)
