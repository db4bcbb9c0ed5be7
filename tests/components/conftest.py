"""The chain of components on drawn films, each run once by its real executor on the real artifacts of the last."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.manifest_gen.key import KEY_VARIABLE
from trainer.features import EVAL, SPLITS, TEST, TRAIN

CLASSES = json.dumps(["covid", "healthy"])


@pytest.fixture(scope="session")
def manifest(run_executor: Any, sample_data: dict[str, Any]) -> Any:
    """ManifestGen's artifact."""
    from components.artifacts import Manifest
    from components.manifest_gen.executor import Executor

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, "a key for tests, long enough")
        made = run_executor(
            Executor, {}, {"manifest": Manifest}, {"data_settings": json.dumps(sample_data), "split_settings": "{}"}
        )
    return made["manifest"][0]


@pytest.fixture(scope="session")
def ingest(run_executor: Any, sample_data: dict[str, Any]) -> Any:
    """Runs XrayExampleGen on a manifest; gives its artifacts ``examples`` and ``rejected``."""
    from tfx.types.standard_artifacts import Examples

    from components.artifacts import RejectedFilms
    from components.xray_example_gen.executor import Executor

    def run(manifest: Any, **beam: Any) -> SimpleNamespace:
        made = run_executor(
            Executor,
            {"manifest": manifest},
            {"examples": Examples, "rejected": RejectedFilms},
            {"image_size": sample_data["image_size"], "classes": CLASSES},
            **beam,
        )
        return SimpleNamespace(examples=made["examples"][0], rejected=made["rejected"][0])

    return run


@pytest.fixture(scope="session")
def ingested(ingest: Any, manifest: Any) -> SimpleNamespace:
    """XrayExampleGen's artifacts of the drawn films."""
    made: SimpleNamespace = ingest(manifest)
    return made


@pytest.fixture(scope="session")
def validate(run_executor: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs StatisticsGen and ExampleValidator on examples; gives ``schema``, ``statistics`` and ``anomalies``."""
    from tfx.components.statistics_gen.executor import Executor as StatisticsExecutor
    from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema

    from components.example_validator.executor import Executor as ValidatorExecutor
    from schema.build import run_schema

    schema = Schema()
    schema.uri = str(tmp_path_factory.mktemp("schema"))
    findings = ["COVID-19", "No Finding"]
    Path(schema.uri, "schema.pbtxt").write_text(run_schema(len(json.loads(CLASSES)), findings), encoding="utf-8")

    def run(examples: Any) -> SimpleNamespace:
        made = run_executor(
            StatisticsExecutor,
            {"examples": examples, "schema": schema},
            {"statistics": ExampleStatistics},
            {"exclude_splits": "[]"},
        )
        statistics = made["statistics"][0]
        made = run_executor(
            ValidatorExecutor,
            {"statistics": statistics, "schema": schema},
            {"anomalies": ExampleAnomalies},
            {"custom_validation_config": ""},
        )
        return SimpleNamespace(schema=schema, statistics=statistics, anomalies=made["anomalies"][0])

    return run


@pytest.fixture(scope="session")
def validated(validate: Any, ingested: SimpleNamespace) -> SimpleNamespace:
    """StatisticsGen's and ExampleValidator's artifacts of the drawn films."""
    made: SimpleNamespace = validate(ingested.examples)
    return made


@pytest.fixture(scope="session")
def audit(run_executor: Any, manifest: Any, ingested: SimpleNamespace, validated: SimpleNamespace) -> Any:
    """DataAudit's artifact."""
    from components.artifacts import DataAuditReport
    from components.data_audit.executor import Executor

    made = run_executor(
        Executor,
        {
            "manifest": manifest,
            "examples": ingested.examples,
            "rejected": ingested.rejected,
            **vars(validated),
        },
        {"audit": DataAuditReport},
        {
            "audit_settings": '{"shortcuts": "stop", "min_patients": 2}',
            "positive": "covid",
            "classes": CLASSES,
            "max_rejected": 0.01,
            "split_by": "patient",
            "duplicates": "group",
            "sources_without_patients": "[]",
            "baseline": "",
        },
    )
    return made["audit"][0]


@pytest.fixture(scope="session")
def model(ingested: SimpleNamespace, sample_data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The Trainer's artifact: a small CNN after one epoch."""
    from tfx.types import artifact_utils
    from tfx.types.standard_artifacts import Model

    from trainer.run import run_fn

    artifact = Model()
    artifact.uri = str(tmp_path_factory.mktemp("model"))
    folders = {split: artifact_utils.get_split_uri([ingested.examples], split) for split in SPLITS}
    run_fn(
        SimpleNamespace(
            train_files=[f"{folders[TRAIN]}/*"],
            eval_files=[f"{folders[EVAL]}/*"],
            serving_model_dir=str(Path(artifact.uri, "Format-Serving")),
            model_run_dir=str(tmp_path_factory.mktemp("model_run")),
            hyperparameters=None,
            custom_config={
                "trainer": json.dumps({"backbone": "cnn", "weights": "random", "epochs": 1}),
                "threshold": "{}",
                "data": json.dumps(
                    {"classes": json.loads(CLASSES), "positive": "covid", "image_size": sample_data["image_size"]}
                ),
                "data_digest": "0" * 64,
                "code_digest": "0" * 64,
                "weights_digest": "",
                "checkpoint_dir": str(tmp_path_factory.mktemp("checkpoints")),
            },
        )
    )
    return artifact


@pytest.fixture(scope="session")
def score(run_executor: Any) -> Any:
    """Runs Score on examples, model and manifest; gives its artifact."""
    from components.artifacts import Predictions
    from components.score.executor import Executor

    def run(examples: Any, model: Any, manifest: Any, served: str = "", **settings: int) -> Any:
        made = run_executor(
            Executor,
            {"examples": examples, "model": model, "manifest": manifest},
            {"predictions": Predictions},
            {"score_settings": json.dumps({"explained": 4, "occluded": 1, **settings}), "served": served},
        )
        return made["predictions"][0]

    return run


@pytest.fixture(scope="session")
def predictions(score: Any, ingested: SimpleNamespace, model: Any, manifest: Any) -> Any:
    """Score's artifact."""
    return score(ingested.examples, model, manifest)


@pytest.fixture(scope="session")
def shortcuts(run_executor: Any, predictions: Any) -> Any:
    """ShortcutAudit's artifact."""
    from components.artifacts import ShortcutReport
    from components.shortcut_audit.executor import Executor

    made = run_executor(Executor, {"predictions": predictions}, {"shortcuts": ShortcutReport}, {"max_auc": 0.7})
    return made["shortcuts"][0]


@pytest.fixture(scope="session")
def read_examples() -> Any:
    """Reads the records of one split as a list of ``tf.train.Example``."""
    import tensorflow as tf

    def read(examples: Any, split: str = TEST) -> list[Any]:
        files = sorted(str(file) for file in Path(examples.uri, f"Split-{split}").iterdir())
        return [tf.train.Example.FromString(record.numpy()) for record in tf.data.TFRecordDataset(files)]

    return read
