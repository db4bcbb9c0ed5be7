"""The list of public collections."""

import pytest
import yaml
from pydantic import TypeAdapter

from components.manifest_gen.sources.registry import KINDS, Source
from pipeline.fetch.collections import COLLECTIONS, Collection, collection
from trainer.errors import UsageError

ALL = list(COLLECTIONS.values())


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_each_says_what_a_person_must_know(one: Collection) -> None:
    assert COLLECTIONS[one.name] is one
    assert one.licence
    assert one.citation
    for url in (one.page, one.licence_link, one.archive, one.git):
        assert url is None or url.startswith("https://")
    assert one.archive or one.by_hand


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_the_settings_that_each_shows_are_valid(one: Collection) -> None:
    source = yaml.safe_load(one.source)
    if source["kind"] not in KINDS:
        pytest.skip(f"no source of kind {source['kind']}")
    assert TypeAdapter(Source).validate_python(source).path == one.folder  # type: ignore[arg-type]


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="there is no collection 'iee8023'; known are ieee8023, figure1, actualmed"):
        collection("iee8023")
