"""docs/evaluate.md says what there is."""

import re
from pathlib import Path

from pipeline.evaluate import settings_for
from pipeline.known_films import WAYS
from trainer.film_hashes import BYTES, MOST_BITS, PATIENT_BYTES, TRAINING_FILMS
from trainer.servable import ModelInfo

TEXT = (Path(__file__).parents[2] / "docs" / "evaluate.md").read_text(encoding="utf-8")


def test_every_way_in_which_a_film_is_known_is_described_and_no_other() -> None:
    assert re.findall(r"^\| `([a-z]+)` \|", TEXT, re.M) == list(WAYS)


def test_the_numbers_are_those_of_the_code() -> None:
    for part in (f"at most {MOST_BITS} bits", f"{BYTES} bytes", f"and {PATIENT_BYTES} bytes for every patient"):
        assert part in TEXT
    assert f"## What {TRAINING_FILMS} gives away" in TEXT


def test_the_settings_shown_are_valid(tmp_path: Path, model_folder: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    (tmp_path / "other.yaml").write_text(text)
    assert settings_for(ModelInfo.read(model_folder / "7"), tmp_path / "other.yaml", []).data.views == ("PA",)
