"""What ExampleValidator found, in plain words: what, how many, which rows of the manifest, and what to do."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies, AnomalyInfo
from tensorflow_metadata.proto.v0.schema_pb2 import Feature, Schema

from components.data_audit.audit import Check
from components.manifest_gen.rows import ManifestRow, shown
from components.xray_example_gen.values import record_values
from trainer import features

Value = str | int | float | None

#: How many rows and how many values a message names.
ROWS: Final = 5
VALUES: Final = 3

_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "missing": (
        "SCHEMA_MISSING_COLUMN", "FEATURE_TYPE_NOT_PRESENT", "FEATURE_TYPE_LOW_FRACTION_PRESENT",
        "FEATURE_TYPE_LOW_NUMBER_PRESENT", "FEATURE_TYPE_NO_VALUES",
    ),
    "unlisted": ("ENUM_TYPE_UNEXPECTED_STRING_VALUES",),
    "out_of_range": (
        "FLOAT_TYPE_BIG_FLOAT", "FLOAT_TYPE_SMALL_FLOAT", "FLOAT_TYPE_HAS_NAN", "FLOAT_TYPE_HAS_INF",
        "INT_TYPE_BIG_INT", "INT_TYPE_SMALL_INT",
    ),
    "repeated": (
        "FEATURE_TYPE_HIGH_NUMBER_VALUES", "FEATURE_TYPE_LOW_NUMBER_VALUES", "FEATURE_TYPE_UNEXPECTED_REPEATED",
        "INVALID_FEATURE_SHAPE",
    ),
    "type": ("UNEXPECTED_DATA_TYPE",),
    "text": ("ENUM_TYPE_INVALID_UTF8",),
    "unknown_feature": ("SCHEMA_NEW_COLUMN",),
    "custom": ("CUSTOM_VALIDATION",),
}  # fmt: skip
_KIND_OF: Final = {AnomalyInfo.Type.Value(name): kind for kind, names in _KINDS.items() for name in names}

#: What to do about a validation in SQL, by the feature that it asks.
_NEXT_STEPS: Final = {
    features.LABEL: "add films of at least three patients of the class, or widen data.findings or data.views",
    features.VIEW: "add films of the view, or take it out of data.views",
    features.PATIENT_ID: "add patients, or read every interval as wide",
}
_REWRITE: Final = "and no row of the manifest says so: let XrayExampleGen write the records again"


def explain_anomalies(
    anomalies: Mapping[str, Anomalies], schema: Schema, rows: Sequence[ManifestRow], classes: Sequence[str]
) -> list[Check]:
    """A check for every feature with an anomaly, over all splits; one that passes where there is none.

    Args:
        anomalies: What ExampleValidator found in each split.
        schema: What it compared with.
        rows: The manifest's rows of the films that have a record.
        classes: Names of the classes.
    """
    by_feature: dict[str, list[tuple[str, AnomalyInfo]]] = defaultdict(list)
    for split, found in anomalies.items():
        for feature, info in sorted(found.anomaly_info.items()):
            by_feature[feature].append((split, info))
        if found.HasField("dataset_anomaly_info"):
            by_feature["films"].append((split, found.dataset_anomaly_info))
    empty = [split for split, found in anomalies.items() if found.data_missing]
    checks = [_explain(feature, found, schema, rows, classes) for feature, found in by_feature.items()]
    if empty:
        message = f"no record in {_listed(empty)}, so nothing of it could be compared with the schema"
        checks.append(Check(name="anomaly_empty_split", verdict="stop", value=len(empty), bound=0, message=message))
    return checks or [
        Check(name="anomalies", verdict="pass", value=0, bound=0, message="no anomaly against schema/schema.pbtxt")
    ]


def _explain(
    feature: str,
    found: Sequence[tuple[str, AnomalyInfo]],
    schema: Schema,
    rows: Sequence[ManifestRow],
    classes: Sequence[str],
) -> Check:
    spec = next((spec for spec in schema.feature if spec.name == feature), Feature(name=feature))
    splits: dict[tuple[str, str], list[str]] = defaultdict(list)  # (kind, rule of a validation) -> splits
    words: dict[tuple[str, str], list[str]] = defaultdict(list)  # -> TFDV's
    for split, info in found:
        for reason in info.reason or [AnomalyInfo.Reason(description=info.description)]:
            kind = _KIND_OF.get(reason.type, "other")
            key = kind, reason.short_description if kind == "custom" else ""
            if split not in splits[key]:
                splits[key].append(split)
            text = " ".join((reason.description or reason.short_description).split()).rstrip(".")
            if text not in words[key]:
                words[key].append(text)
    if ("missing", "") in splits:
        splits.pop(("repeated", ""), None)  # TFDV calls a missing value a wrong shape as well
    films, sentences = 0, []
    for (kind, rule), where in splits.items():
        here = [row for row in rows if row.split in where]
        if kind == "custom":
            sentences.append(_sentence_of_rule(feature, rule, where, here))
            continue
        causes = [row for row in here if _is_cause(kind, spec, schema, record_values(row, classes))]
        films += len(causes)
        sentences.append(
            _sentence_with_rows(kind, spec, schema, where, causes, classes)
            if causes
            else f"{_without_rows(kind, spec, schema)} in {_listed(where)} (TFDV: {'; '.join(words[kind, rule])}), "
            f"{_REWRITE}"
        )
    return Check(
        name=f"anomaly_{feature}",
        # A WARNING is an anomaly too, and flips ExampleValidator's own "blessed".
        verdict="stop" if any(info.severity == AnomalyInfo.ERROR for _, info in found) else "warn",
        value=films or None,
        bound=0,
        message="; ".join(sentences),
    )


def _is_cause(kind: str, spec: Feature, schema: Schema, values: Mapping[str, Value]) -> bool:
    if spec.name not in values:  # the image, or a feature that is none of ours
        return False
    value = values[spec.name]
    if kind == "missing":
        return value is None or value == ""
    if kind == "unlisted":
        return isinstance(value, str) and value not in _allowed_values(spec, schema)
    if kind == "out_of_range":
        low, high = _range(spec)
        return isinstance(value, int | float) and not low <= value <= high
    return False


def _sentence_with_rows(
    kind: str,
    spec: Feature,
    schema: Schema,
    splits: Sequence[str],
    causes: Sequence[ManifestRow],
    classes: Sequence[str],
) -> str:
    films = f"{len(causes)} {'film' if len(causes) == 1 else 'films'} of {_listed(splits)}"
    named = _named_rows(causes)
    if kind == "missing":
        return f"{films} without '{spec.name}', which every record needs: {named}; give it in the metadata"
    values = list(dict.fromkeys(record_values(row, classes)[spec.name] for row in causes))
    quoted = ", ".join(shown(value) if isinstance(value, str) else f"{value:g}" for value in values[:VALUES])
    quoted += ", ..." if len(values) > VALUES else ""
    return (
        f"{films} with '{spec.name}' {quoted}, where {_allowed(spec, schema)} allowed: {named}; "
        "correct the metadata or drop the rows"
    )


def _without_rows(kind: str, spec: Feature, schema: Schema) -> str:
    return {
        "missing": f"records without '{spec.name}', which every record needs",
        "unlisted": f"values of '{spec.name}' where {_allowed(spec, schema)} allowed",
        "out_of_range": f"values of '{spec.name}' where {_allowed(spec, schema)} allowed",
        "repeated": f"records that do not hold exactly one value of '{spec.name}'",
        "type": f"records that hold '{spec.name}' as another type",
        "text": f"values of '{spec.name}' that are not UTF-8",
        "unknown_feature": f"a feature '{spec.name}' that schema/schema.pbtxt does not name",
    }.get(kind, f"an anomaly of '{spec.name}'")


def _sentence_of_rule(feature: str, rule: str, splits: Sequence[str], rows: Sequence[ManifestRow]) -> str:
    counted = ""
    if feature == features.PATIENT_ID:
        patients = {split: len({row.patient_id for row in rows if row.split == split}) for split in splits}
        counted = f" ({', '.join(f'{split} {count}' for split, count in patients.items())})"
    next_step = _NEXT_STEPS.get(feature, "see docs/schema.md")
    return f"{rule} in {_listed(splits)}{counted}; {next_step}"


def _allowed(spec: Feature, schema: Schema) -> str:
    if spec.domain:
        return f"{', '.join(_allowed_values(spec, schema))} are"
    low, high = _range(spec)
    return f"{low:g} to {high:g} is"


def _allowed_values(spec: Feature, schema: Schema) -> list[str]:
    return [value for domain in schema.string_domain if domain.name == spec.domain for value in domain.value]


def _range(spec: Feature) -> tuple[float, float]:
    domain = spec.float_domain if spec.HasField("float_domain") else spec.int_domain
    low = domain.min if domain.HasField("min") else float("-inf")
    return low, domain.max if domain.HasField("max") else float("inf")


def _named_rows(rows: Sequence[ManifestRow]) -> str:
    """Source, row and image id; never a patient, nor a file's name, which may be one."""
    named = [
        f"row {row.row} of {row.source} (film {row.image_id})" if row.row else f"film {row.image_id} of {row.source}"
        for row in rows[:ROWS]
    ]
    return ", ".join(named) + (f" and {len(rows) - ROWS} more" if len(rows) > ROWS else "")


def _listed(splits: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(splits[:-1]), splits[-1]]))
