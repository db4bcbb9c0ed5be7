"""Drift: films and answers like those of the training are not called other ones, and others are."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.drift import MIN_FILMS, Drift, drift_of
from pipeline.drift_samples import read_samples
from trainer.errors import RunError, UsageError
from trainer.samples import COLUMNS, OF_ANSWER, OF_FILM

SIZE = 32
CLASSES = ("covid", "healthy")
SHAPES = ((90, 80), (80, 90), (120, 110), (100, 100))
TRAINED, TESTED, ASKED = 150, 120, 120


@dataclass(frozen=True)
class Drawn:
    """A film as a file, and whether its left half is the brighter one, which is what the network calls covid."""

    content: bytes
    positive: bool


def draw(rng: np.random.Generator, *, brighter: float = 0, scale: float = 1, positives: float = 0.5) -> Drawn:
    height, width = (round(scale * side) for side in SHAPES[rng.integers(len(SHAPES))])
    positive = bool(rng.random() < positives)
    slope = rng.uniform(10, 30) * (1 if positive else -1) * np.linspace(1, -1, width)
    gray = rng.normal(110, 12) + brighter + slope + rng.normal(0, rng.uniform(10, 20), (height, width))
    stream = io.BytesIO()
    Image.fromarray(gray.clip(0, 255).astype(np.uint8)).save(stream, ["PNG", "JPEG"][rng.integers(2)])
    return Drawn(stream.getvalue(), positive)


@cache
def served() -> Any:
    """A served graph whose network is a rule."""
    import tensorflow as tf

    from trainer.signatures import Decision, predict_films

    def network(images: Any) -> Any:
        left, right = (tf.reduce_mean(half, [1, 2, 3]) for half in tf.split(images, 2, axis=2))
        score = tf.sigmoid((left - right) / 20)
        return tf.stack([score, 1 - score], axis=1)

    return tf.function(
        lambda films: predict_films(network, SIZE, Decision(CLASSES, "covid", 0.5), films),
        input_signature=[tf.TensorSpec([None], tf.string)],
        autograph=False,
    )


def answers_to(films: list[Drawn]) -> dict[str, np.ndarray]:
    """The outputs for films."""
    return {name: values.numpy() for name, values in served()([film.content for film in films]).items()}


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a version with the statistics that Pusher makes of its records and predictions."""
    import tensorflow as tf

    from components.manifest_gen.rows import ManifestRow
    from components.pusher.reference import reference
    from trainer.predictions import Predictions
    from trainer.preprocessing import film_to_image

    rng = np.random.default_rng(1)
    folder, records = tmp_path_factory.mktemp("serving") / "cxr" / "7", tmp_path_factory.mktemp("Split-train")
    rows = []
    with tf.io.TFRecordWriter(str(records / "part")) as writer:
        for index in range(TRAINED):
            film = draw(rng)
            image = film_to_image(tf.constant(film.content), SIZE).numpy().tobytes()
            features = {"image": image, "image_id": b"%016x" % index, "patient_id": b"secret-%d" % index}
            writer.write(
                tf.train.Example(
                    features=tf.train.Features(
                        feature={
                            name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                            for name, value in features.items()
                        }
                    )
                ).SerializeToString()
            )
            with Image.open(io.BytesIO(film.content)) as opened:
                described = {"width": opened.width, "height": opened.height, "format": opened.format}
            rows.append(
                ManifestRow(
                    **dict.fromkeys(ManifestRow.__dataclass_fields__, "") | described | {"image_id": f"{index:016x}"}
                )
            )
    tested = answers_to([draw(rng) for _ in range(TESTED)])
    nothing = [""] * TESTED
    predictions = Predictions(
        classes=CLASSES,
        positive=0,
        threshold=0.5,
        image_id=nothing,
        patient_id=[f"secret-{index}" for index in range(TESTED)],
        label=np.zeros(TESTED, np.int64),
        view=nothing,
        source=nothing,
        sex=nothing,
        age=np.zeros(TESTED),
        probabilities=tested["probabilities"],
        decided=tested["positive"],
    )
    (folder / "statistics").mkdir(parents=True)
    made = reference(records, SIZE, rows, predictions).SerializeToString()
    assert b"secret" not in made
    (folder / "statistics" / "in_use.pb").write_bytes(made)
    return folder


