"""Mixed precision: half floats while a network is trained, whole ones in everything that is exported."""

import contextlib
from collections.abc import Iterator

import keras

MIXED, SINGLE = "mixed_float16", "float32"


@contextlib.contextmanager
def precision(policy: str) -> Iterator[None]:
    """Layers that are built inside compute in ``policy``; their weights are float32 in either."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def to_float32(model: keras.Model) -> None:
    """Lets a trained model and all layers in it compute in float32 from now on, with the same weights."""
    model.dtype_policy = SINGLE
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            to_float32(layer)
        else:
            layer.dtype_policy = SINGLE
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()  # it keeps its mean and variance a second time, in half floats
