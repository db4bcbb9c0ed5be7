"""The model card, and what a hostile name can do to it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.report.card import Plain, as_section, escaped, model_card
from pipeline.report.data import ReportData
from pipeline.report.render import render

from .page import Page

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "![x](https://example.com/x.png)",
    "[x](javascript:alert(1))",
    "a|b\n# c",
    "{{ 7 * 7 }}",
    "$\\frac{1}{2}$",
]


@pytest.fixture(scope="module")
def data(written: Callable[..., Any]) -> ReportData:
    collected: ReportData = written().run.collect()
    return collected


def test_names_are_shown_and_never_obeyed(data: ReportData, written: Callable[..., Any]) -> None:
    sane, assessment, model = written().page, data.assessment, data.model
    assert assessment is not None
    assert model is not None
    slices = [*assessment.slices[:1], *(assessment.slices[1].model_copy(update={"value": name}) for name in HOSTILE)]
    name = " ".join(HOSTILE)
    hostile = dataclasses.replace(
        data,
        positive=name,
        model=model.model_copy(update={"notes": tuple(HOSTILE)}),
        assessment=assessment.model_copy(
            update={"slices": tuple(slices), "positive": name, "classes": (name, "healthy")}
        ),
    )
    page = Page(render(hostile))
    for tags in (("script", "img", "iframe"), ("a",), ("h1",)):
        assert len(page.all(*tags)) == len(sane.all(*tags))
    assert not any(attribute.startswith("on") for element in page.elements for attribute in element.attributes)
    for section in ("decision", "slices", "card"):
        text = "".join(page.section(section).split())  # white space aside, a name stands there as it was given
        assert all("".join(one.split()) in text for one in HOSTILE)


def test_the_card_is_the_same_for_every_name_but_for_the_name(data: ReportData) -> None:
    lines = model_card(data).count("\n")
    assert model_card(dataclasses.replace(data, positive="a|b\n\n# c")).count("\n") == lines


def test_values_are_escaped_and_plain_ones_are_not() -> None:
    assert escaped("a*b_c|d\ne") == r"a\*b\_c\|d e"
    assert escaped(Plain("**a**")) == "**a**"


def test_a_card_in_the_report_has_deeper_headings_and_scoped_headers() -> None:
    page = Page(as_section("# a\n\n## b\n\n| c | d |\n|---|---|\n| 1 | 2 |\n"))
    assert [element.tag for element in page.elements if element.tag.startswith("h")] == ["h3", "h4"]
    assert [header.attributes["scope"] for header in page.all("th")] == ["col", "col"]


def test_a_second_stage_is_told_in_report_and_card(data: ReportData) -> None:
    assert data.model is not None
    stage = {"kept": True, "eval_loss_before": 0.5, "eval_loss_after": 0.25, "layers": ["a", "b"], "best_epoch": 3}
    model = data.model.model_copy(update={"training": {**data.model.training, "fine_tune": stage}})
    tuned = dataclasses.replace(data, model=model)
    told = "2 layers: kept, from its epoch 3; eval loss 0.500 before, 0.250 after"
    learning = Page(render(tuned)).section("learning")
    assert f"Fine-tuning of {told}." in learning
    assert "epoch 6 of the first stage" in learning
    assert f"| fine-tuning | {told} |" in model_card(tuned)
    assert "first stage" not in Page(render(data)).section("learning")
    assert "fine-tuning" not in model_card(data)