@pytest.fixture
def ask(version: Path, tmp_path: Path) -> Callable[..., Drift]:
    """Asks about films, keeps all of them as the server does, and compares."""
    from serving.server.sampler import Sampler
    from serving.server.tensors import bytes_array

    def run(films: list[Drawn], allowed: tuple[str, ...] = ()) -> Drift:
        sampler = Sampler(tmp_path, 1.0, print)
        sampler.start()
        sampler.take("cxr", 7, {"image_bytes": bytes_array([film.content for film in films])}, answers_to(films))
        sampler.close()
        return drift_of(version, read_samples(tmp_path, "cxr", "7"), allowed)

    return run


def films(seed: int = 2, **how: float) -> list[Drawn]:
    rng = np.random.default_rng(seed)
    return [draw(rng, **how) for _ in range(ASKED)]


def names(found: Drift) -> set[str]:
    return {feature.name for feature in found.drifted}


def test_films_drawn_alike_have_not_drifted(ask: Any) -> None:
    found = ask([*films(), Drawn(b"no film", positive=False)])
    assert (names(found), found.films, found.invalid, found.others) == (set(), ASKED, 1, 0)
    assert [feature.name for feature in found.features] == [*OF_FILM, *OF_ANSWER]
    for feature in found.features:
        assert (feature.films, feature.reference_films) == (ASKED, TRAINED if feature.name in OF_FILM else TESTED)
        assert feature.measure == ("share" if feature.name in ("format", "label") else "divergence")
        assert 0 <= feature.value <= feature.bound >= feature.threshold == pytest.approx(0.1)


@pytest.mark.parametrize(
    "how, drifted",
    [
        ({"brighter": 40}, {"brightness"}),
        ({"scale": 1.5}, {"width", "height"}),
        ({"positives": 0.95}, {"label", "score"}),
    ],
)
def test_other_films_have_drifted_in_what_is_other(ask: Any, how: dict[str, float], drifted: set[str]) -> None:
    assert names(ask(films(**how))) == drifted


def test_what_may_differ_is_shown_and_not_counted(ask: Any) -> None:
    found = ask(films(positives=0.95), allowed=("label", "score"))
    assert names(found) == set()
    assert {feature.name for feature in found.features if feature.over and feature.is_allowed} == {"label", "score"}


def test_films_of_a_training_and_the_same_films_in_use_give_the_same_numbers(
    version: Path, ask: Any, tmp_path: Path
) -> None:
    """One code on both sides: what the served graph measures is what Pusher has measured of the records."""
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

    from components.pusher.reference import statistics_of

    rng = np.random.default_rng(1)  # as the fixture's
    ask([draw(rng) for _ in range(TRAINED)])
    now = statistics_of(read_samples(tmp_path, "cxr", "7").films[list(OF_FILM)], "films")
    (then, _) = DatasetFeatureStatisticsList.FromString((version / "statistics" / "in_use.pb").read_bytes()).datasets
    by_name = {feature.path.step[0]: feature for feature in then.features}
    for feature in now.features:
        assert feature == by_name[feature.path.step[0]], feature.path.step[0]


def test_too_few_films_are_refused(ask: Any) -> None:
    with pytest.raises(RunError) as raised:
        ask(films()[: MIN_FILMS - 1])
    assert str(raised.value) == (
        "99 films that version 7 of 'cxr' has answered are too few to tell drift from chance (left out: 0 of other "
        "versions, 0 earlier, 0 invalid); wait for 100, or keep more with cxr serve --sample-share"
    )


def test_a_version_without_statistics_of_its_own_is_one_line(tmp_path: Path, samples: Any) -> None:
    samples("a.csv", [{}] * 100)
    with pytest.raises(RunError, match=r"in_use\.pb cannot be read \(No such file or directory\): a version that was"):
        drift_of(tmp_path / "7", read_samples(tmp_path, "cxr", "7"))


def test_buckets_are_kept_since_those_of_tfdv_are_other_ones_on_each_side() -> None:
    """Why docs/drift.md says so; the divergence of all zeros from 60 zeros and 40 others is 0.24 bits."""
    import tensorflow_data_validation as tfdv
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema

    def divergence(kind: str, these: list[Any], those: list[Any]) -> float:
        comparator = "drift_comparator { jensen_shannon_divergence { threshold: 0.1 } }"
        schema = text_format.Parse(f'feature {{ name: "x" type: {kind} {comparator} }}', Schema())
        now, then = (tfdv.generate_statistics_from_dataframe(pd.DataFrame({"x": side})) for side in (these, those))
        (info,) = tfdv.validate_statistics(now, schema, previous_statistics=then).drift_skew_info
        return float(info.drift_measurements[0].value)

    assert divergence("FLOAT", [0.0] * 100, [0.0] * 60 + [0.01] * 40) == pytest.approx(1)
    assert divergence("BYTES", ["0"] * 100, ["0"] * 60 + ["0.01"] * 40) == pytest.approx(0.236, abs=1e-3)


