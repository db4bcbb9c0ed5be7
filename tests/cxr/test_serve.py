"""The command in processes of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc
import httpx
import pytest

from .conftest import Run

COMMAND = [sys.executable, "-c", "from cxr.main import main; main()", "serve"]


def test_help_answers_at_once() -> None:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([*COMMAND, "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5


@pytest.mark.parametrize("option", ["--rest-port", "--grpc-port"])
def test_a_port_in_use_is_one_line_and_at_once(cxr: Run, option: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port, other = taken.getsockname()[1], {"--rest-port": "--grpc-port"}.get(option, "--rest-port")
        done = cxr("serve", "--models", tmp_path, option, port, other, 0)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"cxr: cannot listen on 127.0.0.1:{port} (Address already in use); choose another with {option}\n"
    )


def test_it_says_what_it_is_waits_for_a_model_and_ends_on_a_signal(tmp_path: Path) -> None:
    command = [*COMMAND, "--models", str(tmp_path), "--grpc-port", "0", "--rest-port", "0"]
    command += ["--host", "0.0.0.0", "--allow-reload"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_plain()) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        assert [line.split()[0] for line in lines] == ["gRPC", "REST", "page"]
        url = lines[2].split()[1]
        assert httpx.get(f"{url}v1/models/cxr", trust_env=False).status_code == 404
        with grpc.insecure_channel(f"127.0.0.1:{lines[0].rpartition(':')[2].strip()}") as channel:
            reload = channel.unary_unary("/tensorflow.serving.ModelService/HandleReloadConfigRequest")
            assert reload(b"\n\x02\n\x00", timeout=60) == b"\n\x00"  # no models, and OK
        assert "Not a diagnosis" in httpx.get(url, trust_env=False).text
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert told.splitlines()[0] == (
        "cxr serve: for development, never for production: no TLS, no authentication. What it shows is not a diagnosis."
    )
    assert "cxr serve: no model yet; waiting for one" in told.splitlines()
    assert all(re.match("cxr serve: ", line) for line in told.splitlines()), told


def test_a_folder_that_is_not_there_is_one_line(cxr: Run) -> None:
    done = cxr("serve", "--models", "typo", "--grpc-port", 0, "--rest-port", 0)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cxr: --models 'typo' is no folder; name the folder that models are pushed to\n"


def test_a_share_without_a_folder_is_one_line(cxr: Run) -> None:
    done = cxr("serve", "--models", ".", "--sample-share", 0.5)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cxr: --sample-share 0.5 keeps nothing without a folder; name one with --sample-to\n"


def test_a_wrong_config_file_is_one_line(cxr: Run, tmp_path: Path) -> None:
    (tmp_path / "models.config").write_text("nothing {")
    done = cxr("serve", "--model-config", "models.config", "--grpc-port", 0, "--rest-port", 0)
    assert done.returncode == 2
    assert (
        "model config file 'models.config' is no text form of TF Serving's ModelServerConfig"
        in done.stderr.splitlines()[-1]
    )


def _plain() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
