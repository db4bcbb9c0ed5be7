import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from trainer import fine_tuning
from trainer.backbones import BACKBONES, Backbone
from trainer.checkpoint import State, save_arrays
from trainer.devices import dtype_policy
from trainer.errors import UsageError
from trainer.fine_tuning import check_fine_tuning
from trainer.fitting import feature_files, score_eval, train
from trainer.input import Split
from trainer.job import Job
from trainer.model import Extractor, build_classifier, build_extractor
from trainer.settings import Augmentation, FineTuning, ThresholdSettings, TrainerSettings
from trainer.training import Training, fit

CLASSES = ("covid", "healthy")


@pytest.fixture(scope="module", autouse=True)
def two_blocks() -> Iterator[None]:
    """A frozen network of two blocks with batch normalisation in the place of inception_resnet_v2."""

    def build(image_size: int) -> keras.Model:
        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input((image_size, image_size, 3)),
                layers.Conv2D(4, 5, strides=2, padding="same", activation="relu", name="block1_conv"),
                layers.BatchNormalization(name="block1_bn"),
                layers.Conv2D(4, 3, padding="same", name="block2_conv"),
                layers.BatchNormalization(name="block2_bn"),
                layers.Activation("relu", name="out"),
            ],
            name="two_blocks",
        )

    backbone = Backbone(build=build, scale=lambda image: image / 127.5 - 1, frozen=True, minimum_side=8, pool=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "inception_resnet_v2", backbone)
        yield


def _settings(learning_rate: float = 1e-4, **layers: object) -> TrainerSettings:
    return TrainerSettings(
        weights="random",
        epochs=2,
        batch_size=8,
        dropout=0,
        augmentation=Augmentation(strength=0),
        fine_tune=FineTuning(**layers or {"layers": 1}, epochs=2, learning_rate=learning_rate),
    )


def _job(records: SimpleNamespace, folder: Path, settings: TrainerSettings) -> Job:
    return Job(
        train=Split(tuple(records.train), CLASSES, 32),
        eval=Split(tuple(records.eval), CLASSES, 32),
        positive="covid",
        settings=settings,
        threshold=ThresholdSettings(),
        model_dir=folder / "model",
        checkpoints=folder / "checkpoints",
        data_digest="d",
        code_digest="c",
    )


def _kept(job: Job) -> Path:
    return job.checkpoints / dtype_policy(job.settings)


def _built(settings: TrainerSettings) -> Extractor:
    keras.utils.set_random_seed(1)
    return build_extractor(settings, 32)


