import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from components.manifest_gen.inside import Patterns, leads_out


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a/../../b.png", "/etc/passwd", "//x", "..\\b.png"])
def test_names_that_lead_out_are_recognised(name: str) -> None:
    assert leads_out(name)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["..", ".", "a", ""]), max_size=6).map("/".join))
def test_a_name_leads_out_exactly_if_it_does_so_on_disk(name: str) -> None:
    home = Path("/films/here")
    assert leads_out(name) != Path(os.path.normpath(home / name)).is_relative_to(home)


@pytest.mark.parametrize("pattern", ["/films", "../films", "a/../../b", "..\\films", "", " ", "a\0b"])
def test_settings_name_no_place_outside_the_source(pattern: str) -> None:
    with pytest.raises(ValidationError, match=r"leads out of the source's folder|names nothing"):
        TypeAdapter(Patterns).validate_python([pattern])


def test_one_pattern_needs_no_list() -> None:
    assert TypeAdapter(Patterns).validate_python("images*") == ("images*",)
