"""What Kubernetes is to give each pod."""

import json
from typing import Any, get_args

import pytest

from components.manifest_gen.key import KEY_VARIABLE
from kubeflow.platform import platform_of
from pipeline.kubeflow_settings import NodeName
from pipeline.settings import load_settings

NODES = get_args(NodeName)


def pods_of(*overrides: str) -> dict[str, Any]:
    document = platform_of(load_settings("sample", None, ["data.root=/films", *overrides]), NODES)
    executors: dict[str, Any] = document["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return {label.removesuffix("_executor"): pod for label, pod in executors.items()}


def test_pods_have_the_volumes_and_the_key_that_they_need_and_no_others() -> None:
    pods = pods_of()
    mounts: dict[str, set[str]] = {}
    for node, pod in pods.items():
        for mount in pod.get("pvcMount", ()):
            mounts.setdefault(f"{mount['constant']} {mount['mountPath']}", set()).add(node)
    assert mounts == {
        "cxr-films /films": {"DataDigest", "ManifestGen", "XrayExampleGen", "Score"},
        "cxr-serving /serving": {"DataAudit", "Score", "ReleaseGate", "Pusher", "Report"},
    }
    assert {node for node, pod in pods.items() if KEY_VARIABLE in json.dumps(pod)} == {"ManifestGen", "Pusher"}


def test_a_pod_without_further_settings_has_a_deadline_and_a_pull_policy() -> None:
    assert pods_of()["StatisticsGen"] == {"activeDeadlineSeconds": 86400, "imagePullPolicy": "IfNotPresent"}
    assert pods_of("kubeflow.resources={StatisticsGen: {hours: 0.5}}")["StatisticsGen"]["activeDeadlineSeconds"] == 1800


def test_volumes_secrets_and_pull_secrets_of_the_settings_come_into_the_pods() -> None:
    pods = pods_of(
        "kubeflow.checkpoints={claim: states, mount: /states}",
        "kubeflow.shared={claim: work, mount: /work}",
        "kubeflow.secrets=[{secret: s3, key: id, variable: AWS_ACCESS_KEY_ID}]",
        "kubeflow.pull_secrets=[registry]",
    )
    assert pods["Trainer"] == {
        "activeDeadlineSeconds": 86400,
        "imagePullPolicy": "IfNotPresent",
        "imagePullSecret": [{"secretName": "registry"}],
        "pvcMount": [{"constant": "states", "mountPath": "/states"}, {"constant": "work", "mountPath": "/work"}],
        "secretAsEnv": [{"secretName": "s3", "keyToEnv": [{"secretKey": "id", "envVar": "AWS_ACCESS_KEY_ID"}]}],
    }


@pytest.mark.parametrize("node", ["Tuner", "Trainer", "Evaluator", "Score"])
def test_a_gpu_pod_runs_on_gpu_nodes_and_has_shared_memory(node: str) -> None:
    pods = pods_of(f"kubeflow.resources={{{node}: {{gpus: 2}}}}", "kubeflow.shared_memory=1.5")
    assert {name for name, pod in pods.items() if "tolerations" in pod} == {node}
    assert pods[node]["nodeSelector"] == {"labels": {"nvidia.com/gpu.present": "true"}}
    assert pods[node]["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert pods[node]["emptyDirMounts"] == [
        {"volumeName": "dshm", "mountPath": "/dev/shm", "medium": "Memory", "sizeLimit": "1536Mi"}
    ]


def test_a_cluster_without_labels_and_taints_gets_none() -> None:
    pods = pods_of("kubeflow.resources={Trainer: {gpus: 1}}", "kubeflow.shared_memory=0", "kubeflow.gpu_tolerations=[]")
    assert not {"tolerations", "emptyDirMounts"} & set(pods["Trainer"])
