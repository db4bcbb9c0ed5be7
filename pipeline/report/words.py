"""What a report calls things, for a reader who knows films and no code."""

from collections.abc import Mapping
from typing import Any, Final

from components.release_gate.decision import Rule
from pipeline.report.data import ReportData, Verdict
from pipeline.result import RunResult
from trainer.servable import Rate
from trainer.settings import Augmentation

NONE: Final = "–"

#: Metric -> its name, and what it says. ``{positive}`` is the name of the class.
METRICS: Final[Mapping[str, tuple[str, str]]] = {
    "recall": ("Recall (sensitivity)", "share of {positive} films that the model finds"),
    "specificity": ("Specificity", "share of the other films that it does not call {positive}"),
    "precision": ("Precision", "share of the films called {positive} that are; depends on how frequent {positive} is"),
    "f1": ("F1", "harmonic mean of recall and precision"),
    "accuracy": ("Accuracy", "share of films called by their true class; flatters where one class is rare"),
    "auc": ("Area under the ROC curve", "how often a {positive} film scores above another one"),
    "pr_auc": ("Area under precision and recall", "mean precision over all recalls"),
    "specificity_at_sensitivity": (
        "Specificity at fixed sensitivity",
        "specificity where the threshold would give a recall of {sensitivity}",
    ),
}

#: Range of augmentation -> what it is, with its unit.
AUGMENTATION: Final[Mapping[str, str]] = {
    "rotation": "rotation, degrees to either side",
    "zoom": "zoom, part of the side",
    "shift": "shift, part of the side",
    "horizontal_flip": "left and right exchanged",
    "brightness": "brightness, part of the grey range",
    "contrast": "contrast, part of the film's own",
    "noise": "noise, standard deviation, part of the grey range",
    "rescale": "all grey levels multiplied, part up or down",
}

_RULES: Final[Mapping[str, tuple[str, str]]] = {
    "min_recall": ("Finds enough {positive} films", "Lower end of the exact interval of recall, against the bound."),
    "min_specificity": (
        "Raises few false alarms",
        "Lower end of the exact interval of specificity, against the bound.",
    ),
    "views": ("Tested on every view", "Views that pass into training and that no test film has."),
    "not_worse": ("Not worse than the served model", "Chance of so many more errors on the same films (McNemar)."),
    "data_audit": ("Data are fit to train on", "Findings of the data audit that say stop and that nobody has waived."),
    "shortcut_audit": (
        "Does not read the frame",
        "How far the model tells the classes apart where no lung can be seen; cautious end of the AUC.",
    ),
    "calibration": ("Scores mean what they say", "Lower end of the expected calibration error, against the bound."),
    "parity": ("Serves what was tested", "Largest difference of a score between serving and testing one film."),
    "determinism": ("Answers twice alike", "Largest difference of a score when asked again, and random operations."),
}

#: Status -> headline, sentence below it, and ``good``, ``bad`` or ``plain``.
HEADLINES: Final[Mapping[str, tuple[str, str, str]]] = {
    "pushed": ("Released", "The model passed every rule and is served as version {version}.", "good"),
    "unchanged": ("Released, unchanged", "The model passed every rule; version {version} serves it already.", "good"),
    "not_blessed": ("Not released", "The model failed {failed} of {rules} rules. Nothing was pushed.", "bad"),
    "refused_data": ("Data refused", "The data audit stopped the run before a model was trained.", "bad"),
    "failed": ("Failed", "The run did not come to its end. Nothing was pushed.", "bad"),
}

VERDICTS: Final[Mapping[str, tuple[str, str]]] = {
    "pass": ("✓ pass", "good"),
    "warn": ("! warn", "warn"),
    "waived": ("! waived", "warn"),
    "stop": ("✗ stop", "bad"),
}


def rule_title(rule: Rule, positive: str) -> str:
    """What a rule asks for, in words, with the slice that it is about."""
    base, _, of = rule.name.partition(" (")
    title = _RULES[base][0].format(positive=positive) if base in _RULES else rule.name
    return f"{title}: {of.removesuffix(')')}" if of and base in _RULES else title


