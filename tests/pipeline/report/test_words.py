"""What things are called."""

import typing

import pytest

from components.release_gate.decision import Rule
from pipeline.report.words import (
    AUGMENTATION,
    HEADLINES,
    changes,
    fine_tuning,
    number,
    ranges,
    rule_question,
    rule_title,
    share,
)
from pipeline.result import Status
from trainer.settings import Augmentation
from trainer.training import FineTuned, Training


@pytest.mark.parametrize(
    "value, like, text",
    [
        (None, None, "–"),
        (3.0, None, "3"),
        (0.0, 0.0, "0"),
        (0.0, 0.6, "0.000"),
        (1.0, 0.6, "1.000"),
        (0.0, 1e-5, "0"),
        (3e-7, 1e-5, "3e-07"),
        (0.5236, 0.6, "0.524"),
    ],
)
def test_numbers_have_the_decimals_of_what_they_are_compared_with(
    value: float | None, like: float | None, text: str
) -> None:
    assert number(value, like) == text


def test_a_rate_always_has_three_decimals() -> None:
    assert (share(1), share(0), share(None)) == ("1.000", "0.000", "–")


def test_rules_have_words_for_a_reader() -> None:
    def rule(name: str) -> Rule:
        return Rule(name=name, value=1, bound=1, passed=True, message="")

    assert rule_title(rule("min_recall"), "covid") == "Finds enough covid films"
    assert rule_title(rule("min_recall (view AP)"), "covid") == "Finds enough covid films: view AP"
    assert "Upper end" in rule_question(rule("min_recall (view AP)"), "covid")
    assert rule_title(rule("not_worse (recall)"), "covid") == "Not worse than the served model: recall"
    assert (rule_title(rule("new (x)"), "covid"), rule_question(rule("new (x)"), "covid")) == ("new (x)", "")


def test_every_end_of_a_run_has_a_headline() -> None:
    assert set(HEADLINES) >= set(typing.get_args(Status))


def test_every_range_of_augmentation_has_words() -> None:
    assert set(AUGMENTATION) == set(Augmentation.model_fields) - {"strength"}


def test_ranges_are_those_that_training_used() -> None:
    shown = dict(ranges({"augmentation": {"strength": 0.3, "zoom": 0.1, "rotation": 5, "rescale": 0}}))
    assert shown["zoom, part of the side"] == "0.03"
    assert shown["rotation, degrees to either side"] == "1.5"
    assert shown["left and right exchanged"] == "yes"
    assert shown["all grey levels multiplied, part up or down"] == "0"
    assert len(shown) == len(AUGMENTATION)
    assert dict(ranges({"augmentation": {"strength": 0}}))["left and right exchanged"] == "no"
    assert ranges({}) == []


@pytest.mark.parametrize(
    "kept, layers, text",
    [
        (True, ("a", "b"), "2 layers: kept, from its epoch 3; eval loss 0.500 before, 0.250 after"),
        (False, ("a",), "1 layer: undone; eval loss 0.500 before, 0.250 after"),
    ],
)
def test_fine_tuning_is_told_as_training_records_it(kept: bool, layers: tuple[str, ...], text: str) -> None:
    stage = FineTuned(kept, 0.5, 0.25, layers, 3, ())
    assert fine_tuning(Training(({"eval_loss": 0.5},), 1, fine_tuned=stage).record()) == text
    assert fine_tuning(Training(({"eval_loss": 0.5},), 1).record()) == ""


@pytest.mark.parametrize(
    "settings, text",
    [
        ({}, "Random changes to training films, drawn anew for every film and epoch."),
        ({"feature_views": 1}, "drawn once for every film before training: every epoch sees the film as it is and the "
         "same 1 changed view of it."),
        ({"feature_views": 3}, "drawn 3 times for every film before training: every epoch sees the film as it is and "
         "the same 3 changed views of it."),
        ({"feature_views": 3, "augmentation": {"strength": 0}}, "Training films are not changed: all ranges are 0."),
    ],
)  # fmt: skip
def test_how_often_films_are_changed_is_what_training_does(settings: dict[str, typing.Any], text: str) -> None:
    assert changes(settings).endswith(text)
