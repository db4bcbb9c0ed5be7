"""``cxr compare`` where it ends before a film is read, and its screen."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cxr.compare_screen import lines_of
from pipeline.compare.result import ComparisonResult
from pipeline.result import ComponentRun
from tests.drawn_networks import draw_result


@pytest.mark.parametrize(
    "options, message",
    [
        (["--models", "cnn,resnet"], "--models: 'resnet' is not one of cnn, vgg16, nasnet_large,"),
        (["--set", "compare.networks.cnn.epoch=5"], "compare.networks.cnn.epoch is not a setting; did you mean"),
        (["--set", "trainer.weights=mine.h5"], "trainer.weights is mine.h5, which cannot be the weights of vgg16 and"),
        (["--profile", "sampel"], "profile 'sampel' is not one of"),
    ],
)
def test_wrong_use_is_one_line_before_tensorflow_is_loaded(cxr: Any, options: list[str], message: str) -> None:
    done = cxr("compare", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"cxr: {message}")


def test_the_root_of_a_run_is_refused(cxr: Any, tmp_path: Path) -> None:
    (tmp_path / "mine" / "serving").mkdir(parents=True)
    done = cxr("compare", "--models", "cnn", "--root", "mine")
    assert done.returncode == 2
    assert done.stderr == "cxr: root mine is that of a run or an evaluation; name another folder with --root\n"


def test_too_few_folds_are_wrong_use(cxr: Any) -> None:
    done = cxr("compare", "--folds", "2")
    assert done.returncode == 2
    assert "3<=x<=20" in done.stderr


def screen(result: ComparisonResult, width: int = 80) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    for line in lines_of(result, Path("/runs/x")):
        console.print(line)
    return stream.getvalue()


def test_the_warning_stands_first_then_the_tables_the_pairs_and_what_ran() -> None:
    nodes = {
        "ManifestGen": ComponentRun(state="cached", seconds=0),
        "NetworkTrial.cnn": ComponentRun(state="ran", seconds=3),
    }
    result = draw_result("cnn", "inception_resnet_v2", warnings=("these figures say nothing",))
    text = screen(result.model_copy(update={"components": nodes, "report": "/runs/x/compare.html"}))
    assert text.startswith("Warning: these figures say nothing")
    for part in ("inception_resnet_v2", "study, 2020", "28 12", "at the operating threshold"):
        assert part in text
    for figure in (
        "Train accuracy", "Train loss", "Precision covid", "Precision healthy", "Recall covid", "Recall healthy",
        "Accuracy", "Confusion matrix", "Trainable parameters", "Seconds per epoch",
    ):  # fmt: skip
        assert f"\n{figure} " in text
    assert "0.850 (0.756–0.912, n 80)" in text, "whole, in one line"
    assert "3 of 3 paired tests (McNemar, Holm) show no difference" in " ".join(text.split())
    assert "nodes: 1 ran, 1 cached" in text
    assert "Compared cnn, inception_resnet_v2" in text
    assert "/runs/x/compare.md" in text
    assert max(map(len, text.splitlines())) <= 80


def test_with_folds_every_accuracy_says_what_it_is_of() -> None:
    text = " ".join(screen(draw_result("cnn", "vgg16", folds=3)).split())
    for title in (
        "films by their most probable class; films of all 3 folds together",
        "films called at the operating threshold; films of all 3 folds together",
        "at each fold's operating threshold: mean over 3 folds, and range",
    ):
        assert title in text
    assert text.count("Accuracy") == 3


def test_films_that_balancing_leaves_out_are_told_apart() -> None:
    result = draw_result("cnn").model_copy(
        update={"films": {"covid": {"test": 4}, "healthy": {"test": 4, "unused": 9}}}
    )
    assert "films: covid 4, healthy 4 (and 9 left out to balance classes);" in screen(result)


def test_a_difference_that_chance_would_not_make_is_told_with_its_p() -> None:
    result = draw_result("cnn", "vgg16")
    differs = result.pairs[0].model_copy(update={"p_adjusted": 0.0002, "says": "they differ"})
    text = " ".join(screen(result.model_copy(update={"pairs": (differs, result.pairs[1])})).split())
    assert "accuracy of cnn and vgg16: they differ; p < 0.001, adjusted (Holm)" in text
    assert "1 of 2 paired tests" in text


def test_a_failure_says_why_and_shows_no_figure() -> None:
    nodes = {
        "ManifestGen": ComponentRun(state="cached", seconds=0),
        "NetworkTrial.cnn": ComponentRun(state="failed", seconds=3),
    }
    text = screen(ComparisonResult(status="failed", reasons=("NetworkTrial.cnn: the loss is nan",), components=nodes))
    assert "nodes: 1 failed, 1 cached" in text
    assert "Failed: nothing was compared" in text
    assert "NetworkTrial.cnn: the loss is nan" in text
    assert "operating threshold" not in text


def test_a_failure_after_some_networks_says_which_finished() -> None:
    reasons = ("NetworkTrial.vgg16: the loss is nan",)
    text = screen(draw_result("cnn").model_copy(update={"status": "failed", "reasons": reasons}))
    assert "Failed: only cnn finished" in text
    assert "operating threshold" in text
