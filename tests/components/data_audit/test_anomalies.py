"""Every anomaly, provoked in TFDV for real, and what a person reads of it."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.anomalies.proto.custom_validation_config_pb2 import CustomValidationConfig
from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies, AnomalyInfo
from tensorflow_metadata.proto.v0.schema_pb2 import Schema

from components.data_audit.anomalies import explain_anomalies
from components.data_audit.audit import Check
from components.manifest_gen.rows import ManifestRow
from pipeline.validation import validation_config

CLASSES = ["covid", "healthy"]
REWRITE = "and no row of the manifest says so: let XrayExampleGen write the records again"

Explain = Callable[..., list[Check]]


@pytest.fixture
def explain(run_schema_of_two_classes: Schema, frame_of: Any, statistics_of: Any) -> Explain:
    """Validates the rows' records, spoiled or not, split by split, and explains what was found."""

    def run(
        rows: list[ManifestRow], spoil: Callable[[Any], Any] = lambda table: table, config: str = ""
    ) -> list[Check]:
        found = {
            split: tfdv.validate_statistics(
                statistics_of(spoil(frame_of([row for row in rows if row.split == split]))),
                run_schema_of_two_classes,
                environment=split,
                custom_validation_config=text_format.Parse(config, CustomValidationConfig()),
            )
            for split in dict.fromkeys(row.split for row in rows)
        }
        return explain_anomalies(found, run_schema_of_two_classes, rows, CLASSES)

    return run


def only(checks: list[Check]) -> Check:
    (check,) = checks
    return check


def test_records_as_the_schema_wants_them_pass(explain: Explain, make_rows: Any) -> None:
    check = only(explain(make_rows("train", 20) + make_rows("test", 10)))
    assert (check.name, check.verdict) == ("anomalies", "pass")


def test_a_value_outside_its_domain_is_named_with_its_rows(explain: Explain, make_rows: Any) -> None:
    rows = make_rows("train", 20, view=["PA", "PA", "LATERAL", "PA", "PA"]) + make_rows("test", 10, view=["PA", "L"])
    check = only(explain(rows))
    assert (check.name, check.verdict, check.value, check.bound) == ("anomaly_view", "stop", 9, 0)
    told = [row for row in rows if row.view in ("LATERAL", "L")]
    named = ", ".join(f"row {row.row} of ward (film {row.image_id})" for row in told[:5])
    assert check.message == (
        "9 films of train and test with 'view' 'LATERAL', 'L', where PA, AP, AP Supine are allowed: "
        f"{named} and 4 more; correct the metadata or drop the rows"
    )


def test_a_finding_that_no_class_claims_is_outside_its_domain(explain: Explain, make_rows: Any) -> None:
    check = only(explain(make_rows("train", 20, finding=["COVID-19", "No Finding", "SARS", "No Finding"])))
    assert check.name == "anomaly_finding"
    assert "5 films of train with 'finding' 'SARS', where COVID-19, No Finding are allowed: row 4 of" in check.message


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # numpy, of infinity
@pytest.mark.parametrize("ages, shown", [([130.0, 50.0], "130"), ([-1.0, 50.0], "-1"), ([float("inf"), 50.0], "inf")])
def test_an_age_outside_its_range_is_named(explain: Explain, make_rows: Any, ages: list[float], shown: str) -> None:
    check = only(explain(make_rows("train", 4, age=ages)))
    assert check.name == "anomaly_age"
    assert check.message.startswith(
        f"2 films of train with 'age' {shown}, where 0 to 120 is allowed: row 2 of ward (film"
    )


def test_an_age_that_is_no_number_is_named(explain: Explain, make_rows: Any) -> None:
    # As a list: pandas would make a missing value of it on the way into the statistics.
    rows = make_rows("eval", 4, age=[float("nan"), 50.0, 50.0, 50.0])
    check = only(explain(rows, lambda table: table.assign(age=[[age] for age in table.age])))
    assert check.message.startswith("1 film of eval with 'age' nan, where 0 to 120 is allowed: row 2 of ward")


def test_a_film_without_a_row_of_metadata_is_named_by_its_image_id(explain: Explain, make_rows: Any) -> None:
    rows = make_rows("train", 4, view=["PA", "ZZ", "PA", "PA"], row=0)
    assert f": film {rows[1].image_id} of ward; " in only(explain(rows)).message


def test_records_that_differ_from_the_manifest_are_a_fault_of_the_records(explain: Explain, make_rows: Any) -> None:
    check = only(explain(make_rows("train", 10), lambda table: table.assign(view=[b"ZZ"] + [b"PA"] * 9)))
    assert (check.value, check.verdict) == (None, "stop")
    assert check.message == (
        "values of 'view' where PA, AP, AP Supine are allowed in train "
        f"(TFDV: Examples contain values missing from the schema: ZZ (~10%)), {REWRITE}"
    )


@pytest.mark.parametrize("how", ["some", "all", "column"])
def test_a_missing_value_is_told_once(explain: Explain, make_rows: Any, how: str) -> None:
    def spoil(table: Any) -> Any:
        if how == "column":
            return table.drop(columns="source")
        return table.assign(
            source=[None] * (10 if how == "all" else 2) + list(table.source)[10 if how == "all" else 2 :]
        )

    check = only(explain(make_rows("train", 10), spoil))
    assert check.name == "anomaly_source"
    assert check.message.startswith("records without 'source', which every record needs in train (TFDV: ")
    assert check.message.endswith(REWRITE)
    assert "shape" not in check.message


