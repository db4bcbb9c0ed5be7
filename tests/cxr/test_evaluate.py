"""``cxr evaluate`` where it ends before TensorFlow is needed, and its screen."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cxr.evaluation_screen import lines_of
from pipeline.evaluation_result import EvaluationResult, KnownFilms
from trainer.assessment import Assessment, Slice
from trainer.servable import Rate

CONFIG = """
data:
  sources: [{kind: class_folders, name: ward, path: ward, folders: {a: COVID-19, b: No Finding}}]
  findings: {covid: [COVID-19], healthy: [No Finding]}
"""


@pytest.fixture
def evaluate(cxr: Any, tmp_path: Path, model_folder: Path) -> Any:
    """Runs the verb on a settings file; gives exit code and stderr."""
    (tmp_path / "other.yaml").write_text(CONFIG)

    def run(*options: str, model: Path = model_folder) -> tuple[int, list[str]]:
        result = cxr("evaluate", "--model", model, "--config", "other.yaml", *options)
        assert result.stdout == ""
        return result.returncode, result.stderr.splitlines()

    return run


@pytest.mark.parametrize(
    "options, message",
    [
        (["--set", "data.image_size=64"], "data.image_size is 64, but the model has 32; leave the key out"),
        (["--set", "data.view=[PA]"], "data.view is not a setting; did you mean data.views?"),
        ([], "data.root is not set; name the folder that holds the films with --set data.root=FOLDER"),
        (["--set", "data.root=nowhere"], "data.root is nowhere, which is no folder"),
        (["--set", "data.root=."], "source 'ward': folder"),
        (["--manifest", "."], "--manifest . holds no manifest.csv"),
    ],
)
def test_wrong_use_is_one_line(evaluate: Any, options: list[str], message: str) -> None:
    code, lines = evaluate(*options)
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith(f"cxr: {message}")


def test_a_model_that_is_none_is_wrong_use(evaluate: Any, tmp_path: Path) -> None:
    code, lines = evaluate(model=tmp_path)
    assert code == 2
    assert lines[0].startswith(f"cxr: model '{tmp_path}' holds other.yaml, but neither saved_model.pb nor a numbered")


def slice_of(recall: float, films: int) -> Slice:
    rate = Rate(value=recall, low=recall - 0.1, high=recall + 0.1, n=films, patients=films - 1)
    reasons = {"auc": "every film is covid"}
    return Slice(
        by="overall", value="", films=films, patients=films, positives=films, metrics={"recall": rate},
        not_computable=reasons,
    )  # fmt: skip


def assessment(recall: float, films: int) -> Assessment:
    return Assessment(
        classes=("covid", "healthy"), positive="covid", threshold=0.5, sensitivity=0.95,
        slices=(slice_of(recall, films),), confusion=((films, 0), (0, 0)), report={}, reliability=None,
    )  # fmt: skip


RESULT = EvaluationResult(
    status="evaluated",
    warnings=("4 of 20 films (20.0%) are not new to the model",),
    model_dir="/serving/cxr/7",
    version="7",
    films={"covid": 20},
    rejected={"view": 3},
    known=KnownFilms(
        films=20, known=4, share=0.2, ways={"file": 4}, training_films=50, not_checkable=("patients are not checkable",)
    ),
    assessment=assessment(0.85, 20),
    assessment_without_known=assessment(0.75, 16),
    own_metrics={"recall": Rate(value=0.95, low=0.8, high=1.0, n=30, patients=30)},
    notes=("random weights",),
)


def screen(result: EvaluationResult) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=100)
    for line in lines_of(result, Path("/runs/x")):
        console.print(line)
    return stream.getvalue()


def test_the_warning_stands_first_and_both_figures_follow() -> None:
    text = screen(RESULT)
    assert text.startswith("Warning: 4 of 20 films (20.0%) are not new to the model")
    for part in ("covid 20", "view 3", "0.850", "0.750 to 0.950", "without known films", "0.650 to 0.850", "0.950"):
        assert part in text
    for part in ("auc is not computable: every film is covid", "Note: patients are not checkable", "random weights"):
        assert part in text
    assert "Evaluated version 7 of /serving/cxr" in text


def test_films_that_are_all_new_are_one_table_and_one_line() -> None:
    known = KnownFilms(films=20, known=0, share=0, ways={}, training_films=50)
    changed = {"warnings": (), "known": known, "assessment_without_known": None}
    text = screen(RESULT.model_copy(update=changed))
    assert "Warning" not in text
    assert "without known films" not in text
    assert "none of 20 films was found among the 50 that the model has seen" in text


def test_a_failure_says_why_and_shows_no_figure() -> None:
    text = screen(
        EvaluationResult(
            status="failed", reasons=("no film is usable (view 3)",), model_dir="/serving/cxr/7", version="7"
        )
    )
    assert "Failed: nothing was measured" in text
    assert "no film is usable (view 3)" in text
    assert "recall" not in text


def test_json_begins_with_the_warnings_and_has_the_rates_of_a_run() -> None:
    said = json.loads(RESULT.model_dump_json())
    assert next(iter(said)) == "warnings"
    assert said["metrics"]["recall"]["value"] == 0.85
    assert said["metrics_without_known"]["recall"]["n"] == 16
