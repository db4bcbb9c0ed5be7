"""The report and the card as whole files: what they hold however a run ended, and what they never hold."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.report.write import RECORD_FILE, Record, write_report_again
from trainer.errors import UsageError

from .page import Page

SECTIONS = [
    "decision", "data", "augmentation", "learning", "test", "slices", "gallery", "shortcuts", "tuner", "lineage",
    "steps", "card",
]  # fmt: skip

Write = Callable[..., Any]


@pytest.mark.parametrize("until", ["nothing", "data", "gate"])
def test_every_section_is_there_however_far_the_run_came(written: Write, until: str) -> None:
    page = written(until).page
    assert [section.attributes["id"] for section in page.all("section")] == SECTIONS
    targets = {link.attributes["href"] for link in page.all("a")}
    assert targets <= {f"#{section}" for section in SECTIONS}


@pytest.mark.parametrize("until, show_films", [("nothing", False), ("data", True), ("gate", False), ("gate", True)])
def test_the_page_is_accessible_as_far_as_its_text_tells(written: Write, until: str, show_films: bool) -> None:
    page = written(until, show_films=show_films).page
    assert page.all("html")[0].attributes["lang"] == "en"
    assert {"header", "main", "nav", "footer"} <= {element.tag for element in page.elements}
    levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))
    assert all(image.attributes["alt"] for image in page.all("img"))
    assert all(header.attributes["scope"] in ("col", "row") for header in page.all("th"))
    assert all(chart.attributes["role"] == "img" for chart in page.all("svg"))
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    labels = " ".join(element.attributes.get("aria-labelledby", "") for element in page.elements).split()
    assert set(labels) <= set(ids)


def test_every_table_of_the_report_has_a_caption(written: Write) -> None:
    page = written().page
    of_report = [table for table in page.all("table") if "section" in table.ancestors]
    captions = page.all("caption")
    of_card = page.elements[page.elements.index(next(e for e in page.elements if e.attributes.get("id") == "card")) :]
    assert len(captions) == len(of_report) - sum(element.tag == "table" for element in of_card)


def test_nothing_is_asked_of_a_network(written: Write) -> None:
    html, page = written(show_films=True).html, written(show_films=True).page
    references = [
        value
        for element in page.elements
        for name, value in element.attributes.items()
        if name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset")
    ]
    assert references
    assert all(reference.startswith(("#", "data:")) for reference in references)
    assert not page.all("script", "iframe", "object", "embed", "form")
    assert not re.search(r"@import|url\((?!#)", html)
    policy = next(meta for meta in page.all("meta") if meta.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.attributes["content"].startswith("default-src 'none'")


@pytest.mark.parametrize("until", ["nothing", "data", "gate"])
def test_no_film_and_no_patient_can_be_known(written: Write, until: str) -> None:
    made = written(until, blessed=until != "gate")
    run, planted = made.run, made.run.identifying
    told = " ".join(run.result.reasons + run.result.notes)
    assert any(name in told for name in planted)
    for text in (made.html, made.card):
        assert not {name for name in planted if name in text}
        assert "Mustermann" not in text
        assert "<img" not in text


def test_where_films_are_shown_their_ids_stand_there_and_nothing_else(written: Write) -> None:
    made = written(show_films=True)
    run, html, card = made.run, made.html, made.card
    ids = {row.image_id for row in run.rows}
    assert any(name in html for name in ids)
    assert not {name for name in run.identifying - ids if name in html}
    assert not {name for name in run.identifying if name in card}


def test_a_released_model_is_explained(written: Write) -> None:
    page = written().page
    decision = page.section("decision")
    assert "Released" in page.all("h1")[0].text
    assert "served as version 1795406570" in decision
    assert "Finds enough covid films" in decision
    assert "0.520" in decision
    assert "not computable" in decision
    assert "1 of 1 rules on slices passed" in decision
    assert "random weights" in decision


def test_a_refused_model_names_rule_value_and_bound(written: Write) -> None:
    made = written(blessed=False)
    decision = made.page.section("decision")
    assert "Not released" in decision
    assert "failed 1 of 4 rules" in decision
    assert "0.520" in decision
    assert "0.999" in decision
    assert "Not released" in made.card


def test_refused_data_are_told_with_what_stopped_them(written: Write) -> None:
    page = written("data").page
    assert "Data refused" in page.all("h1")[0].text
    assert "2 patients have films in more than one split" in page.section("decision")
    assert "No model was trained" in page.section("learning")
    assert "No model was tested" in page.section("test")
    assert "did not run" in page.section("shortcuts")


def test_a_failed_run_says_what_failed(written: Write) -> None:
    page = written("nothing").page
    assert "Failed" in page.all("h1")[0].text
    assert "ManifestGen: [folder] is broken" in page.section("decision")
    assert "failed" in page.section("steps")
    assert "no film was counted" in page.section("data")


def test_what_was_counted_and_measured_stands_in_its_section(written: Write) -> None:
    page = written().page
    assert "26 films of 14 patients with covid" in page.section("data")
    assert "a file without a row" in page.section("data")
    assert "drawn in equal shares" in page.section("data")
    assert "epoch 6" in page.section("learning")
    assert "Expected calibration error" in page.section("test")
    assert "age group 20-39" not in page.section("slices")
    assert "view AP" in page.section("slices")
    assert "version 1795406000" in page.section("slices")
    assert "0.625" in page.section("slices")
    assert "✗ shortcut" in page.section("shortcuts")
    assert "not computable" in page.section("shortcuts")
    assert "ModelBlessing" in page.section("lineage")
    assert "trainer.seed" in page.section("lineage")
    assert "1 were cached" in page.section("steps")


def test_films_are_shown_only_where_they_may_be(written: Write) -> None:
    shown = written(show_films=True).page
    assert len([image for image in shown.all("img") if "grid of 5 training films" in image.attributes["alt"]]) == 1
    assert "covid, called right" in shown.section("gallery")
    assert "called wrong" in shown.section("gallery")
    hidden = written(show_films=False).page
    assert not hidden.all("img")
    for section in ("augmentation", "gallery"):
        assert "not shown" in hidden.section(section)


def test_the_same_run_gives_the_same_bytes(make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.report.origin._revision", lambda: "r" * 40)  # a checkout may change meanwhile
    run = make_run()
    assert run.write(show_films=True) == run.write(show_films=True)


def test_the_card_stands_in_the_report_too(written: Write) -> None:
    card, section = written().card, written().page.section("card")
    headings = re.findall(r"^#+ (.*)$", card, re.M)
    assert headings[1:] == [
        "Intended use", "Model", "Data", "Metrics", "Classes", "Slices", "Audit of the data",
        "Shortcut audit of the model", "Limits", "Waivers",
    ]  # fmt: skip
    assert all(heading in section for heading in headings)
    assert "Not for diagnosis" in section
    assert "Dr. A. Test" in section


def test_a_report_can_be_written_again(make_run: Callable[..., Any]) -> None:
    run = make_run("data")
    html, _ = run.write()
    (run.root / "report.html").unlink()
    again = write_report_again(run.root).read_text(encoding="utf-8")
    # Without metadata.sqlite nothing is known of the artifacts; what the runner said of the run is.
    assert Page(html).all("h1")[0].text == Page(again).all("h1")[0].text


@pytest.mark.parametrize("given", ["films", ".", "../x", "~/x"])
def test_a_relative_folder_of_films_is_cleaned_as_an_absolute_one(
    make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    run = make_run("nothing")
    run.settings = run.settings.model_copy(update={"data": run.settings.data.model_copy(update={"root": given})})
    folder = Path(given).expanduser().resolve()
    told = "2 films of 3. The films are no films"
    run.result = run.result.model_copy(update={"reasons": (f"{told}: {folder}/Miller John/IM1.dcm",)})
    html, _ = run.write()
    assert f"{told}: [folder]" in html
    assert "Miller" not in html
    monkeypatch.chdir(tmp_path)
    assert write_report_again(run.root).read_text(encoding="utf-8").count("[folder]") == html.count("[folder]")
    assert Record.model_validate_json((run.root / RECORD_FILE).read_text()).settings.data.root == str(folder)


def test_a_folder_without_a_run_is_named(tmp_path: Any) -> None:
    with pytest.raises(UsageError, match=r"report\.json cannot be read .* --run"):
        write_report_again(tmp_path)
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(UsageError, match="not of this version"):
        write_report_again(tmp_path)
