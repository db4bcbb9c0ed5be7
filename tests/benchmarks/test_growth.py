"""The model of what a run costs, on figures that are made up."""

import itertools
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import growth
from benchmarks.growth import NETWORK, TRAIN_SHARE, figures_of, main, on_card, run_seconds
from benchmarks.growth_model import fitted, page
from components.manifest_gen.settings import SplitSettings
from components.score.variants import VARIANTS
from pipeline.settings import load_settings

COUNTS = (100, 400, 1600)
SECONDS = [{"ManifestGen": 5 + 0.02 * count, "Trainer": 30.0, "Pusher": 1.0} for count in COUNTS]
GPU = {
    "card": "Tesla T4",
    "image_size": 224,
    "batch_size": 32,
    "figures": [
        {"backbone": "cnn", "xla": False, "inference": 1000, "training": 110, "augmented": 100},
        {"backbone": "cnn", "xla": False, "inference": 2000, "training": 220, "augmented": 200},
        {"backbone": "cnn", "xla": True, "inference": 9000, "training": 9000, "augmented": None},
    ],
}


def test_a_line_is_found_again_and_what_lies_beside_it_is_its_residual() -> None:
    line = fitted(COUNTS, [5 + 0.02 * count for count in COUNTS])
    assert (line.start, line.film) == (pytest.approx(5), pytest.approx(0.02))
    assert line.residual == pytest.approx(0, abs=1e-9)
    assert line.at(400_000) == pytest.approx(8005)
    assert fitted((1, 2, 3), (1, 1, 4)).residual == pytest.approx(8 / 7)  # of 15 / 14 x films: at 2 films


def test_no_component_gets_faster_with_more_films() -> None:
    noisy = fitted((98, 199, 399), (0.1, 0.1, 0.1000001))
    assert noisy.start == pytest.approx(0.1, rel=1e-3)
    falling = fitted(COUNTS, (9, 8, 7))
    assert falling.film == 0
    assert falling.start == pytest.approx(8)
    assert falling.residual == pytest.approx(1)


def test_components_that_did_not_run_at_every_size_are_left_out() -> None:
    fewer = [*SECONDS[:2], {"ManifestGen": 37.0, "Pusher": 1.0, "Late": 3.0}]
    assert set(figures_of(COUNTS, fewer, 400_000, 1)["components"]) == {"ManifestGen", "Pusher"}


def test_the_page_says_hours_price_and_how_far_it_extrapolates() -> None:
    text = page(figures_of(COUNTS, SECONDS, 400_000, 2.5))
    assert "| ManifestGen | 7.0 | 13.0 | 37.0 | 5.0 | 20.00 | 0.0 | 133 |\n" in text
    assert "| sum | 38.0 | 44.0 | 68.0 | 36.0 | 20.00 |  | 134 |\n" in text
    assert "**400,000 films: 2.2 hours on this machine**, 5.58 at 2.5 an hour (an assumption" in text
    assert "extrapolated, 250 times beyond" in text
    assert "No card was measured." in text
    assert "| Trainer | 30.0 | 30.0 | 30.0 | 30.0 | 0.00 | 0.0 | 0 |\n" in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_a_growth_that_drowns_in_the_residual_is_marked() -> None:
    wavering = [{"Trainer": 30.0}, {"Trainer": 50.0}, {"Trainer": 32.0}]
    text = page(figures_of(COUNTS, wavering, 400_000, 1))
    assert re.search(r"^\| Trainer \| 30.0 \| 50.0 \| 32.0 \|.* \* \|$", text, re.M)


def test_a_card_is_charged_for_the_steps_with_augmentation_in_the_faster_precision() -> None:
    card = on_card(GPU, films=400_000, epochs=10)
    passes = 1 + len(VARIANTS) + 1  # Score, and TFMA
    seconds = 10 * (240_000 / 200 + 80_000 / 2000) + passes * 80_000 / 2000
    assert card["hours"] == {"cnn": pytest.approx(seconds / 3600)}
    text = page(figures_of(COUNTS, SECONDS, 400_000, 2) | {"card": card})
    assert "## On Tesla T4\n\n10 epochs of 400,000 films of 224 px in batches of 32," in text
    assert f"| cnn | {seconds / 3600:.1f} | {(seconds + 8036) / 3600:.1f} | {(seconds + 8036) / 1800:,.2f} |\n" in text
    assert f"Every test film goes forward {passes} times: as it is," in " ".join(text.split())


def test_the_share_of_train_films_is_that_of_the_settings() -> None:
    assert SplitSettings().train == TRAIN_SHARE


def test_two_sizes_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--films", "100,400,100"])
    assert "--films is 100,400,100; a line through fewer than three sizes" in capsys.readouterr().err


def test_each_size_is_run_once_and_both_files_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def run(folder: Path, films: int) -> tuple[int, dict[str, float]]:
        asked.append(films)
        return films - 1, {"Trainer": films / 10}

    monkeypatch.setattr(growth, "run_seconds", run)
    (tmp_path / "gpu.json").write_text(json.dumps(GPU), encoding="utf-8")
    main(["--films", "10,20,40", "--gpu", str(tmp_path / "gpu.json"), "--output", str(tmp_path)])
    assert asked == [10, 20, 40]
    figures = json.loads((tmp_path / "growth.json").read_text(encoding="utf-8"))
    assert figures["films"] == [9, 19, 39]
    text = (tmp_path / "growth.md").read_text(encoding="utf-8")
    assert text == page(figures)
    assert text in capsys.readouterr().out


@pytest.mark.parametrize("status", ["pushed", "not_blessed", "failed"])
def test_a_run_gives_the_seconds_of_its_components(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """Its settings are valid; that such a run comes to its end is what the tests of whole runs show."""

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        given = [after for before, after in itertools.pairwise(command) if before == "--set"]
        assert load_settings("sample", None, given).trainer.backbone == NETWORK["trainer.backbone"]
        films = sum(1 for file in (tmp_path / "films").rglob("*") if file.suffix in (".png", ".jpg", ".jpeg"))
        trainer = {"state": "ran", "seconds": 3.5}
        result = {"status": status, "components": {"Trainer": trainer}, "films": {"covid": {"train": films}}}
        return SimpleNamespace(stdout=json.dumps(result | {"reasons": ["a reason"]}), returncode=0)

    monkeypatch.setattr(growth.subprocess, "run", run)
    if status == "failed":
        with pytest.raises(SystemExit, match="ended as failed: a reason"):
            run_seconds(tmp_path, 12)
    else:
        count, seconds = run_seconds(tmp_path, 12)
        assert 8 <= count <= 16
        assert seconds == {"Trainer": 3.5}
