"""What a trial goes on from after a restart, and what it never goes on from."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.network_trial.job import forget_features, job_of
from components.network_trial.roles import Roles, roles_of_fold

TOLD = {
    "trainer_settings": '{"backbone": "cnn"}',
    "threshold_settings": "{}",
    "classes": '["covid", "healthy"]',
    "positive": "covid",
    "image_size": 64,
    "splits": Roles().model_dump_json(),
    "data_digest": "d",
    "weights_digest": "",
    "code_digest": "c",
    "checkpoint_dir": "/kept",
}


def records(at: str = "/tfx/7") -> dict[str, Path]:
    names = ("train", "eval", "test", "fold1", "fold2", "fold3")
    return {name: Path(at, f"Split-{name}") for name in names}


def test_a_job_reads_its_splits_and_keeps_its_state_apart_from_others() -> None:
    job, test = job_of(records(), TOLD)
    assert job.train.patterns == ("/tfx/7/Split-train/*",)
    assert (job.eval.patterns, test.patterns) == (("/tfx/7/Split-eval/*",), ("/tfx/7/Split-test/*",))
    assert (job.settings.backbone, job.train.image_size, test.classes) == ("cnn", 64, ("covid", "healthy"))
    assert job.checkpoints.parent == Path("/kept")
    assert job_of(records(), TOLD)[0].checkpoints == job.checkpoints


@pytest.mark.parametrize(
    "change",
    [
        {"trainer_settings": '{"backbone": "cnn", "epochs": 2}'}, {"threshold_settings": '{"target_recall": 0.9}'},
        {"data_digest": "e"}, {"code_digest": "e"}, {"weights_digest": "e"}, {"image_size": 96},
        {"splits": roles_of_fold(1, 3).model_dump_json()}, {"classes": json.dumps(["covid", "other"])},
    ],
)  # fmt: skip
def test_another_configuration_never_goes_on_from_it(change: dict[str, Any]) -> None:
    assert job_of(records(), TOLD | change)[0].checkpoints != job_of(records(), TOLD)[0].checkpoints


def test_other_records_never_go_on_from_it() -> None:
    assert job_of(records("/tfx/8"), TOLD)[0].checkpoints != job_of(records(), TOLD)[0].checkpoints


def test_other_records_in_the_same_place_never_go_on_from_it(tmp_path: Path) -> None:
    def checkpoints(of_train: bytes, of_eval: bytes) -> Path:
        for split, content in (("train", of_train), ("eval", of_eval)):
            folder = records(str(tmp_path))[split]
            folder.mkdir(exist_ok=True)
            (folder / "records").write_bytes(content)
        return job_of(records(str(tmp_path)), TOLD)[0].checkpoints

    before = checkpoints(b"films", b"others")
    assert checkpoints(b"films", b"others") == before
    assert len({before, checkpoints(b"films split anew", b"others"), checkpoints(b"films", b"others split anew")}) == 3


def test_features_of_films_are_shared_by_all_networks_and_folds_and_removed_at_the_end(tmp_path: Path) -> None:
    told = TOLD | {"checkpoint_dir": str(tmp_path)}
    features = job_of(records(), told)[0].features
    other = {"trainer_settings": '{"backbone": "vgg16"}', "splits": roles_of_fold(2, 3).model_dump_json()}
    assert features is not None
    assert job_of(records(), told | other)[0].features == features
    for name in ("data_digest", "code_digest", "weights_digest"):
        assert job_of(records(), told | {name: "e"})[0].features != features
    for folder in (features, tmp_path / "of another"):
        folder.mkdir()
    forget_features(tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == ["of another"]
