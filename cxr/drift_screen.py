"""The screen of ``cxr drift``: how far every feature differs, then what is over its bound, then the word."""

from collections.abc import Iterator

from rich.box import SIMPLE
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.drift import Drift, FeatureDrift


def lines_of(drift: Drift) -> Iterator[RenderableType]:
    """The table and the lines to print."""
    table = Table("feature", "differs by", "allowed", "", "films in use", "own films", "measure", box=SIMPLE)
    for column in (1, 2, 4, 5):
        table.columns[column].justify = "right"
    for feature in drift.features:
        table.add_row(
            feature.name,
            f"{feature.value:.3f}",
            f"{feature.bound:.3f}",
            _word(feature),
            str(feature.films),
            str(feature.reference_films),
            feature.measure,
        )
    yield table
    yield Text(
        f"  {drift.films} films that came from {drift.hours[0]} to {drift.hours[1]} (hours, UTC); not compared: "
        f"{drift.invalid} that could not be decoded, {drift.others} that other versions answered, "
        f"{drift.earlier} earlier"
    )
    for feature in drift.features:
        if feature.over:
            yield Text(f"Note: {feature.name}: {feature.detail} (in use, against the model's own)", style="yellow")
    yield Text()
    if drift.drifted:
        names = ", ".join(feature.name for feature in drift.drifted)
        yield Text(f"Drifted: {names} of films in use are not as version {drift.version} knows them", style="bold red")
        yield Text("  next      docs/drift.md says what it may be; cxr evaluate on such films says what it costs")
    else:
        yield Text(f"No drift: nothing is over its bound for version {drift.version}", style="bold green")


def _word(feature: FeatureDrift) -> str:
    if not feature.over:
        return ""
    return "over, may be" if feature.is_allowed else "over"
