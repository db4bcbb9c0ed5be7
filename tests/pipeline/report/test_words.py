"""What things are called."""

import typing

import pytest

from components.release_gate.decision import Rule
from pipeline.report.words import HEADLINES, number, rule_question, rule_title, share
from pipeline.result import Status


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
