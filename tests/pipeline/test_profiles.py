"""What a profile promises of its data."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.data_audit.checks import check_overlap
from components.manifest_gen.build import build_manifest
from components.manifest_gen.manifest import Manifest
from pipeline.sample import data_set
from pipeline.settings import PROFILES, RunSettings, load_settings, profile_names
from trainer.features import EVAL, SPLITS, TEST, TRAIN, UNUSED
from trainer.statistics import clopper_pearson


@pytest.fixture
def empty_films(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films without a picture: who is on them decides the splits, and drawing them takes long."""

    def draw(*_: Any, height: int, width: int, **__: Any) -> np.ndarray:
        return np.zeros((height, width), np.uint8)

    monkeypatch.setattr(data_set, "draw_film", draw)


@pytest.mark.usefixtures("empty_films")
def test_the_sample_holds_enough_test_films_for_its_bounds(tmp_path: Path) -> None:
    settings = load_settings("sample", None, [])
    assert settings.sample is not None
    data_set.draw_data_set(tmp_path / "films", patients=settings.sample.patients, seed=settings.sample.seed)
    manifest = build_manifest(settings.data, settings.split, b"a key for tests, long enough", tmp_path / "films")
    assert not manifest.rejected
    films = Counter(row.label for row in manifest.rows if row.split == TEST)
    assert min(films.values()) >= 24
    patients = {label: {r.patient_id for r in manifest.rows if (r.label, r.split) == (label, TEST)} for label in films}
    for label, bound in (("covid", settings.gate.min_recall), ("healthy", settings.gate.min_specificity)):
        count = len(patients[label])
        assert clopper_pearson(count, count).low > bound, "a bound that no result can reach"
    views = Counter((row.label, row.view) for row in manifest.rows if row.split == TEST)
    assert len(views) == 4, "both views in both classes"


KEY = b"a key for tests, long enough"
OF_2020 = "Patientid,offset,sex,age,finding,survival,view,modality,date,location,filename,doi, url,license"
LATER = "patientid,offset,sex,age,finding,RT_PCR_positive,view,modality,date,location,folder,filename,doi,url,license"


