"""Kustomize for the tests: builds a folder as ``kubectl kustomize`` does, and refuses what it does not know.

Where there is a kubectl, ``test_manifests.py`` holds both against each other.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonpatch
import yaml

Object = dict[str, Any]

KINDS = {"Kustomization": "kustomize.config.k8s.io/v1beta1", "Component": "kustomize.config.k8s.io/v1alpha1"}
FIELDS = {"apiVersion", "kind", "resources", "components", "configMapGenerator", "patches", "images", "namespace"}
#: Kinds that belong to no namespace.
CLUSTER_WIDE = {"PersistentVolume", "StorageClass"}
#: Kustomize writes a hash so that no word comes about by accident.
NO_VOWELS = str.maketrans("013ae", "ghkmt")


def build(folder: Path) -> list[Object]:
    """The objects of a folder with a ``kustomization.yaml``."""
    objects, hashed = _accumulate(folder, [], set())
    names = {name: f"{name}-{_hash_of(find(objects, 'ConfigMap', name))}" for name in hashed}
    for built in objects:
        if built["kind"] == "ConfigMap":
            built["metadata"]["name"] = names.get(built["metadata"]["name"], built["metadata"]["name"])
        for reference in _references(built):
            reference["name"] = names.get(reference["name"], reference["name"])
    return objects


def with_components(manifests: Path, config: Path, folder: Path, line: str) -> Path:
    """A copy of the manifests, beside the files that they take in, with this line in each overlay."""
    shutil.copytree(manifests, copied := folder / "kubeflow" / "manifests")
    shutil.copytree(config, folder / "serving" / "config")
    for overlay in (copied / "overlays").iterdir():
        with (overlay / "kustomization.yaml").open("a") as file:
            file.write(f"{line}\n")
    return copied


def find(objects: list[Object], kind: str, name: str) -> Object:
    """The one object of that kind and name."""
    (found,) = [one for one in objects if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def _accumulate(folder: Path, objects: list[Object], hashed: set[str]) -> tuple[list[Object], set[str]]:
    text = _read(folder / "kustomization.yaml")
    assert text.keys() <= FIELDS, f"{folder}: fields that this reader does not know: {text.keys() - FIELDS}"
    assert KINDS[text["kind"]] == text["apiVersion"], folder
    for name in text.get("resources", []):
        _add(folder, name, objects, hashed)
    for name in text.get("components", []):
        assert _read(folder / name / "kustomization.yaml")["kind"] == "Component", name
        _accumulate(folder / name, objects, hashed)
    for generator in text.get("configMapGenerator", []):
        _generate(folder, generator, objects, hashed)
    for patch in text.get("patches", []):
        assert patch.keys() == {"target", "path"}
        target = find(objects, **patch["target"])
        target.update(jsonpatch.apply_patch(target, _read(_below(folder, patch["path"]))))
    for image in text.get("images", []):
        assert image.keys() == {"name", "newTag"}
        containers = [one for one in _containers(objects) if one["image"].rpartition(":")[0] == image["name"]]
        assert containers, f"{folder}: no container has the image {image['name']}"
        for container in containers:
            container["image"] = f"{image['name']}:{image['newTag']}"
    if namespace := text.get("namespace"):
        for one in objects:
            if one["kind"] not in CLUSTER_WIDE:
                one["metadata"]["namespace"] = namespace
    return objects, hashed


def _add(folder: Path, name: str, objects: list[Object], hashed: set[str]) -> None:
    if (folder / name).is_dir():
        inner, inner_hashed = _accumulate(folder / name, [], set())
        hashed |= inner_hashed
    else:
        inner = list(yaml.safe_load_all(_below(folder, name).read_text(encoding="utf-8")))
    taken = {(one["kind"], one["metadata"]["name"]) for one in objects}
    for one in inner:
        assert (one["kind"], one["metadata"]["name"]) not in taken, f"{folder / name}: {one['metadata']['name']} twice"
    objects += inner


def _generate(folder: Path, generator: Object, objects: list[Object], hashed: set[str]) -> None:
    assert generator.keys() <= {"name", "files", "behavior", "options"}, generator
    assert generator.get("options", {}) in ({}, {"disableNameSuffixHash": True}), generator
    data = {name: _below(folder, name).read_text(encoding="utf-8") for name in generator["files"]}
    if "behavior" in generator:
        assert generator["behavior"] in ("replace", "merge")
        changed = find(objects, "ConfigMap", generator["name"])
        changed["data"] = {**changed["data"], **data} if generator["behavior"] == "merge" else data
        return
    objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": generator["name"]}, "data": data})
    if "options" not in generator:
        hashed.add(generator["name"])


def _below(folder: Path, name: str) -> Path:
    file = (folder / name).resolve()
    assert file.is_relative_to(folder.resolve()), f"{name} is a file above {folder}, which kustomize does not read"
    return file


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _hash_of(config_map: Object) -> str:
    hashed = {"data": config_map["data"], "kind": "ConfigMap", "name": ""}  # kustomize leaves the name empty
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for sign in "&<>":  # as Go writes JSON
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(NO_VOWELS)


def _containers(objects: list[Object]) -> Iterator[Object]:
    for one in objects:
        if one["kind"] == "Deployment":
            yield from one["spec"]["template"]["spec"]["containers"]


def _references(one: Object) -> Iterator[Object]:
    if one["kind"] == "Deployment":
        for volume in one["spec"]["template"]["spec"]["volumes"]:
            for source in [volume, *volume.get("projected", {}).get("sources", [])]:
                if "configMap" in source:
                    yield source["configMap"]
