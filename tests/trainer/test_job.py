import json
from types import SimpleNamespace

import pytest

from trainer.job import Job
from trainer.settings import ThresholdSettings, TrainerSettings


def _fn_args(**changed: str) -> SimpleNamespace:
    return SimpleNamespace(
        train_files=["/examples/Split-train/*"],
        eval_files=["/examples/Split-eval/*"],
        serving_model_dir="/model/Format-Serving",
        model_run_dir="/model_run",
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
