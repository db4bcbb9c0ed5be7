"""ExampleValidator's executor on the drawn films, and on splits that lack what is asked for."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies, AnomalyInfo
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics

from components.data_audit.baseline import statistics_file
from components.data_audit.drift import read_statistics
from components.example_validator.executor import Executor
from pipeline.validation import validation_config
from trainer import features
from trainer.features import EVAL, SPLITS, TEST, TRAIN

CLASSES, VIEWS = ["covid", "healthy"], ["PA", "AP"]
ERROR, WARNING = AnomalyInfo.ERROR, AnomalyInfo.WARNING

Found = dict[str, tuple[int, list[str]]]


@pytest.fixture
def ask(validated: SimpleNamespace, run_executor: Any) -> Callable[..., dict[str, Found | None]]:
    """Runs the executor on statistics; gives for each split feature -> severity and what, None for an empty split."""

    def run(statistics: Any, config: str) -> dict[str, Found | None]:
        made = run_executor(
            Executor,
            {"statistics": statistics, "schema": validated.schema},
            {"anomalies": ExampleAnomalies},
            {"custom_validation_config": config},
        )
        found: dict[str, Found | None] = {}
        for split in SPLITS:
            file = Path(made["anomalies"][0].uri, f"Split-{split}", "SchemaDiff.pb")
            anomalies = Anomalies.FromString(file.read_bytes())
            found[split] = {
                name: (info.severity, [reason.short_description for reason in info.reason])
                for name, info in anomalies.anomaly_info.items()
            }
            if anomalies.data_missing:
                found[split] = None
        return found

    return run


@pytest.fixture(scope="module")
def thinned(ingested: SimpleNamespace, read_examples: Any, validate: Any, tmp_path_factory: Any) -> Any:
    """Statistics of the drawn films of view PA alone; in eval of the first class alone, in test of none."""
    import tensorflow as tf

    examples = Examples()
    examples.uri, examples.split_names = str(tmp_path_factory.mktemp("thinned")), ingested.examples.split_names
    for split in SPLITS:
        Path(examples.uri, f"Split-{split}").mkdir()
        file = str(Path(examples.uri, f"Split-{split}", "data_tfrecord-00000-of-00001"))
        with tf.io.TFRecordWriter(file) as writer:
            for example in read_examples(ingested.examples, split):
                (label,) = example.features.feature[features.LABEL].int64_list.value
                (view,) = example.features.feature[features.VIEW].bytes_list.value
                if view == b"PA" and split != TEST and (split != EVAL or label == 0):
                    writer.write(example.SerializeToString())
    return validate(examples).statistics


def test_the_drawn_films_have_what_is_asked_for(ask: Any, validated: SimpleNamespace) -> None:
    for config in (validation_config(CLASSES, "covid", VIEWS, min_patients=2), ""):
        assert ask(validated.statistics, config) == {TRAIN: {}, EVAL: {}, TEST: {}}


def test_fewer_patients_than_are_asked_for_is_a_warning(ask: Any, validated: SimpleNamespace) -> None:
    found = ask(validated.statistics, validation_config(CLASSES, "covid", VIEWS, min_patients=500))
    assert found == {split: {features.PATIENT_ID: (WARNING, ["fewer than 1000 patients"])} for split in SPLITS}


def test_a_class_without_films_is_an_error_and_a_view_without_films_is_one_in_train(ask: Any, thinned: Any) -> None:
    found = ask(thinned, validation_config(CLASSES, "covid", VIEWS, min_patients=1))
    assert found[TRAIN] == {features.VIEW: (ERROR, ["no film of view 'AP'"])}
    assert found[EVAL][features.LABEL] == (ERROR, ["no film of class 'healthy'"])
    assert found[EVAL][features.VIEW] == (WARNING, ["no film of view 'AP'"])


def test_of_several_other_classes_one_may_have_no_film(ask: Any, validated: SimpleNamespace, thinned: Any) -> None:
    config = validation_config([*CLASSES, "mers"], "covid", VIEWS, min_patients=1)
    assert ask(validated.statistics, config) == {TRAIN: {}, EVAL: {}, TEST: {}}
    assert ask(thinned, config)[EVAL][features.LABEL] == (ERROR, ["no film of class 'healthy' or 'mers'"])


def test_one_wanted_view_is_all_that_is_asked_for(ask: Any, thinned: Any) -> None:
    assert ask(thinned, validation_config(CLASSES, "covid", ["PA"], min_patients=1))[TRAIN] == {}


def test_a_split_without_films_is_no_crash(ask: Any, thinned: Any) -> None:
    assert ask(thinned, validation_config(CLASSES, "covid", VIEWS, min_patients=1))[TEST] is None


def test_a_feature_less_is_the_schema_s_anomaly_and_no_crash(
    ask: Any, validated: SimpleNamespace, tmp_path: Path
) -> None:
    statistics = ExampleStatistics()
    statistics.uri, statistics.split_names = str(tmp_path), validated.statistics.split_names
    for split in SPLITS:
        content = read_statistics(statistics_file(Path(validated.statistics.uri), split))
        (dataset,) = content.datasets
        kept = [feature for feature in dataset.features if feature.path.step[0] != features.LABEL]
        del dataset.features[:]
        dataset.features.extend(kept)
        statistics_file(tmp_path, split).parent.mkdir()
        statistics_file(tmp_path, split).write_bytes(content.SerializeToString())
    found = ask(statistics, validation_config(CLASSES, "covid", VIEWS, min_patients=1))
    assert found == {split: {features.LABEL: (ERROR, ["Column dropped"])} for split in SPLITS}