def write_film(path: Path, number: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(pixels).save(path, "PNG" if path.suffix == ".png" else "JPEG")


def write_collection(root: Path, films: Sequence[tuple[int, str, str]], *, later: bool = False) -> None:
    """``covid-chestxray-dataset`` with a film for each patient, finding and view, in one of its two schemas."""
    folder, rows = root / "covid-chestxray-dataset", []
    for number, (patient, finding, view) in enumerate(films):
        name = f"film-{number}.png"
        cells = [patient, 0, "F", 50, finding, "Y", view, "X-ray", 2020, "here", *(["images"] if later else []), name]
        rows.append(",".join(f'"{cell}"' for cell in [*cells, "", "", ""]))
        write_film(folder / "images" / name, number)
    (folder / "metadata.csv").write_text("\n".join([LATER if later else OF_2020, *rows]) + "\n", encoding="utf-8")


def manifest_of(settings: RunSettings, root: Path) -> Manifest:
    return build_manifest(settings.data, settings.split, KEY, root)


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_says_what_it_is_for_and_how_it_is_run(name: str) -> None:
    load_settings(name, None, [])
    header = (PROFILES / f"{name}.yaml").read_text(encoding="utf-8").partition("\n\n")[0]
    assert all(line.startswith("#") for line in header.splitlines())
    assert f"#   cxr run --profile {name}" in header
    assert re.search(r"minute|hour", header), "how long it takes"
    assert "xpect" in header


def test_the_study_s_films_make_the_study_s_split_and_the_audit_says_that_it_leaks(tmp_path: Path) -> None:
    """198 films of 120 patients against 1341: 118, 40 and 40 of each class."""
    write_collection(tmp_path, [(number % 120, "COVID-19", "PA") for number in range(198)] + [(500, "COVID-19", "AP")])
    for number in range(1341):
        name = f"NORMAL2-IM-{number // 2:04d}-{number:04d}.jpeg"
        write_film(tmp_path / "chest_xray" / "train" / "NORMAL" / name, 10_000 + number)
    write_film(tmp_path / "chest_xray" / "test" / "NORMAL" / "IM-1-1.jpeg", 1)
    settings = load_settings("study2020", None, [])
    manifest = manifest_of(settings, tmp_path)
    films = Counter((row.label, row.split) for row in manifest.rows)
    shares = {TRAIN: 118, EVAL: 40, TEST: 40}
    assert {key: count for key, count in films.items() if key[1] != UNUSED} == {
        (label, split): count for label in ("covid", "healthy") for split, count in shares.items()
    }
    assert films["healthy", UNUSED] == 1341 - 198
    assert [rejection.reason for rejection in manifest.rejected] == ["view"]
    patients, files, copies = check_overlap(manifest.rows, settings.split.by)
    assert (patients.verdict, files.verdict, copies.verdict) == ("warn", "pass", "pass")
    assert "split.by is film, so results on eval and test flatter the model" in patients.message


def test_the_study_s_other_view_is_one_word(tmp_path: Path) -> None:
    write_collection(tmp_path, [(number, "COVID-19", "PA" if number else "AP") for number in range(4)], later=True)
    write_film(tmp_path / "chest_xray" / "train" / "NORMAL" / "IM-0001-0001.jpeg", 99)
    text = (PROFILES / "study2020.yaml").read_text(encoding="utf-8")
    assert text.count("&view PA") == 1
    (tmp_path / "ap.yaml").write_text(text.replace("&view PA", "&view AP"))
    rows = manifest_of(load_settings(None, tmp_path / "ap.yaml", []), tmp_path).rows
    assert {(row.label, row.view) for row in rows} == {("covid", "AP"), ("healthy", "AP")}


def test_the_study_trains_as_the_study_says() -> None:
    trainer = load_settings("study2020", None, []).trainer
    assert (trainer.backbone, trainer.weights, trainer.feature_views) == ("inception_resnet_v2", "imagenet", 0)
    assert (trainer.optimizer, trainer.epochs, trainer.batch_size) == ("nadam", 50, 32)
    changed = {name for name, value in trainer.augmentation.scaled() if value and name != "strength"}
    assert changed == {"rotation", "zoom", "horizontal_flip", "shift", "rescale"}


def test_a_full_run_asks_for_a_gpu_and_shares_no_patient() -> None:
    settings = load_settings("full", None, [])
    assert settings.trainer.require_gpu
    assert (settings.split.by, settings.trainer.feature_views) == ("patient", 0)
    assert clopper_pearson(35, 35).low < settings.gate.min_recall <= clopper_pearson(36, 36).low


@pytest.mark.parametrize(
    "later, findings",
    [
        (False, ["COVID-19", "SARS", "MERS", "Streptococcus", "Klebsiella", "Influenza"]),
        (
            True,
            [
                "Pneumonia/Viral/COVID-19", "Pneumonia/Viral/SARS", "Pneumonia/Viral/MERS-CoV",
                "Pneumonia/Bacterial/Streptococcus", "Pneumonia/Bacterial/Legionella", "Pneumonia/Viral/Varicella",
            ],
        ),
    ],
)  # fmt: skip
def test_the_causes_are_known_in_both_schemas_of_the_collection(
    later: bool, findings: list[str], tmp_path: Path
) -> None:
    settings = load_settings("pneumonia_causes", None, [])
    shown = [*findings, "COVID-19, ARDS", "Pneumonia/Bacterial", "No Finding", "Pneumonia/Fungal/Pneumocystis", "ARDS"]
    write_collection(tmp_path, [(number, finding, "PA") for number, finding in enumerate(shown)], later=later)
    manifest = manifest_of(settings, tmp_path)
    labels = {row.row: row.label for row in manifest.rows}
    assert [labels.get(row) for row in range(2, 2 + len(shown))] == [
        *settings.data.classes, "covid", "other_bacterial", None, None, None,
    ]  # fmt: skip
    assert {rejection.reason for rejection in manifest.rejected} == {"finding"}


def test_a_cause_of_three_patients_is_in_every_split_and_one_of_two_is_not(tmp_path: Path) -> None:
    films = [(number, "COVID-19", "PA") for number in range(10)]
    films += [(20 + number % 3, "SARS", "PA") for number in range(5)] + [(30, "MERS", "PA"), (31, "MERS", "PA")]
    write_collection(tmp_path, films)
    rows = manifest_of(load_settings("pneumonia_causes", None, []), tmp_path).rows
    assert {row.split for row in rows if row.label == "sars"} == set(SPLITS)
    assert {row.split for row in rows if row.label == "mers"} == {TRAIN, EVAL}
