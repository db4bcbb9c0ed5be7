"""Which component is told which runner."""

from typing import Any

from pipeline.beam_settings import BEAM_NODES, BeamSettings


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
