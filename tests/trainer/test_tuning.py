"""The search over hyperparameters, through TFX's own Tuner and Trainer."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tfx.components.trainer.executor import GenericExecutor as TrainerExecutor
from tfx.components.tuner.executor import Executor as TunerExecutor
from tfx.types import standard_artifacts as artifacts

from trainer import head_tuner, training
from trainer.backbones import BACKBONES, Backbone
from trainer.errors import RunError, UsageError
from trainer.frozen_features import FeatureFiles
from trainer.inference import Inference
from trainer.input import Split
from trainer.model import build_extractor
from trainer.precision import SINGLE
from trainer.search_job import SearchJob
from trainer.servable import ModelInfo
from trainer.settings import ThresholdSettings, TrainerSettings
from trainer.tuner_settings import TunerSettings, search_of, tuned
from trainer.tuner_trial import run_trial
from trainer.tuner_trials import Outcome, Trial, read_trial, read_trials

TRAINER = TrainerSettings(
    backbone="inception_resnet_v2", weights="random", epochs=2, batch_size=8, dense=5, optimizer="rmsprop"
)
TUNER = TunerSettings(
    trials=4, epochs=2, feature_views=1, backbones=("inception_resnet_v2", "vgg16"), dense=(3, 4), strengths=(0.0, 0.5)
)

Run = Callable[..., dict[str, list[Any]]]


@pytest.fixture(autouse=True)
def two_small_networks(small_frozen: Backbone, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Small networks in the place of two large ones; gives the names of those that are built, as they are."""
    built = []

    def network(name: str, filters: int) -> Backbone:
        def build(image_size: int) -> keras.Model:
            built.append(name)
            layers = [keras.Input((image_size, image_size, 3)), keras.layers.Conv2D(filters, 5, strides=2)]
            return keras.Sequential([*layers, keras.layers.ReLU()], name="small")

        return Backbone(build=build, scale=lambda image: image / 127.5 - 1, frozen=True, minimum_side=32, pool=4)

    for name, filters in (("inception_resnet_v2", 8), ("vgg16", 6)):
        monkeypatch.setitem(BACKBONES, name, network(name, filters))
    return built


@pytest.fixture
def examples(records: SimpleNamespace, tmp_path: Path) -> Any:
    """Films of all three splits; those of the test split cannot be read."""
    folder = tmp_path / "examples"
    folder.mkdir()
    for split in ("train", "eval"):
        source = Path(getattr(records, split)[0]).parent
        (folder / source.name).symlink_to(source)
    (folder / "Split-test").mkdir()
    (folder / "Split-test" / "data_tfrecord-00000-of-00001.gz").write_bytes(b"whoever reads this fails")
    artifact = artifacts.Examples()
    artifact.uri, artifact.split_names = str(folder), json.dumps(["train", "eval", "test"])
    artifact.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    return artifact


@pytest.fixture
def config(tmp_path: Path) -> dict[str, str]:
    """What both components are told."""
    return {
        "data": json.dumps({"classes": ["covid", "healthy"], "positive": "covid", "image_size": 32}),
        "data_digest": "d",
        "code_digest": "c",
        "weights_digest": "",
        "checkpoint_dir": str(tmp_path / "checkpoints"),
    }


@pytest.fixture
def tune(run_executor: Run, examples: Any, config: dict[str, str]) -> Callable[..., dict[str, Any]]:
    """Runs TFX's Tuner; gives its two artifacts."""

    def run(tuner: TunerSettings = TUNER, trainer: TrainerSettings = TRAINER, **changed: str) -> dict[str, Any]:
        search = search_of(trainer, tuner, ThresholdSettings()).model_dump_json()
        made = run_executor(
            TunerExecutor,
            {"examples": examples},
            {"best_hyperparameters": artifacts.HyperParameters, "tuner_results": artifacts.TunerResults},
            {
                "tuner_fn": "trainer.tuning.tuner_fn",
                "train_args": json.dumps({"splits": ["train"]}),
                "eval_args": json.dumps({"splits": ["eval"]}),
                "custom_config": json.dumps(config | {"search": search} | changed),
            },
        )
        return {key: value[0] for key, value in made.items()}

    return run


def _best(made: dict[str, Any]) -> Trial:
    text = Path(made["best_hyperparameters"].uri, "best_hyperparameters.txt").read_text()
    return read_trial(json.loads(text)["values"])


def _results(made: dict[str, Any]) -> tuple[Trial, ...]:
    return read_trials(Path(made["tuner_results"].uri))


