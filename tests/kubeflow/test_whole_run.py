"""The whole pipeline from its compiled file: every task in a process of its own, from the films to the report."""

import contextlib
import functools
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from components.manifest_gen.key import KEY_VARIABLE
from kubeflow.compiler import compile_pipeline
from pipeline.digests import data_digest
from pipeline.films import SAMPLE_KEY
from pipeline.sample.data_set import draw_data_set
from pipeline.settings import load_settings
from tests.kubeflow.backend import Backend
from tests.kubeflow.launcher import PROJECT, Start, in_a_process, launch
from tests.kubeflow.prepared import Prepared

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

#: A small network on few films: what is tested is what runs, not what it learns.
SMALL = (
    "data.image_size=32", "trainer.backbone=cnn", "trainer.feature_views=0", "trainer.epochs=1",
    "gate.max_calibration_error=1", "score.explained=2", "score.occluded=1", "audit.shortcuts=warn",
)  # fmt: skip


#: What every pod imports, whatever it runs.
IMPORTS = (
    "tensorflow", "keras", "tensorflow_model_analysis", "tensorflow_data_validation",
    "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor",
)  # fmt: skip
#: Started as a pod starts it, with nothing imported; processes that have imported TFX already run the others.
COLD = "ManifestGen"


def _start(prepared: Prepared) -> Start:
    def start(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        cold = command[command.index("--node") + 1] == COLD
        return (in_a_process if cold else prepared)(command, folder, environment)

    return start


def test_from_films_to_pushed_model_and_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    films, serving, image = tmp_path / "films", tmp_path / "serving", tmp_path / "image"
    shutil.copytree(PROJECT, image, ignore=shutil.ignore_patterns(".*", "runs", "tests", "docs", "__pycache__"))
    draw_data_set(films, patients=6, seed=3)
    serving.mkdir()
    monkeypatch.setenv(KEY_VARIABLE, SAMPLE_KEY)
    mount = f"kubeflow.serving={{claim: cxr-serving, mount: {serving}}}"
    settings = load_settings("sample", None, [f"data.root={films}", mount, *SMALL])
    file = tmp_path / "pipeline.yaml"
    compile_pipeline(settings, file, "registry.example/cxr:0.1.0")
    digest = data_digest(settings.data, tmp_path / "digests.json")
    # One epoch reaches no bound: this run is told to ask for none.
    gate = settings.gate.model_copy(update={"min_recall": 0.0, "min_specificity": 0.0})

    with contextlib.closing(Prepared(image, tmp_path / "logs", IMPORTS)) as prepared:
        cluster = Backend(
            tmp_path / "cluster",
            secrets={"cxr-patient-key": {"key": SAMPLE_KEY}},
            claims=("cxr-films", "cxr-serving"),
            version=(2, 17),
            launch=functools.partial(launch, project=image, start=_start(prepared)),
        )
        tasks = cluster.run(file, {"gate_settings": gate.model_dump_json()})  # DataDigest looks at the films

    for name, task in tasks.items():
        assert task.state == "succeeded", f"{name}\n{task.log[-6000:]}"
    assert all(artifact.uri.startswith("minio://mlpipeline/v2/artifacts/cxr/run-1/") for artifact in cluster.artifacts)
    (version,) = (serving / "cxr").iterdir()
    assert (version / "saved_model.pb").is_file()
    info = json.loads((version / "model.json").read_text())
    assert info["data_digest"] == digest
    assert {rule["name"]: rule["bound"] for rule in info["gate"]}["min_recall"] == 0.0
    of_data = cluster.store.place(tasks["DataReport"].outputs["report"].uri)
    assert "Data accepted" in (of_data / "report.html").read_text(encoding="utf-8")
    folder = cluster.store.place(tasks["Report"].outputs["report"].uri)
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert version.name in report
    assert digest in report
    assert "Kubeflow's page of the run says" in report
    assert (folder / "model_card.md").is_file()
    _nothing_was_written_to_the_root()


def _nothing_was_written_to_the_root() -> None:
    assert not [folder for folder in ("/minio", "/s3", "/gcs", "/tmp/kfp_outputs") if Path(folder).exists()]
