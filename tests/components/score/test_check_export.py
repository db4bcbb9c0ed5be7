"""What is tried on an exported model, on models that are wrong on purpose."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from components.manifest_gen.manifest import read_manifest
from components.manifest_gen.rows import ManifestRow
from components.score.check_export import check_export, choose_rows
from components.score.films import Films, read_films
from components.score.servable import Servable
from trainer.features import TEST
from trainer.servable import ModelInfo


@pytest.fixture(scope="module")
def rows(manifest: Any) -> list[ManifestRow]:
    return read_manifest(Path(manifest.uri))


@pytest.fixture(scope="module")
def scored(ingested: SimpleNamespace) -> Films:
    return read_films(sorted(Path(ingested.examples.uri, f"Split-{TEST}").iterdir()))


def test_the_tried_films_are_spread_over_sources_formats_and_kinds_of_pixels(rows: list[ManifestRow]) -> None:
    kinds = {(row.source, row.format, row.mode) for row in rows}
    assert len(kinds) > 2
    chosen = choose_rows(rows, len(kinds))
    assert {(row.source, row.format, row.mode) for row in chosen} == kinds
    assert choose_rows(rows[::-1], 5) == choose_rows(rows, 5)
    assert len(choose_rows(rows, 1000)) == len(rows)
    one_kind = [replace(row, source="s", format="PNG", mode="L") for row in rows]
    assert [row.image_id for row in choose_rows(one_kind, 3)] == sorted(row.image_id for row in rows)[:3]


Answer = Callable[[tf.Tensor], tf.Tensor]


def saved(model: Any, folder: Path, of_files: Answer, of_records: Answer) -> Servable:
    """A SavedModel whose two signatures answer by these rules with the probability of the positive class."""
    info = ModelInfo.read(Path(model.uri, "Format-Serving"))

    def both(share: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.stack([share, 1 - share], axis=1), tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serving_default(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": both(of_files(image_bytes))}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def examples(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        share = both(of_records(examples))
        return {"probabilities": share, "decision": tf.round(share)}

    signatures = {"serving_default": serving_default, "examples": examples}
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
    info.write(folder)
    return Servable(folder)


def a_quarter(values: tf.Tensor) -> tf.Tensor:
    return tf.fill([tf.size(values)], 0.25)


def check(servable: Servable, scored: Films, rows: list[ManifestRow]) -> Any:
    said = servable.predictions(scored, *servable.ask(scored.records))
    return check_export(servable, scored, said, rows)


def test_a_model_that_scores_files_and_records_alike_passes(
    model: Any, scored: Films, rows: list[ManifestRow], tmp_path: Path
) -> None:
    checked = check(saved(model, tmp_path, a_quarter, a_quarter), scored, rows)
    assert (checked.parity, checked.repeat, checked.random_ops, checked.faults) == (0, 0, (), ())


def test_files_that_score_otherwise_than_records_are_seen(
    model: Any, scored: Films, rows: list[ManifestRow], tmp_path: Path
) -> None:
    servable = saved(model, tmp_path, lambda files: 0.75 + 0.0 * a_quarter(files), a_quarter)
    assert check(servable, scored, rows).parity == pytest.approx(0.5)


def test_one_kind_of_file_that_scores_otherwise_is_enough(
    model: Any, scored: Films, rows: list[ManifestRow], tmp_path: Path
) -> None:
    def lower_for_jpeg(files: tf.Tensor) -> tf.Tensor:
        return tf.where(tf.strings.substr(files, 0, 2) == b"\xff\xd8", 0.24, 0.25)

    assert check(saved(model, tmp_path, lower_for_jpeg, a_quarter), scored, rows).parity == pytest.approx(
        0.01, abs=1e-6
    )


def test_answers_that_depend_on_the_batch_are_seen(
    model: Any, scored: Films, rows: list[ManifestRow], tmp_path: Path
) -> None:
    def by_size(records: tf.Tensor) -> tf.Tensor:
        return tf.fill([tf.size(records)], tf.cast(tf.size(records), tf.float32) / 100)

    checked = check(saved(model, tmp_path, a_quarter, by_size), scored, rows)
    assert checked.repeat > 0.01


def test_random_operations_are_named(model: Any, scored: Films, rows: list[ManifestRow], tmp_path: Path) -> None:
    checked = check(saved(model, tmp_path, lambda f: tf.random.uniform([tf.size(f)]), a_quarter), scored, rows)
    assert checked.random_ops == ("RandomUniform",)


def test_a_signature_that_fails_is_a_fault_and_no_parity(
    model: Any, scored: Films, rows: list[ManifestRow], tmp_path: Path
) -> None:
    def fail(files: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.strings.to_number(files), [None])

    checked = check(saved(model, tmp_path, fail, a_quarter), scored, rows)
    assert (checked.parity, checked.parity_films) == (None, 0)
    assert len(checked.faults) == min(16, len(scored))
    np.testing.assert_equal(checked.repeat, 0.0)