def rule_question(rule: Rule, positive: str) -> str:
    """How the value of a rule is to be read; empty for a rule that is not known here."""
    base, _, of = rule.name.partition(" (")
    if of and base.startswith("min_"):
        return "Upper end of the exact interval in this slice: it refuses only where it is surely bad."
    return _RULES[base][1].format(positive=positive) if base in _RULES else ""


def metric_title(name: str) -> str:
    """The name of a metric for a reader."""
    return METRICS[name][0] if name in METRICS else name.replace("_", " ")


def metric_meaning(name: str, positive: str, sensitivity: float) -> str:
    """What a metric says; empty for one that is not known here."""
    return METRICS[name][1].format(positive=positive, sensitivity=f"{sensitivity:g}") if name in METRICS else ""


def number(value: float | None, like: float | None = None, digits: int = 3) -> str:
    """A number that may be missing.

    Args:
        value: A whole one is a count and has no decimals, unless what it is compared with has some.
        like: What it is compared with.
        digits: Decimals; what they cannot tell from 0 has an exponent.
    """
    if value is None:
        return NONE
    if float(value).is_integer() and (like is None or float(like).is_integer() or abs(like) < 10**-digits):
        return f"{value:.0f}"
    return f"{value:.1g}" if 0 < abs(value) < 0.5 * 10**-digits else f"{value:.{digits}f}"


def share(value: float | None) -> str:
    """A rate, loss or probability that may be missing, always with three decimals."""
    return NONE if value is None else f"{value:.3f}"


def rate(value: Rate | None) -> str:
    """A rate with its interval: ``0.926 (0.766 to 0.979)``."""
    return NONE if value is None else f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})"


def interval(value: Rate | None) -> str:
    """An interval alone."""
    return NONE if value is None else f"{value.low:.3f} to {value.high:.3f}"


def ranges(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The random changes to training films, and how far they go, ``strength`` included.

    Args:
        settings: Of the trainer, as ``model.json`` has them.
    """
    if "augmentation" not in settings:
        return []
    scaled = Augmentation.model_validate(settings["augmentation"]).scaled()
    return [
        (AUGMENTATION.get(name, name), {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value:g}")
        for name, value in scaled
        if name != "strength"
    ]


def changes(settings: Mapping[str, Any]) -> str:
    """How often the random changes to a training film are drawn, if there are any.

    Args:
        settings: Of the trainer, as ``model.json`` has them.
    """
    scaled = Augmentation.model_validate(settings.get("augmentation", {})).scaled()
    if not any(value for name, value in scaled if name != "strength"):
        return "Training films are not changed: all ranges are 0."
    if views := settings.get("feature_views", 0):
        times = "once" if views == 1 else f"{views} times"
        return (
            f"Random changes to training films, drawn {times} for every film before training: every epoch sees the "
            f"film as it is and the same {views} changed view{'s' * (views != 1)} of it."
        )
    return "Random changes to training films, drawn anew for every film and epoch."


def fine_tuning(training: Mapping[str, Any]) -> str:
    """How the second stage of a training went: ``2 layers: undone; eval loss ...``; empty where there was none.

    Args:
        training: As ``model.json`` has it.
    """
    stage = training.get("fine_tune")
    if stage is None:
        return ""
    layers = len(stage["layers"])
    end = f"kept, from its epoch {stage['best_epoch']}" if stage["kept"] else "undone"
    losses = f"eval loss {share(stage['eval_loss_before'])} before, {share(stage['eval_loss_after'])} after"
    return f"{layers} layer{'s' * (layers != 1)}: {end}; {losses}"


def verdict_of(result: RunResult) -> Verdict:
    """How a run ended, in words."""
    title, sentence, tone = HEADLINES[result.status]
    failed = sum(not rule.passed for rule in result.gate)
    return Verdict(title, sentence.format(version=result.version, failed=failed, rules=len(result.gate)), tone)


def summary(data: ReportData) -> str:
    """What was found on the test split, in one sentence without a percentage; empty where nothing was tested."""
    found = data.predictions
    if found is None or not len(found):
        return ""
    positives = found.is_positive
    hits, alarms = int(found.decided[positives].sum()), int(found.decided[~positives].sum())
    return (
        f"Of {positives.sum()} test films that show {data.positive} the model found {hits}; of {(~positives).sum()} "
        f"other films it called {alarms} {data.positive} ({len(found)} films of {len(set(found.patient_id))} patients)."
    )
