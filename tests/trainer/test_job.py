import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from trainer.job import Job, forget_searches
from trainer.search_job import SearchJob
from trainer.settings import ThresholdSettings, TrainerSettings
from trainer.tuner_settings import SEARCHED, TunerSettings, search_of


def _fn_args(**changed: str) -> SimpleNamespace:
    return SimpleNamespace(
        train_files=["/examples/Split-train/*"],
        eval_files=["/examples/Split-eval/*"],
        serving_model_dir="/model/Format-Serving",
        model_run_dir="/model_run",
        hyperparameters=None,
        custom_config={
            "trainer": TrainerSettings(backbone="cnn").model_dump_json(),
            "threshold": ThresholdSettings(target_recall=0.9).model_dump_json(),
            "data": json.dumps({"classes": ["covid", "healthy"], "positive": "covid", "image_size": 64}),
            "data_digest": "d",
            "code_digest": "c",
            "weights_digest": "",
            "checkpoint_dir": "/checkpoints",
        }
        | changed,
    )


def test_a_job_is_what_fn_args_say():
    job = Job.from_fn_args(_fn_args())
    assert job.train.patterns == ("/examples/Split-train/*",)
    assert job.eval.classes == ("covid", "healthy")
    assert job.eval.image_size == 64
    assert job.settings.backbone == "cnn"
    assert job.threshold.target_recall == 0.9
    assert str(job.checkpoints.parent) == "/checkpoints"


@pytest.mark.parametrize(
    "changed",
    [
        {"trainer": TrainerSettings(backbone="cnn", seed=2).model_dump_json()},
        {"data": json.dumps({"classes": ["covid", "healthy"], "positive": "healthy", "image_size": 64})},
        {"data_digest": "other"},
        {"code_digest": "other"},
        {"weights_digest": "other"},
    ],
)
def test_another_configuration_never_goes_on_from_the_same_checkpoints(changed):
    assert Job.from_fn_args(_fn_args(**changed)).checkpoints != Job.from_fn_args(_fn_args()).checkpoints


def test_another_threshold_goes_on_from_the_same_checkpoints():
    changed = _fn_args(threshold=ThresholdSettings(target_recall=0.5).model_dump_json())
    assert Job.from_fn_args(changed).checkpoints == Job.from_fn_args(_fn_args()).checkpoints


@pytest.mark.parametrize("split", ["train_files", "eval_files"])
def test_the_same_films_split_anew_never_go_on_from_the_same_checkpoints(split):
    changed = _fn_args()
    setattr(changed, split, ["/examples of another execution/*"])
    assert Job.from_fn_args(changed).checkpoints != Job.from_fn_args(_fn_args()).checkpoints


def test_features_are_those_of_the_records_and_weights_whatever_is_trained_on_them():
    features = Job.from_fn_args(_fn_args()).features
    other_head = TrainerSettings(backbone="cnn", dense=8).model_dump_json()
    assert Job.from_fn_args(_fn_args(code_digest="other", trainer=other_head)).features == features
    for changed in ({"data_digest": "other"}, {"weights_digest": "other"}):
        assert Job.from_fn_args(_fn_args(**changed)).features != features
    moved = _fn_args()
    moved.train_files = ["/examples of another execution/*"]
    assert Job.from_fn_args(moved).features != features
    assert Job.from_fn_args(_fn_args()).searches in features.parents, "removed with them"


BEST = {
    "trial": 3, "backbone": "vgg16", "learning_rate": 0.02, "dense": 7, "dropout": 0.1, "optimizer": "sgd",
    "strength": 0.5, "objective": "AUC", "value": 0.9, "low": 0.8, "high": 0.95, "n": 80, "patients": 60,
    "eval_loss": 0.3, "best_epoch": 4, "epochs": 14, "seconds": 2.0, "trials": 20, "failed": 1,
}  # fmt: skip


def _tuned(**values: object) -> Job:
    fn_args = _fn_args()
    fn_args.hyperparameters = {"space": [], "values": BEST | values}
    return Job.from_fn_args(fn_args)


def test_a_job_takes_the_best_values_of_a_search_and_says_where_they_come_from():
    job, untuned = _tuned(), Job.from_fn_args(_fn_args())
    assert (job.settings.backbone, job.settings.dense, job.settings.augmentation.strength) == ("vgg16", 7, 0.5)
    assert job.settings.epochs == untuned.settings.epochs
    assert untuned.tuning is None
    assert (job.tuning.trials, job.tuning.failed, job.tuning.best.value) == (20, 1, 0.9)
    assert job.tuning.values == {name: BEST[name] for name in SEARCHED}


def test_checkpoints_are_those_of_the_settings_with_the_best_values():
    assert _tuned().checkpoints != Job.from_fn_args(_fn_args()).checkpoints
    assert _tuned().checkpoints != _tuned(dense=8).checkpoints
    assert _tuned().checkpoints == _tuned(seconds=3.0, trials=30).checkpoints
    assert _tuned().searches == Job.from_fn_args(_fn_args()).searches


def test_other_records_in_the_same_place_are_other_records(write_records, tmp_path):
    """As after a user has removed TFX's folders and left the checkpoints."""

    def found(written: dict[str, int]) -> tuple[Path, Path]:
        fn_args = _fn_args(search=search_of(TrainerSettings(), TunerSettings(), ThresholdSettings()).model_dump_json())
        fn_args.train_files, fn_args.eval_files = ([str(tmp_path / split / "*")] for split in ("train", "eval"))
        for split, first in written.items():
            write_records(tmp_path / split / "a.gz", 2, first)
        return Job.from_fn_args(fn_args).checkpoints, SearchJob.from_fn_args(fn_args).folder

    before = found({"train": 0, "eval": 10})
    assert found({}) == before
    for other in ({"train": 20}, {"train": 0, "eval": 20}):
        assert all(one != another for one, another in zip(found(other), before, strict=True))


def test_searches_are_forgotten_and_trainings_are_not(tmp_path):
    searches = Job.from_fn_args(_fn_args(checkpoint_dir=str(tmp_path))).searches
    for folder in (searches / "kept", tmp_path / "tuner-of-a-killed-run", tmp_path / "0123456789abcdef"):
        folder.mkdir(parents=True)
    forget_searches(tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == ["0123456789abcdef"]
