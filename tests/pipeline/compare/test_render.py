"""What a comparison says, as Markdown and as a page."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from pipeline.compare.render import headline, html_of, markdown_of
from pipeline.compare.result import ComparisonResult
from pipeline.compare.tables import pairs_table, study_notes, study_table
from tests.drawn_networks import draw_result
from tests.pipeline.report.page import Page

NAMES = ("cnn", "vgg16", "densenet121")
WARNING = "the figures below may say nothing about lungs: <b>file</b> attributes"


@pytest.fixture(scope="module")
def result() -> ComparisonResult:
    return draw_result(*NAMES, warnings=(WARNING,))


@pytest.fixture(scope="module")
def page(result: ComparisonResult) -> Page:
    return Page(html_of(result))


def rows_of(markdown: str, heading: str) -> list[list[str]]:
    section = markdown.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:2] == "| "]


def test_the_table_has_the_studys_rows_below_ours_and_nowhere_else(result: ComparisonResult) -> None:
    rows = rows_of(markdown_of(result), "The table of the study")
    assert [row[0] for row in rows[1:]] == [
        "cnn (here)", "cnn (study, 2020)", "vgg16 (here)", "vgg16 (study, 2020)", "densenet121 (here)",
    ]  # fmt: skip
    assert rows[0][1:4] == ["Train accuracy", "Train loss", "Precision covid"]
    study = dict(zip(rows[0], rows[2], strict=True))
    assert study["Recall covid"] == "0.700 (0.546 to 0.819, n 40)"
    assert (study["Confusion matrix"], study["Trainable parameters"]) == ("28 12 / 0 40", "2,008,930")


def test_every_rate_of_ours_has_its_interval_and_its_films(result: ComparisonResult) -> None:
    for row in study_table(result).rows:
        rates = [cell for cell in row.cells if re.fullmatch(r"[01]\.\d{3}", cell.value) and cell.details]
        assert len(rates) >= 5
        if not row.foreign:
            assert all(re.fullmatch(r"0\.\d{3} to [01]\.\d{3}n \d+", "".join(cell.details)) for cell in rates)


def test_the_order_of_the_classes_is_ours_in_the_studys_row_too() -> None:
    row = study_table(draw_result("cnn", classes=("healthy", "covid"))).rows[1]
    assert "40 0 / 12 28" in [cell.value for cell in row.cells]


def test_other_classes_than_the_studys_are_not_set_beside_its_figures() -> None:
    grid = study_table(draw_result("cnn", classes=("covid", "sars", "other")))
    assert [row.foreign for row in grid.rows] == [False]
    assert "it had the classes covid, healthy" in grid.caption
    assert [column for column in grid.columns if column.startswith("Precision")][1:] == [
        "Precision sars", "Precision other",
    ]  # fmt: skip


def test_the_warnings_stand_first_and_as_text(result: ComparisonResult, page: Page) -> None:
    assert markdown_of(result).index(WARNING) < markdown_of(result).index("## The table")
    assert WARNING in page.section("summary")


def test_every_network_has_its_layers_curves_report_and_matrices(page: Page, result: ComparisonResult) -> None:
    for name in NAMES:
        text = page.section(name)
        for part in ("Learning curves", "14,714,688", "macro", "weighted", "at the operating threshold"):
            assert part in text
    charts = [element for element in page.all("svg") if element.attributes.get("class") == "chart"]
    assert len(charts) == 3 * len(NAMES), "loss, accuracy and recall"
    assert all("train" in element.text for element in page.all("desc"))
    for name in NAMES:
        assert f"## {name}\n" in markdown_of(result)


def test_every_pair_is_told_in_words(result: ComparisonResult, page: Page) -> None:
    assert len(result.pairs) == 9
    assert all(pair.says in page.section("pairs") for pair in result.pairs)
    assert len(rows_of(markdown_of(result), "Each two networks")) == 10


def test_tests_without_films_have_no_p_and_are_not_counted(result: ComparisonResult) -> None:
    empty = result.pairs[0].model_copy(update={"films": 0})
    grid = pairs_table(result.model_copy(update={"pairs": (empty, *result.pairs[1:])}))
    assert "p adjusted for 8 tests" in grid.caption
    assert [cell.value for cell in grid.rows[0].cells[5:7]] == ["–", "–"]


def test_nothing_is_said_of_the_study_where_none_of_its_networks_is_compared() -> None:
    grid = study_table(other := draw_result("densenet121"))
    assert "study" not in grid.caption
    assert study_notes(other) == ()


def test_another_number_of_trainable_parameters_than_the_studys_has_its_reason(result: ComparisonResult) -> None:
    _, told = study_notes(result)
    assert told.startswith("The trainable parameters of cnn, vgg16 are not as many as the study's: images of 64 pixels")
    assert "fine-tuning" not in told
    alike = result.networks[0].trials[0].model_copy(update={"trainable_parameters": 2_008_930})
    cnn = result.networks[0].model_copy(update={"trials": (alike,)})
    assert len(study_notes(result.model_copy(update={"networks": (cnn,)}))) == 1


def test_films_that_balancing_leaves_out_are_not_called_used(result: ComparisonResult) -> None:
    films = {"covid": {"train": 20, "unused": 0}, "healthy": {"train": 20, "unused": 9}}
    balanced = result.model_copy(update={"films": films})
    assert "40 films used (9 more left out to balance classes), 40 tested on" in headline(balanced)
    assert "unused: left out by data.balance" in markdown_of(balanced)
    assert "left out" not in headline(result)


def test_markdown_has_no_two_empty_lines(result: ComparisonResult) -> None:
    for one in (result, draw_result("cnn", folds=3, warnings=(WARNING,))):
        assert "\n\n\n" not in markdown_of(one)
        assert "\n\n|" in markdown_of(one)
        assert not re.search(r"[^\n]\n#", markdown_of(one)), "a heading stands alone"


def test_the_page_asks_for_nothing_and_is_sound(page: Page) -> None:
    ids = Counter(element.attributes["id"] for element in page.elements if "id" in element.attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    for element in page.elements:
        for reference in element.attributes.get("aria-labelledby", "").split():
            assert reference in ids
        if element.tag == "a":
            assert element.attributes["href"].removeprefix("#") in ids
        assert "src" not in element.attributes
        assert not element.attributes.get("href", "#").startswith("http")
    levels = [int(element.tag[1]) for element in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(page.all("table")) == len(page.all("caption")), "every table says what it is"
    assert page.all("script") == []


def test_folds_are_told_with_their_spread() -> None:
    result = draw_result("cnn", folds=3)
    text = markdown_of(result)
    assert "3-fold cross-validation, every film tested once" in headline(result)
    rows = rows_of(text, "From fold to fold")
    assert rows[0][:2] == ["Network", "Accuracy"]
    assert re.fullmatch(r"0\.\d{3} \(0\.\d{3} to [01]\.\d{3}, sd 0\.\d{3}\)", rows[1][1])
    assert "over folds" in dict(zip(*rows_of(text, "The table of the study")[:2], strict=True))["Train accuracy"]
    assert "There is one network only." in text
    page = Page(html_of(result))
    assert "Fold 3" in page.section("cnn")
    assert len(page.all("svg")) >= 9