def _alike(trials: tuple[Trial, ...]) -> list[Trial]:
    return [trial.model_copy(update={"seconds": 0.0}) for trial in trials]


def test_the_best_values_of_the_tuner_are_those_of_the_exported_model(
    tune: Any,
    run_executor: Run,
    examples: Any,
    config: dict[str, str],
    two_small_networks: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    made = tune(TUNER.model_copy(update={"feature_views": 2}))
    printed = capsys.readouterr()
    assert printed.out == "", "stdout is for results"
    assert "of 4 is the best: AUC" in printed.err
    trials, best = _results(made), _best(made)
    assert len(trials) == best.trials == 4
    assert best == trials[0]
    assert best.value == max(trial.value for trial in trials)
    assert {trial.n for trial in trials} == {16}, "measured on the eval films"
    assert sorted(two_small_networks) == sorted({trial.backbone for trial in trials}), "each built once"

    def never(*_: object) -> np.ndarray:
        raise AssertionError("the search has left the features of all films")

    two_small_networks.clear()
    monkeypatch.setattr(Inference, "__call__", never)
    trainer = TRAINER.model_copy(update={"feature_views": 1})
    model = run_executor(
        TrainerExecutor,
        {"examples": examples, "hyperparameters": made["best_hyperparameters"]},
        {"model": artifacts.Model, "model_run": artifacts.ModelRun},
        {
            "run_fn": "trainer.run.run_fn",
            "train_args": json.dumps({"splits": ["train"]}),
            "eval_args": json.dumps({"splits": ["eval"]}),
            "custom_config": json.dumps(
                config | {"trainer": trainer.model_dump_json(), "threshold": ThresholdSettings().model_dump_json()}
            ),
        },
    )["model"][0]
    info = ModelInfo.read(Path(model.uri, "Format-Serving"))
    assert two_small_networks == [best.backbone]
    assert info.backbone == info.settings["backbone"] == best.backbone
    for name in ("learning_rate", "dense", "dropout", "optimizer"):
        assert info.settings[name] == getattr(best, name)
    assert info.settings["augmentation"]["strength"] == best.strength
    width = {"inception_resnet_v2": 8, "vgg16": 6}[best.backbone] * 9
    assert info.trainable_parameters == (width + 1) * best.dense + (best.dense + 1) * 2
    assert info.training["history"][0]["learning_rate"] == best.learning_rate
    assert info.settings["epochs"] == len(info.training["history"]) == 2
    assert info.settings["feature_views"] == 1, "what is not searched stays as it is set"
    assert info.tuning is not None
    assert (info.tuning.trials, info.tuning.best, info.tuning.values) == (4, best.rate, best.values)
    assert not list(Path(config["checkpoint_dir"]).iterdir()), "nothing is left for ever"


def test_a_search_that_breaks_in_its_third_trial_goes_on_from_there(
    tune: Any, two_small_networks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tuner = TUNER.model_copy(update={"backbones": ("vgg16",), "trials": 3, "epochs": 1})
    whole = _results(tune(tuner, data_digest="another"))
    two_small_networks.clear()
    ran, real = [], head_tuner.run_trial

    def run(job: Any, number: int, values: Any) -> Outcome:
        ran.append(number)
        if number in breaking:
            raise ZeroDivisionError
        return real(job, number, values)

    monkeypatch.setattr(head_tuner, "run_trial", run)
    breaking = {3}
    with pytest.raises(ZeroDivisionError):
        tune(tuner)
    assert (ran, two_small_networks) == ([1, 2, 3], ["vgg16"])

    breaking = set()
    resumed = _results(tune(tuner))
    assert ran == [1, 2, 3, 3], "finished trials are not run again, the broken one is"
    assert two_small_networks == ["vgg16"], "and no features are computed again"
    assert _alike(resumed) == _alike(whole), "it comes to what an unbroken search comes to"

    tune(tuner)
    assert ran[4:] == [], "killed before TFX has the outputs, it runs nothing again"
    breaking = {1}
    for changed in ({"code_digest": "edited"}, {"weights_digest": "other"}, {"data_digest": "other"}):
        with pytest.raises(ZeroDivisionError):
            tune(tuner, **changed)
    with pytest.raises(ZeroDivisionError):
        tune(tuner.model_copy(update={"epochs": 2}))
    assert ran[4:] == [1] * 4, "another configuration never goes on from it"


def test_failed_trials_are_counted_and_the_lower_eval_loss_wins_among_equals(
    tune: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = {"value": 0.9, "low": 0.7, "high": 1.0, "n": 16, "patients": 8}
    losses = {1: 0.4, 3: 0.2, 4: 0.3}

    def run(job: Any, number: int, values: Any) -> Outcome:
        if number not in losses:
            return Outcome(failure="the loss is nan")
        return Outcome(rate=rate, eval_loss=losses[number], best_epoch=1, epochs=2)  # type: ignore[arg-type]

    monkeypatch.setattr(head_tuner, "run_trial", run)
    made = tune()
    assert [trial.trial for trial in _results(made)] == [3, 4, 1]
    assert (_best(made).trial, _best(made).trials, _best(made).failed) == (3, 4, 1)
    losses.clear()
    with pytest.raises(RunError, match=r"^none of 4 trials came to a number; the last: the loss is nan$"):
        tune(data_digest="another")


def test_a_trial_whose_loss_is_no_number_fails_alone(
    records: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = search_of(TRAINER, TUNER, ThresholdSettings(calibration="temperature"))
    job = SearchJob(
        *(Split(tuple(f), ("covid", "healthy"), 32) for f in (records.train, records.eval)), "covid", search, tmp_path
    )
    values = {
        "backbone": "vgg16",
        "learning_rate": 0.01,
        "dense": 3,
        "dropout": 0.0,
        "optimizer": "sgd",
        "strength": 0.5,
    }
    first, again = (run_trial(job, number, values) for number in (1, 2))
    assert first.rate == again.rate, "a trial is the same whichever came before it"
    assert (first.eval_loss, first.epochs) == (again.eval_loss, 2)
    files = FeatureFiles(tmp_path / SINGLE, tuned(search.trainer, values))
    of_train, of_view, of_eval = files.of(job.train), files.of(job.train, 1), files.of(job.eval)
    keras.utils.set_random_seed(TRAINER.seed)
    of_trainer = Inference(build_extractor(TRAINER.model_copy(update={"backbone": "vgg16"}), 32).model, 8)
    features = np.load(of_train)["outputs"]
    np.testing.assert_array_equal(of_trainer(job.train, ""), features, "a random backbone is the Trainer's")
    assert set(tmp_path.rglob("*.npz")) == {of_train, of_view, of_eval}

    monkeypatch.setattr(training, "_finite", lambda _: False)
    failed = run_trial(job, 3, values)
    assert failed.rate is None
    assert "with tuner.learning_rate 0.01; lower the learning rate" in failed.failure


@pytest.mark.parametrize(
    "tuner, trainer, message",
    [
        ({}, {"require_gpu": True}, r"trainer.require_gpu is true, but TensorFlow sees no GPU"),
        ({"backbones": ("densenet121", "vgg16")}, {}, r"image_size is 32, but densenet121 needs at least 125; "
         r"raise it, or choose others for tuner.backbones"),
        ({"backbones": ("vgg16",)}, {"weights": "/none.h5"}, r"trainer.weights is '/none.h5', but there is no such"),
        ({"objective": "recall_at_specificity", "specificity": 0.9}, {}, r"8 films that are not covid, which cannot "
         r"tell a specificity of 0.9 from 1; set tuner.specificity to 0.87 or less, or tuner.objective to auc"),
    ],
)  # fmt: skip
def test_what_cannot_come_to_an_end_is_refused_before_a_film_is_looked_at(
    tune: Any, monkeypatch: pytest.MonkeyPatch, two_small_networks: list[str], tuner: Any, trainer: Any, message: str
) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: [])
    with pytest.raises((UsageError, RunError), match=message):
        tune(TUNER.model_copy(update=tuner), TRAINER.model_copy(update=trainer))
    assert two_small_networks == []


def test_a_search_space_with_fewer_points_than_trials_ends_and_says_so(
    tune: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    rate = {"value": 0.9, "low": 0.7, "high": 1.0, "n": 16, "patients": 8}
    monkeypatch.setattr(
        head_tuner,
        "run_trial",
        lambda *_: Outcome(rate=rate, best_epoch=1, epochs=2),  # type: ignore[arg-type]
    )
    one = {"learning_rate": (0.01, 0.01), "dropout": (0.2, 0.2), "dense": (3,), "optimizers": ("adam",)}
    made = tune(TUNER.model_copy(update={**one, "backbones": ("vgg16",)}))
    assert {(trial.trials, trial.asked) for trial in _results(made)} == {(2, 4)}
    assert "2 of 4 trials: the search space has no more" in capsys.readouterr().err
