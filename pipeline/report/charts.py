"""The charts of a report: data in, SVG out. Each says in its description what it shows, in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.report.figure import BOUND, FAINT, FIRST, INK, SECOND, axes, to_svg
from trainer.assessment import Reliability
from trainer.predictions import Predictions
from trainer.servable import Rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW: Final = 24  #: height of a line of a forest plot
_LABEL: Final = 24  #: letters of a label beside it
_CURVES: Final = {"loss": "Loss", "accuracy": "Accuracy", "recall": "Recall at 0.5"}
_BINS: Final = 20


@dataclass(frozen=True)
class ForestRow:
    """One line of a forest plot: an interval with what it is of; ``heavy`` for the one that the others are read by."""

    label: str
    rate: Rate
    heavy: bool = False


def learning_curves(history: Sequence[Mapping[str, float]], best_epoch: int, name: str = "curve") -> tuple[str, ...]:
    """Loss, accuracy and recall over the epochs, on train and eval films, the kept epoch marked; a chart each.

    Args:
        history: A mapping per epoch.
        best_epoch: Counted from 1.
        name: Unique in the page.
    """
    return tuple(
        _learning_curve(history, best_epoch, metric, title, f"{name}-{metric}")
        for metric, title in _CURVES.items()
        if history and metric in history[0]
    )


def _learning_curve(history: Sequence[Mapping[str, float]], best_epoch: int, metric: str, title: str, name: str) -> str:
    from matplotlib.ticker import MaxNLocator

    epochs = np.arange(1, len(history) + 1)
    train, evaluation = ([epoch[key] for epoch in history] for key in (metric, f"eval_{metric}"))
    marker = "o" if len(epochs) == 1 else ""
    with axes() as (figure, ax):
        ax.plot(epochs, train, color=FIRST, marker=marker, label="train")
        ax.plot(epochs, evaluation, color=SECOND, linestyle="--", marker=marker, label="eval")
        ax.axvline(best_epoch, color=BOUND, linewidth=1.2, linestyle=":", label=f"kept: epoch {best_epoch}")
        ax.set_title(title, loc="left", fontsize=12, color=INK)
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        if metric != "loss":
            ax.set_ylim(-0.02, 1.02)
        _legend_below(figure)
        best = (
            f"in the kept epoch {best_epoch}: train {train[best_epoch - 1]:.3f}, eval {evaluation[best_epoch - 1]:.3f}"
        )
        return to_svg(figure, name, f"{title} over {len(epochs)} epochs", best)


def roc(predictions: Predictions) -> str:
    """Recall against the share of false alarms at every threshold; the stored one is marked."""
    from sklearn.metrics import roc_auc_score, roc_curve

    alarms, recall, _ = roc_curve(predictions.is_positive, predictions.score)
    chosen = _share(predictions, ~predictions.is_positive), _share(predictions, predictions.is_positive)
    with axes() as (figure, ax):
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=":", label="chance")
        ax.plot(alarms, recall, color=FIRST, label="model")
        _mark(ax, *chosen, predictions.threshold)
        _unit_axes(ax, "ROC curve", "1 - specificity", "recall (sensitivity)")
        _legend_below(figure)
        area = roc_auc_score(predictions.is_positive, predictions.score)
        told = (
            f"area under the curve {area:.3f}; at the stored threshold {predictions.threshold:.3f}: recall "
            f"{chosen[1]:.3f}, specificity {1 - chosen[0]:.3f}"
        )
        return to_svg(figure, "roc", "ROC curve on the test split", told)


def precision_recall(predictions: Predictions) -> str:
    """Precision against recall at every threshold; the stored one is marked."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    precision, recall, _ = precision_recall_curve(predictions.is_positive, predictions.score)
    share = predictions.is_positive.mean()
    area = average_precision_score(predictions.is_positive, predictions.score)
    found = _share(predictions, predictions.is_positive)
    told = f"average precision {area:.3f}; {share:.1%} of the films are {predictions.classes[predictions.positive]}"
    with axes() as (figure, ax):
        ax.axhline(share, color=FAINT, linewidth=1, linestyle=":", label="chance")
        ax.step(recall, precision, where="post", color=FIRST, label="model")
        if predictions.decided.any():
            right = predictions.is_positive[predictions.decided].mean()
            _mark(ax, found, right, predictions.threshold)
            told += f"; at the stored threshold {predictions.threshold:.3f}: recall {found:.3f}, precision {right:.3f}"
        _unit_axes(ax, "Precision and recall", "recall (sensitivity)", "precision")
        _legend_below(figure)
        return to_svg(figure, "pr", "Precision against recall on the test split", told)


