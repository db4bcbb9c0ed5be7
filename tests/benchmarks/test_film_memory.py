"""What a film takes in memory, by which a server is sized."""

import sys

import pytest

from benchmarks.film_memory import main


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
def test_a_colour_film_takes_its_three_bytes_a_pixel_and_little_more(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--side", "2000", "--kind", "PNG-RGB"])
    *_, row = capsys.readouterr().out.splitlines()
    assert row.startswith("| PNG-RGB |")
    assert 2.5 < float(row.split("|")[2]) < 8
