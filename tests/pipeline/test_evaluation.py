"""What TFMA makes of the configuration, on a small network and films drawn as noise of a brightness of their own."""

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trainer.assess import assess
from trainer.assessment import Slice
from trainer.predictions import Predictions
from trainer.ranking import rank

CLASSES = ("covid", "healthy")
SIZE, FILMS = 32, 80
NAMES = {"view": "view", "source": "source", "sex": "sex"}

# Of a slice without films of one side, or at a threshold above all of them.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning:tensorflow_model_analysis.*")


def _films() -> dict[str, list[Any]]:
    """80 films of 80 grey levels, the brighter ones more often covid; two of a class to a patient."""
    generator = np.random.default_rng(5)
    grey = 40 + 2 * generator.permutation(FILMS)
    label = (np.argsort(np.argsort(-grey + generator.normal(0, 60, FILMS))) >= FILMS // 2).astype(int)
    seen = [int((label[:index] == label[index]).sum()) for index in range(FILMS)]
    return {
        "image": [np.full((SIZE, SIZE), value, np.uint8).tobytes() for value in grey],
        "label": label.tolist(),
        "finding": [("COVID-19", "No Finding")[one] for one in label],
        "view": generator.choice(["PA", "AP", "AP Supine"], FILMS).tolist(),
        "source": generator.choice(["ward", "clinic"], FILMS).tolist(),
        "sex": [None if index % 7 == 0 else str(sex) for index, sex in enumerate(generator.choice(["F", "M"], FILMS))],
        "age": [None if index % 9 == 4 else float(age) for index, age in enumerate(generator.integers(1, 95, FILMS))],
        "patient_id": [f"p{one}-{count // 2}" for one, count in zip(label, seen, strict=True)],
        "image_id": [f"{index:016x}" for index in range(FILMS)],
    }


def _example(films: dict[str, list[Any]], index: int) -> bytes:
    import tensorflow as tf

    def feature(value: Any) -> tf.train.Feature:
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        if isinstance(value, float):
            return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
        text = value.encode() if isinstance(value, str) else value
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[text]))

    known = {name: feature(values[index]) for name, values in films.items() if values[index] is not None}
    return tf.train.Example(features=tf.train.Features(feature=known)).SerializeToString()


def _spread(classifier: Any, images: np.ndarray) -> None:
    """Sets the last layer so that bright films score high and the scores fill 0 to 1: untrained, all are near .5."""
    *_, kernel, bias = classifier.core.weights

    def logit() -> np.ndarray:
        probabilities = classifier.core(images, training=False).numpy().astype(float)
        return np.log(probabilities[:, 0] / probabilities[:, 1])

    sign = np.sign(np.corrcoef(logit(), images.mean(axis=(1, 2, 3)))[0, 1])
    kernel.assign(kernel * sign * 1.5 / logit().std())
    bias.assign([-logit().mean(), 0.0])


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """TFMA's result on the records, and what the same served graph says of each of them."""
    import keras
    import tensorflow as tf
    import tensorflow_model_analysis as tfma

    from pipeline.evaluation import custom_eval_shared_model, eval_config
    from trainer.export import export
    from trainer.model import build_classifier, build_extractor
    from trainer.settings import TrainerSettings
    from trainer.signatures import Decision
    from trainer.statistics import threshold_for_recall

    folder, films = tmp_path_factory.mktemp("evaluation"), _films()
    serialized = [_example(films, index) for index in range(FILMS)]
    with tf.io.TFRecordWriter(str(folder / "films.gz"), "GZIP") as writer:
        for record in serialized:
            writer.write(record)

    keras.utils.set_random_seed(1)
    settings = TrainerSettings(backbone="cnn")
    classifier = build_classifier(settings, build_extractor(settings, SIZE), 2)
    images = np.stack([np.frombuffer(image, np.uint8).reshape(SIZE, SIZE, 1) for image in films["image"]])
    _spread(classifier, images.astype(np.float32))
    scores = classifier.core(images.astype(np.float32), training=False).numpy()[:, 0]
    # TFMA looks at 10000 thresholds: only scores further apart than that are not equal to it.
    assert np.diff(np.sort(scores)).min() > 2e-4
    label = np.array(films["label"])
    threshold = threshold_for_recall(scores, label == 0, 0.8)
    export(classifier, Decision(CLASSES, "covid", threshold), folder / "model")
    answers = tf.saved_model.load(str(folder / "model")).signatures["examples"](examples=tf.constant(serialized))
    predictions = Predictions(
        classes=CLASSES,
        positive=0,
        threshold=threshold,
        **{name: films[name] for name in ("image_id", "patient_id", "view", "source")},
        sex=[sex or "" for sex in films["sex"]],
        age=np.array([np.nan if age is None else age for age in films["age"]]),
        label=label,
        probabilities=answers["probabilities"].numpy(),
        decided=answers["decision"].numpy()[:, 0] >= 0.5,
    )

    config = eval_config(CLASSES, "covid")
    started = time.process_time()  # other work on the machine does not count
    result = tfma.run_model_analysis(
        eval_shared_model=custom_eval_shared_model(str(folder / "model"), eval_config=config),
        eval_config=config,
        data_location=str(folder / "films.gz"),
        output_path=str(folder / "tfma"),
    )
    return SimpleNamespace(result=result, predictions=predictions, seconds=time.process_time() - started)


