import contextlib
import io
import math
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.checkpoint import State
from trainer.devices import dtype_policy
from trainer.errors import RunError
from trainer.precision import precision
from trainer.settings import TrainerSettings
from trainer.training import FINE_TUNING, Batches, Training, best_epoch, fit

SETTINGS = TrainerSettings(backbone="cnn", epochs=6, batch_size=8, learning_rate=0.02)


def _model(activation: str = "relu", dropout: float = 0.3) -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation=activation),
            layers.BatchNormalization(),
            layers.Dropout(dropout),
            layers.Dense(2, activation="softmax"),
        ]
    )


def _batches(noise: float = 0.5) -> Batches:
    generator = np.random.default_rng(0)
    labels = generator.integers(2, size=64)
    inputs = (generator.normal(0, noise, (64, 4)) + labels[:, None]).astype(np.float32)
    one_hot = np.eye(2, dtype=np.float32)[labels]

    def of_epoch(epoch: int) -> tf.data.Dataset:
        order = np.random.default_rng(epoch).permutation(48)
        return tf.data.Dataset.from_tensor_slices((inputs[order], one_hot[order])).batch(8)

    return Batches(of_epoch, 6, tf.data.Dataset.from_tensor_slices((inputs[48:], one_hot[48:])).batch(8))


def _measured(training: Training) -> list[dict[str, float]]:
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in training.history]


class _Killed(BaseException):
    pass


