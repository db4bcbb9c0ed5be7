"""The set-up of a fresh machine, as far as it goes without installing anything."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
LOCKS = sorted((PROJECT / "requirements").glob("*.lock"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh checkout, without .venv, and a ``bin`` with a uv that finds and fetches no Python."""
    shutil.copytree(PROJECT / "requirements", tmp_path / "requirements")
    (tmp_path / "bin").mkdir()
    uv = tmp_path / "bin" / "uv"
    uv.write_text("#!/bin/sh\nexit 1\n")
    uv.chmod(0o755)
    return tmp_path


def set_up(checkout: Path, **environment: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [checkout / "requirements" / "bootstrap.sh", "runtime"],
        env={"PATH": f"{checkout / 'bin'}:/usr/bin:/bin", "HOME": str(checkout), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not (checkout / ".venv").exists()
    return done.returncode, done.stderr.splitlines()


@pytest.mark.skipif(os.path.exists("/usr/bin/python3.10"), reason="this machine's own Python 3.10 would be found")
def test_without_a_python_the_ways_out_are_told(checkout: Path) -> None:
    code, lines = set_up(checkout)
    assert code == 1
    assert lines[-1] == (
        "[set-up] Python 3.10 was not found and could not be fetched; install it (python3.10, pyenv install 3.10) or "
        "run make with PYTHON=/path/to/python3.10"
    )


def test_a_wrong_python_is_refused(checkout: Path) -> None:
    code, lines = set_up(checkout, PYTHON="/bin/false")
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("[set-up] PYTHON=/bin/false is not a working Python 3.10, which TFX 1.16 needs")


def test_a_python_of_pyenv_is_found(checkout: Path) -> None:
    versions = checkout / "pyenv" / "versions" / "3.10.99" / "bin"
    versions.mkdir(parents=True)
    (versions / "python").symlink_to(sys.executable)
    pyenv = checkout / "bin" / "pyenv"
    pyenv.write_text(f"#!/bin/sh\necho {checkout / 'pyenv'}\n")
    pyenv.chmod(0o755)
    code, lines = set_up(checkout)
    assert code != 0  # the stand-in for uv makes no environment
    assert lines[-1] == f"[set-up] Python: {versions / 'python'}"


@pytest.mark.skipif(not (PROJECT / ".venv" / ".dev").exists(), reason="set up by other means than make")
@pytest.mark.parametrize("target", ["demo", "test"])
def test_a_second_call_repeats_no_set_up(target: str) -> None:
    plan = subprocess.check_output(["make", "--dry-run", target], cwd=PROJECT, text=True)
    assert "bootstrap.sh" not in plan


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_has_exact_versions_with_hashes_and_no_host(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    requirements = re.findall(r"^(\S+?)==\S+ \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text, re.M)
    assert len(requirements) == len(re.findall(r"^\S", re.sub(r"^#.*\n", "", text, flags=re.M), re.M))


def test_python_version_serves_pyenv_and_uv_alike() -> None:
    assert (PROJECT / ".python-version").read_text() == "3.10\n"
