"""A contact sheet: a few films of every class and split on one picture, for the eye that no statistic replaces."""

import hashlib
import io
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from components.manifest_gen.contents import FORMATS
from components.manifest_gen.rows import ManifestRow
from pipeline.progress import Progress, silent
from trainer.dicom import DicomFault, decodable
from trainer.features import SPLITS, UNUSED
from trainer.film_size import oversize

TILE: Final = 192  #: side of a film's place in pixels
GAP: Final = 12
BETWEEN: Final = 30  #: above each heading, so that it belongs to the films below it
LINE: Final = 18  #: height of a line of text
HEADING: Final = 30

_PAPER: Final = 24
_INK: Final = 230
_FAINT: Final = 150
_BROKEN: Final = 60


def draw_sheet(rows: Sequence[ManifestRow], films: int, seed: int, progress: Progress = silent) -> Image.Image:
    """Draws the sheet.

    Below each film stand its class, view and split and its ``image_id``; no patient, no name of a file. What is burnt
    into a film stays in it.

    Args:
        rows: Of the manifest, at least one.
        films: At most so many of each class and split, drawn by ``seed``: the same films and seed give the same ones,
            wherever they lie. Films that cannot be decoded are drawn as an empty place that says so.
        seed: Any integer.
        progress: Told the films.

    Returns:
        A picture of 8-bit gray.
    """
    blocks = _chosen(rows, films, seed)
    columns = max(2, *(len(block) for block in blocks.values()))  # two, for the headings
    height_of_block = HEADING + TILE + 2 * LINE + BETWEEN
    sheet = Image.new("L", (GAP + columns * (TILE + GAP), 2 * GAP + len(blocks) * height_of_block - BETWEEN), _PAPER)
    pen = ImageDraw.Draw(sheet)
    total, done = sum(map(len, blocks.values())), 0
    for number, ((label, split), block) in enumerate(blocks.items()):
        top = GAP + number * height_of_block
        of = sum((row.label, row.split) == (label, split) for row in rows)
        _write(pen, (GAP, top), f"{label}, {split}: {len(block)} of {of} films", _INK, 17, sheet.width - 2 * GAP)
        for column, row in enumerate(block):
            left, upper = GAP + column * (TILE + GAP), top + HEADING
            sheet.paste(_tile(row), (left, upper))
            _write(pen, (left, upper + TILE + 2), f"{row.label} · {row.view} · {row.split}", _INK, 13, TILE)
            _write(pen, (left, upper + TILE + LINE + 2), row.image_id, _FAINT, 13, TILE)
            done += 1
            progress("drawing", done, total)
    return sheet


def _chosen(rows: Iterable[ManifestRow], films: int, seed: int) -> dict[tuple[str, str], list[ManifestRow]]:
    """Class and split -> the films to draw of it, in the order of classes and splits."""
    blocks: dict[tuple[str, str], list[ManifestRow]] = defaultdict(list)
    for row in rows:
        blocks[row.label, row.split].append(row)
    order = (*SPLITS, UNUSED)
    return {
        key: sorted(blocks[key], key=lambda row: (_lot(row, seed), row.source, row.path))[:films]
        for key in sorted(blocks, key=lambda key: (key[0], order.index(key[1])))
    }


def _lot(row: ManifestRow, seed: int) -> str:
    return hashlib.sha256(f"{seed} {row.sha256}".encode()).hexdigest()


def _tile(row: ManifestRow) -> Image.Image:
    """The film, whole, in the middle of its place; or an empty place."""
    try:
        film = _read(Path(row.path))
    except FileNotFoundError:
        return _placeholder("not there")
    except (OSError, SyntaxError, ValueError, DicomFault, Image.DecompressionBombError):
        return _placeholder("cannot be decoded")
    tile = Image.new("L", (TILE, TILE), _PAPER)  # not black: where a film ends is worth seeing
    tile.paste(film, ((TILE - film.width) // 2, (TILE - film.height) // 2))
    return tile


def _read(path: Path) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # film_size has the limit that counts
        with Image.open(io.BytesIO(decodable(path.read_bytes())), formats=FORMATS) as film:
            if fault := oversize(*film.size):
                raise ValueError(fault)
            film.draft("L", (2 * TILE, 2 * TILE))
            gray = _eight_bits(film)
    gray.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
    return gray


def _eight_bits(film: Image.Image) -> Image.Image:
    """Gray of 8 bits; Pillow's own conversion cuts 16 bits off at 255."""
    if film.mode.startswith("I"):
        return Image.fromarray((np.asarray(film, np.int64).clip(0, 65535) // 257).astype(np.uint8), "L")
    return film.convert("L")


def _placeholder(text: str) -> Image.Image:
    tile = Image.new("L", (TILE, TILE), _PAPER)
    pen = ImageDraw.Draw(tile)
    pen.rectangle((0, 0, TILE - 1, TILE - 1), outline=_BROKEN)
    pen.text((TILE // 2, TILE // 2), text, _FAINT, ImageFont.load_default(14), anchor="mm")
    return tile


def _write(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, ink: int, size: int, width: int) -> None:
    font = ImageFont.load_default(size)
    while text and pen.textlength(text, font) > width:
        text = f"{text[:-2]}…"
    pen.text(at, text, ink, font)
