"""The schema of a run: the curated one, with what only the settings of the run know. No TensorFlow."""

from collections.abc import Iterable

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schema import SCHEMA_FILE


def run_schema(classes: int, findings: Iterable[str]) -> str:
    """The curated schema with the domains of ``label`` and ``finding``.

    Args:
        classes: How many classes there are; a label is below it.
        findings: The findings that a record may hold; each counts once, in the order of its first place.

    Returns:
        A text proto. It changes when what it says changes, not with the comments of the curated file.
    """
    schema = text_format.Parse(SCHEMA_FILE.read_text(encoding="utf-8"), schema_pb2.Schema())
    features = {feature.name: feature for feature in schema.feature}
    features["label"].int_domain.max = classes - 1
    features["finding"].domain = "finding"
    schema.string_domain.add(name="finding", value=dict.fromkeys(findings))
    return str(text_format.MessageToString(schema, as_utf8=True))
