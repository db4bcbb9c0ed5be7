"""The compiled file in the newest Kubeflow client, which needs packages that TFX cannot live with: an environment."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROJECT = Path(__file__).parents[2]
PACKAGES = ("kfp==2.17.3", "kfp-kubernetes==2.17.3")
#: Strict: a field that the protocol does not have raises.
READ = """
import sys, yaml
from google.protobuf.json_format import ParseDict
from kfp import components
from kfp.kubernetes.kubernetes_executor_config_pb2 import KubernetesExecutorConfig
from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineSpec, PlatformSpec

spec, platform = yaml.safe_load_all(open(sys.argv[1], encoding="utf-8"))
ParseDict(spec, PipelineSpec())
ParseDict(platform, PlatformSpec())
for pod in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values():
    ParseDict(pod, KubernetesExecutorConfig())
print(components.load_component_from_file(sys.argv[1]).name)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the newest client."""
    uv = shutil.which("uv") or str(PROJECT / ".uv" / "bin" / "uv")
    folder = tmp_path_factory.mktemp("newest")
    interpreter = folder / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", "3.10", folder], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", interpreter, *PACKAGES], check=True)
    return interpreter


def test_both_documents_are_what_the_newest_protocol_has(python: Path, tmp_path: Path) -> None:
    from kubeflow.compiler import compile_pipeline
    from pipeline.settings import load_settings

    everything = (
        "data.root=/films", "kubeflow.resources={Trainer: {gpus: 1, memory: 16}}", "kubeflow.pull_secrets=[registry]",
        "kubeflow.checkpoints={claim: a, mount: /a}", "kubeflow.shared={claim: b, mount: /b}",
        "kubeflow.secrets=[{secret: s, key: k, variable: V}]", "tuner.trials=2",
    )  # fmt: skip
    file = tmp_path / "pipeline.yaml"
    compile_pipeline(load_settings("sample", None, everything), file, "registry.example/cxr:0.1.0")
    done = subprocess.run([python, "-W", "ignore", "-c", READ, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "cxr"
