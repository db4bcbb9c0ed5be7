import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from trainer.calibration import calibrated, fit_temperature
from trainer.errors import RunError
from trainer.run import run_fn
from trainer.servable import ModelInfo
from trainer.settings import ThresholdSettings, TrainerSettings

CNN = {"backbone": "cnn", "epochs": 2, "batch_size": 8, "learning_rate": 1e-3}


@pytest.fixture
def fn_args(records: SimpleNamespace, tmp_path: Path) -> SimpleNamespace:
    return SimpleNamespace(
        train_files=records.train,
        eval_files=records.eval,
        serving_model_dir=str(tmp_path / "model" / "Format-Serving"),
        model_run_dir=str(tmp_path / "model_run"),
        hyperparameters=None,
        custom_config={
            "trainer": TrainerSettings(**CNN).model_dump_json(),
            "threshold": ThresholdSettings(target_recall=0.9).model_dump_json(),
            "data": json.dumps({"classes": ["covid", "healthy"], "positive": "covid", "image_size": 32}),
            "data_digest": "d1",
            "code_digest": "c1",
            "weights_digest": "",
            "checkpoint_dir": str(tmp_path / "checkpoints"),
        },
    )


def _metrics(info: ModelInfo) -> list[dict[str, float]]:
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in info.training["history"]]


def test_run_fn_leaves_a_servable_with_its_description_and_no_checkpoint(fn_args, records, run_in_session):
    run_fn(fn_args)
    folder = Path(fn_args.serving_model_dir)
    info = ModelInfo.read(folder)
    assert info.classes == ("covid", "healthy")
    assert info.weights == "scratch"
    assert len(info.training["history"]) == 2
    assert {"loss", "accuracy", "recall", "eval_loss", "eval_recall", "seconds"} <= set(info.training["history"][0])
    recall = info.metrics["eval"]["recall"]
    assert recall.value >= 0.9
    assert (recall.n, recall.patients) == (8, 4)
    assert not list(Path(fn_args.custom_config["checkpoint_dir"]).iterdir())
    assert list(Path(fn_args.model_run_dir).glob("events*"))

    serialized = [
        record.numpy() for file in tf.io.gfile.glob(records.eval) for record in tf.data.TFRecordDataset(file, "GZIP")
    ]
    decision = run_in_session(folder, "examples", {"examples": serialized})["decision"]
    assert decision[0::2, 0].mean() == pytest.approx(recall.value)
    assert decision[1::2, 1].mean() == pytest.approx(info.metrics["eval"]["specificity"].value)


@pytest.mark.parametrize("feature_views", [0, 2])
def test_the_same_seed_gives_the_same_metrics_and_random_weights_say_what_they_are(
    fn_args, small_frozen, feature_views
):
    settings = {**CNN, "backbone": "inception_resnet_v2", "weights": "random", "feature_views": feature_views}
    fn_args.custom_config["trainer"] = TrainerSettings(**settings).model_dump_json()
    infos = []
    for name in ("a", "b"):
        fn_args.serving_model_dir = str(Path(fn_args.serving_model_dir).parent / name)
        run_fn(fn_args)
        infos.append(ModelInfo.read(Path(fn_args.serving_model_dir)))
    assert _metrics(infos[0]) == _metrics(infos[1])
    assert infos[0].metrics == infos[1].metrics
    assert infos[0].threshold == infos[1].threshold
    assert infos[0].weights == "random"
    assert any("plumbing only" in note for note in infos[0].notes)


def test_after_training_in_mixed_precision_the_export_is_float32(fn_args, small_frozen, run_in_session, encode):
    settings = {**CNN, "backbone": "inception_resnet_v2", "weights": "random", "epochs": 1, "mixed_precision": "on"}
    fn_args.custom_config["trainer"] = TrainerSettings(**settings, class_weights="balanced").model_dump_json()
    run_fn(fn_args)
    folder = Path(fn_args.serving_model_dir)
    film = encode(np.full((32, 32), 120, np.uint8), "PNG")
    outputs = run_in_session(folder, "serving_default", {"image_bytes": [film]})
    assert outputs["probabilities"].dtype == outputs["score"].dtype == np.float32
    assert np.isfinite(outputs["probabilities"]).all()
    saved = (folder / "saved_model.pb").read_bytes()
    meta = saved_model_pb2.SavedModel.FromString(saved).meta_graphs[0].graph_def
    nodes = [*meta.node, *(node for function in meta.library.function for node in function.node_def)]
    types = {value.type for node in nodes for value in node.attr.values() if value.HasField("type")}
    assert tf.float32.as_datatype_enum in types
    assert tf.float16.as_datatype_enum not in types
    info = ModelInfo.read(folder)
    assert info.training["class_weights"] == [1, 1]
    assert keras.config.dtype_policy().name == "float32"


def test_a_gpu_that_is_asked_for_and_not_there_stops_the_trainer_first(fn_args, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: [])
    fn_args.custom_config["trainer"] = TrainerSettings(**CNN, require_gpu=True).model_dump_json()
    fn_args.train_files = ["nowhere"]
    with pytest.raises(RunError, match=r"trainer.require_gpu is true"):
        run_fn(fn_args)


def test_a_temperature_is_fitted_on_the_eval_split_and_served_with_its_threshold(fn_args, records, run_in_session):
    serialized = [
        record.numpy() for file in tf.io.gfile.glob(records.eval) for record in tf.data.TFRecordDataset(file, "GZIP")
    ]
    labels, infos, served = np.arange(16) % 2, {}, {}
    for calibration in ("none", "temperature"):
        fn_args.custom_config["threshold"] = ThresholdSettings(
            target_recall=0.9, calibration=calibration
        ).model_dump_json()
        fn_args.serving_model_dir = str(Path(fn_args.serving_model_dir).parent / calibration)
        run_fn(fn_args)
        folder = Path(fn_args.serving_model_dir)
        infos[calibration] = ModelInfo.read(folder)
        served[calibration] = run_in_session(folder, "examples", {"examples": serialized})
    raw, scaled = served["none"]["probabilities"], served["temperature"]["probabilities"]
    temperature = infos["temperature"].temperature
    assert infos["none"].temperature == 1 != temperature
    assert temperature == pytest.approx(fit_temperature(raw, labels), rel=1e-3)
    np.testing.assert_allclose(scaled, calibrated(raw, temperature), atol=1e-5)
    # The threshold moves with the scores: in two classes the decisions stay.
    assert infos["temperature"].threshold != infos["none"].threshold
    assert (served["none"]["decision"] == served["temperature"]["decision"]).all()
    assert infos["temperature"].metrics["eval"]["recall"] == infos["none"].metrics["eval"]["recall"]


def test_a_split_of_one_class_is_refused_before_training(fn_args, write_records, to_example, tmp_path):
    file = tmp_path / "one_class.gz"
    with tf.io.TFRecordWriter(str(file), "GZIP") as writer:
        writer.write(to_example(np.zeros((32, 32), np.uint8), 1, "p"))
    fn_args.eval_files = [str(file)]
    with pytest.raises(RunError, match="eval split has 1 films, 0 of them covid"):
        run_fn(fn_args)
