"""Two GPUs are played by two logical CPU devices, in a process of their own: TensorFlow divides a device only once."""

import subprocess
import sys

import keras
import pytest
import tensorflow as tf

from trainer import devices
from trainer.devices import check_gpu, dtype_policy, training_devices, uses_xla
from trainer.errors import RunError, UsageError
from trainer.settings import Augmentation, TrainerSettings

TWO_DEVICES = """
import sys
from pathlib import Path
import keras, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from trainer.settings import TrainerSettings
from trainer.training import Batches, fit

settings = TrainerSettings(backbone="cnn", epochs=3, batch_size=8, learning_rate=0.02)
generator = np.random.default_rng(0)
labels = generator.integers(2, size=40)
inputs = (generator.normal(0, 1, (40, 4)) + labels[:, None]).astype(np.float32)
one_hot = np.eye(2, dtype=np.float32)[labels]

class Killed(BaseException):
    pass

def trained(strategy, checkpoint=None, killed_at=None):
    def of_epoch(epoch):
        if epoch == killed_at:
            raise Killed
        order = np.random.default_rng(epoch).permutation(32)
        return tf.data.Dataset.from_tensor_slices((inputs[order], one_hot[order])).batch(8)

    keras.utils.set_random_seed(1)
    with strategy.scope():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2, "softmax")])
        batches = Batches(of_epoch, 4, tf.data.Dataset.from_tensor_slices((inputs[32:], one_hot[32:])).batch(8))
        try:
            history = fit(model, batches, 0, settings, checkpoint=checkpoint).history
        except Killed:
            return None
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in history], model

both = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert both.num_replicas_in_sync == 2
one, _ = trained(tf.distribute.get_strategy())
file = Path(sys.argv[1], "state.npz")
assert trained(both, file, killed_at=2) is None
two, model = trained(both, file)
for epoch, other in zip(one, two, strict=True):
    assert epoch.keys() == other.keys()
    for name, value in epoch.items():
        np.testing.assert_allclose(value, other[name], rtol=1e-4, err_msg=name)
for variable in model.variables:
    copies = [np.asarray(copy) for copy in both.experimental_local_results(variable.value)]
    assert len(copies) == 2
    np.testing.assert_array_equal(*copies)
print("done")
"""


def test_two_devices_train_as_one_does_also_after_a_kill(tmp_path):
    done = subprocess.run([sys.executable, "-c", TWO_DEVICES, str(tmp_path)], capture_output=True, text=True)
    assert done.stdout == "done\n", done.stderr


@pytest.fixture
def gpus(monkeypatch):
    """Lets the module see GPUs of these compute capabilities."""

    def see(*capabilities: tuple[int, int]) -> None:
        monkeypatch.setattr(devices, "_gpus", lambda: [tf.config.PhysicalDevice("g", "GPU")] * len(capabilities))
        told = iter(capabilities * 9)
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: {"compute_capability": next(told)})

    return see


def test_a_gpu_that_is_asked_for_and_not_there_is_told(gpus):
    gpus()
    check_gpu(TrainerSettings())
    with pytest.raises(RunError, match=r"trainer.require_gpu is true, but TensorFlow sees no GPU"):
        check_gpu(TrainerSettings(require_gpu=True))
    gpus((8, 0))
    check_gpu(TrainerSettings(require_gpu=True))


@pytest.mark.parametrize(
    "switch, capabilities, policy",
    [
        ("auto", [], "float32"),
        ("auto", [(7, 0)], "mixed_float16"),
        ("auto", [(6, 1)], "float32"),
        ("auto", [(9, 0), (9, 0)], "float32"),
        ("on", [], "mixed_float16"),
        ("off", [(9, 0)], "float32"),
    ],
)
def test_mixed_precision_is_on_by_itself_on_one_gpu_with_tensor_cores(gpus, switch, capabilities, policy):
    gpus(*capabilities)
    assert dtype_policy(TrainerSettings(mixed_precision=switch)) == policy


def test_features_that_are_computed_once_are_whole_floats(gpus):
    gpus((9, 0))
    assert dtype_policy(TrainerSettings(feature_views=1)) == "float32"


def test_xla_is_on_by_itself_on_one_gpu_where_no_film_is_moved_in_the_step(gpus):
    moving, still = TrainerSettings(), TrainerSettings(feature_views=1)
    gpus()
    assert not uses_xla(still)
    gpus((9, 0))
    assert uses_xla(still)
    assert not uses_xla(moving)
    assert not uses_xla(still.model_copy(update={"xla": "off"}))
    gpus((9, 0), (9, 0))
    assert not uses_xla(still)


@pytest.mark.parametrize("switch", ["xla", "mixed_precision"])
def test_what_works_on_one_gpu_is_refused_by_name_on_several(gpus, switch):
    gpus((9, 0), (9, 0))
    settings = TrainerSettings(**{switch: "on"}, augmentation=Augmentation(strength=0))
    with pytest.raises(UsageError, match=f"trainer.{switch} is on, .* 2 are visible"), training_devices(settings):
        pass


def test_without_a_gpu_nothing_is_shared_and_the_precision_is_left_behind():
    with training_devices(TrainerSettings(mixed_precision="on")) as strategy:
        assert strategy.num_replicas_in_sync == 1
        assert keras.config.dtype_policy().name == "mixed_float16"
    assert keras.config.dtype_policy().name == "float32"
