"""A Dockerfile and its ``.dockerignore``, read as far as the tests need."""

import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """A ``FROM`` and what follows it.

    Attributes:
        base: What stands behind ``FROM``.
        name: Behind ``AS``; empty for the last stage.
        steps: Instruction and the rest of its line, continued lines joined.
    """

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """The instruction's arguments, once for each time that it stands in the stage."""
        return [arguments for one, arguments in self.steps if one == instruction]


def stages_of(file: Path) -> tuple[dict[str, str], list[Stage]]:
    """The global arguments with their defaults, and the stages."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    lines = [line for line in file.read_text("utf-8").splitlines() if not re.match(r"\s*#", line)]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(base, name))
        elif instruction == "ARG" and not stages:
            name, _, default = rest.partition("=")
            arguments[name] = default
        elif instruction:
            stages[-1].steps.append((instruction, rest))
    return arguments, stages


def ignored(patterns: list[str], path: str) -> bool:
    """Whether ``.dockerignore`` keeps a file out; the last pattern that fits it or a folder of it decides."""
    out = False
    for pattern in patterns:
        wanted = _expression_of(pattern.removeprefix("!").strip("/"))
        parts = path.split("/")
        if any(wanted.fullmatch("/".join(parts[:end])) for end in range(1, len(parts) + 1)):
            out = not pattern.startswith("!")
    return out


def patterns_in(file: Path) -> list[str]:
    """The patterns of a ``.dockerignore``."""
    lines = (line.strip() for line in file.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _expression_of(pattern: str) -> re.Pattern[str]:
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(parts.get(part) or re.escape(part) for part in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern))
    )
