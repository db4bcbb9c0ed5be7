"""The parameters of a run: what its starter may say, which components hear it, and how it is checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from components.manifest_gen.settings import DataSettings
from components.release_gate.settings import GateSettings
from trainer.errors import UsageError
from trainer.setting_faults import known_keys, meant, told
from trainer.settings import TrainerSettings
from trainer.strict import Settings

#: Of ``data_digest``: that the run itself looks which films there are.
AUTO: Final = "auto"


@dataclass(frozen=True)
class RunParameter:
    """One parameter.

    Attributes:
        description: What Kubeflow's page shows beside it.
        nodes: Components that are told. A component that has a parameter of this name gets its value; to any other
            the entry point tells what follows from it.
        model: Of which it is the JSON; None for a plain text.
    """

    description: str
    nodes: tuple[str, ...]
    model: type[Settings] | None = None


RUN_PARAMETERS: Final[Mapping[str, RunParameter]] = {
    "data_settings": RunParameter(
        "where the films are, seed and balance, as JSON; classes, findings, views and sources are those compiled",
        ("DataDigest", "ManifestGen", "Score", "Pusher", "DataReport", "Report"),
        DataSettings,
    ),
    "trainer_settings": RunParameter(
        "the group trainer of the settings, as JSON",
        ("Tuner", "Trainer", "Score", "Pusher", "DataReport", "Report"),
        TrainerSettings,
    ),
    "gate_settings": RunParameter(
        "the group gate of the settings, as JSON",
        ("DataGate", "ShortcutAudit", "ReleaseGate", "DataReport", "Report"),
        GateSettings,
    ),
    "data_digest": RunParameter(
        "names the films: the same text, and components are taken from the cache; a new one, and all is done again. "
        f"With '{AUTO}' DataDigest reads them and names them by their content",
        ("DataDigest", "ManifestGen", "DataAudit", "Tuner", "Trainer", "Score", "Pusher", "DataReport", "Report"),
    ),
}


def read_parameter(name: str, text: str) -> Any:
    """The settings that a run parameter holds, or its text.

    Raises:
        UsageError: Every fault, a line each.
    """
    model = RUN_PARAMETERS[name].model
    if model is None:
        if not text.strip():
            raise UsageError(f"run parameter {name} is empty; give a new text, or '{AUTO}'")
        return text
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise UsageError("\n".join(sentences(error, name, model))) from error


def sentences(error: ValidationError, name: str, model: type[Settings]) -> Iterator[str]:
    """Every fault of a run parameter in a sentence."""
    for fault in error.errors():
        key = ".".join((name, *(str(part) for part in fault["loc"])))
        if fault["type"] == "json_invalid":
            yield f"run parameter {name} is no JSON: {fault['ctx']['error']}; give an object such as the default"
        elif fault["type"] == "missing":
            yield f"{key} is missing; give the whole group, as the default does"
        else:
            yield told(fault, key, meant(".".join(map(str, fault["loc"])), list(known_keys(model)), name))
