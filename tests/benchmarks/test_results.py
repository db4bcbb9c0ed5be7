from pathlib import Path

import pytest
from PIL import Image

from benchmarks.claim import Goal, Row
from benchmarks.plot import draw, part_of_goal
from benchmarks.results import Measured, Results, figure, page, table

ROW = Row(
    claim=2,
    what="20 films | drawn",
    against="one worker",
    unit="x as fast",
    values=(1.5, 1.81, 1.6),
    goal=Goal(way="at least", bound=1.7),
    ours="1,234 films/s",
    note="the disk",
)
OTHER = Row(claim=1, what="a film", against="Pillow", unit="x the time", values=(123.4,))
HERE, THERE = {"date": "2026-01-02", "cores": "2"}, {"date": "2026-01-03", "cores": "64"}
RESULTS = Results().with_claim("workers", Measured(about=HERE, rows=(ROW,)))


def test_results_come_back_as_they_were_written_and_no_file_holds_none(tmp_path: Path) -> None:
    assert Results.read(tmp_path / "results.json") == Results()
    RESULTS.write(tmp_path / "results.json")
    assert Results.read(tmp_path / "results.json") == RESULTS


def test_a_claim_that_is_measured_again_replaces_its_own_rows_alone() -> None:
    both = RESULTS.with_claim("film", Measured(about=THERE, rows=(OTHER,)))
    assert both.rows == (OTHER, ROW)  # by number, whichever came first
    newer = ROW.model_copy(update={"what": "30 films"})
    assert both.with_claim("workers", Measured(about=THERE, rows=(newer,))).rows == (OTHER, newer)


def test_two_modules_may_share_a_number() -> None:
    shared = RESULTS.with_claim("memory", Measured(about=HERE, rows=(ROW,)))
    assert len(shared.with_claim("workers", Measured(about=HERE, rows=())).rows) == 1


def test_the_table_has_a_line_for_each_row_and_keeps_its_columns() -> None:
    lines = table([ROW, OTHER]).splitlines()
    assert lines[2] == (
        r"| 2 | 20 films \| drawn | one worker | 1.6 x as fast | 1.5 to 1.81 (3) | ≥ 1.7 | **no** | 1,234 films/s |  |"
    )
    assert lines[3] == "| 1 | a film | Pillow | 123 x the time | 123 to 123 (1) |  |  |  |  |"
    assert [figure(value) for value in (0.12345, 99.96, 1234.5)] == ["0.123", "100", "1,234"]


def test_the_page_says_of_every_claim_where_and_when_it_was_measured() -> None:
    both = RESULTS.with_claim("film", Measured(about=THERE, rows=(OTHER,)))
    text = page(both.with_claim("also_film", Measured(about=THERE, rows=())))
    assert "Goals met: 0 of 1." in text
    assert "\n\nClaims that are not measured yet: 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.\n\n" in text
    assert "- 2, 20 films | drawn: the disk\n" in text
    assert text.endswith("- workers (2026-01-02): cores 2.\n- film (2026-01-03), also_film (2026-01-03): cores 64.\n")


def test_a_page_of_all_claims_misses_none() -> None:
    rows = tuple(OTHER.model_copy(update={"claim": number}) for number in range(1, 13))
    assert "not measured yet" not in page(Results().with_claim("all", Measured(about=HERE, rows=rows)))


def test_parts_of_a_goal_are_better_the_larger_they_are() -> None:
    most = ROW.model_copy(update={"goal": Goal(way="at most", bound=1.2)})
    assert part_of_goal(ROW, 3.4) == pytest.approx(2)
    assert part_of_goal(most, 0.6) == pytest.approx(2)
    assert part_of_goal(most, 0) > 1e6


def test_the_plot_grows_with_the_rows_that_have_a_goal(tmp_path: Path) -> None:
    sizes = []
    for count in (0, 1, 9):
        draw([ROW] * count + [OTHER], tmp_path / "plot.png")
        with Image.open(tmp_path / "plot.png") as picture:
            sizes.append(picture.size)
    (first, second, third) = (height for _, height in sizes)
    assert first < second < third
    assert len({width for width, _ in sizes}) == 1
