"""What only a pod can know comes into what its component is told."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from components.manifest_gen.key import KEY_VARIABLE
from components.manifest_gen.settings import DataSettings
from components.score.served_model import ServedModel
from kubeflow.artifacts import Adapted
from kubeflow.in_pod import ASKED_FILE, Told, complete
from pipeline.films import key_id
from trainer.errors import UsageError
from trainer.settings import FineTuning, ThresholdSettings, TrainerSettings
from trainer.tuner_settings import Search, TunerSettings, search_of

KEY = "a key for tests, long enough"
DIGEST = "d" * 64


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)


@pytest.fixture
def data(sample_data: dict[str, Any]) -> DataSettings:
    """The drawn films, as ManifestGen is told of them."""
    return DataSettings.model_validate(sample_data)


def pod(parameters: dict[str, Any], **folders: Path) -> Adapted:
    listed = {key: {"artifacts": [{"uri": str(folder)}]} for key, folder in folders.items()}
    sides = {"inputs": {"parameterValues": parameters, "artifacts": listed}, "outputs": {"artifacts": listed}}
    return Adapted(sides, {})


def completed(told: Told, parameters: dict[str, Any], **folders: Path) -> dict[str, Any]:
    adapted = pod(parameters, **folders)
    complete(told, adapted)
    values: dict[str, Any] = adapted.executor_input["inputs"]["parameterValues"]
    return values


def manifest_gen(data: DataSettings, run: DataSettings, key: str = "") -> dict[str, Any]:
    parameters = {"data_settings": run.model_dump_json(), "data_digest": DIGEST, "key_id": key}
    return completed(Told("ManifestGen", data_settings=data.model_dump_json()), parameters)


def test_films_elsewhere_another_seed_and_balance_are_read(data: DataSettings, films: Path) -> None:
    run = data.model_copy(update={"seed": 5, "balance": "undersample", "root": str(films)})
    assert DataSettings.model_validate_json(manifest_gen(data, run, key_id(KEY))["data_settings"]) == run


@pytest.mark.parametrize(
    "change",
    [
        {"views": ("PA",)},
        {"positive": "healthy"},
        {"classes": ("healthy", "covid")},
        {"findings": {"covid": ("COVID-19", "SARS"), "healthy": ("No Finding",)}},
        {"duplicates": "drop"},
        {"sources": ()},
    ],
)
def test_what_the_pipeline_was_compiled_for_cannot_be_changed(data: DataSettings, change: dict[str, Any]) -> None:
    if change == {"sources": ()}:
        change = {"sources": data.sources[:1]}
    with pytest.raises(UsageError, match=rf"data_settings: {next(iter(change))} differ.* \(cxr compile\)"):
        manifest_gen(data, data.model_copy(update=change))


def test_films_that_are_not_mounted_are_told(data: DataSettings) -> None:
    with pytest.raises(UsageError, match=r"data_settings.root is /nowhere, which is no folder in this pod"):
        manifest_gen(data, data.model_copy(update={"root": "/nowhere"}))


def test_another_key_than_that_of_the_compiling_machine_is_told_and_not_shown(data: DataSettings) -> None:
    with pytest.raises(UsageError, match=rf"fingerprint is {key_id(KEY)}, not 1111111111111111") as told:
        manifest_gen(data, data, "1" * 16)
    assert KEY not in str(told.value)


def test_the_schema_comes_into_a_file() -> None:
    values = completed(Told("ImportSchemaGen", schema="feature { }\n"), {"schema_file": "schema-1.pbtxt"})
    assert Path(values["schema_file"]).read_text() == "feature { }\n"


def test_the_trainer_gets_the_settings_of_the_run_and_no_parameter_that_it_does_not_know() -> None:
    run = TrainerSettings(epochs=3).model_dump_json()
    config = json.dumps({"trainer": "{}", "data_digest": "", "checkpoint_dir": "/c"})
    values = completed(
        Told("Trainer"), {"custom_config": config, "trainer_settings": run, "data_digest": DIGEST, "run_fn": "f"}
    )
    assert set(values) == {"custom_config", "run_fn"}
    assert json.loads(values["custom_config"]) == {"trainer": run, "data_digest": DIGEST, "checkpoint_dir": "/c"}


def test_the_search_is_that_of_the_settings_of_the_run() -> None:
    compiled = search_of(TrainerSettings(), TunerSettings(trials=2), ThresholdSettings())
    config = json.dumps({"search": compiled.model_dump_json()})
    run = {"trainer_settings": TrainerSettings(seed=9).model_dump_json(), "data_digest": DIGEST}
    values = completed(Told("Tuner"), {"custom_config": config, **run})
    search = Search.model_validate_json(json.loads(values["custom_config"])["search"])
    assert search.trainer.seed == 9
    assert search.tuner == compiled.tuner


def test_the_tuner_asks_for_the_weights_of_every_network_and_the_trainer_behind_it_for_none() -> None:
    tuner = TunerSettings(trials=2, backbones=("vgg16", "densenet121"))
    search = search_of(TrainerSettings(), tuner, ThresholdSettings())
    trainer = TrainerSettings(feature_views=0, fine_tune=FineTuning(layers=2))
    run = {"trainer_settings": trainer.model_dump_json(), "data_digest": DIGEST}
    config = {"custom_config": json.dumps({"search": search.model_dump_json()})}
    asked = complete(Told("Tuner"), pod({**config, **run}))
    assert asked == tuple(trainer.model_copy(update={"backbone": name}) for name in tuner.backbones)
    assert complete(Told("Trainer"), pod({**config, **run}, hyperparameters=Path())) == ()
    assert complete(Told("Trainer"), pod({**config, **run})) == (trainer,)


def test_the_bound_of_the_shortcut_audit_is_that_of_the_gate_of_the_run() -> None:
    values = completed(Told("ShortcutAudit"), {"max_auc": 0.7, "gate_settings": '{"max_masked_auc": 0.6}'})
    assert values == {"max_auc": 0.6}


def test_a_serving_folder_without_a_version_gives_no_served_model_and_no_baseline(tmp_path: Path) -> None:
    audit = completed(Told("DataAudit", model_folder=str(tmp_path)), {"baseline": "", "data_digest": DIGEST})
    assert audit == {"baseline": ""}
    score = completed(_score(tmp_path), _run(), predictions=tmp_path)
    assert score == {"served": ""}
    assert (tmp_path / ASKED_FILE).read_text() == ""


def test_the_release_gate_judges_by_the_model_that_score_has_asked(model_folder: Path, tmp_path: Path) -> None:
    score = completed(_score(model_folder), _run(), predictions=tmp_path)
    assert ServedModel.model_validate_json(score["served"]).version == "7"
    gate = {"served": "", "gate_settings": "{}"}
    assert completed(Told("ReleaseGate"), gate, predictions=tmp_path)["served"] == score["served"]


def test_a_model_is_no_rival_of_the_same_run_again(model_folder: Path, tmp_path: Path) -> None:
    from trainer.servable import ModelInfo

    told = {**_run(), "version": 0, "plan_digest": "", "key_id": ""}
    pushed = completed(Told("Pusher", plan_digest="p"), dict(told))
    assert abs(pushed["version"] - time.time()) < 60
    assert pushed["key_id"] == key_id(KEY)
    serving = tmp_path / "cxr"
    (serving / "8").mkdir(parents=True)
    for name in ("saved_model.pb", "variables"):
        (serving / "8" / name).symlink_to(model_folder / "7" / name)
    info = ModelInfo.read(model_folder / "7").model_copy(update={"plan_digest": pushed["plan_digest"]})
    info.write(serving / "8")
    assert completed(_score(serving), _run(), predictions=tmp_path) == {"served": ""}
    assert completed(_score(serving), {**_run(), "data_digest": "other"}, predictions=tmp_path)["served"]


def _score(model_folder: Path) -> Told:
    return Told("Score", model_folder=str(model_folder), plan_digest="p")


def _run() -> dict[str, Any]:
    data = {"sources": [{"kind": "class_folders", "name": "a", "path": "a", "folders": {"a": "A"}}]}
    findings = {"findings": {"covid": ["A"], "healthy": ["B"]}}
    return {
        "data_settings": json.dumps({**data, **findings}),
        "trainer_settings": "{}",
        "data_digest": DIGEST,
    }  # fmt: skip
