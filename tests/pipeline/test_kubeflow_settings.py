"""What the pipeline is told about a cluster."""

import pytest

from pipeline.kubeflow_settings import GPU_NODES, KubeflowSettings
from pipeline.settings import load_settings
from trainer.errors import UsageError


def test_what_a_component_does_not_say_is_that_of_default_and_then_built_in() -> None:
    told = {"default": {"cpu": 1, "hours": 2}, "Trainer": {"cpu": 8, "memory": 32}}
    settings = KubeflowSettings.model_validate({"resources": told})
    assert settings.resources_of("Trainer").model_dump() == {"cpu": 8, "memory": 32, "gpus": 0, "hours": 2}
    assert settings.resources_of("Pusher").model_dump() == {"cpu": 1, "memory": 8, "gpus": 0, "hours": 2}


@pytest.mark.parametrize("node", ["Pusher", "default"])
def test_a_gpu_where_none_is_used_is_refused(node: str) -> None:
    with pytest.raises(UsageError, match=rf"resources.{node}.gpus is 1, but only {', '.join(GPU_NODES)} compute"):
        load_settings("sample", None, [f"kubeflow.resources={{{node}: {{gpus: 1}}}}"])


def test_shared_memory_that_leaves_no_memory_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"shared_memory is 8 GiB, which counts against resources.Trainer.memory \(8 G"
    ):
        load_settings("sample", None, ["kubeflow.resources={Trainer: {gpus: 1}}", "kubeflow.shared_memory=8"])


@pytest.mark.parametrize(
    "override, message",
    [
        ("kubeflow.serving={claim: Films_1, mount: /s}", "kubeflow.serving.claim is 'Films_1': string should match"),
        ("kubeflow.serving={claim: a, mount: s}", "kubeflow.serving.mount is 's': string should match"),
        ("kubeflow.resources={Train: {gpus: 1}}", "kubeflow.resources.Train"),
        ("kubeflow.pull_policy=Sometimes", "kubeflow.pull_policy is 'Sometimes': input should be 'Always'"),
    ],
)  # fmt: skip
def test_what_kubernetes_would_refuse_is_refused(override: str, message: str) -> None:
    with pytest.raises(UsageError) as told:
        load_settings("sample", None, [override])
    assert message in str(told.value)
