"""The network that the claims of serving ask, as it is served and bare, and the films that it is asked about."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks.claim import Effort
from benchmarks.served import SEED, draw, export_untrained, untrained
from pipeline.sample.data_set import draw_data_set
from trainer.preprocessing import films_to_images
from trainer.settings import BackboneName

#: Backbone and side of its images in pixels.
DEMO: Final[tuple[BackboneName, int]] = ("inception_resnet_v2", 224)
QUICK: Final[tuple[BackboneName, int]] = ("cnn", 64)
#: Of each class in the drawn data set that small films are taken from.
PATIENTS: Final = 12
#: Pixels of a real film that is asked about.
REAL_PIXELS: Final = (2_000_000, 4_000_000)
#: Shorter sides of the drawn ones that stand in for them.
DRAWN_SIDES: Final = (1000, 1400, 1700, 2000)
#: What the served graph may differ from the bare network.
TOLERANCE: Final = 1e-5


@dataclass(frozen=True)
class Network:
    """A network with random weights, exported under ``models`` as version 1 of the model ``load``.

    Attributes:
        name: its backbone and the side of its images, for reading.
        models: folder of models.
        core: image float32 [N, S, S, 1] in 0..255 -> probabilities float32 [N, 2].
    """

    name: str
    models: Path
    core: keras.Model

    @property
    def version(self) -> Path:
        """The version's folder."""
        return self.models / "load" / "1"

    def bare(self) -> Callable[[tf.Tensor], Any]:
        """The network as a function of an image that is ready, the way Keras' users write it."""
        images = tf.TensorSpec([None, *self.core.input_shape[1:]], tf.float32)
        return tf.function(lambda image: self.core(image, training=False), input_signature=[images])

    def preprocessing(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """What the served graph does before the network: films, string [N] -> images float32 [N, S, S, 1]."""
        side = self.core.input_shape[1]
        films = tf.TensorSpec([None], tf.string)
        return tf.function(lambda film: tf.cast(films_to_images(film, side)[0], tf.float32), input_signature=[films])

    def images(self, films: Sequence[bytes]) -> tf.Tensor:
        """The images of films, float32 [n, S, S, 1]."""
        return self.preprocessing()(tf.constant(films))


def network_of(effort: Effort, which: tuple[BackboneName, int] | None = None) -> Network:
    """A network, exported once for all claims of a run.

    Args:
        effort: Where it is kept.
        which: Backbone and side; None = the demo's own, InceptionResNetV2 at 224 px, or quick: the cnn at 64 px.
    """
    backbone, side = which or (QUICK if effort.quick else DEMO)
    models = effort.scratch / f"served-{backbone}-{side}-seed-{SEED}"
    classifier = untrained(backbone, side)
    network = Network(f"{backbone}, {side} px", models, classifier.core)
    if not network.version.is_dir():
        network.version.parent.mkdir(parents=True, exist_ok=True)
        draft = network.version.with_name(".1")
        export_untrained(classifier, draft)
        draft.rename(network.version)
    return network


def drawn(effort: Effort) -> tuple[str, list[bytes]]:
    """What they are, and films as the demo draws them: JPEG and PNG of 320 to 840 px on a side."""
    folder = effort.scratch / f"films-of-{PATIENTS}-patients-a-class-seed-{SEED}"
    if not folder.is_dir():
        draw_data_set(folder, patients=PATIENTS, seed=SEED)
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".png", ".jpg", ".jpeg"))
    return "drawn films as in the demo", [file.read_bytes() for file in files]


def jpegs(effort: Effort, count: int) -> tuple[str, list[bytes]]:
    """What they are, and the first so many real JPEGs of 2 to 4 megapixels, or as many drawn ones about as large.

    Films are repeated where there are fewer.
    """
    if effort.real is not None:
        files = sorted(file for file in effort.real.rglob("*") if file.suffix.lower() in (".jpg", ".jpeg"))
        found = [content for content in (file.read_bytes() for file in files) if _is_large(content)]
        what = "real JPEGs of 2 to 4 megapixels"
    else:
        rng = np.random.default_rng(SEED)
        found = [draw(rng, side, "JPEG") for side in DRAWN_SIDES]
        what = f"drawn JPEGs, {DRAWN_SIDES[0]} to {DRAWN_SIDES[-1]} px on the shorter side"
    if not found:
        raise RuntimeError(f"no JPEG of 2 to 4 megapixels below {effort.real}; leave CXR_REALDATA unset for drawn ones")
    return what, [found[index % len(found)] for index in range(count)]


def _is_large(content: bytes) -> bool:
    with Image.open(io.BytesIO(content)) as film:
        return REAL_PIXELS[0] <= film.width * film.height <= REAL_PIXELS[1]
