"""What the machine trains on: how many GPUs, whether they compute in half precision, whether XLA compiles the step."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from trainer.errors import RunError, UsageError
from trainer.precision import MIXED, SINGLE, precision
from trainer.settings import TrainerSettings

#: Compute capability from which on a GPU has tensor cores: half precision is no faster on an older one.
HALF_PRECISION_FROM = (7, 0)


def check_gpu(settings: TrainerSettings) -> None:
    """Refuses to go on without the GPU that ``trainer.require_gpu`` asks for.

    Raises:
        RunError: TensorFlow sees none.
    """
    if settings.require_gpu and not _gpus():
        raise RunError(
            "trainer.require_gpu is true, but TensorFlow sees no GPU; look at what it says with --debug and at "
            "CUDA_VISIBLE_DEVICES, or set trainer.require_gpu to false"
        )


@contextlib.contextmanager
def training_devices(settings: TrainerSettings) -> Iterator[tf.distribute.Strategy]:
    """Models that are built inside are trained on all GPUs, in the precision that the settings and the GPUs allow.

    A batch of ``trainer.batch_size`` is shared among the GPUs. Features that are computed once
    (``trainer.feature_views``) leave a head to train which is too small to share.

    Raises:
        UsageError: XLA or mixed precision is asked for by name, and there are several GPUs.
    """
    gpus = len(_gpus())
    mirrored = gpus > 1 and not settings.feature_views
    for switch in ("xla", "mixed_precision"):
        if mirrored and getattr(settings, switch) == "on":
            raise UsageError(
                f"trainer.{switch} is on, which works on one GPU, and {gpus} are visible; set it to auto, or let "
                "CUDA_VISIBLE_DEVICES name one"
            )
    strategy = tf.distribute.MirroredStrategy() if mirrored else tf.distribute.get_strategy()
    with strategy.scope(), precision(dtype_policy(settings)):
        yield strategy


def dtype_policy(settings: TrainerSettings) -> str:
    """In what the network computes while it is trained: with ``auto`` in half floats on a single GPU, if it is faster.

    Features that are computed once are always float32. So is everything on several GPUs: Keras's loss scaling looks
    for an overflow on the first of them alone, and one on another makes every weight nan.
    """
    if settings.feature_views or settings.mixed_precision == "off":
        return SINGLE
    if settings.mixed_precision == "on":
        return MIXED
    capabilities = [tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0)) for gpu in _gpus()]
    return MIXED if len(capabilities) == 1 and capabilities[0] >= HALF_PRECISION_FROM else SINGLE


def uses_xla(settings: TrainerSettings) -> bool:
    """Whether XLA compiles the training step: with ``auto`` on a single GPU, if it can."""
    if settings.xla == "auto":
        return len(_gpus()) == 1 and settings.xla_compiles
    return settings.xla == "on"


def _gpus() -> list[tf.config.PhysicalDevice]:
    return tf.config.list_physical_devices("GPU")
