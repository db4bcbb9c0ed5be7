"""ManifestGen and XrayExampleGen on one folder of drawn films, in a process that does nothing else.

``python benchmarks/ingest_case.py FILMS WORKERS SCRATCH`` prints a line of JSON per component: its name, when it
began and ended (seconds since the epoch), the CPU seconds of this process and its workers, and the films it let pass.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from components.manifest_gen.key import KEY_VARIABLE
from pipeline.beam_settings import BeamSettings
from pipeline.plan import make_plan
from pipeline.runtime import log_to, prepare_process, prepare_workers
from pipeline.settings import load_settings


def run_case(films: Path, workers: int, scratch: Path) -> None:
    """Runs both components' executors as a runner of TFX would.

    Args:
        films: What ``cxr sample`` draws.
        workers: Processes of Beam; with 1 all is done in this one.
        scratch: New folder for artifacts and the log.
    """
    prepare_process()
    log_to(scratch / "log")
    os.environ[KEY_VARIABLE] = "a key for drawn patients"

    prepare_workers(workers)

    from tfx.types.standard_artifacts import Examples

    from components.artifacts import Manifest, RejectedFilms
    from components.manifest_gen import build
    from components.manifest_gen.executor import Executor as ManifestGen
    from components.manifest_gen.manifest import read_manifest
    from components.xray_example_gen.executor import Executor as XrayExampleGen

    build.grouped = lambda films, contents: list(films)  # type: ignore[assignment]  # duplicates.py measures it
    plan = make_plan(load_settings("sample", None, [f"data.root={films}"]), digest_of_data="", key_id="")
    manifest, examples, rejected = Manifest(), Examples(), RejectedFilms()
    for artifact in (manifest, examples, rejected):
        artifact.uri = str(scratch / artifact.type_name)
        Path(artifact.uri).mkdir()
    settings = {"data_settings": plan.data_settings, "split_settings": plan.split_settings}
    _time(ManifestGen, workers, scratch, {}, {"manifest": [manifest]}, settings)
    settings = {"image_size": plan.image_size, "classes": json.dumps(plan.classes)}
    outputs = {"examples": [examples], "rejected": [rejected]}
    _time(XrayExampleGen, workers, scratch, {"manifest": [manifest]}, outputs, settings)
    print(json.dumps({"films": len(read_manifest(Path(manifest.uri)))}))


def _time(executor: Any, workers: int, scratch: Path, *arguments: Any) -> None:
    several = ("--direct_running_mode=multi_processing", f"--direct_num_workers={workers}")
    beam = BeamSettings() if workers == 1 else BeamSettings(options=several)
    context = executor.Context(beam_pipeline_args=beam.pipeline_args, tmp_dir=str(scratch / "tmp"), unique_id="1")
    before, begin = sum(os.times()[:4]), time.time()
    executor(context).Do(*arguments)
    cpu = sum(os.times()[:4]) - before
    component = executor.__module__.split(".")[1]
    print(json.dumps({"component": component, "begin": begin, "end": time.time(), "cpu": cpu}), flush=True)


if __name__ == "__main__":
    run_case(Path(sys.argv[1]).resolve(), int(sys.argv[2]), Path(sys.argv[3]).resolve())