def reliability(found: Reliability, threshold: float) -> str:
    """Share of positive films against mean score, bin by bin, with intervals; the stored threshold is marked."""
    scores = [one.score for one in found.bins]
    shares = [one.share.value for one in found.bins]
    spread = [
        [max(0.0, one.share.value - one.share.low) for one in found.bins],
        [max(0.0, one.share.high - one.share.value) for one in found.bins],
    ]
    with axes() as (figure, ax):
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=":", label="perfect")
        ax.errorbar(scores, shares, yerr=spread, color=FIRST, marker="o", markersize=4, capsize=2, label="model")
        ax.axvline(threshold, color=BOUND, linewidth=1.2, linestyle="--", label=f"threshold {threshold:.3f}")
        _unit_axes(ax, "Reliability", "mean score of a bin", "share of positive films")
        _legend_below(figure)
        told = f"expected calibration error {found.error.value:.3f}; " + "; ".join(
            f"score {score:.2f}: share {share:.2f}" for score, share in zip(scores, shares, strict=True)
        )
        return to_svg(figure, "reliability", "Reliability: how far a score of .8 means 80 %", told)


def score_histogram(predictions: Predictions) -> str:
    """How many films have which score: positive ones upwards, all others downwards, the threshold between."""
    from matplotlib.ticker import MaxNLocator

    positive = predictions.classes[predictions.positive]
    edges = np.linspace(0, 1, _BINS + 1)
    up, down = (
        np.histogram(predictions.score[films], edges)[0]
        for films in (predictions.is_positive, ~predictions.is_positive)
    )
    tallest = max(1, up.max(), down.max()) * 1.1
    with axes() as (figure, ax):
        ax.bar(edges[:-1], up, 1 / _BINS, align="edge", color=FIRST, label=f"{positive[:12]}, up")
        ax.bar(edges[:-1], -down, 1 / _BINS, align="edge", color=SECOND, label="others, down")
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.axvline(predictions.threshold, color=BOUND, linewidth=1.2, linestyle="--", label="threshold")
        ax.set_xlim(0, 1)
        ax.set_ylim(-tallest, tallest)
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
        ax.set_title("Scores", loc="left", fontsize=12, color=INK)
        ax.set_xlabel(f"score (probability of {positive})")
        ax.set_ylabel("films")
        _legend_below(figure)
        told = f"{up.sum()} films of {positive} and {down.sum()} others; threshold {predictions.threshold:.3f}"
        return to_svg(figure, "scores", "Scores of the test films", told)


def forest(
    rows: Sequence[ForestRow], name: str, title: str, bound: float | None = None, bound_label: str = "bound"
) -> str:
    """Intervals under one another on one axis from 0 to 1, with a bound where there is one.

    Args:
        rows: From top to bottom, at least one.
        name: Unique in the page.
        title: Above the chart.
        bound: Drawn as a vertical line.
        bound_label: What it is.
    """
    places = np.arange(len(rows))[::-1]
    with axes(height=70 + _ROW * len(rows)) as (figure, ax):
        for place, row in zip(places, rows, strict=True):
            width, size = (2.6, 7) if row.heavy else (1.6, 5)
            ax.plot([row.rate.low, row.rate.high], [place, place], color=FIRST, linewidth=width)
            ax.plot([row.rate.value], [place], "s" if row.heavy else "o", color=FIRST, markersize=size)
        if bound is not None:
            ax.axvline(bound, color=BOUND, linewidth=1.2, linestyle="--", label=f"{bound_label} {bound:.2f}")
        ax.set_yticks(places, [_shortened(f"{row.label} ({row.rate.n})") for row in rows])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlim(-0.02, 1.02)
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        ax.grid(visible=False, axis="y")
        ax.set_title(title, loc="left", fontsize=12, color=INK)
        if bound is not None:
            _legend_below(figure)
        told = "; ".join(
            f"{row.label}: {row.rate.value:.2f} ({row.rate.low:.2f} to {row.rate.high:.2f})" for row in rows
        )
        return to_svg(figure, name, title, told)


def _shortened(label: str) -> str:
    name, count = label.rsplit(" ", 1)
    room = _LABEL - len(count)
    return label if len(name) <= room else f"{name[: room - 1]}… {count}"


def _share(predictions: Predictions, films: np.ndarray) -> float:
    """Share of some films that the model calls positive."""
    return float(predictions.decided[films].mean())


def _legend_below(figure: "Figure") -> None:
    """Where it covers no curve."""
    figure.legend(loc="outside lower center", ncols=3, columnspacing=1.2, handlelength=1.8)


def _mark(ax: "Axes", x: float, y: float, threshold: float) -> None:
    ax.plot([x], [y], "D", color=BOUND, markersize=8, clip_on=False, label=f"threshold {threshold:.3f}")


def _unit_axes(ax: "Axes", title: str, x: str, y: str) -> None:
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_title(title, loc="left", fontsize=12, color=INK)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
