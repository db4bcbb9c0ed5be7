"""Broken tables: each gives a `SourceError` of one line, or accounts for every row and file. Nothing else is raised.

`CXR_FUZZ` sets how many tables are broken for each kind of source; the seed is fixed.
"""

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from components.manifest_gen.folder import list_films
from components.manifest_gen.metadata import read_table
from components.manifest_gen.rows import Film
from components.manifest_gen.sources.registry import read_source
from trainer.errors import SourceError

from .accounting import assert_accounted
from .test_accounting import SOURCES, laid_out, source_of

ROUNDS = int(os.environ.get("CXR_FUZZ", "600"))
FILMS = ["one/a.png", "one/b.jpg", "two/a.png", "two/c@2x.jpg", "two/e, f.png", "two/d.txt"]
#: Part of a column's name -> texts that belong there.
WORDS = {
    "file": ["a.png", "one/b.jpg", "c@2x", "two/e, f.png", "d.txt"],
    "index": ["one/a.png", "b.jpg", "c@2x", "e, f.png", "a.png"],
    "folder": ["one", "two"],
    "name": ["a.png", "b", "e, f.png", "c@2x.jpg"],
    "finding": ["COVID-19", "COVID-19, ARDS", "No Finding|Mass"],
    "what": ["COVID-19", "Pneumonia/Viral/COVID-19"],
    "patient": ["7", "K 8", "0017"],
    "view": ["PA", "AP Supine", "L"],
    "modality": ["X-ray", "CT", ""],
    "sex": ["F", "m", ""],
    "age": ["65", "058Y", ""],
}
ODD = ["../../etc/passwd", "/dev/zero", "", " ", "é", "COVID-19", "PA", "7", "one/a.png", "gone.png"]
NOISE = [
    b"\0",
    b'"',
    b'""',
    b",",
    b";",
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xff",
    b"\xc3",
    b"|",
]


def table(header: list[str], chance: random.Random) -> bytes:
    known = [next((words for part, words in WORDS.items() if part in column.casefold()), ODD) for column in header]
    rows = [
        [chance.choice(words if chance.random() < 0.9 else ODD) for words in known] for _ in range(chance.randrange(8))
    ]
    quoted = [[f'"{cell}"' if "," in cell and chance.random() < 0.7 else cell for cell in row] for row in rows]
    return "\r\n".join(",".join(row) for row in [header, *quoted]).encode(
        chance.choice(["utf-8", "latin-1", "utf-8-sig"])
    )


def broken(data: bytes, chance: random.Random) -> bytes:
    """The same bytes with a few faults."""
    body = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        place = chance.randrange(len(body) + 1)
        # most faults come behind the header, without which there is no table at all
        place = place if chance.random() < 0.2 else max(place, min(len(body), data.find(b"\n") + 1))
        match chance.randrange(7):
            case 0:  # a bit flips
                body[place : place + 1] = bytes(byte ^ 1 << chance.randrange(8) for byte in body[place : place + 1])
            case 1:  # the end is lost
                del body[max(place, len(body) // 2) :]
            case 2:  # a piece is lost
                del body[place : place + chance.randrange(1, 20)]
            case 3:  # a piece stands twice
                body[place:place] = body[place : place + chance.randrange(1, 40)]
            case 4:
                body[place:place] = chance.choice(NOISE)
            case 5:  # random bytes
                body[place:place] = chance.randbytes(chance.randrange(1, 8))
            case 6:  # a huge cell
                body[place:place] = chance.choice([b"x" * 140_000, b"," * 140_000, b"," * 30, b"\n" * 500, b"9" * 500])
    return bytes(body)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_broken_table_is_told_or_accounted_for(kind: str, tmp_path: Path) -> None:
    chance = random.Random(f"{kind} 1")
    laid_out(tmp_path, FILMS)
    source = source_of(kind)
    listing = list_films(source, tmp_path)
    seen: Counter[str] = Counter()
    told = []
    for _ in range(ROUNDS):
        (tmp_path / "t.csv").write_bytes(broken(table(SOURCES[kind][1], chance), chance))
        try:
            items = list(read_source(source, tmp_path))
        except SourceError as error:
            told.append(str(error))
            continue
        assert_accounted(items, listing, [line for line, _ in read_table(tmp_path / "t.csv").rows])
        seen["read"] += 1
        seen["films"] += sum(isinstance(item, Film) for item in items)
    assert all(message.isprintable() for message in told)
    assert min(len(told), seen["read"], seen["films"]) > ROUNDS // 10, (len(told), seen)