@pytest.mark.parametrize("asked, draws", [(MIN_FILMS, 8), (400, 4)])
def test_films_of_one_population_are_hardly_ever_called_others(asked: int, draws: int) -> None:
    """Pairs of samples, 8 features each: at one in a thousand, less than 0.1 false alarms are expected."""
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

    from components.data_audit.differences import compare
    from components.pusher.reference import statistics_of
    from schema import SAMPLES_FILE
    from trainer.samples import of_answer, of_film

    rng = np.random.default_rng(3)
    schema = text_format.Parse(SAMPLES_FILE.read_text(encoding="utf-8"), Schema())

    def population(count: int) -> DatasetFeatureStatisticsList:
        table = []
        for _ in range(count):
            measured = {
                "brightness": rng.normal(0.5, 0.12),
                "contrast": rng.gamma(4, 0.05),
                "dark_rim": rng.beta(0.3, 4),
            }
            width, height = np.exp(rng.normal(7.2, 0.6, 2))
            score = rng.beta(0.4, 0.6)
            film = of_film(rng.choice(["JPEG", "PNG"]), width, height, measured)
            table.append({**film, **of_answer("covid" if score > 0.5 else "healthy", score)})
        return DatasetFeatureStatisticsList(datasets=[statistics_of(pd.DataFrame(table), "films")])

    pairs = [compare(population(asked), population(60), schema, "drift") for _ in range(draws)]
    assert all(len(pair) == len(schema.feature) for pair in pairs)
    assert sum(one.value > one.allowed for pair in pairs for one in pair) <= 1


@pytest.fixture
def samples(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of samples: what is not given is a healthy film of cxr 7."""
    film = {"hour": "2026-11-26T08", "model": "cxr", "version": "7", "format": "PNG", "label": "healthy"}
    film |= dict.fromkeys(set(COLUMNS) - set(film), "0.5")

    def write(name: str, rows: list[dict[str, str]], columns: tuple[str, ...] = COLUMNS) -> Path:
        lines = [",".join((film | row)[column] for column in columns) for row in rows]
        (tmp_path / name).write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
        return tmp_path

    return write


def test_only_what_a_version_has_answered_since_then_counts(samples: Any) -> None:
    samples("a.csv", [{}, {"version": "8"}, {"model": "other"}, {"hour": "2026-11-25T23"}])
    folder = samples("b.csv", [{"label": "invalid", "score": "", "brightness": ""}, {"hour": "2026-11-27T00"}])
    found = read_samples(folder, "cxr", "7", "2026-11-26")
    assert (len(found.films), found.invalid, found.others, found.earlier) == (2, 1, 2, 1)
    assert found.hours == ("2026-11-26T08", "2026-11-27T00")
    assert len(read_samples(folder, "cxr", "7", "2026-11-26T09").films) == 1


def test_a_class_may_be_called_na(samples: Any) -> None:
    found = read_samples(samples("a.csv", [{"label": "NA"}, {"label": "None"}]), "cxr", "7")
    assert found.films["label"].tolist() == ["NA", "None"]


def test_a_file_that_is_just_being_written_is_not_read(samples: Any) -> None:
    samples(".draft.csv", [{}])
    assert len(read_samples(samples("a.csv", [{}]), "cxr", "7").films) == 1


def test_a_folder_without_samples_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no samples; keep some with cxr serve --sample-to"):
        read_samples(tmp_path / "nowhere", "cxr", "7")


def test_a_file_of_something_else_is_one_line(samples: Any) -> None:
    folder = samples("a.csv", [{}], COLUMNS[:-1])
    with pytest.raises(RunError, match=r"a\.csv holds no samples: its columns are hour, .*; take it away"):
        read_samples(folder, "cxr", "7")
    (folder / "a.csv").write_bytes(b"\xff\xfe,\n")
    with pytest.raises(
        RunError, match=r"a\.csv cannot be read as samples \('utf-8' codec .*\); mend it or take it away"
    ):
        read_samples(folder, "cxr", "7")