def test_a_missing_value_that_the_manifest_lacks_too_is_named_with_its_rows(
    run_schema_of_two_classes: Schema, make_rows: Any
) -> None:
    rows = make_rows("train", 10, source=["ward", ""])
    reason = AnomalyInfo.Reason(type=AnomalyInfo.FEATURE_TYPE_LOW_FRACTION_PRESENT, description="fewer than expected")
    found = Anomalies(anomaly_info={"source": AnomalyInfo(severity=AnomalyInfo.ERROR, reason=[reason])})
    check = only(explain_anomalies({"train": found}, run_schema_of_two_classes, rows, CLASSES))
    assert check.message.startswith("5 films of train without 'source', which every record needs: row 3 of ")


@pytest.mark.parametrize(
    "name, values, message",
    [
        ("age", [[1.0, 2.0]] + [[5.0]] * 9, "records that do not hold exactly one value of 'age' in train (TFDV: "),
        (
            "label",
            0.5,
            "records that hold 'label' as another type in train (TFDV: Expected data of type: INT but got FLOAT), ",
        ),
        ("finding", b"\xff\xfe", "values of 'finding' that are not UTF-8 in train (TFDV: "),
        ("label", 2, "values of 'label' where 0 to 1 is allowed in train (TFDV: "),
        ("label", -1, "values of 'label' where 0 to 1 is allowed in train (TFDV: "),
        ("diagnosis", b"x", "a feature 'diagnosis' that schema/schema.pbtxt does not name in train (TFDV: "),
    ],
)
def test_faults_of_the_records_alone_are_told_in_words(
    explain: Explain, make_rows: Any, name: str, values: Any, message: str
) -> None:
    check = only(explain(make_rows("train", 10), lambda table: table.assign(**{name: values})))
    assert (check.name, check.verdict, check.value) == (f"anomaly_{name}", "stop", None)
    assert check.message.startswith(message)
    assert check.message.endswith(REWRITE)


def test_an_anomaly_of_an_unknown_kind_keeps_the_words_of_tfdv(
    run_schema_of_two_classes: Schema, make_rows: Any
) -> None:
    reason = AnomalyInfo.Reason(type=AnomalyInfo.VALUE_NESTEDNESS_MISMATCH, description="nested\n otherwise.")
    found = Anomalies(anomaly_info={"view": AnomalyInfo(severity=AnomalyInfo.WARNING, reason=[reason])})
    check = only(explain_anomalies({"eval": found}, run_schema_of_two_classes, make_rows("eval", 4), CLASSES))
    assert check.verdict == "warn"
    assert check.message.startswith("an anomaly of 'view' in eval (TFDV: nested otherwise)")


def test_an_anomaly_of_the_whole_split_keeps_the_words_of_tfdv(
    run_schema_of_two_classes: Schema, make_rows: Any, statistics_of: Any, frame_of: Any
) -> None:
    schema = Schema()
    schema.CopyFrom(run_schema_of_two_classes)
    schema.dataset_constraints.min_examples_count = 100
    found = tfdv.validate_statistics(statistics_of(frame_of(make_rows("train", 10))), schema)
    check = only(explain_anomalies({"train": found}, schema, make_rows("train", 10), CLASSES))
    assert (check.name, check.verdict) == ("anomaly_films", "stop")
    assert "fewer" in check.message


def test_a_split_without_records_is_not_called_free_of_anomalies(
    run_schema_of_two_classes: Schema, make_rows: Any
) -> None:
    found = {"train": Anomalies(), "test": Anomalies(data_missing=True)}
    check = only(explain_anomalies(found, run_schema_of_two_classes, make_rows("train", 4), CLASSES))
    assert (check.name, check.verdict, check.value) == ("anomaly_empty_split", "stop", 1)


def test_validations_in_sql_are_told_with_the_next_step(explain: Explain, make_rows: Any) -> None:
    rows = make_rows("train", 20) + make_rows("eval", 10) + make_rows("test", 6, label="covid")
    config = validation_config(CLASSES, "covid", ["PA", "AP"], min_patients=4)
    checks = {check.name: check for check in explain(rows, config=config)}
    assert {name: check.verdict for name, check in checks.items()} == {
        "anomaly_label": "stop",
        "anomaly_patient_id": "warn",
        "anomaly_view": "stop",
    }
    assert checks["anomaly_label"].message == (
        "no film of class 'healthy' in test; add films of at least three patients of the class, "
        "or widen data.findings or data.views"
    )
    assert checks["anomaly_view"].message == (
        "no film of view 'AP' in train, eval and test; add films of the view, or take it out of data.views"
    )
    assert checks["anomaly_patient_id"].message.startswith("fewer than 8 patients in test (test 6); add patients")


def test_several_anomalies_of_a_feature_are_one_check(explain: Explain, make_rows: Any) -> None:
    rows = make_rows("train", 10, view=["PA", "ZZ", "PA", "PA", "PA"])
    check = only(explain(rows, config=validation_config(CLASSES, "covid", ["PA", "AP"], min_patients=1)))
    assert "2 films of train with 'view' 'ZZ'" in check.message
    assert "; no film of view 'AP' in train; " in check.message


def test_neither_patients_nor_file_names_are_told(explain: Explain, make_rows: Any) -> None:
    rows = make_rows("train", 10, view="ZZ", age=200.0)
    for check in explain(rows, lambda table: table.drop(columns="patient_id")):
        assert "secret" not in check.model_dump_json()
