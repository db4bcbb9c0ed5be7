"""Which floor imports which, and that the names of the packages are ours alone."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = ("cxr", "pipeline", "components", "trainer", "schema", "serving", "kubeflow")
OWNERS = {**dict.fromkeys(PACKAGES, "cxr"), "cxr_client": "cxr-client"}


def test_a_lower_floor_never_imports_a_higher_one(tmp_path: Path) -> None:
    """In a process of its own: the linter's set-up of logging disables every logger that there is."""
    command = [Path(sys.executable).with_name("lint-imports"), "--cache-dir", tmp_path]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_other_distribution_owns_a_name_of_ours() -> None:
    owners = importlib.metadata.packages_distributions()
    taken = {name: owners[name] for name, owner in OWNERS.items() if set(owners.get(name, [])) - {owner}}
    assert not taken


def test_the_client_owns_its_own_name_and_no_other() -> None:
    owners = importlib.metadata.packages_distributions()
    assert [name for name, distributions in owners.items() if "cxr-client" in distributions] == ["cxr_client"]


@pytest.mark.parametrize(
    "module",
    [
        "cxr.main", "cxr.run", "cxr.screens", "pipeline.local", "trainer.features", "trainer.statistics",
        "trainer.metrics", "trainer.servable", "components.manifest_gen.manifest", "components.release_gate.rules",
        "kubeflow.entrypoint", "kubeflow.submission",
    ],
)  # fmt: skip
def test_importing_it_does_not_import_tensorflow(module: str) -> None:
    program = (
        f"import sys, {module}; print([m for m in ('tensorflow', 'keras', 'tfx', 'apache_beam') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_the_ground_floor_has_an_empty_init() -> None:
    assert (PROJECT / "trainer" / "__init__.py").read_bytes() == b""
