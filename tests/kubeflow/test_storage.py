"""Volumes on EKS and on NFS: the same claims as everywhere, on storage that can do what they ask for."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.kubeflow_settings import KubeflowSettings, Volume
from pipeline.settings import load_settings
from tests.kubeflow.dockerfile import stages_of
from tests.kubeflow.kustomize import Object, build, find

PROJECT = Path(__file__).parents[2]
MANIFESTS = PROJECT / "kubeflow" / "manifests"
DOCS = (PROJECT / "docs" / "kubeflow-storage.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", DOCS, re.S)
STORAGE = {name: build(MANIFESTS / name) for name in ("eks", "nfs")}
PLAIN = [*build(MANIFESTS / "volumes"), *build(MANIFESTS / "shared")]
ADDED = {"StorageClass", "PersistentVolume"}

both = pytest.mark.parametrize("objects", STORAGE.values(), ids=STORAGE)


def claims_in(objects: list[Object]) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == "PersistentVolumeClaim"}


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@both
def test_there_are_the_claims_of_the_pipeline_and_all_else_that_volumes_has(objects: list[Object]) -> None:
    cluster = KubeflowSettings()
    (text,) = [block for block in BLOCKS if "shared" in block]
    shared = Volume.model_validate(yaml.safe_load(text)["kubeflow"]["shared"])
    assert set(claims_in(objects)) == {cluster.films_claim, cluster.serving.claim, shared.claim}
    own = [one for one in objects if one["kind"] not in ADDED]
    for claim in claims_in(own).values():
        for name in ("storageClassName", "volumeName"):
            claim["spec"].pop(name, None)
    assert own == PLAIN


@both
def test_what_belongs_to_no_namespace_has_none(objects: list[Object]) -> None:
    for one in objects:
        assert ("namespace" in one["metadata"]) == (one["kind"] not in ADDED), one["metadata"]["name"]


@both
def test_what_is_deleted_leaves_films_and_models(objects: list[Object]) -> None:
    (policies,) = {
        one.get("reclaimPolicy") or one["spec"]["persistentVolumeReclaimPolicy"]
        for one in objects
        if one["kind"] in ADDED
    }
    assert policies == "Retain"


def test_on_eks_every_claim_is_of_the_class_whose_folders_belong_to_the_user_of_the_image() -> None:
    storage = find(STORAGE["eks"], "StorageClass", "cxr-efs")
    assert {claim["spec"]["storageClassName"] for claim in claims_in(build(MANIFESTS / "eks")).values()} == {"cxr-efs"}
    (user,) = stages_of(PROJECT / "kubeflow" / "Dockerfile")[1][-1].all("USER")
    assert user == f"{storage['parameters']['uid']}:{storage['parameters']['gid']}"
    assert all(isinstance(value, str) for value in storage["parameters"].values())


def test_on_nfs_every_claim_has_its_volume_and_every_volume_its_claim() -> None:
    objects = build(MANIFESTS / "nfs")
    for name, claim in claims_in(objects).items():
        volume = find(objects, "PersistentVolume", claim["spec"]["volumeName"])["spec"]
        assert volume["claimRef"] == {"namespace": claim["metadata"]["namespace"], "name": name}
        assert volume["storageClassName"] == claim["spec"]["storageClassName"] == ""
        assert volume["accessModes"] == claim["spec"]["accessModes"] == ["ReadWriteMany"]
        assert volume["capacity"]["storage"] == claim["spec"]["resources"]["requests"]["storage"]
    places = [one["spec"]["nfs"]["path"] for one in objects if one["kind"] == "PersistentVolume"]
    assert len(set(places)) == len(places) == len(claims_in(objects))


def test_the_server_runs_on_the_node_group_and_nothing_else_changes() -> None:
    (patch,) = read(MANIFESTS / "eks" / "server" / "server.yaml")
    after, before = build(MANIFESTS / "eks" / "server"), build(MANIFESTS / "overlays" / "gpu")
    assert find(after, "Deployment", "tensorflow")["spec"]["template"]["spec"]["nodeSelector"] == patch["value"]
    find(before, "Deployment", "tensorflow")["spec"]["template"]["spec"]["nodeSelector"] = patch["value"]
    assert after == before


def test_the_settings_of_the_docs_are_valid_and_speak_of_the_same_cluster(tmp_path: Path) -> None:
    (text,) = [block for block in BLOCKS if "pipeline_root" in block]
    (tmp_path / "eks.yaml").write_text(text, encoding="utf-8")
    cluster = load_settings("sample", tmp_path / "eks.yaml", ["data.root=/films"]).kubeflow
    assert cluster.pipeline_root.startswith("s3://")
    (patch,) = read(MANIFESTS / "eks" / "server" / "server.yaml")
    assert cluster.gpu_node_selector.keys() == patch["value"].keys()
    providers = yaml.safe_load(read(MANIFESTS / "eks" / "launcher.yaml")["data"]["providers"])
    default = providers["s3"]["default"]
    assert default["endpoint"] == f"s3.{default['region']}.amazonaws.com"


def test_every_place_to_fill_in_is_told_and_every_command_names_what_is_there() -> None:
    marked = {
        str(file.relative_to(MANIFESTS))
        for folder in STORAGE
        for file in (MANIFESTS / folder).rglob("*.yaml")
        if re.search(r"^[^#].*FILL IN|^ *# FILL IN", file.read_text(encoding="utf-8"), re.M)
    }
    assert set(re.findall(r"^\| `((?:eks|nfs)/\S+\.yaml)` \|", DOCS, re.M)) == marked
    for path in re.findall(r"--(?:kustomize|patch-file) (\S+)", DOCS):
        assert (PROJECT / path).exists(), path
