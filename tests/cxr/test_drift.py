"""``cxr drift`` where it ends before TensorFlow is needed, its screen and its exit code."""

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

import pipeline.drift
import pipeline.runtime
from cxr.drift_screen import lines_of
from cxr.main import main
from pipeline.drift import Drift, FeatureDrift
from trainer.samples import COLUMNS

from ..pushed_versions import push


def feature(name: str, value: float, *, is_allowed: bool = False) -> FeatureDrift:
    return FeatureDrift(
        name=name,
        measure="share" if name == "label" else "divergence",
        films=250,
        reference_films=181,
        value=value,
        threshold=0.1,
        bound=0.125,
        over=value > 0.125,
        is_allowed=is_allowed,
        detail=f"words on {name}",
    )


def drift(*features: FeatureDrift) -> Drift:
    return Drift(
        model="cxr", version="7", hours=("2026-11-26T08", "2026-11-27T10"), films=250, invalid=3, others=20, earlier=1,
        features=features,
    )  # fmt: skip


DRIFTED = drift(feature("brightness", 0.4), feature("width", 0.01), feature("label", 0.3, is_allowed=True))
ALIKE = drift(feature("width", 0.01), feature("label", 0.3, is_allowed=True))


def screen(found: Drift) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=120, highlight=False)
    for line in lines_of(found):
        console.print(line)
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder with version 7, beside a folder of one sample."""
    push(tmp_path / "cxr", 7)
    (tmp_path / "samples").mkdir()
    row = ["2026-11-26T08", "cxr", "7", "PNG", *["0.5"] * 5, "covid", "0.5"]
    (tmp_path / "samples" / "a.csv").write_text(f"{','.join(COLUMNS)}\n{','.join(row)}\n")
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the verb in this process with a result that is given."""

    def run(found: Drift, *options: str) -> tuple[int, str]:
        monkeypatch.setattr(pipeline.drift, "drift_of", lambda *_: found)
        monkeypatch.setattr(pipeline.runtime, "prepare_process", lambda debug: None)
        command = ["drift", "--model", str(folder / "cxr"), "--samples", str(folder / "samples"), *options]
        result = CliRunner().invoke(main, command)
        return result.exit_code, result.output

    return run


def test_help_answers_at_once() -> None:
    command = [sys.executable, "-c", "from cxr.main import main; main()", "drift", "--help"]
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5


def test_the_screen_shows_how_far_each_differs_of_how_many() -> None:
    lines = screen(DRIFTED).splitlines()
    (brightness,) = (line.split() for line in lines if line.split()[:1] == ["brightness"])
    assert brightness == ["brightness", "0.400", "0.125", "over", "250", "181", "divergence"]
    (label,) = (line for line in lines if line.split()[:1] == ["label"])
    assert "over, may be" in label
    assert label.split()[-1] == "share"


def test_the_screen_says_what_is_over_its_bound_and_what_was_left_out() -> None:
    shown = screen(DRIFTED)
    assert "Note: brightness: words on brightness" in shown
    assert "words on width" not in shown
    assert "3 that could not be decoded, 20 that other versions answered, 1 earlier" in " ".join(shown.split())
    assert "Drifted: brightness of films in use are not as version 7 knows them" in shown
    assert "No drift: nothing is over its bound for version 7" in screen(ALIKE)


def test_drift_is_exit_code_3_and_none_is_0(run: Any) -> None:
    assert run(DRIFTED)[0] == 3
    assert run(ALIKE)[0] == 0


def test_machines_get_one_object(run: Any) -> None:
    code, printed = run(DRIFTED, "--json")
    assert code == 3
    assert Drift.model_validate_json(printed) == DRIFTED


@pytest.mark.parametrize(
    "options, message",
    [
        (["--model", "nowhere", "--samples", "samples"], "cxr: model 'nowhere' is not a folder; give a version"),
        (["--model", "cxr", "--samples", "nowhere"], "cxr: 'nowhere' holds no samples; keep some with cxr serve"),
        (["--model", "cxr", "--samples", "samples", "--allow", "age"], "Error: Invalid value for '--allow': 'age'"),
        (["--model", "cxr", "--samples", "samples", "--since", "May"], "Error: Invalid value for '--since': 'May'"),
    ],
)
def test_wrong_use_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str) -> None:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(main, ["drift", *options])
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].startswith(message)