def _killing(batches: Batches, at: int) -> Batches:
    """The same batches, but the process dies when it asks for those of an epoch."""

    def of_epoch(epoch: int) -> tf.data.Dataset:
        if epoch == at:
            raise _Killed
        return batches.of_epoch(epoch)

    return Batches(of_epoch, batches.steps, batches.evaluation)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A training from start to end, and what it left."""
    folder, model, out, err = tmp_path_factory.mktemp("unbroken"), _model(), io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        training = fit(model, _batches(), 0, SETTINGS, checkpoint=folder / "state.npz", log_dir=str(folder / "logs"))
    return SimpleNamespace(model=model, training=training, out=out.getvalue(), err=err.getvalue(), folder=folder)


def test_a_killed_training_ends_exactly_where_an_unbroken_one_ends(unbroken, tmp_path):
    with pytest.raises(_Killed):
        fit(_model(), _killing(_batches(), 3), 0, SETTINGS, checkpoint=tmp_path / "state.npz")
    asked: list[int] = []
    batches, resumed = _batches(), _model()
    watched = Batches(lambda epoch: asked.append(epoch) or batches.of_epoch(epoch), 6, batches.evaluation)
    rest = fit(resumed, watched, 0, SETTINGS, checkpoint=tmp_path / "state.npz")

    assert asked == [3, 4, 5]
    assert _measured(rest) == _measured(unbroken.training)
    assert rest.best_epoch == unbroken.training.best_epoch
    for one, other in zip(unbroken.model.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_steps_taken_at_once_come_to_the_same(unbroken):
    batches, model = replace(_batches(), at_once=6), _model()
    training = fit(model, batches, 0, SETTINGS)
    assert _measured(training) == _measured(unbroken.training)
    for one, other in zip(unbroken.model.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_finished_training_trains_no_epoch_more(unbroken):
    again = fit(_model(), _killing(_batches(), 6), 0, SETTINGS, checkpoint=unbroken.folder / "state.npz")
    assert again == unbroken.training


def test_training_stops_when_the_eval_loss_falls_no_more_and_keeps_the_best_weights(tmp_path):
    settings = SETTINGS.model_copy(update={"epochs": 200, "patience": 3, "learning_rate": 0.05})
    model, batches = _model(), _batches(noise=2.0)
    training = fit(model, batches, 0, settings)
    assert len(training.history) == training.best_epoch + 3 < 200
    losses = [epoch["eval_loss"] for epoch in training.history]
    assert min(losses) == losses[training.best_epoch - 1]
    assert model.evaluate(batches.evaluation, verbose=0)[0] == pytest.approx(min(losses), rel=1e-5)

    killed = _killing(batches, training.best_epoch + 1)  # while it waits for a better epoch
    with pytest.raises(_Killed):
        fit(_model(), killed, 0, settings, checkpoint=tmp_path / "state.npz")
    rest = fit(_model(), batches, 0, settings, checkpoint=tmp_path / "state.npz")
    assert _measured(rest) == _measured(training)


@pytest.mark.parametrize("activation", ["relu", "tanh"])  # one may hide a NaN behind a finite loss
def test_a_loss_that_is_not_a_number_names_epoch_and_learning_rate(activation):
    batches = _batches()

    def of_epoch(epoch: int) -> tf.data.Dataset:
        return batches.of_epoch(epoch).map(lambda x, y: (x * (math.nan if epoch == 1 else 1), y))

    broken = Batches(of_epoch, 6, batches.evaluation)
    with pytest.raises(RunError, match=r"nan.* in epoch 2 with trainer.learning_rate 0.02"):
        fit(_model(activation), broken, 0, SETTINGS)


def test_a_kill_changes_nothing_with_another_schedule_optimizer_and_precision(tmp_path):
    other = {"schedule": "step", "decay_epochs": 2, "optimizer": "sgd", "mixed_precision": "on"}
    settings = TrainerSettings(backbone="cnn", epochs=4, batch_size=8, learning_rate=0.02, **other)
    models = []
    for _ in range(3):
        with precision(dtype_policy(settings)):
            models.append(_model())
    whole = fit(models[0], _batches(), 0, settings)
    with pytest.raises(_Killed):
        fit(models[1], _killing(_batches(), 2), 0, settings, checkpoint=tmp_path / "state.npz")
    rest = fit(models[2], _batches(), 0, settings, checkpoint=tmp_path / "state.npz")
    assert _measured(rest) == _measured(whole)
    assert [epoch["learning_rate"] for epoch in whole.history] == [0.02, 0.02, 0.01, 0.01]


def test_a_step_that_xla_compiles_trains_the_same():
    once = TrainerSettings(epochs=1, batch_size=8, learning_rate=0.02, feature_views=1, xla="on")
    compiled, plain = (
        fit(_model(dropout=0), _batches(), 0, once.model_copy(update={"xla": switch})).history[0]
        for switch in ("on", "off")
    )
    for name in ("loss", "accuracy", "recall", "eval_loss"):
        assert compiled[name] == pytest.approx(plain[name], rel=1e-3)


def test_class_weights_count_in_the_loss_and_the_eval_loss():
    once = SETTINGS.model_copy(update={"epochs": 1})
    plain = fit(_model(), _batches(), 0, once).history[0]
    doubled = fit(_model(), _batches(), 0, once, class_weights=np.array([2, 2], np.float32)).history[0]
    assert doubled["loss"] == pytest.approx(2 * plain["loss"], rel=0.02)  # Nadam takes the same steps for either
    assert doubled["eval_loss"] == pytest.approx(2 * plain["eval_loss"], rel=0.02)
    assert doubled["eval_accuracy"] == pytest.approx(plain["eval_accuracy"], abs=0.07)


def test_a_fault_in_the_second_stage_names_its_own_learning_rate():
    batches = _batches()
    broken = Batches(lambda _: batches.of_epoch(0).map(lambda x, y: (x * math.nan, y)), 6, batches.evaluation)
    with pytest.raises(RunError, match=r"epoch 1 with trainer.fine_tune.learning_rate 0.02"):
        fit(_model("tanh"), broken, 0, SETTINGS, stage=FINE_TUNING)


def test_memory_that_runs_out_in_training_names_the_batch_size():
    layers = keras.layers
    greedy = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(2, activation="softmax"),
            layers.Lambda(lambda x: x + keras.ops.sum(tf.fill([tf.shape(x, tf.int64)[0] * 2**46], 1.0))),
        ]
    )
    with pytest.raises(RunError, match=r"out of memory with trainer.batch_size 8 and cnn; set trainer.batch_size to 4"):
        fit(greedy, _batches(), 0, SETTINGS)


def test_the_frozen_part_is_left_out_of_the_checkpoint(tmp_path):
    frozen = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="frozen")])
    frozen.trainable = False
    model = keras.Sequential([frozen, keras.layers.Dense(2, activation="softmax")])
    fit(model, _batches(), 0, SETTINGS, frozen=frozen, checkpoint=tmp_path / "state.npz")
    state = State.load(tmp_path / "state.npz")
    assert state is not None
    assert [value.shape for value in state.best] == [(4, 2), (2,)]


def test_the_first_of_two_equally_good_epochs_is_the_best():
    assert best_epoch(({"eval_loss": 2.0}, {"eval_loss": 1.0}, {"eval_loss": 1.0})) == 2


def test_one_line_on_stderr_says_how_it_went(unbroken):
    assert unbroken.out == ""
    assert unbroken.err.startswith("trained 6 epochs in ")
    assert f"best epoch {unbroken.training.best_epoch}: eval loss" in unbroken.err
    assert len(unbroken.err.splitlines()) == 1


def test_scalars_are_written_for_tensorboard(unbroken):
    (file,) = (unbroken.folder / "logs").glob("events*")
    scalars = {
        (value.tag, event.step)
        for event in map(_event, tf.data.TFRecordDataset(str(file)))
        for value in event.summary.value
    }
    assert {("loss", 1), ("eval_loss", 6), ("eval_recall", 6)} <= scalars


def _event(record: tf.Tensor) -> tf.compat.v1.Event:
    return tf.compat.v1.Event.FromString(record.numpy())
