"""A comparison as Markdown and as one HTML file that asks for nothing else."""

from pathlib import Path
from typing import Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from markupsafe import Markup

from pipeline.compare import tables
from pipeline.compare.grid import markdown
from pipeline.compare.result import ComparisonResult, NetworkResult
from pipeline.report import charts
from pipeline.report.environment import TEMPLATES, environment

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
    films = sum(sum(counts.values()) for counts in result.films.values())
    networks = len(result.networks)
    tested = sum(map(sum, result.networks[0].at_threshold.confusion)) if networks else 0
    how = f"{result.folds}-fold cross-validation, every film tested once" if result.folds else "one split"
    return (
        f"{networks} network{'s' * (networks != 1)} trained on the same films with the same seed ({how}): {films} "
        f"films in the manifest, {tested} tested on. Nothing was released."
    )


def _curves(network: NetworkResult) -> list[tuple[str, list[Markup]]]:
    """Of each training its name and its charts."""
    drawn = []
    for fold, trial in enumerate(network.trials, start=1):
        name = f"{network.name}-{fold}"
        history, best = trial.training["history"], trial.training["best_epoch"]
        title = f"Fold {fold}" if len(network.trials) > 1 else ""
        drawn.append((title, [Markup(one) for one in charts.learning_curves(history, best, name)]))
    return drawn


def _environment(*, autoescape: bool) -> Environment:
    made = environment(autoescape=autoescape)
    made.loader = ChoiceLoader([FileSystemLoader(_OWN), FileSystemLoader(TEMPLATES)])
    made.globals |= {
        name: getattr(tables, name)
        for name in (
            "study_table", "threshold_table", "spread_table", "pairs_table", "report_table", "confusion_table",
            "layers_table", "epochs_table", "films_table",
        )
    }  # fmt: skip
    made.filters["markdown"] = markdown
    return made
