"""Two public collections as they are: a folder with ``covid-chestxray-dataset`` and ``normal`` in it."""

import os
from pathlib import Path

import pytest

from components.manifest_gen.contents import contents_of, look_at
from components.manifest_gen.duplicates.copies import copies

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif("CXR_REALDATA" not in os.environ, reason="CXR_REALDATA names no folder of real films"),
]

#: Beginnings of SHA-256. All six have been looked at and are one picture each: the first two are named by whoever
#: handed the films over, two have been published by a newspaper and a journal, and of the last two, a frontal and a
#: lateral film, the collection dates the same pictures six days apart.
ONE_PICTURE = {
    ("028ab0d5c7bac469", "0423eec6d6725260"),
    ("21cf73a2f359c3c7", "225f484e8e622c77"),
    ("1b9b7c543b81b415", "bb44d5415706296c"),
    ("26fe77829e926788", "52adcdac1dd03fe3"),
    ("5a7c3fb677b980c6", "a4979a98301b686b"),
    ("9f43d7fb945f4a62", "a17ac7746c2a1ef7"),
}


def test_the_films_that_are_one_picture_are_found_and_no_others() -> None:
    paths = sorted(Path(os.environ["CXR_REALDATA"]).rglob("*.*"))
    files = [path.read_bytes() for path in paths if path.suffix.lower() in {".jpg", ".jpeg", ".png"}]
    described = sorted((contents_of(data) for data in files), key=lambda one: one.sha256)
    by_digest = {contents_of(data).sha256: data for data in files}
    found = copies(
        [(one.sha256, one.fingerprint) for one in described], lambda index: look_at(by_digest[described[index].sha256])
    )
    assert len(described) == 253
    assert {(described[pair.a].sha256[:16], described[pair.b].sha256[:16]) for pair in found} == ONE_PICTURE
    assert [pair.kind for pair in found].count("pixels") == 1
