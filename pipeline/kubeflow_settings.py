"""What the pipeline is told about the cluster that it is compiled for. No word of it reaches a run on this machine."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from trainer.strict import Settings

#: Nodes that compute on a GPU where they have one; any other would only keep it from them.
GPU_NODES: Final = ("Tuner", "Trainer", "Evaluator", "Score")

ClusterName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
Mount = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9._-]+)+$")]
NodeName = Literal[
    "DataDigest", "ManifestGen", "ImportSchemaGen", "XrayExampleGen", "StatisticsGen", "ExampleValidator", "DataAudit",
    "DataReport", "DataGate", "Tuner", "Trainer", "Evaluator", "Score", "ShortcutAudit", "ReleaseGate", "Pusher",
    "Report",
]  # fmt: skip


class Volume(Settings):
    """A persistent volume and where pods find it."""

    claim: ClusterName
    mount: Mount


class Toleration(Settings):
    """A taint of nodes that GPU pods put up with, as Kubernetes spells it."""

    key: str = Field(min_length=1)
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class SecretVariable(Settings):
    """A key of a Kubernetes secret that becomes a variable of every pod's environment."""

    secret: ClusterName
    key: str = Field(min_length=1)
    variable: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")


class Resources(Settings):
    """What a pod may take. A key that is left out is that of ``kubeflow.resources.default``."""

    cpu: float | None = Field(None, gt=0, le=1024, description="cores")
    memory: float | None = Field(None, gt=0, le=65536, description="GB of 10^9 bytes")
    gpus: int | None = Field(None, ge=0, le=64, description="of Tuner, Trainer, Evaluator and Score only")
    hours: float | None = Field(None, gt=0, le=8760, description="after which the pod is ended")


class KubeflowSettings(Settings):
    """The cluster: image, storage, what pods may take, which nodes they may run on."""

    image: str = Field("", description="that holds this project, with a tag or digest; --image goes before it")
    pipeline_root: str = Field("minio://mlpipeline/v2/artifacts", description="where artifacts are kept")
    films_claim: ClusterName = Field("cxr-films", description="volume of the films, mounted at data.root")
    serving: Volume = Field(Volume(claim="cxr-serving", mount="/serving"), description="what TF Serving watches")
    checkpoints: Volume | None = Field(None, description="where a killed training goes on from; none = it starts anew")
    shared: Volume | None = Field(
        None, description="where all pods and Beam's workers keep artifacts; none = each pod has copies from the store"
    )
    patient_key_secret: ClusterName = Field("cxr-patient-key", description="secret whose key 'key' makes pseudonyms")
    secrets: tuple[SecretVariable, ...] = Field((), description="further variables of every pod")
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    pull_secrets: tuple[ClusterName, ...] = ()
    resources: dict[NodeName | Literal["default"], Resources] = Field(
        {}, description="component -> what its pod may take"
    )
    gpu_node_selector: dict[str, str] = Field(
        {"nvidia.com/gpu.present": "true"}, description="labels of the nodes that GPU pods run on"
    )
    gpu_tolerations: tuple[Toleration, ...] = (Toleration(key="nvidia.com/gpu"),)
    shared_memory: float = Field(
        2, ge=0, le=1024, description="GiB of /dev/shm in a GPU pod, out of its memory, for NCCL; 0 = the cluster's"
    )
    cache: bool = Field(True, description="false: every component runs in every run")

    @model_validator(mode="after")
    def _gpus_where_they_are_used(self) -> "KubeflowSettings":
        for name, wanted in self.resources.items():
            if wanted.gpus and name not in GPU_NODES:
                raise ValueError(
                    f"resources.{name}.gpus is {wanted.gpus}, but only {', '.join(GPU_NODES)} compute on a GPU; "
                    "take it out there"
                )
        for node in GPU_NODES:
            needed = self.resources_of(node)
            if needed.gpus and self.shared_memory * 1.073741824 >= (needed.memory or 0):
                raise ValueError(
                    f"shared_memory is {self.shared_memory:g} GiB, which counts against resources.{node}.memory "
                    f"({needed.memory:g} GB); give the pod more memory or less of it to /dev/shm"
                )
        return self

    def resources_of(self, node: str) -> Resources:
        """What a component's pod may take, every key set."""
        built_in = Resources(cpu=2, memory=8, gpus=0, hours=24)
        told = [self.resources.get(name, Resources()).model_dump(exclude_none=True) for name in ("default", node)]  # type: ignore[call-overload]
        return built_in.model_copy(update=told[0] | told[1])

    def has_gpu(self, node: str) -> bool:
        """Whether a component's pod asks for a GPU."""
        return bool(self.resources_of(node).gpus)
