"""What the networks of a comparison were trained with, where they were told alike and where they were not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pipeline.compare.result import ComparisonResult, Conditions, NetworkResult
from pipeline.settings import RunSettings

#: Key of the group ``trainer`` -> what it is called where networks differ in it.
_TELLING: Final = {
    "epochs": "epochs at most",
    "batch_size": "batch size",
    "optimizer": "optimizer",
    "learning_rate": "learning rate",
    "feature_views": "feature views",
    "fine_tune": "fine-tuning",
    "seed": "seed",
}


def with_conditions(result: ComparisonResult, settings: RunSettings, root: Path) -> ComparisonResult:
    """The result with what all networks were told, and a warning more where they were not told the same.

    Args:
        result: Of the comparison.
        settings: What it was told; ``data.root`` absolute.
        root: Its folder; films that stand below it were drawn.
    """
    drawn = settings.data.root is not None and Path(settings.data.root).is_relative_to(root)
    by_folds = {"by": settings.split.by, "folds": result.folds}
    conditions = Conditions(
        data=settings.data.model_dump(mode="json", exclude={"root"}),
        split=by_folds if result.folds else settings.split.model_dump(mode="json"),
        threshold=settings.threshold.model_dump(mode="json"),
        sample=settings.sample.model_dump(mode="json") if settings.sample and drawn else None,
    )
    warnings = (*result.warnings, *differences(result.networks))
    return result.model_copy(update={"conditions": conditions, "warnings": warnings})


def differences(networks: Sequence[NetworkResult]) -> tuple[str, ...]:
    """A sentence where networks were not trained alike, none where they were."""
    parts = []
    for key, name in _TELLING.items():
        by_value: dict[str, list[str]] = {}
        for network in networks:
            by_value.setdefault(_told(network.trials[0].settings[key]), []).append(network.name)
        if len(by_value) > 1:
            parts.append(f"{name} " + ", ".join(f"{value} ({', '.join(of)})" for value, of in by_value.items()))
    if not parts:
        return ()
    return (f"the networks were not trained alike: {'; '.join(parts)}; this may be what sets their figures apart",)


def fine_tuning_told(settings: dict[str, Any] | None) -> str:
    """What ``trainer.fine_tune`` asks for: ``last 2 layers, 10 epochs, learning rate 1e-05``."""
    if settings is None:
        return "none"
    of = f"last {settings['layers']} layers" if settings["layers"] else f"from {settings['block']} on"
    return f"{of}, {settings['epochs']} epochs, learning rate {settings['learning_rate']:g}"


def _told(value: Any) -> str:
    if value is None or isinstance(value, dict):
        return fine_tuning_told(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
