"""The ingest on a runner with workers of its own: a job server, and a pool beside it that starts two of them.

The pool is the one that runs beside Flink's task managers, asked in the same words; a job server of Beam's own stands
in for Flink.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.portability.local_job_service import BeamJob, LocalJobServicer

from components.manifest_gen.manifest import read_manifest

#: Python imports it in every worker when it starts: each notes, in a file by the number of its process, what it opens.
WITNESS = """
import os, sys

def note(event, arguments):
    if event == "open" and str(arguments[0]).startswith({films!r}):
        with open(os.path.join({notes!r}, str(os.getpid())), "a") as file:
            file.write(f"{{arguments[0]}}\\n")

sys.addaudithook(note)
"""


class OnTwoWorkers(BeamJob):
    """Beam's own job server gives a job one worker, a cluster gives it several."""

    def _invoke_runner(self) -> Any:
        self.set_state(beam_job_api_pb2.JobState.RUNNING)
        runner = FnApiRunner(provision_info=self._provision_info)
        runner._num_workers = 2
        return runner.run_via_runner_api(self._pipeline_proto, self.pipeline_options())


@pytest.fixture
def job_server() -> Iterator[str]:
    server = LocalJobServicer(beam_job_type=OnTwoWorkers)
    yield f"localhost:{server.start_grpc_server()}"
    server.stop()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture
def pool(films: Path, notes: Path, tmp_path: Path) -> Iterator[str]:
    """Address of a worker pool, with the environment that docs/beam.md gives it."""
    (tmp_path / "sitecustomize.py").write_text(
        WITNESS.format(films=str(films.resolve()), notes=str(notes)), encoding="utf-8"
    )
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # it calls "python"
        "PYTHONPATH": str(tmp_path),
        "TF_USE_LEGACY_KERAS": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", "--service_port", str(port)]
    with (tmp_path / "pool.log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield f"localhost:{port}"
    finally:
        process.send_signal(signal.SIGINT)  # upon which it ends its workers
        process.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the pool did not start")


def _content(folder: str) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in Path(folder).rglob("*") if file.is_file()}


@pytest.mark.e2e
def test_two_workers_of_a_pool_share_the_films_and_write_the_bytes_that_one_process_writes(
    job_server: str, pool: str, notes: Path, ingest: Any, ingested: Any, manifest: Any
) -> None:
    made = ingest(
        manifest,
        beam=[
            "--runner=PortableRunner",
            f"--job_endpoint={job_server}",
            "--environment_type=EXTERNAL",
            f"--environment_config={pool}",
            "--experiments=disable_logging_submission_environment",
        ],
    )
    assert _content(made.examples.uri) == _content(ingested.examples.uri)
    assert _content(made.rejected.uri) == _content(ingested.rejected.uri)
    opened = {int(file.name): set(file.read_text(encoding="utf-8").splitlines()) for file in notes.iterdir()}
    assert len(opened) == 2
    assert os.getpid() not in opened
    one, other = opened.values()
    assert not one & other
    assert one | other == {row.path for row in read_manifest(Path(manifest.uri))}
