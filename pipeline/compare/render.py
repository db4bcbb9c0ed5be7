"""A comparison as Markdown and as one HTML file that asks for nothing else."""

from pathlib import Path
from typing import Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from markupsafe import Markup

from pipeline.compare import tables, training_tables
from pipeline.compare.grid import markdown
from pipeline.compare.result import ComparisonResult, NetworkResult
from pipeline.report import charts
from pipeline.report.environment import TEMPLATES, environment
from trainer.features import UNUSED

_OWN: Final = Path(__file__).with_name("templates")


def markdown_of(result: ComparisonResult) -> str:
    """The comparison as GitHub's Markdown; curves are in the page alone."""
    return _environment(autoescape=False).get_template("compare.md").render(result=result, headline=headline(result))


def html_of(result: ComparisonResult) -> str:
    """The comparison as a page in the style of a run's report."""
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # nobody's input
    made = _environment(autoescape=True)
    curves = {network.name: _curves(network) for network in result.networks}
    return made.get_template("compare.html").render(
        result=result, headline=headline(result), curves=curves, style=style
    )


def headline(result: ComparisonResult) -> str:
    """What was done, in one sentence."""
    unused = sum(counts.get(UNUSED, 0) for counts in result.films.values())
    films = sum(sum(counts.values()) for counts in result.films.values()) - unused
    networks = len(result.networks)
    tested = sum(map(sum, result.networks[0].at_threshold.confusion)) if networks else 0
    how = f"{result.folds}-fold cross-validation, every film tested once" if result.folds else "one split"
    seeds = list(dict.fromkeys(str(network.trials[0].settings["seed"]) for network in result.networks))
    balanced = f" ({unused} more left out to balance classes)" if unused else ""
    return (
        f"{networks} network{'s' * (networks != 1)} trained on the same films of {result.image_size} x "
        f"{result.image_size} pixels, seed{'s' * (len(seeds) > 1)} {', '.join(seeds)} ({how}): {films} films "
        f"used{balanced}, {tested} tested on. Nothing was released."
    )


def _curves(network: NetworkResult) -> list[tuple[str, list[Markup]]]:
    """Of each training its name and its charts."""
    drawn = []
    for fold, trial in enumerate(network.trials, start=1):
        told = [stage for stage in training_tables.stages(trial) if stage.end != training_tables.UNDONE]
        for number, stage in enumerate(told, start=1):
            title = [f"Fold {fold}"] * (len(network.trials) > 1)
            title += [stage.name or "first stage"] * (len(told) > 1)
            made = charts.learning_curves(stage.history, stage.best, f"{network.name}-{fold}-{number}")
            drawn.append((", ".join(title).capitalize(), [Markup(one) for one in made]))
    return drawn


def _environment(*, autoescape: bool) -> Environment:
    made = environment(autoescape=autoescape)
    made.loader = ChoiceLoader([FileSystemLoader(_OWN), FileSystemLoader(TEMPLATES)])
    made.globals |= {
        name: getattr(module, name)
        for module, names in (
            (tables, ("study_table", "study_notes", "threshold_table", "spread_table", "pairs_table", "report_table",
                      "confusion_table", "films_table")),
            (training_tables, ("settings_table", "conditions_table", "layers_table", "epochs_table", "fine_tunings")),
        )
        for name in names
    }  # fmt: skip
    made.filters["markdown"] = markdown
    return made
