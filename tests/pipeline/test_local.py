import os
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import keras
import pytest
import tensorflow as tf

from pipeline import beam_runner, beam_settings, definition, lineage, local
from pipeline.lineage import NodeRun
from pipeline.plan import Plan, make_plan
from pipeline.result import RunResult, Status
from pipeline.settings import RunSettings, load_settings
from trainer.errors import CxrError, RunError, UsageError


def test_a_gpu_that_is_asked_for_and_not_there_ends_the_run_before_a_film_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    for name in ("prepare_process", "log_to"):  # what they set is set for the whole process
        monkeypatch.setattr(local, name, lambda *_, **__: None)
    monkeypatch.setattr(local, "provide_films", never)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: [])
    with pytest.raises(RunError, match=r"trainer.require_gpu is true, but TensorFlow sees no GPU"):
        local.run(load_settings("sample", None, ["trainer.require_gpu=true"]), tmp_path)
    assert not (tmp_path / "films").exists()


@pytest.mark.parametrize(
    "overrides, message",
    [
        (["tuner.backbones=[nasnet_large, vgg16]", "trainer.weights=random"], "is 100, but vgg16 needs at least 128; "),
        (
            [
                "tuner.backbones=[vgg16]",
                "data.image_size=128",
                "trainer.weights=random",
                "trainer.fine_tune={layers: 14}",
            ],
            "trainer.fine_tune.layers is 14, but vgg16 has 13 layers",
        ),
        (["tuner.backbones=[nasnet_large]", "trainer.weights=imagenet"], "the ImageNet weights of nasnet_large could"),
    ],
)
def test_what_the_search_needs_of_any_backbone_is_there_before_the_pipeline_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: list[str], message: str
) -> None:
    for name in ("prepare_process", "log_to", "prepare_workers"):  # what they set is set for the whole process
        monkeypatch.setattr(local, name, lambda *_, **__: None)
    monkeypatch.setattr(local, "_run_pipeline", lambda *_, **__: pytest.fail("the pipeline has started"))
    monkeypatch.setattr(keras.utils, "get_file", lambda *_, **__: 1 / 0)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    settings = ["sample.patients=4", "data.image_size=100", "trainer.feature_views=0", "tuner.trials=2", *overrides]
    with pytest.raises(CxrError, match=message):
        local.run(load_settings("sample", None, settings), tmp_path / "root")


def test_the_number_of_films_says_whether_processes_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[RunSettings] = []

    def run_pipeline(plan: Plan, settings: RunSettings, *_: object, **__: object) -> NoReturn:
        taken.append(settings)
        raise UsageError("far enough")

    for name in ("prepare_process", "log_to", "prepare_workers"):  # what they set is set for the whole process
        monkeypatch.setattr(local, name, lambda *_, **__: None)
    monkeypatch.setattr(local, "_run_pipeline", run_pipeline)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    network = ["trainer.backbone=cnn", "trainer.weights=random", "trainer.feature_views=0"]
    for fewest in (3000, 10):
        monkeypatch.setattr(beam_settings, "FILMS_FOR_PROCESSES", fewest)
        with pytest.raises(UsageError, match="far enough"):
            local.run(load_settings("sample", None, ["sample.patients=4", "data.image_size=32", *network]), tmp_path)
    assert [settings.beam.of("XrayExampleGen").processes for settings in taken] == [1, 2]


def test_wrong_use_found_by_a_node_leaves_the_report_of_this_run_and_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UsageError("no layer begins with block9 [while running 'Run[Trainer]']")

    monkeypatch.setattr(definition, "create_pipeline", lambda **_: SimpleNamespace(components=[]))
    monkeypatch.setattr(beam_runner.AnnouncingBeamDagRunner, "run", fail)
    monkeypatch.setattr(lineage, "nodes_of_last_run", lambda _: {"Trainer": NodeRun("Trainer", "failed", 0.0, {})})
    (tmp_path / "report.html").write_text("of the run before")
    settings = load_settings("sample", None, ["trainer.weights=random"])
    plan = make_plan(settings, digest_of_data="d", key_id="k")
    with pytest.raises(UsageError, match=r"^no layer begins with block9$"):
        local._run_pipeline(plan, settings, tmp_path, tmp_path / "serving", tmp_path / "log", debug=False)
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Trainer: no layer begins with block9" in report
    assert "of the run before" not in report


def test_a_run_that_came_to_a_model_removes_what_killed_searches_have_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("prepare_process", "log_to", "prepare_workers"):  # what they set is set for the whole process
        monkeypatch.setattr(local, name, lambda *_, **__: None)
    for name in ("tuner-of-a-killed-run", "a-training"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    overrides = ["sample.patients=4", "data.image_size=32", "trainer.backbone=cnn", "trainer.feature_views=0"]
    settings = load_settings("sample", None, [*overrides, "trainer.weights=random"])

    def left(status: Status) -> set[str]:
        monkeypatch.setattr(local, "_run_pipeline", lambda *_, **__: RunResult(status=status))
        local.run(settings, tmp_path)
        return {folder.name for folder in (tmp_path / "checkpoints").iterdir()}

    assert left("failed") == {"tuner-of-a-killed-run", "a-training"}
    assert left("pushed") == {"a-training"}, "which goes on where it was killed"
