"""Films a second of each backbone on a GPU: training step and inference, mixed precision and XLA, against its peak.

::

    python -m benchmarks.gpu [--backbones cnn,densenet121] [--output gpu.json]
    python -m benchmarks.gpu --small         the cnn on tiny images, seconds, to see that it works

Every backbone has random weights: they do not matter to the time. One batch stays on the device, so that nothing but
the network is timed; ``make bench`` says what the pipeline adds. Compilation by XLA takes most of the time, minutes for
a large network. Without a GPU the CPU is measured, in float32 alone.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import keras
import tensorflow as tf

from benchmarks.flops import flops_of
from benchmarks.machine import about
from benchmarks.peak import PEAKS, share_of_peak
from trainer.backbones import BACKBONES
from trainer.memory import explained_memory
from trainer.model import Classifier, build_classifier, build_extractor
from trainer.optimizers import build_optimizer
from trainer.precision import MIXED, SINGLE, precision
from trainer.settings import TrainerSettings
from trainer.strict import Settings

CLASSES: Final = 2
ROUNDS: Final = 5
CPU: Final = "CPU"


@dataclass(frozen=True)
class Size:
    """What is measured on.

    Attributes:
        image: Side of the images in pixels.
        batch: Films.
        seconds: Of each of the rounds whose median counts, at least.
    """

    image: int = 224
    batch: int = 32
    seconds: float = 1.0


SMALL: Final = Size(image=8, batch=2, seconds=0.02)


class Figure(Settings):
    """One backbone in one precision, with or without XLA.

    Attributes:
        inference, training: Films a second; of the step without augmentation.
        inference_flops, training_flops: Of one film.
        inference_share, training_share: Of the card's peak, 0 to 1; None where that is not known.
        augmented: Films a second of the step with the default augmentation; None with XLA, which cannot compile it.
        augmentation: Seconds of the augmentation alone over those of the step with it; likewise.
    """

    backbone: str
    precision: str
    xla: bool
    inference: float
    training: float
    inference_flops: float
    training_flops: float
    inference_share: float | None
    training_share: float | None
    augmented: float | None
    augmentation: float | None


def card() -> str:
    """Name of the first GPU; ``CPU`` where TensorFlow sees none."""
    gpus = tf.config.list_physical_devices("GPU")
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "?")) if gpus else CPU


def films_per_second(work: Callable[[], tf.Tensor], size: Size) -> float:
    """Median over rounds, after two calls that compile and tune.

    A GPU works behind the program's back: a round ends when the last answer has been fetched.
    """
    for _ in range(2):
        work().numpy()
    rounds = []
    for _ in range(ROUNDS):
        begin, calls = time.perf_counter(), 0
        ahead = 1  # calls in flight before one is waited for: a GPU that waits for Python is not what is measured
        while time.perf_counter() - begin < size.seconds:
            for _ in range(ahead):
                answer = work()
            answer.numpy()
            calls, ahead = calls + ahead, min(2 * ahead, 64)
        rounds.append(calls * size.batch / (time.perf_counter() - begin))
    return statistics.median(rounds)


def measure(backbone: str, policy: str, xla: bool, size: Size, on: str) -> Figure:
    """Builds the classifier and times it.

    Args:
        backbone: Its name.
        policy: ``float32`` or ``mixed_float16``.
        xla: Whether XLA compiles.
        size: Of images, batch and rounds.
        on: Name of the card.

    Raises:
        RunError: Memory ran out.
    """
    keras.utils.clear_session()
    settings = TrainerSettings(backbone=backbone, batch_size=size.batch)
    with explained_memory(settings), precision(policy):
        classifier = build_classifier(settings, build_extractor(settings, size.image), CLASSES)
        images = tf.random.uniform((size.batch, size.image, size.image, 1), 0, 255)
        # As an argument the batch cannot be folded into the graph as a constant.
        forward = tf.function(lambda batch: classifier.core(batch, training=False), jit_compile=xla)
        inference = films_per_second(lambda: forward(images), size)
        training = films_per_second(_step(classifier.core, settings, images, xla), size)
        augmented = augmentation = None
        if not xla:
            changed = tf.function(lambda batch: classifier.augmentation(batch, training=True))
            augmented = films_per_second(_step(classifier.training, settings, images, xla), size)
            augmentation = augmented / films_per_second(lambda: changed(images), size)
    once, step = _flops(classifier)
    return Figure(
        backbone=backbone,
        precision=policy,
        xla=xla,
        inference=inference,
        training=training,
        inference_flops=once,
        training_flops=step,
        inference_share=share_of_peak(on, policy, once, inference),
        training_share=share_of_peak(on, policy, step, training),
        augmented=augmented,
        augmentation=augmentation,
    )


def _step(model: keras.Model, settings: TrainerSettings, images: tf.Tensor, xla: bool) -> Callable[[], tf.Tensor]:
    """One step of Keras's own training on the same batch; gives the loss."""
    model.compile(optimizer=build_optimizer(settings), loss="categorical_crossentropy", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    labels = tf.one_hot(tf.range(len(images)) % CLASSES, CLASSES)
    step = tf.function(lambda batch, truth: model.train_step((batch, truth))["loss"], jit_compile=xla)
    return lambda: step(images, labels)


def _flops(classifier: Classifier) -> tuple[float, float]:
    """Of one film: forward, and of a training step.

    Backwards every product is done twice again, for the gradients of its weights and of its input; below the head of a
    frozen backbone nothing is.
    """
    forward = flops_of(classifier.core)
    trained = flops_of(classifier.head) if classifier.extractor.frozen else forward
    return forward, forward + 2 * trained


def table(figures: Iterable[Figure], on: str) -> str:
    """The figures in Markdown; without the columns of the peak where it is not known."""
    known = on in PEAKS
    head = [
        "backbone",
        "precision",
        "XLA",
        "inference, films/s",
        "training step, films/s",
        "with augmentation, films/s",
    ]
    head += ["augmentation's share"] + ["inference, of peak", "training, of peak"] * known
    lines = [head, ["---", "---", "---", *["--:"] * (len(head) - 3)]]
    for one in figures:
        cells = [one.backbone, one.precision, "on" if one.xla else "off", f"{one.inference:,.0f}"]
        cells += [f"{one.training:,.0f}", f"{one.augmented:,.0f}" if one.augmented else "", _percent(one.augmentation)]
        lines.append(cells + [_percent(one.inference_share), _percent(one.training_share)] * known)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", help=f"of {', '.join(BACKBONES)}; all of them unless --small")
    parser.add_argument("--small", action="store_true", help=f"{SMALL.image} px, {SMALL.batch} films, the cnn")
    parser.add_argument("--image-size", type=int, default=Size.image, help="side in pixels, default %(default)s")
    parser.add_argument("--batch-size", type=int, default=Size.batch, help="films, default %(default)s")
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    given = parser.parse_args(arguments)
    chosen = given.backbones.split(",") if given.backbones else ["cnn"] if given.small else list(BACKBONES)
    if unknown := [name for name in chosen if name not in BACKBONES]:
        parser.error(f"{', '.join(map(repr, unknown))} is no backbone; there are {', '.join(BACKBONES)}")
    size = SMALL if given.small else Size(given.image_size, given.batch_size)
    on = card()
    if on == CPU:
        print("TensorFlow sees no GPU; this measures the CPU, in float32 alone", file=sys.stderr)
    elif on not in PEAKS:
        print(f"the peak of {on!r} is not known (benchmarks/peak.py), so shares of it are left out", file=sys.stderr)
    figures = []
    policies = (SINGLE,) if on == CPU else (SINGLE, MIXED)  # CPUs have no half floats: minutes a step
    for backbone, policy, xla in itertools.product(chosen, policies, (False, True)):
        print(f"{backbone}, {policy}, XLA {'on' if xla else 'off'}", file=sys.stderr)
        figures.append(measure(backbone, policy, xla, size, on))
    print(f"{on}, images of {size.image} px, batches of {size.batch}\n\n{table(figures, on)}")
    if given.output:
        written: dict[str, Any] = {"about": about(), "card": on, "image_size": size.image, "batch_size": size.batch}
        written["figures"] = [figure.model_dump() for figure in figures]
        given.output.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
