"""The image's Dockerfile: what can be run of it without Docker is run, the rest is held against what it speaks of."""

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kubeflow.dockerfile import Stage, ignored, patterns_in, stages_of

PROJECT = Path(__file__).parents[2]
REQUIREMENTS = PROJECT / "requirements"
DOCKERFILE = PROJECT / "kubeflow" / "Dockerfile"
DOCS = (PROJECT / "docs" / "image.md").read_text(encoding="utf-8")
ARGUMENTS, STAGES = stages_of(DOCKERFILE)
BY_NAME = {stage.name: stage for stage in STAGES}
FINAL = STAGES[-1]
ENVIRONMENT = dict(pair.split("=", 1) for line in FINAL.all("ENV") for pair in re.findall(r"[A-Z_]+=\S+", line))
UV = shutil.which("uv") or str(PROJECT / ".uv" / "bin" / "uv")
HADOLINT = Path(sys.executable).with_name("hadolint")
#: What Debian's slim image and Python's on top of it have; compiled packages may ask for nothing else.
SYSTEM_LIBRARIES = {
    "ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "librt.so.1",
    "libstdc++.so.6", "libz.so.1",
}  # fmt: skip
#: Published without a wheel for this Python. They were built with what the stage has; another one may need more.
BUILT_FROM_SOURCE = (
    "crcmod", "dill", "docopt", "google-apitools", "hdfs", "kfp", "kfp-server-api", "pyfarmhash", "pyjsparser",
    "rouge-score",
)  # fmt: skip


