"""What reaches the user and what goes to the log file. In a process of its own: logging is global."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import logging, sys, warnings
from pathlib import Path
from pipeline.runtime import LOGGER, log_to, prepare_process
debug = "debug" in sys.argv
prepare_process(debug=debug)
log_to(Path(sys.argv[1]), debug=debug)
log_to(Path(sys.argv[1]), debug=debug)  # a second run in the process
logging.getLogger("tfx").warning("library speaks")
warnings.warn("library warns")
LOGGER.info("%s of ours", "message")
"""


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


def test_only_our_messages_reach_the_user_and_each_once(tmp_path: Path) -> None:
    stderr = run(str(tmp_path / "log"))
    assert stderr.startswith("[")
    assert stderr.endswith("s] message of ours\n")
    assert len(stderr.splitlines()) == 1


def test_the_log_file_holds_everything(tmp_path: Path) -> None:
    run(str(tmp_path / "log"))
    log = (tmp_path / "log").read_text()
    assert "W tfx: library speaks" in log
    assert "library warns" in log
    assert "I cxr: message of ours" in log


def test_debug_shows_everything(tmp_path: Path) -> None:
    stderr = run(str(tmp_path / "log"), "debug")
    assert "library speaks" in stderr
    assert "message of ours" in stderr


def test_worker_processes_are_quiet_see_no_gpu_share_the_cores_and_take_the_same_keras() -> None:
    program = """
import subprocess, sys
from pipeline.runtime import prepare_gpus, prepare_process, prepare_workers
prepare_process()
prepare_gpus()
prepare_workers(1000)
child = "import os, warnings; warnings.warn('noise', FutureWarning); print(os.environ['CUDA_VISIBLE_DEVICES'])"
child += "; print(os.environ['TF_USE_LEGACY_KERAS'], os.environ['TF_CPP_MIN_LOG_LEVEL'])"
child += "; print(os.environ['TF_NUM_INTRAOP_THREADS'])"
sys.exit(subprocess.run([sys.executable, "-c", child]).returncode)
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "PYTHONW", "CUDA"))}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == ["-1", "0", "3", "1"]
    assert done.stderr == ""