def _values(evaluated: SimpleNamespace, of: str = "classId:0") -> dict[str, dict[str, Any]]:
    """Slice as we name it -> metric -> value, of TFMA: those of one class, and those of none."""
    found = {}
    for key, outputs in evaluated.result.slicing_metrics:
        parts = dict(key)
        by = NAMES[next(iter(parts))] if len(parts) == 1 else "view x source" if parts else "overall"
        value = f"{parts['view']} x {parts['source']}" if len(parts) == 2 else "".join(parts.values())
        found[f"{by} {value}".rstrip()] = {
            name: next(iter(metric.values()))
            for of_output in outputs.values()
            for key_of_class, metrics in of_output.items()
            if key_of_class in ("", of)
            for name, metric in metrics.items()
        }
    return found


def _slices(evaluated: SimpleNamespace) -> dict[str, Slice]:
    return {one.name: one for one in assess(evaluated.predictions).slices}


def test_tfma_has_our_slices_but_for_ages_and_what_is_unknown(evaluated):
    ours, theirs = _slices(evaluated), _values(evaluated)
    assert {one.by for name, one in ours.items() if name not in theirs} == {"age group", "sex"}
    assert [name for name in ours if name not in theirs and name.startswith("sex")] == ["sex unknown"]
    assert set(theirs) <= set(ours)
    assert {name: theirs[name]["example_count"] for name in theirs} == {name: ours[name].films for name in theirs}


@pytest.mark.parametrize(
    "metric", ["recall", "precision", "specificity", "f1", "accuracy", "auc", "specificity_at_sensitivity"]
)
def test_our_metric_is_tfmas_in_every_slice(evaluated, metric):
    ours, compared = _slices(evaluated), 0
    for name, theirs in _values(evaluated).items():
        if metric in ours[name].metrics:
            micro = [key for key in theirs if key.startswith("micro") and key.endswith(f"_{metric}")]
            value = theirs[micro[0] if metric == "accuracy" else metric]
            assert value == pytest.approx(ours[name].metrics[metric].value, abs=1e-6), name
            compared += 1
    assert compared >= (1 if metric == "specificity_at_sensitivity" else 10)


@pytest.mark.parametrize("index", [0, 1])
def test_our_figures_of_each_class_are_tfmas(evaluated: SimpleNamespace, index: int) -> None:
    theirs = _values(evaluated, f"classId:{index}")["overall"]
    ours = assess(evaluated.predictions).report[CLASSES[index]]
    for name in ("precision", "recall", "f1", "auc"):
        assert theirs[name] == pytest.approx(getattr(ours, name).value, abs=1e-6), name


def test_our_macro_averages_are_tfmas(evaluated: SimpleNamespace) -> None:
    theirs, ours = _values(evaluated)["overall"], assess(evaluated.predictions).averages["macro"]
    for name in ("precision", "recall"):
        (value,) = [value for key, value in theirs.items() if key.startswith("macro") and key.endswith(f"_{name}")]
        assert value == pytest.approx(getattr(ours, name).value, abs=1e-6)


def test_tfmas_area_under_precision_and_recall_interpolates_and_is_below_ours(evaluated):
    """Davis and Goadrich (2006): from one film to the next the false positives rise in a line."""
    predictions = evaluated.predictions
    cuts = rank(predictions.score, predictions.is_positive)(np.ones((1, FILMS)))
    found, false = np.append(0, cuts.found[0]), np.append(0, cuts.false[0])
    called, rise = found + false, np.diff(found)
    slope = rise / np.diff(called)
    log = np.log(called[1:] / np.maximum(called[:-1], 1)) * (called[:-1] > 0)
    interpolated = (slope * (rise + (found[:-1] - slope * called[:-1]) * log)).sum() / found[-1]
    theirs = _values(evaluated)["overall"]["pr_auc"]
    ours = _slices(evaluated)["overall"].metrics["pr_auc"].value
    assert theirs == pytest.approx(interpolated, abs=1e-6)
    assert 0 < ours - theirs < 0.02


def test_the_confusion_matrix_is_tfmas(evaluated):
    matrix = _values(evaluated)["overall"]["multi_class_confusion_matrix_at_thresholds"]["matrices"][0]["entries"]
    theirs = np.zeros((2, 2), int)
    for entry in matrix:
        theirs[entry.get("actualClassId", 0), entry.get("predictedClassId", 0)] = entry["numWeightedExamples"]
    assert theirs.tolist() == [list(row) for row in assess(evaluated.predictions).confusion]


def test_calibration_is_the_mean_score_over_the_share_of_positive_films(evaluated):
    predictions = evaluated.predictions
    expected = predictions.score.mean() / predictions.is_positive.mean()
    assert _values(evaluated)["overall"]["calibration"] == pytest.approx(expected, rel=1e-6)


def test_it_takes_seconds_of_a_core_for_eighty_films(evaluated):
    assert evaluated.seconds < 30
