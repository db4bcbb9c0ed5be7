import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.manifest_gen.demographics import OLDEST, age_of, sex_of


@pytest.mark.parametrize(
    "text, years",
    [("36", 36), (" 36.5 ", 36.5), ("058Y", 58), ("018M", 1.5), ("006W", 0.11), ("010D", 0.03), ("0", 0), ("120", 120)],
)
def test_ages_are_read_in_years(text: str, years: float) -> None:
    assert age_of(text) == years


@pytest.mark.parametrize("text", ["", "-", "65+", "40s", "nan", "inf", "-3", "1e1", "414", "٣٦", "36-40"])
def test_an_age_that_cannot_be_one_is_missing(text: str) -> None:
    assert age_of(text) is None


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_an_age_in_range_or_none(text: str) -> None:
    age = age_of(text)
    assert age is None or 0 <= age <= OLDEST


@pytest.mark.parametrize(
    "text, sex", [("M", "M"), ("f", "F"), ("Female", "F"), (" male ", "M"), ("", None), ("X", None), ("N", None)]
)
def test_sexes_are_read_by_letter_or_word(text: str, sex: str | None) -> None:
    assert sex_of(text) == sex
