"""Texts without the names of films and patients."""

from pathlib import Path

import pytest

from components.manifest_gen.rows import Rejection
from pipeline.report.redaction import Redactor


@pytest.mark.parametrize(
    "text, clean",
    [
        ("film a1b2c3d4e5f60718 is broken", "film [film] is broken"),
        ("1 film: row 7 of ward (film a1b2c3d4e5f60718)", "1 film: [film]"),
        ("row 7 of ward-2 has no view", "[film] has no view"),
        ("'Erika Mustermann.jpeg' is no film", "[film] is no film"),
        ("scan@2x.webp-day5.png cannot be read", "[film] cannot be read"),
        ("/data/films/ward 7/1947.png is missing", "[folder] is missing"),
        ("see /srv/runs/mine/logs/1.log", "see logs/1.log"),
        ("in /etc/hospital/list.csv", "in [folder]"),
        ("recall 29/29 films of 20 patients", "recall 29/29 films of 20 patients"),
        ("lower bound 0.823 reaches gate.min_recall 0.600", "lower bound 0.823 reaches gate.min_recall 0.600"),
        ("version 1795406570", "version 1795406570"),
        ("Schmidt was left out", "[film] was left out"),
        ("42 films; film 42 is broken", "42 films; film [film] is broken"),
        ("class 'covid' has 3 films", "class 'covid' has 3 films"),
    ],
)
def test_names_go_and_numbers_stay(text: str, clean: str) -> None:
    rejected = [Rejection("ward", 1, name, "view", "") for name in ("Schmidt", "42", "covid")]
    redactor = Redactor([], rejected, Path("/srv/runs/mine"), Path("/data/films"), {"covid"})
    assert redactor.text(text) == clean


@pytest.mark.parametrize(
    "text, clean",
    [
        ("[Errno 5] Input/output error: '/data/films/Miller John/IM0001'", "[Errno 5] Input/output error: '[folder]'"),
        ("no such file: '/mnt/Miller John/IM0001'", "no such file: '[folder]'"),
        ('no such file: "/mnt/O\'Neil Ann/IM0001"', 'no such file: "[folder]"'),
        ("no such file: '/mnt/O\\'Neil \"Ann\" B/IM1'", "no such file: '[folder]'"),
        ("'/mnt/a b/1' -> '/mnt/c d/2'", "'[folder]' -> '[folder]'"),
        ("no space left: '/srv/runs/mine/tfx/Trainer'", "no space left: 'tfx/Trainer'"),
        ("'AP'/'PA' films", "'AP'/'PA' films"),
    ],
)
def test_a_path_in_quotes_goes_whole_though_no_film_is_known(text: str, clean: str) -> None:
    assert Redactor([], [], Path("/srv/runs/mine"), Path("/data/films")).text(text) == clean


@pytest.mark.parametrize("film", ["/srv/runs/mine/films/Miller John/IM1", "/srv/runs/mine/films"])
def test_films_under_the_root_of_the_run_are_no_path_that_it_has_made(film: str) -> None:
    redactor = Redactor([], [], Path("/srv/runs/mine"), Path("/srv/runs/mine/films"))
    assert redactor.text(f"no such file: '{film}'") == "no such file: '[folder]'"


def test_a_folder_is_no_part_of_a_longer_name() -> None:
    redactor = Redactor([], [], Path("/srv/runs/mine"), Path("/films"))
    assert redactor.text("see old/films and /films-2, not /films") == "see old/films and /films-2, not [folder]"
