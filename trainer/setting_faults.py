"""Settings as a person writes them: their keys, and what pydantic finds wrong with them in the words of the house.

No TensorFlow.
"""

import difflib
import types
import typing
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel


def known_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every key of a group and of the groups in it: ``epochs``, ``augmentation``, ``augmentation.zoom``."""
    for name, field in model.model_fields.items():
        yield prefix + name
        for group in groups_in(field.annotation):
            yield from known_keys(group, f"{prefix}{name}.")


def told(fault: Mapping[str, Any], key: str, hint: str) -> str:
    """One fault in a sentence.

    Args:
        fault: As pydantic's ``ValidationError.errors()`` has it; of any type that needs no words of its own.
        key: The setting as the user writes it; empty for a group as a whole.
        hint: What may have been meant, where it is no setting.
    """
    if fault["type"] == "extra_forbidden":
        return f"{key} is not a setting; {hint}"
    if fault["type"] == "value_error":
        return f"{key + ': ' if key else ''}{fault['ctx']['error']}"
    value = fault["input"]
    shown = repr(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return f"{key} is {shown}: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def meant(key: str, known: Collection[str], group: str = "") -> str:
    """A hint for a key that is not known: the nearest of those that are, or those beside it.

    Args:
        key: As the user writes it within ``group``.
        known: All keys within ``group``.
        group: What stands before each of them; its length says nothing of how near two keys are.
    """
    before = f"{group}." if group else ""
    inner, _, last = key.rpartition(".")
    same = [name for name in known if name.rpartition(".")[2] == last]
    near = difflib.get_close_matches(key, same, n=1, cutoff=0) or difflib.get_close_matches(key, known, n=1)
    if near:
        return f"did you mean {before}{near[0]}?"
    beside = [name for name in known if name.rpartition(".")[0] == inner]
    return f"known are {', '.join(before + name for name in beside or known)}"


def groups_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The groups of settings that an annotation names."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
    else:
        for argument in typing.get_args(annotation):
            if argument is not type(None) and typing.get_origin(annotation) is not tuple:
                yield from groups_in(argument)
