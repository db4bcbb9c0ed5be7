"""From collected data to one HTML file that asks for nothing else."""

from dataclasses import dataclass

from markupsafe import Markup

from pipeline.report import charts
from pipeline.report.card import as_section, model_card
from pipeline.report.charts import ForestRow
from pipeline.report.data import ReportData
from pipeline.report.environment import TEMPLATES, environment
from pipeline.report.tables import name_of
from trainer.assessment import OVERALL, Assessment


@dataclass(frozen=True)
class Charts:
    """Every chart of a report as SVG; empty where there is nothing to draw."""

    learning: tuple[Markup, ...] = ()
    test: tuple[Markup, ...] = ()
    reliability: Markup | None = None
    slices: tuple[Markup, ...] = ()
    shortcuts: Markup | None = None


def render(data: ReportData, title: str = "Report of a chest X-ray classifier") -> str:
    """The report as HTML."""
    made = environment(autoescape=True)
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # nobody's input
    card = as_section(model_card(data))
    return made.get_template("report.html").render(data=data, charts=draw(data), card=card, style=style, title=title)


def draw(data: ReportData) -> Charts:
    """Draws every chart for which there are data."""
    training = data.model.training if data.model else {}
    history = training.get("history", ())
    return Charts(
        learning=tuple(map(Markup, charts.learning_curves(history, training["best_epoch"]))) if history else (),
        test=_of_test(data),
        reliability=_of_reliability(data),
        slices=_of_slices(data),
        shortcuts=_of_shortcuts(data),
    )


def _of_test(data: ReportData) -> tuple[Markup, ...]:
    found = data.predictions
    if found is None or not len(found):
        return ()
    drawn = [charts.score_histogram(found)]
    if found.is_positive.any() and not found.is_positive.all():
        drawn += [charts.roc(found), charts.precision_recall(found)]
    return tuple(map(Markup, drawn))


def _of_reliability(data: ReportData) -> Markup | None:
    found = data.assessment and data.assessment.reliability
    return Markup(charts.reliability(found, data.assessment.threshold)) if data.assessment and found else None


def _of_slices(data: ReportData) -> tuple[Markup, ...]:
    if data.assessment is None:
        return ()
    drawn = []
    for name, title in (("recall", "Recall"), ("specificity", "Specificity")):
        if rows := _forest_rows(data.assessment, name):
            bound = next((rule.bound for rule in data.result.gate if rule.name == f"min_{name}"), None)
            drawn.append(Markup(charts.forest(rows, f"forest-{name}", f"{title} (films)", bound)))
    return tuple(drawn)


def _forest_rows(assessment: Assessment, name: str) -> list[ForestRow]:
    return [
        ForestRow(
            name_of(one).removeprefix("source ").replace("age group", "age"), one.metrics[name], one.by == OVERALL
        )
        for one in assessment.slices
        if name in one.metrics
    ]


def _of_shortcuts(data: ReportData) -> Markup | None:
    found = data.shortcuts
    rows = [
        ForestRow(variant.name.replace("_", " "), variant.auc, heavy=variant.judged)
        for variant in (found.variants if found else ())
        if variant.auc
    ]
    if not found or not rows:
        return None
    return Markup(charts.forest(rows, "forest-variants", "AUC by variant (films)", found.bound))
