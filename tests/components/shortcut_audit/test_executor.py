"""ShortcutAudit's executor on what Score has written."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from components.files import EXPLANATIONS_FILE, PREDICTIONS_FILE, SHORTCUTS_FILE
from components.score.explanations import Explanations
from components.score.variants import VARIANTS
from components.shortcut_audit.executor import Executor
from components.shortcut_audit.report import ShortcutFindings
from trainer.features import TEST
from trainer.predictions import ORIGINAL, read_variants, write_predictions


@pytest.fixture(scope="module")
def findings(shortcuts: Any) -> ShortcutFindings:
    return ShortcutFindings.model_validate_json(Path(shortcuts.uri, SHORTCUTS_FILE).read_text(encoding="utf-8"))


def run(run_executor: Any, predictions: Any) -> ShortcutFindings:
    from components.artifacts import ShortcutReport

    made = run_executor(Executor, {"predictions": predictions}, {"shortcuts": ShortcutReport}, {"max_auc": 0.7})
    return ShortcutFindings.model_validate_json(
        Path(made["shortcuts"][0].uri, SHORTCUTS_FILE).read_text(encoding="utf-8")
    )


def test_every_variant_is_in_the_report(findings: ShortcutFindings) -> None:
    assert [variant.name for variant in findings.variants] == [ORIGINAL, *(variant.name for variant in VARIANTS)]
    assert findings.is_computable
    assert findings.bound == 0.7


def test_every_explained_film_is_in_the_report(findings: ShortcutFindings, predictions: Any) -> None:
    explained = Explanations.read(Path(predictions.uri, EXPLANATIONS_FILE)).image_id
    assert [film.image_id for film in findings.explained] == explained
    assert len([film for film in findings.explained if film.occlusion_picture]) == 1
    assert findings.field == findings.explained[0].field


def test_every_picture_that_is_named_is_there_and_small(findings: ShortcutFindings, shortcuts: Any) -> None:
    names = [variant.picture for variant in findings.variants]
    names += [film.heat_picture for film in findings.explained]
    names += [film.occlusion_picture for film in findings.explained if film.occlusion_picture]
    assert all(names)
    assert len(set(names)) == len(names)
    folder = Path(shortcuts.uri)
    assert {file.name for file in folder.glob("*.png")} == set(names)
    for name in names:
        assert (folder / name).stat().st_size < 80_000
        with Image.open(folder / name) as picture:
            picture.verify()


def test_two_runs_find_the_same(run_executor: Any, predictions: Any, findings: ShortcutFindings) -> None:
    assert run(run_executor, predictions) == findings


def test_without_explained_films_the_variants_are_still_judged(
    run_executor: Any, score: Any, ingested: SimpleNamespace, model: Any, manifest: Any
) -> None:
    found = run(run_executor, score(ingested.examples, model, manifest, explained=0, occluded=0))
    assert found.is_computable
    assert (found.explained, found.heat_inside, found.field) == ((), None, None)
    assert not any(variant.picture for variant in found.variants)
    assert any("no film is explained" in note for note in found.notes)


@pytest.mark.parametrize("keep", ["one class", "none"])
def test_a_test_split_of_one_class_or_none_is_not_computable_and_says_so(
    run_executor: Any, predictions: Any, tmp_path: Path, keep: str
) -> None:
    from components.artifacts import Predictions

    variants = read_variants(Path(predictions.uri, PREDICTIONS_FILE))
    kept = variants[ORIGINAL].is_positive if keep == "one class" else variants[ORIGINAL].label < 0
    write_predictions({name: said.chosen(kept) for name, said in variants.items()}, tmp_path / PREDICTIONS_FILE)
    explained = Explanations.read(Path(predictions.uri, EXPLANATIONS_FILE))
    Explanations([], explained.images[:0], explained.heat[:0], explained.occlusion[:0], explained.mean).write(
        tmp_path / EXPLANATIONS_FILE
    )
    artifact = Predictions()
    artifact.uri = str(tmp_path)
    found = run(run_executor, artifact)
    assert not found.is_computable
    assert found.telling == ()
    assert any("not computable without films of both sides" in note for note in found.notes)


def test_a_report_of_no_record_at_all_can_be_written(
    run_executor: Any, score: Any, model: Any, manifest: Any, tmp_path: Path
) -> None:
    from tfx.types.artifact_utils import encode_split_names
    from tfx.types.standard_artifacts import Examples

    examples = Examples()
    examples.uri = str(tmp_path)
    examples.split_names = encode_split_names([TEST])
    (tmp_path / "Split-test").mkdir()
    assert not run(run_executor, score(examples, model, manifest)).is_computable
