"""Confounded films are caught by the data audit, and clean ones are not. Rates over more seeds: docs/shortcuts.md."""

from collections.abc import Callable
from functools import lru_cache

import pytest

from tests.confounding import CLEAN, DrawnFilm, confounded_copy, draw_folder
from tests.data_trial import audit_data, stopping

SEEDS = (1, 2, 3)
PATIENTS = 32  #: per class; from about that many on a letter in a corner shows

Stops = Callable[[str, int], set[str]]


@pytest.fixture(scope="module")
def stops(tmp_path_factory: pytest.TempPathFactory) -> Stops:
    """The checks that stop the run on drawn films of a seed with a confounder."""
    root = tmp_path_factory.mktemp("confounded")

    @lru_cache
    def draw(seed: int) -> list[DrawnFilm]:
        return draw_folder(root / str(seed), patients=PATIENTS, seed=seed)

    def stops_of(confounder: str, seed: int) -> set[str]:
        copy = root / f"{seed} {confounder}"
        confounded_copy(draw(seed), root / str(seed), copy, confounder, seed)
        return stopping(audit_data(copy))

    return stops_of


@pytest.mark.parametrize("seed", SEEDS)
def test_clean_films_stop_nothing(stops: Stops, seed: int) -> None:
    assert stops(CLEAN, seed) == set()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("confounder", ["file size", "pixel size"])
def test_the_file_gives_the_class_away_and_nothing_else_is_blamed(stops: Stops, confounder: str, seed: int) -> None:
    assert stops(confounder, seed) == {"shortcut_file_attributes"}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_view_gives_the_class_away(stops: Stops, seed: int) -> None:
    assert {"shortcut_view", "shortcut_metadata", "association_view"} <= stops("view", seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_letter_in_a_corner_gives_the_class_away(stops: Stops, seed: int) -> None:
    found = stops("letter", seed)
    assert found & {"shortcut_rim_logistic", "shortcut_rim_svm"}
    assert found <= {"shortcut_rim_logistic", "shortcut_rim_svm", "shortcut_rim_histogram"}, "only the rim is blamed"
