"""The table of trials."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.report.origin import origin_of
from pipeline.report.redaction import Redactor
from trainer.servable import Rate, Tuning

from .page import Page

ROW = {
    "backbone": "vgg16", "learning_rate": 0.00123456, "dense": 64, "dropout": 0.30000000000000004,
    "optimizer": "nadam", "strength": 0.5, "objective": "recall at specificity 0.9", "low": 0.5, "high": 0.99,
    "n": 80, "patients": 60, "best_epoch": 7, "epochs": 17, "seconds": 2.34, "trials": 5, "failed": 2,
}  # fmt: skip


@pytest.fixture
def page(make_run: Callable[..., Any]) -> Page:
    """The report of a run whose search has three trials that came to a number."""
    run = make_run()
    folder = run.add("Tuner", best_hyperparameters="HyperParameters", tuner_results="TunerResults")
    rows = [
        {**ROW, "trial": trial, "trial_id": str(trial - 1), "score": value, "value": value, "eval_loss": loss}
        for trial, value, loss in ((1, 0.7, 0.6), (2, 0.9, 0.5), (4, 0.9, 0.4))
    ]
    (folder / "tuner_results.json").write_text(json.dumps(rows))
    return Page(run.write()[0])


def test_the_trials_stand_in_a_table_the_chosen_one_first(page: Page) -> None:
    table = next(element for element in page.all("table") if "4 (chosen)" in element.text).text
    assert "Trials, the best first" in table
    assert table.index("4 (chosen)") < table.index("\n2vgg16") < table.index("\n1vgg16")
    for text in ("0.0012", "0.30", "recall at specificity 0.9", "0.900", "0.500 to 0.990", "7 of 17", "2.3"):
        assert text in table
    assert "0.30000000000000004" not in table
    assert all(header.attributes["scope"] in ("col", "row") for header in page.all("th"))


def test_the_search_says_how_many_trials_there_were_and_that_the_best_one_flatters(page: Page) -> None:
    section = page.section("tuner")
    assert "5 trials" in section
    assert "80 eval films of 60 patients; 2 of them came to no number" in section
    assert "flatters" in section
    assert "2 trials share the highest figure" in section
    assert "the test split" in section


def test_a_run_without_a_search_says_so(written: Callable[..., Any]) -> None:
    assert "No search over hyperparameters was made." in written().page.section("tuner")


def test_a_search_whose_space_had_no_more_says_how_many_were_asked_for(make_run: Callable[..., Any]) -> None:
    run = make_run()
    folder = run.add("Tuner", best_hyperparameters="HyperParameters", tuner_results="TunerResults")
    row = {**ROW, "trial": 1, "trial_id": "0", "score": 0.9, "value": 0.9, "eval_loss": 0.5, "asked": 20}
    (folder / "tuner_results.json").write_text(json.dumps([row]))
    assert "5 of 20 trials (the search space has no more" in Page(run.write()[0]).section("tuner")


def test_settings_that_a_search_has_replaced_are_listed_with_what_was_used(written: Callable[..., Any]) -> None:
    run = written().run
    model = run.collect().model
    values = {"backbone": "vgg16", "learning_rate": 0.002, "dropout": 0.3, "strength": 0.5}
    best = Rate(value=0.9, low=0.8, high=1, n=9, patients=9)
    tuning = Tuning(objective="AUC", trials=2, failed=0, best=best, values=values)
    redactor = Redactor([], [], run.root, None, set())
    plain = dict(origin_of(run.settings, model, {}, redactor).settings)
    marked = dict(origin_of(run.settings, model.model_copy(update={"tuning": tuning}), {}, redactor).settings)
    assert marked["trainer.learning_rate"] == "0.001 (searched; used 0.002)"
    assert marked["trainer.augmentation.strength"] == "1.0 (searched; used 0.5)"
    assert {key for key in plain if plain[key] != marked[key]} == {
        "trainer.backbone", "trainer.learning_rate", "trainer.dropout", "trainer.augmentation.strength",
    }  # fmt: skip
