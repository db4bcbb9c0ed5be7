"""ManifestGen and XrayExampleGen on one folder of drawn films, in a process that does nothing else.

``python benchmarks/ingest_case.py FILMS WORKERS SCRATCH MANIFEST`` prints a line of JSON per component: its name, when
it began and ended (seconds since the epoch), the CPU seconds of this process and its workers; then the films that
ManifestGen let pass, and when each record file was done, with its films. A MANIFEST that is there is taken as it is.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from components.files import MANIFEST_FILE
from components.manifest_gen.key import KEY_VARIABLE
from pipeline.beam_settings import BeamSettings
from pipeline.plan import make_plan
from pipeline.runtime import log_to, prepare_process, prepare_workers
from pipeline.settings import load_settings


def run_case(films: Path, workers: int, scratch: Path, manifest_folder: Path) -> None:
    """Runs both components' executors as a runner of TFX would.

    Args:
        films: What ``cxr sample`` draws.
        workers: Processes of Beam; with 1 all is done in this one.
        scratch: New folder for artifacts and the log.
        manifest_folder: Where the manifest is, or will be.
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
    from components.xray_example_gen.shards import plan_shards

    build.grouped = lambda films, contents: list(films)  # type: ignore[assignment]  # duplicates.py measures it
    plan = make_plan(load_settings("sample", None, [f"data.root={films}"]), digest_of_data="", key_id="")
    manifest, examples, rejected = Manifest(), Examples(), RejectedFilms()
    manifest.uri = str(manifest_folder)
    for artifact in (examples, rejected):
        artifact.uri = str(scratch / artifact.type_name)
        Path(artifact.uri).mkdir()
    if not (manifest_folder / MANIFEST_FILE).exists():
        manifest_folder.mkdir(exist_ok=True)
        settings = {"data_settings": plan.data_settings, "split_settings": plan.split_settings}
        _time(ManifestGen, workers, scratch, {}, {"manifest": [manifest]}, settings)
    settings = {"image_size": plan.image_size, "classes": json.dumps(plan.classes)}
    outputs = {"examples": [examples], "rejected": [rejected]}
    _time(XrayExampleGen, workers, scratch, {"manifest": [manifest]}, outputs, settings)
    rows = read_manifest(manifest_folder)
    files = [(Path(examples.uri, f"Split-{one.split}", one.file_name), len(one.rows)) for one in plan_shards(rows)]
    print(json.dumps({"films": len(rows), "done": [(file.stat().st_mtime, films) for file, films in files]}))


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
    run_case(Path(sys.argv[1]).resolve(), int(sys.argv[2]), *(Path(folder).resolve() for folder in sys.argv[3:]))
