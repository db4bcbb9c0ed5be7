"""Which component is told which runner, and what of it makes a component run again."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from components.manifest_gen.key import KEY_VARIABLE
from pipeline.beam_settings import BEAM_NODES, FILMS_FOR_PROCESSES, BeamSettings


def test_every_component_that_works_in_beam_is_told_its_runner_and_no_other_is(
    pipeline_arguments: dict[str, Any],
) -> None:
    from tfx.dsl.components.base.base_beam_component import BaseBeamComponent

    from pipeline.beam_runner import set_runners
    from pipeline.definition import create_pipeline

    settings = BeamSettings(
        runner="FlinkRunner", options=("--parallelism=4",), components={"Evaluator": {"runner": "DirectRunner"}}
    )
    pipeline = create_pipeline(**pipeline_arguments)
    set_runners(pipeline, settings)
    told = {
        component.id: component.executor_spec.beam_pipeline_args
        for component in pipeline.components
        if isinstance(component, BaseBeamComponent)
    }
    assert set(told) == set(BEAM_NODES)
    direct = ["--runner=DirectRunner", "--direct_running_mode=in_memory", "--direct_num_workers=1"]
    assert told.pop("Evaluator") == direct
    assert all(args == ["--runner=FlinkRunner", "--parallelism=4"] for args in told.values())


def test_a_component_is_told_what_the_settings_say_and_packs_nothing_for_its_workers() -> None:
    import pipeline.beam_runner  # noqa: F401
    from components.xray_example_gen.executor import Executor

    executor = Executor(Executor.Context(beam_pipeline_args=BeamSettings().pipeline_args, tmp_dir="", unique_id="1"))
    assert executor._beam_pipeline_args[:3] == BeamSettings().pipeline_args
    assert not [arg for arg in executor._beam_pipeline_args if "package" in arg]


def executor_specs(arguments: dict[str, Any], settings: BeamSettings, *, here: bool = True) -> dict[str, bytes]:
    """What TFX hashes of every executor."""
    from tfx.dsl.compiler.compiler import Compiler
    from tfx.orchestration.local import runner_utils

    from pipeline.beam_runner import set_runners
    from pipeline.definition import create_pipeline
    from pipeline.lineage import connection_config

    database = connection_config(Path(arguments["root"], "metadata.sqlite"))
    pipeline = create_pipeline(**arguments, metadata_connection_config=database)
    set_runners(pipeline, settings, here=here)
    config = runner_utils.extract_local_deployment_config(Compiler().compile(pipeline))
    return {
        node: runner_utils.extract_executor_spec(config, node).SerializeToString(deterministic=True)
        for node in config.executor_specs
    }


def test_the_number_of_workers_is_in_no_cache_key_of_a_run_on_this_machine(
    pipeline_arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    said = ("--direct_num_workers=3", "--direct_running_mode=multi_processing")  # in the other order
    settings = [BeamSettings(options=said), BeamSettings(options=said[1:]), BeamSettings(options=())]
    for cores in (1, 2, 4):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        settings.append(BeamSettings().for_films(FILMS_FOR_PROCESSES))
        assert settings[-1].of("XrayExampleGen").processes == cores
    first, *others = [executor_specs(pipeline_arguments, one) for one in settings]
    assert set(first) > set(BEAM_NODES)
    assert all(other == first for other in others)
    assert executor_specs(pipeline_arguments, BeamSettings(options=("--job_name=mine",))) != first
    on_2, on_4 = (executor_specs(pipeline_arguments, one, here=False) for one in settings[-2:])
    assert {node for node in on_2 if on_2[node] != on_4[node]} == {"ManifestGen", "XrayExampleGen"}


def test_a_component_gets_the_workers_of_its_run_and_comes_from_the_cache_with_others(
    tmp_path: Path, sample_data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfx.orchestration.pipeline import Pipeline

    from components.manifest_gen.component import ManifestGen
    from components.manifest_gen.executor import Executor
    from pipeline.beam_runner import AnnouncingBeamDagRunner, set_runners
    from pipeline.lineage import connection_config, nodes_of_last_run

    told: list[list[str]] = []
    make = Executor._make_beam_pipeline

    def watched(executor: Executor) -> Any:
        told.append(executor._beam_pipeline_args[:3])
        return make(executor)

    def state_of_run(settings: BeamSettings, data_digest: str = "d") -> str:
        node = ManifestGen(
            data_settings=json.dumps(sample_data),
            split_settings="{}",
            data_digest=data_digest,
            key_id="k",
            code_digest="c",
        )
        pipeline = Pipeline(
            pipeline_name="one",
            pipeline_root=str(tmp_path / "tfx"),
            components=[node],
            enable_cache=True,
            metadata_connection_config=connection_config(tmp_path / "metadata.sqlite"),
        )
        set_runners(pipeline, settings, here=True)
        AnnouncingBeamDagRunner().run(pipeline)
        return nodes_of_last_run(tmp_path / "metadata.sqlite")["ManifestGen"].state

    monkeypatch.setattr(Executor, "_make_beam_pipeline", watched)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setenv(KEY_VARIABLE, "a key for tests, long enough")
    threads = BeamSettings(options=("--direct_num_workers=2", "--direct_running_mode=multi_threading"))
    assert state_of_run(BeamSettings()) == "ran"
    assert state_of_run(threads) == "cached"
    assert state_of_run(threads, "of other films") == "ran"
    assert told == [
        ["--runner=DirectRunner", "--direct_running_mode=in_memory", "--direct_num_workers=1"],
        ["--runner=DirectRunner", "--direct_running_mode=multi_threading", "--direct_num_workers=2"],
    ]
