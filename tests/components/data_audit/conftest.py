"""Rows of a manifest, and the statistics that TFDV makes of their records."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0.schema_pb2 import Schema

from components.manifest_gen.rows import ManifestRow
from schema.build import run_schema

CLASSES = ("covid", "healthy")
FINDINGS = ("COVID-19", "No Finding")


@pytest.fixture(scope="session")
def run_schema_of_two_classes() -> Schema:
    return text_format.Parse(run_schema(len(CLASSES), FINDINGS), Schema())


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., list[ManifestRow]]:
    """Rows of one split, one film per patient, both classes in turn; ``view=["PA", "AP"]`` is dealt out in turn too."""

    def make(split: str, films: int, **values: Any) -> list[ManifestRow]:
        rows = []
        for index in range(films):
            digest = hashlib.sha256(f"{split}{index}".encode()).hexdigest()
            row: dict[str, Any] = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
            row |= {"bytes": 1, "width": 1, "height": 1, "row": index + 2, "sha256": digest, "image_id": digest[:16]}
            row |= {"split": split, "source": "ward", "view": "PA", "patient_id": f"secret-{split}-{index}"}
            row |= {"label": CLASSES[index % 2], "finding": FINDINGS[index % 2], "file": f"secret-{split}-{index}.png"}
            row |= {"age": 30.0 + index % 40, "sex": "FM"[index // 2 % 2]}
            row |= {
                name: value[index % len(value)] if isinstance(value, list) else value for name, value in values.items()
            }
            rows.append(ManifestRow(**row))
        return rows

    return make


@pytest.fixture(scope="session")
def frame_of() -> Callable[[Sequence[ManifestRow]], Any]:
    """The features of the rows' records as a table, for a test to spoil."""
    import pandas as pd

    from components.xray_example_gen.values import record_values

    def make(rows: Sequence[ManifestRow]) -> Any:
        values = [record_values(row, CLASSES) | {"image": "pixels"} for row in rows]
        table = pd.DataFrame(values).applymap(lambda value: value.encode() if isinstance(value, str) else value)
        return table.astype({"age": "float32"})

    return make


@pytest.fixture(scope="session")
def statistics_of(run_schema_of_two_classes: Schema) -> Callable[[Any], Any]:
    """TFDV's statistics of such a table."""
    import tensorflow_data_validation as tfdv

    options = tfdv.StatsOptions(schema=run_schema_of_two_classes)
    return lambda table: tfdv.generate_statistics_from_dataframe(table, stats_options=options)