@pytest.fixture(scope="module")
def unbroken(records: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Both stages from start to end."""
    job = _job(records, tmp_path_factory.mktemp("unbroken"), _settings())
    classifier, training = train(job, _built(job.settings))
    assert training.fine_tuned is not None
    return SimpleNamespace(job=job, classifier=classifier, training=training, tuned=training.fine_tuned)


@pytest.fixture
def after_the_first_stage(unbroken: SimpleNamespace, records: SimpleNamespace, tmp_path: Path) -> Callable[..., Job]:
    """A job whose first stage is done already, as that of ``unbroken`` went."""

    def job(**settings: float) -> Job:
        job = _job(records, tmp_path, _settings(**settings))
        for file in (_kept(unbroken.job) / "state.npz", feature_files(unbroken.job).of(unbroken.job.train)):
            place = job.checkpoints / file.relative_to(unbroken.job.checkpoints)
            place.parent.mkdir(parents=True)
            shutil.copy(file, place)
        return job

    return job


def _weights(model: keras.Model) -> dict[str, np.ndarray]:
    return {weight.path: weight.numpy().copy() for weight in model.weights}


def test_a_second_stage_that_is_not_worse_is_kept_and_moves_the_chosen_layers_alone(unbroken):
    tuned, extractor = unbroken.tuned, unbroken.classifier.extractor
    assert tuned.kept
    assert tuned.layers == ("block2_conv",)
    assert tuned.eval_loss_after <= tuned.eval_loss_before == unbroken.training.eval_loss
    assert tuned.eval_loss_after == min(epoch["eval_loss"] for epoch in tuned.history)
    before = _weights(_built(unbroken.job.settings).model)
    moved = {path for path, value in _weights(extractor.model).items() if (value != before[path]).any()}
    assert moved == {"two_blocks/block2_conv/kernel", "two_blocks/block2_conv/bias"}
    head = sum(int(np.prod(weight.shape)) for weight in unbroken.classifier.head.trainable_weights)
    assert unbroken.classifier.trainable_parameters == head + 4 * 4 * 9 + 4


def test_what_the_second_stage_came_to_is_recorded(unbroken):
    recorded = unbroken.training.record()["fine_tune"]
    assert recorded["kept"] is True
    assert recorded["eval_loss_before"] == unbroken.training.eval_loss
    assert recorded["eval_loss_after"] == recorded["history"][recorded["best_epoch"] - 1]["eval_loss"]
    assert {epoch["learning_rate"] for epoch in recorded["history"]} == {1e-4}


def test_features_of_the_backbone_before_are_not_taken_after_it_has_moved(unbroken):
    job, core = unbroken.job, unbroken.classifier.core
    width = unbroken.classifier.head.input_shape[-1]
    save_arrays(feature_files(job).of(job.eval), {"outputs": np.zeros((16, width), np.float32)})
    images = np.concatenate([images for images, _ in job.eval.batches(16).as_numpy_iterator()]).astype(np.float32)
    np.testing.assert_allclose(score_eval(job, unbroken.classifier), core(images, training=False), atol=1e-5)


def test_a_second_stage_that_is_worse_is_undone_and_the_backbone_frozen_again(after_the_first_stage, capsys):
    job = after_the_first_stage(learning_rate=1.0)
    classifier, training = train(job, _built(job.settings))
    tuned = training.fine_tuned
    assert tuned is not None
    assert not tuned.kept
    assert tuned.eval_loss_after > tuned.eval_loss_before
    before = _weights(_built(job.settings).model)
    for path, value in _weights(classifier.extractor.model).items():
        np.testing.assert_array_equal(value, before[path])
    state = State.load(_kept(job) / "state.npz")
    assert state is not None
    for variable, value in zip(classifier.head.trainable_weights, state.best, strict=False):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert classifier.extractor.frozen
    assert classifier.extractor.model.trainable_weights == []
    assert "fine-tuning undone: eval loss" in capsys.readouterr().err


def test_a_kill_in_the_second_stage_goes_on_there_and_ends_where_an_unbroken_one_ends(
    unbroken, after_the_first_stage, monkeypatch
):
    class Killed(BaseException):
        pass

    def killed_in_the_second_stage(model, films, *args, **options):
        def of_epoch(epoch):
            if epoch == 1:
                raise Killed
            return films.of_epoch(epoch)

        return fit(model, replace(films, of_epoch=of_epoch), *args, **options)

    job = after_the_first_stage()
    with monkeypatch.context() as patch:
        patch.setattr(fine_tuning, "fit", killed_in_the_second_stage)
        with pytest.raises(Killed):
            train(job, _built(job.settings))
    resumed, training = train(job, _built(job.settings))
    assert _measured(training) == _measured(unbroken.training)
    expected = _weights(unbroken.classifier.core)
    for path, value in _weights(resumed.core).items():
        np.testing.assert_array_equal(value, expected[path])


def _measured(training: Training) -> list[dict[str, float]]:
    assert training.fine_tuned is not None
    return [
        {name: value for name, value in epoch.items() if name != "seconds"}
        for epoch in (*training.history, *training.fine_tuned.history)
    ]


@pytest.mark.parametrize(
    "asked, moved",
    [
        ({"layers": 2}, ["block1_conv", "block2_conv"]),
        ({"block": "block2"}, ["block2_conv"]),
        ({"block": "block1"}, ["block1_conv", "block2_conv"]),
    ],
)
def test_layers_are_counted_from_the_end_and_blocks_named_by_their_beginning(asked, moved):
    settings = _settings(**asked)
    extractor = build_extractor(settings, 32)
    network = next(layer for layer in extractor.maps.layers if isinstance(layer, keras.Model))
    assert list(fine_tuning._unfreeze(network, settings.fine_tune, "small")) == moved
    assert [layer.name for layer in network.layers if layer.trainable_weights] == moved


@pytest.mark.parametrize(
    "asked, reason",
    [
        ({"layers": 3}, "layers is 3, but inception_resnet_v2 has 2 layers"),
        ({"block": "blok2"}, "block is 'blok2', but no layer's name .* begins so; near are block2"),
        ({"block": "out"}, "block is 'out', but from there on inception_resnet_v2 has no layer"),
    ],
)
def test_layers_that_are_not_there_are_refused_before_anything_is_trained(asked, reason):
    settings = _settings(**asked)
    with pytest.raises(UsageError, match=reason):
        check_fine_tuning(settings, build_extractor(settings, 32))


def test_the_check_leaves_the_backbone_frozen():
    settings = _settings()
    extractor = build_extractor(settings, 32)
    check_fine_tuning(settings, extractor)
    assert extractor.model.trainable_weights == []
    assert build_classifier(settings, extractor, 2).core.trainable_weights
