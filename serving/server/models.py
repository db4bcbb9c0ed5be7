"""The models that are served, and how one version takes over from another without losing a request."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import grpc
from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus
from tensorflow_serving.apis.model_pb2 import ModelSpec

from serving.server.configuration import ModelConfig, versions_in
from serving.server.faults import Fault, invalid, not_found
from serving.server.servable import Servable
from trainer.servable import SAVED_MODEL

START: Final = ModelVersionStatus.START
LOADING: Final = ModelVersionStatus.LOADING
AVAILABLE: Final = ModelVersionStatus.AVAILABLE
UNLOADING: Final = ModelVersionStatus.UNLOADING
END: Final = ModelVersionStatus.END

Load = Callable[[str, int, Path], Servable]
Say = Callable[[str], None]


@dataclass
class _Version:
    state: int = START
    fault: Fault | None = None
    servable: Servable | None = None
    users: int = 0


@dataclass
class _Model:
    config: ModelConfig
    versions: dict[int, _Version] = field(default_factory=dict)
    aspired: list[int] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    idle_labels: dict[str, int] = field(default_factory=dict)
    is_waiting: bool = False

    def served(self) -> list[int]:
        """Newest first."""
        return sorted((number for number, one in self.versions.items() if one.state == AVAILABLE), reverse=True)


class Models:
    """All models. One thread says what is to be served, any number of others borrow versions.

    Args:
        say: is told in a sentence what becomes of a version.
        load: makes a servable of a version's folder, or raises a fault.
    """

    def __init__(self, say: Say, load: Load = Servable.load) -> None:
        self._say = say
        self._load = load
        self._models: dict[str, _Model] = {}
        self._changed = threading.Condition()

    # What the requests ask.

    @contextmanager
    def borrowed(self, spec: ModelSpec) -> Iterator[Servable]:
        """The version that a request means, which stays in memory until it is given back.

        Raises:
            Fault: There is none; in the real server's words.
        """
        with self._changed:
            version = self._find(spec)
            version.users += 1
        try:
            assert version.servable is not None
            yield version.servable
        finally:
            with self._changed:
                version.users -= 1
                self._changed.notify_all()

    def _find(self, spec: ModelSpec) -> _Version:
        if not spec.name:
            raise invalid("ModelSpec has no name specified.")
        model = self._models.get(spec.name)
        choice = spec.WhichOneof("version_choice")
        if choice is None:
            served = model.served() if model else []
            if not model or not served:
                raise not_found(f"Servable not found for request: Latest({spec.name})")
            return model.versions[served[0]]
        if choice == "version_label":
            if model is None or spec.version_label not in model.labels:
                raise invalid(f"Unrecognized servable version label: {spec.version_label}")
            number = model.labels[spec.version_label]
        else:
            number = spec.version.value
        found = model.versions.get(number) if model else None
        if found is None or found.state != AVAILABLE:
            raise not_found(f"Servable not found for request: Specific({spec.name}, {number})")
        return found

    def statuses(self, name: str, version: int | None = None) -> list[ModelVersionStatus]:
        """The states of all versions that there ever were, or of one; newest first.

        Raises:
            Fault: There never was one.
        """
        with self._changed:
            model = self._models.get(name)
            if model is None or not model.versions:
                raise not_found(f"Could not find any versions of model {name}")
            if version is not None and version not in model.versions:
                raise not_found(f"Could not find version {version} of model {name}")
            numbers = sorted(model.versions, reverse=True) if version is None else [version]
            return [_status(number, model.versions[number]) for number in numbers]

    def names(self) -> list[str]:
        """All models that are configured, served or not."""
        with self._changed:
            return sorted(self._models)

    def labels(self, name: str) -> dict[str, int]:
        """Label -> version, of one model; empty for one that is not configured."""
        with self._changed:
            return dict(self._models[name].labels) if name in self._models else {}

    def served(self, name: str) -> list[int]:
        """The versions of one model that are served, newest first; empty for one that is not configured."""
        with self._changed:
            return self._models[name].served() if name in self._models else []

    def ready(self) -> bool:
        """Whether there are models, and of each a version is served."""
        with self._changed:
            return bool(self._models) and all(model.served() for model in self._models.values())

    # What the one thread does.

    def follow(self, configs: Mapping[str, ModelConfig]) -> None:
        """Brings what is served in line with the disk; returns when every load has ended.

        A version comes before the one that it replaces goes. One that cannot be loaded is not tried again, as long as
        it is to be served; a version's folder without ``saved_model.pb`` is looked at again next time.
        """
        for name in self.names():
            if name not in configs:
                self._unload(self._models[name], keep=[])
        with self._changed:
            self._models = {name: self._models.get(name) or _Model(config) for name, config in sorted(configs.items())}
        for name, config in configs.items():
            self._follow(self._models[name], config)

    def close(self) -> None:
        """Unloads everything."""
        self.follow({})

    def _follow(self, model: _Model, config: ModelConfig) -> None:
        model.config = config
        on_disk = versions_in(config.folder)
        self._look_at_waiting(model, on_disk)
        if on_disk is None:  # as the real server: what is served goes on without its folder
            self._move_labels(model)
            return
        wanted = config.aspired(on_disk)
        for number in wanted:
            with self._changed:  # others count what is served meanwhile
                version = model.versions.setdefault(number, _Version())
            failed = version.state == END and number in model.aspired and version.fault is not None
            if version.state != AVAILABLE and not failed:
                self._start(config.name, number, version, on_disk[number])
        model.aspired = wanted
        with self._changed:
            for number, version in model.versions.items():
                if version.state == LOADING and number not in wanted:
                    version.state = END
        self._move_labels(model)  # before the version that they leave goes
        if not wanted or any(model.versions[number].state == AVAILABLE for number in wanted):
            self._unload(model, keep=wanted)

    def _look_at_waiting(self, model: _Model, on_disk: Mapping[int, Path] | None) -> None:
        is_waiting = not on_disk and not model.served()
        if is_waiting and not model.is_waiting:
            self._say(f"{model.config.name}: no version in {model.config.folder} yet; waiting for one")
        model.is_waiting = is_waiting

    def _move_labels(self, model: _Model) -> None:
        """A label stays where it is until the version that it goes to is served."""
        served = model.served()
        idle = {label: number for label, number in model.config.labels.items() if number not in served}
        kept = {label: model.labels[label] for label in idle if model.labels.get(label) in served}
        with self._changed:
            model.labels = {**model.config.labels, **kept}
        for label, number in sorted(idle.items()):
            if model.idle_labels.get(label) != number:
                still = f"; it stays on version {kept[label]}" if label in kept else ""
                self._say(f"{model.config.name}: label '{label}' means version {number}, which is not served{still}")
        model.idle_labels = idle

    def _start(self, name: str, number: int, version: _Version, folder: Path) -> None:
        with self._changed:
            version.state, version.fault = LOADING, None
        if not (folder / SAVED_MODEL).is_file():
            return
        try:
            servable = self._load(name, number, folder)
        except Fault as fault:
            with self._changed:
                version.state, version.fault = END, fault
            served = self._models[name].served()
            still = f"version {served[0]} goes on" if served else "no version is served"
            self._say(f"{name}: version {number} cannot be served; {still}. {fault}")
            return
        with self._changed:
            version.state, version.servable = AVAILABLE, servable
        self._say(f"{name}: version {number} is served")

    def _unload(self, model: _Model, keep: list[int]) -> None:
        for number in model.served():
            if number in keep:
                continue
            version = model.versions[number]
            with self._changed:
                version.state = UNLOADING
                self._changed.wait_for(lambda version=version: not version.users)  # type: ignore[misc]
                servable, version.servable = version.servable, None
            if servable is not None:
                servable.close()
            with self._changed:
                version.state = END
            self._say(f"{model.config.name}: version {number} is unloaded")


def _status(number: int, version: _Version) -> ModelVersionStatus:
    status = ModelVersionStatus(version=number, state=version.state)
    status.status.error_code = (version.fault.code if version.fault else grpc.StatusCode.OK).value[0]
    status.status.error_message = version.fault.message if version.fault else ""
    return status