def locked(name: str) -> dict[str, str]:
    """Package -> version of a lock."""
    lock = (REQUIREMENTS / f"{name}.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.M))


def command_with(stage: Stage, words: str) -> str:
    """The one command line of a stage that has these words, without options of ``RUN``."""
    (line,) = [line for line in stage.all("RUN") if words in line]
    return re.sub(r"^(--mount=\S+ *)+", "", line)


def bash(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False, env=os.environ | variables
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``COPY . /app`` copies."""
    patterns = patterns_in(PROJECT / ".dockerignore")
    folder = tmp_path_factory.mktemp("image") / "app"
    for entry in sorted(PROJECT.iterdir()):
        for file in [entry, *entry.rglob("*")] if entry.name[0] != "." and entry.name != "runs" else [entry]:
            name = file.relative_to(PROJECT).as_posix()
            if file.is_file() and not ignored(patterns, name):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, folder / name)
    return folder


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([HADOLINT, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_find_something(tmp_path: Path) -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    (tmp_path / "Dockerfile").write_text(text.replace("--no-install-recommends", ""), encoding="utf-8")
    done = subprocess.run([HADOLINT, tmp_path / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DL3015" in done.stdout


def test_every_stage_that_is_named_is_there() -> None:
    for stage in STAGES:
        for line in stage.all("COPY"):
            for name in re.findall(r"--from=(\S+)", line):
                assert name in BY_NAME, line
    variants = [name.removeprefix("cuda-") for name in BY_NAME if name.startswith("cuda-")]
    assert variants == ["cpu", "gpu"]
    assert ARGUMENTS["VARIANT"] in variants


def test_every_file_that_is_copied_is_there_and_let_through(context: Path) -> None:
    sources = [
        word
        for stage in STAGES
        for line in stage.all("COPY")
        if "--from" not in line
        for word in shlex.split(line)[:-1]
    ]
    assert "requirements/gpu.lock" in sources
    for source in sources:
        assert (context / source).exists(), source


def test_the_context_is_the_packages_their_data_and_the_locks(context: Path) -> None:
    (setup,) = [
        node
        for node in ast.walk(ast.parse((PROJECT / "setup.py").read_text("utf-8")))
        if isinstance(node, ast.Tuple) and "trainer" in {getattr(one, "value", None) for one in node.elts}
    ]
    packages = {ast.literal_eval(one) for one in setup.elts}
    names = {file.relative_to(context).as_posix() for file in context.rglob("*") if file.is_file()}
    assert {name.split("/")[0] for name in names} == packages | {"requirements", "setup.py", "LICENSE"}
    data = {
        file.relative_to(PROJECT).as_posix()
        for package in packages
        for file in (PROJECT / package).rglob("*")
        if file.is_file() and not {"__pycache__", "manifests"} & set(file.parts) and ".egg-info" not in str(file)
    }
    assert data - names == {"kubeflow/Dockerfile"}
    assert not [name for name in names if name.endswith(".pyc")]


@pytest.mark.parametrize("name", [".git/config", "runs/sample/films/a.png", "tests/conftest.py", ".venv/bin/python"])
def test_nothing_else_goes_into_the_image(name: str) -> None:
    assert ignored(patterns_in(PROJECT / ".dockerignore"), name)


def test_the_lock_of_cuda_is_what_tensorflow_asks_for() -> None:
    wanted = {}
    for requirement in importlib.metadata.requires("tensorflow") or []:
        if "and-cuda" in requirement:
            name, version = re.fullmatch(r"([a-z0-9-]+) ?==(\S+) ?; ?extra == .and-cuda.", requirement).groups()  # type: ignore[union-attr]
            wanted[name] = version
    assert len(wanted) > 10
    assert locked("gpu") == wanted
    assert not locked("gpu").keys() & locked("runtime").keys()


def test_every_lock_is_made_again_by_make_lock() -> None:
    (names,) = re.findall(r"for name in (.*);", (REQUIREMENTS / "lock.sh").read_text(encoding="utf-8"))
    assert set(names.split()) == {file.stem for file in REQUIREMENTS.glob("*.lock")}
    assert {file.stem for file in REQUIREMENTS.glob("*.in")} == set(names.split())


def test_python_and_beam_are_those_of_the_lock() -> None:
    python = (PROJECT / ".python-version").read_text(encoding="utf-8").strip()
    assert ARGUMENTS["PYTHON"] == f"python:{python}-slim-bookworm"
    assert ARGUMENTS["BEAM"] == f"apache/beam_python{python}_sdk:{locked('runtime')['apache-beam']}"
    assert f"/usr/local/bin/python{python}" in command_with(BY_NAME["packages"], "uv venv")
    assert f"/opt/cxr/lib/python{python}/site-packages" in "".join(FINAL.all("COPY"))
    assert FINAL.base == BY_NAME["build"].base == "${PYTHON}"


def test_the_line_that_installs_uv_runs(tmp_path: Path) -> None:
    # An environment's own Python has none; the one that it was made from has.
    base = next((str(file) for file in Path(sys.base_prefix, "bin").glob("python3.10")), sys.executable)
    if subprocess.run([base, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("this Python has no pip")
    command = command_with(BY_NAME["build"], "pip install")
    assert command.startswith("pip install ")
    assert "--no-cache-dir" in command
    here = f"{base} -m pip install --dry-run --quiet --target {tmp_path}"
    bash(command.replace("pip install --no-cache-dir", here, 1), PROJECT)


def test_debian_has_the_compiler_in_that_version() -> None:
    """Debian 12 keeps it for as long as there is a Debian 12."""
    system = Path("/etc/os-release")
    if not system.is_file() or "VERSION_CODENAME=bookworm" not in system.read_text("utf-8"):
        pytest.skip("not the image's Debian")
    (install,) = re.findall(r"apt-get install .*?(?= &&)", command_with(BY_NAME["build"], "apt-get"))
    if not list(Path("/var/lib/apt/lists").glob("*_Packages*")):
        pytest.skip("no package lists here")
    bash(install.replace("install", "install --simulate", 1), PROJECT)


@pytest.mark.parametrize("stage", ["packages", "cuda-gpu"])
def test_the_lines_that_install_packages_run(stage: str, tmp_path: Path) -> None:
    command = command_with(BY_NAME[stage], "uv pip install")
    venv = command_with(BY_NAME["packages"], "uv venv")
    for there, here in (("uv ", f"{UV} "), ("/usr/local/bin/python3.10", sys.executable), ("/opt", str(tmp_path))):
        venv = venv.replace(there, here)
    bash(venv, tmp_path)
    for there, here in (
        ("uv pip install", f"{UV} pip install --dry-run"),
        ("/opt/cxr/bin/python", f"{tmp_path}/cxr/bin/python"),
        ("/usr/local/bin/python3.10", sys.executable),
        ("/opt/cuda", f"{tmp_path}/cuda"),
    ):
        command = command.replace(there, here)
    if stage == "packages":
        command += " --only-binary :all:" + "".join(f" --no-binary {name}" for name in BUILT_FROM_SOURCE)
        assert "g++=" in command_with(BY_NAME["build"], "apt-get")
    done = bash(command, PROJECT)
    count = len(locked("gpu" if stage == "cuda-gpu" else "runtime"))
    assert f"Would install {count} packages" in done.stderr


def test_the_code_is_installed_from_the_context(context: Path, tmp_path: Path) -> None:
    """The stage's own line; then the command, the entry point and their files are those of ``/app``."""
    command = command_with(BY_NAME["code"], "--editable")
    for there, here in (
        ("uv pip", f"{UV} pip"),
        ("/opt/cxr/bin/python", sys.executable),
        ("/opt/code", str(tmp_path / "code")),
        ("/app", str(context)),
    ):
        command = command.replace(there, here)
    bash(command, tmp_path)
    assert (tmp_path / "code" / "bin" / FINAL_COMMAND).read_text("utf-8").startswith("#!")
    site = next(tmp_path.glob("code/lib/python3*/site-packages"))
    # -S: nothing of the environment of the tests is installed but its packages.
    program = f"""
import site, sys
site.addsitedir({str(site)!r})
sys.path.append({sysconfig.get_path("purelib")!r})
import cxr_client, importlib.util
from click.testing import CliRunner
from cxr.main import main
from pipeline.digests import PROJECT
from pipeline.settings import profile_names
assert CliRunner().invoke(main, {json.loads(FINAL.all("CMD")[0])!r}).exit_code == 0
assert "sample" in profile_names()
assert (PROJECT / "requirements" / "runtime.lock").is_file()
print(PROJECT, cxr_client.__file__, importlib.util.find_spec("kubeflow.entrypoint").origin)
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    project, client, entrypoint = done.stdout.split()
    assert project == str(context)
    assert client.startswith(f"{context}/serving/client/")
    assert entrypoint == f"{context}/kubeflow/entrypoint.py"


FINAL_COMMAND = json.loads(FINAL.all("ENTRYPOINT")[0])[0]


def test_python_and_the_command_are_found_first_in_the_environment() -> None:
    assert ENVIRONMENT["PATH"].split(":")[0] == "/opt/cxr/bin"  # Kubeflow's launcher and Beam's boot call "python"
    assert "--from=packages /opt/cxr /opt/cxr" in FINAL.all("COPY")
    assert "--from=code /opt/code /opt/cxr" in FINAL.all("COPY")
    assert FINAL_COMMAND in {script.name for script in importlib.metadata.distribution("cxr").entry_points}
    assert importlib.util.find_spec("kubeflow.entrypoint")


def test_the_loader_is_told_of_every_library_of_cuda(tmp_path: Path) -> None:
    site = tmp_path / "opt" / "cxr" / "lib" / "python3.10" / "site-packages"
    compiled = next(Path(sysconfig.get_path("purelib")).glob("numpy.libs/*.so*"))
    for name in ("cudnn", "cublas"):
        (site / "nvidia" / name / "lib").mkdir(parents=True)
        (site / "nvidia" / name / "include").mkdir()
        shutil.copy(compiled, site / "nvidia" / name / "lib" / compiled.name)
    (site / "elsewhere" / "lib").mkdir(parents=True)
    done, cached = _run_loader_line(tmp_path)
    assert sorted(done.splitlines()) == [f"{site}/nvidia/cublas/lib", f"{site}/nvidia/cudnn/lib"]
    if cached is not None:
        assert f"=> {site}/nvidia/" in cached


def test_without_cuda_the_loader_is_told_nothing(tmp_path: Path) -> None:
    (tmp_path / "opt/cxr/lib/python3.10/site-packages").mkdir(parents=True)
    assert _run_loader_line(tmp_path)[0] == ""


def _run_loader_line(root: Path) -> tuple[str, str | None]:
    """The file that the line writes, and what the loader's cache then holds; None where there is no ldconfig."""
    ldconfig = shutil.which("ldconfig", path="/sbin:/usr/sbin")
    command = (
        command_with(FINAL, "ldconfig").replace(" /opt/", f" {root}/opt/").replace("/etc/ld.so.conf.d/", f"{root}/")
    )
    here = f"{ldconfig} -X -f {root}/cuda-of-python.conf -C {root}/cache" if ldconfig else "true"
    bash(command.replace("ldconfig", here), root)
    listed = (root / "cuda-of-python.conf").read_text(encoding="utf-8")
    if not ldconfig:
        return listed, None
    return listed, bash(f"{ldconfig} -C {root}/cache -p", root).stdout


def test_packages_ask_the_system_for_nothing_that_the_slim_image_lacks() -> None:
    if not shutil.which("readelf"):
        pytest.skip("no readelf here")
    files = [
        file
        for file in Path(sysconfig.get_path("purelib")).rglob("*.so*")
        if file.is_file() and re.search(r"\.so(\.[0-9]+)*$", file.name)
    ]
    done = subprocess.run(["readelf", "--dynamic", *files], capture_output=True, text=True, check=False)
    needed = set(re.findall(r"\(NEEDED\)\s+Shared library: \[(.*)\]", done.stdout))
    assert "libstdc++.so.6" in needed
    assert needed - {file.name for file in files} <= SYSTEM_LIBRARIES


def test_the_user_is_no_user_of_the_node_and_owns_no_code() -> None:
    names = [name for name, _ in FINAL.steps]
    user, group = FINAL.all("USER")[0].split(":")
    assert int(user) >= 10_000
    made = command_with(FINAL, "useradd")
    assert f"groupadd --gid {group} " in made
    assert f"useradd --uid {user} --gid {group} --create-home cxr" in made
    assert FINAL.all("WORKDIR") == ["/home/cxr"]
    assert not {"RUN", "COPY", "ADD"} & set(names[names.index("USER") :])
    assert "chown" not in " ".join(line for line in FINAL.all("RUN") + FINAL.all("COPY"))


def test_the_final_stage_has_neither_compiler_nor_installer() -> None:
    text = " ".join(FINAL.all("RUN"))
    assert not re.search(r"\b(apt-get|pip|uv|g\+\+)\b", text)
    assert "build" not in {name for line in FINAL.all("COPY") for name in re.findall(r"--from=(\S+)", line)}


def test_layers_stand_in_the_order_in_which_they_change() -> None:
    order = [name for line in FINAL.all("COPY") for name in re.findall(r"--from=(\S+)", line)]
    assert order == ["cuda", "packages", "beam", "jars", "weights", "code", "code"]


def test_weights_lie_where_keras_looks() -> None:
    assert BY_NAME["weights"].base == "scratch"
    assert f"--from=weights / {ENVIRONMENT['KERAS_HOME']}/models/" in FINAL.all("COPY")


def test_beam_finds_its_boot_files_and_our_packages() -> None:
    assert "--from=beam /opt/apache/beam /opt/apache/beam" in FINAL.all("COPY")
    assert ENVIRONMENT["RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT"] == "1"
    assert ENVIRONMENT["TF_USE_LEGACY_KERAS"] == "0"


def test_the_labels_are_those_of_the_open_container_initiative() -> None:
    labels: dict[str, Any] = dict(re.findall(r'org\.opencontainers\.image\.([a-z.]+)="([^"]*)"', FINAL.all("LABEL")[0]))
    distribution = importlib.metadata.metadata("cxr")
    assert (labels["title"], labels["description"]) == (distribution["Name"], distribution["Summary"])
    assert labels["licenses"] == distribution["License"]
    assert labels["base.name"].endswith(ARGUMENTS["PYTHON"])
    defaults = dict(line.split("=") for line in FINAL.all("ARG"))
    assert defaults == {"VERSION": distribution["Version"], "REVISION": "unknown", "CREATED": "unknown"}
    assert all(labels[name.lower()] == f"${{{name}}}" for name in defaults)


def _docker(verb: str) -> list[list[str]]:
    commands = re.findall(rf"^docker {verb} (?:.*\\\n)*.*", DOCS, re.M)
    return [shlex.split(command.replace("\\\n", " ")) for command in commands]


def _values(words: list[str], option: str) -> list[str]:
    return [words[at + 1] for at, word in enumerate(words) if word == option]


def test_the_docs_build_what_there_is() -> None:
    commands = _docker("build")
    assert len(commands) >= 3
    known = ARGUMENTS.keys() | {line.split("=")[0] for line in FINAL.all("ARG")}
    for words in commands:
        assert words[-1] == "."
        assert [PROJECT / name for name in _values(words, "--file")] == [DOCKERFILE]
        assert {value.split("=")[0] for value in _values(words, "--build-arg")} <= known
        assert {value.split("=")[0] for value in _values(words, "--build-context")} <= {"weights", "jars"}
    for name in known:
        assert f"`{name}`" in DOCS


@pytest.fixture(scope="module")
def parse() -> Callable[[list[str]], None]:
    """Fails where ``cxr`` would not take a command line."""
    import click

    from cxr.main import main

    def check(words: list[str]) -> None:
        verb, *arguments = words
        found = main.get_command(click.Context(main), verb)  # type: ignore[attr-defined]
        assert found is not None, verb
        found.make_context(verb, arguments)

    return check


def test_the_docs_run_what_there_is(parse: Callable[[list[str]], None]) -> None:
    commands = _docker("run")
    assert len(commands) >= 3
    for words in commands:
        image = next(at for at, word in enumerate(words) if re.fullmatch(r"(\S+/)?cxr:\S+", word))
        entry, arguments = _values(words[:image], "--entrypoint"), words[image + 1 :]
        if not entry and "--help" not in arguments:
            parse(arguments)
        for volume in _values(words[:image], "--volume"):
            assert volume.split(":")[1].startswith(("/films", "/home/cxr", ENVIRONMENT["KERAS_HOME"]))
