"""The schema of a run: what the settings know is filled in, and nothing else is touched."""

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

import schema.build
from schema import SCHEMA_FILE
from schema.build import run_schema


def parse(text: str) -> schema_pb2.Schema:
    return text_format.Parse(text, schema_pb2.Schema())


def test_findings_become_the_domain_of_finding_each_once_in_their_order() -> None:
    built = parse(run_schema(2, ["COVID-19", "No Finding", "Lungenentzündung", "No Finding"]))
    (domain,) = (domain for domain in built.string_domain if domain.name == "finding")
    assert list(domain.value) == ["COVID-19", "No Finding", "Lungenentzündung"]
    (finding,) = (feature for feature in built.feature if feature.name == "finding")
    assert finding.domain == "finding"


@pytest.mark.parametrize("classes", [2, 5])
def test_a_label_is_below_the_number_of_classes(classes: int) -> None:
    (label,) = (feature for feature in parse(run_schema(classes, ["a"])).feature if feature.name == "label")
    assert (label.int_domain.min, label.int_domain.max) == (0, classes - 1)


def test_all_else_is_as_curated() -> None:
    built, curated = parse(run_schema(2, ["a"])), parse(SCHEMA_FILE.read_text(encoding="utf-8"))
    del built.string_domain[-1]
    for feature in built.feature:
        if feature.name == "label":
            feature.int_domain.ClearField("max")
        if feature.name == "finding":
            feature.ClearField("domain")
    assert built == curated


def test_a_comment_of_the_curated_file_changes_nothing_and_a_bound_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = run_schema(2, ["a"])
    file = tmp_path / "schema.pbtxt"
    monkeypatch.setattr(schema.build, "SCHEMA_FILE", file)
    text = SCHEMA_FILE.read_text(encoding="utf-8")
    file.write_text(text + "\n# a comment\n", encoding="utf-8")
    assert run_schema(2, ["a"]) == before
    file.write_text(text.replace("max: 120.0", "max: 130.0"), encoding="utf-8")
    assert run_schema(2, ["a"]) != before
