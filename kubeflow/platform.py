"""The second document of the compiled file: what Kubernetes is to give each pod."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from components.manifest_gen.key import KEY_VARIABLE
from pipeline.kubeflow_settings import Toleration, Volume
from pipeline.settings import RunSettings

#: Nodes that open films, not records.
READ_FILMS: Final = ("DataDigest", "ManifestGen", "XrayExampleGen", "Score")
#: Nodes that read what is served, or push there.
READ_SERVED: Final = ("DataAudit", "Score", "ReleaseGate", "Pusher", "Report")
TRAIN: Final = ("Tuner", "Trainer")
#: Nodes that make pseudonyms, or a fingerprint of their key.
HOLD_KEY: Final = ("ManifestGen", "Pusher")


def platform_of(settings: RunSettings, nodes: Sequence[str]) -> dict[str, Any]:
    """The document ``platforms.kubernetes``.

    Backends refuse a field that they do not know. Here are only those that Kubeflow Pipelines 2.3 knows.

    Args:
        settings: All settings, with ``data.root`` set.
        nodes: Ids of the components.
    """
    executors = {f"{node}_executor": _executor(node, settings) for node in nodes}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


def _executor(node: str, settings: RunSettings) -> dict[str, Any]:
    cluster = settings.kubeflow
    executor: dict[str, Any] = {
        "activeDeadlineSeconds": round(3600 * (cluster.resources_of(node).hours or 0)),
        "imagePullPolicy": cluster.pull_policy,
    }
    if mounts := [{"constant": volume.claim, "mountPath": volume.mount} for volume in _volumes(node, settings)]:
        executor["pvcMount"] = mounts
    if secrets := [_secret(*secret) for secret in _secrets(node, settings)]:
        executor["secretAsEnv"] = secrets
    if cluster.pull_secrets:
        executor["imagePullSecret"] = [{"secretName": name} for name in cluster.pull_secrets]
    if cluster.has_gpu(node):
        if cluster.gpu_node_selector:
            executor["nodeSelector"] = {"labels": dict(cluster.gpu_node_selector)}
        if cluster.gpu_tolerations:
            executor["tolerations"] = [_toleration(toleration) for toleration in cluster.gpu_tolerations]
        if cluster.shared_memory:
            size = f"{round(1024 * cluster.shared_memory)}Mi"
            executor["emptyDirMounts"] = [
                {"volumeName": "dshm", "mountPath": "/dev/shm", "medium": "Memory", "sizeLimit": size}
            ]
    return executor


def _volumes(node: str, settings: RunSettings) -> Iterator[Volume]:
    cluster = settings.kubeflow
    if node in READ_FILMS and settings.data.root is not None:
        yield Volume.model_construct(claim=cluster.films_claim, mount=settings.data.root)
    if node in READ_SERVED:
        yield cluster.serving
    if node in TRAIN and cluster.checkpoints:
        yield cluster.checkpoints
    if cluster.shared:
        yield cluster.shared


def _secrets(node: str, settings: RunSettings) -> Iterator[tuple[str, str, str]]:
    if node in HOLD_KEY:
        yield settings.kubeflow.patient_key_secret, "key", KEY_VARIABLE
    yield from ((secret.secret, secret.key, secret.variable) for secret in settings.kubeflow.secrets)


def _secret(secret: str, key: str, variable: str) -> dict[str, Any]:
    return {"secretName": secret, "keyToEnv": [{"secretKey": key, "envVar": variable}]}


def _toleration(toleration: Toleration) -> dict[str, str]:
    return {name: value for name, value in toleration.model_dump().items() if value}
