"""From the rows that a server sends to predictions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cxr_client._errors import FilmError, ReplyError, shorten
from cxr_client._films import Sendable
from cxr_client._results import HeatMap, Prediction

SERVING_DEFAULT, EXPLAIN = "serving_default", "explain"


@dataclass(frozen=True)
class Reply:
    """An answer to a request, of either protocol.

    Attributes:
        rows: one per film: output -> value. Texts are str, the contents of files bytes.
        version: of the model, where the protocol says it.
    """

    rows: Sequence[Mapping[str, Any]]
    version: int | None


def result(row: Mapping[str, Any], film: Sendable, version: int | None, *, explained: bool) -> Prediction | FilmError:
    """What a row says of its film.

    Args:
        row: of a reply.
        film: that was sent.
        version: of the model.
        explained: whether there must be a heat map.

    Returns:
        An error for a film that the server calls invalid, and for one whose score is no number: below no threshold, it
        would pass for a negative one.

    Raises:
        ReplyError: Outputs are missing, or not of a cxr model.
    """
    if not _of_type(row, "valid", bool):
        return FilmError(
            film.index, film.name, "undecodable", f"the server says: {shorten(_of_type(row, 'error', str))}"
        )
    classes, values = _of_type(row, "classes", list), _of_type(row, "probabilities", list)
    if len(classes) != len(values) or not all(isinstance(name, str) for name in classes):
        raise ReplyError(f"{len(values)} probabilities for classes {classes!r:.200}")
    probabilities = {name: _number(value, "probabilities") for name, value in zip(classes, values, strict=True)}
    score, label = _number(row.get("score"), "score"), _of_type(row, "label", str)
    if not all(math.isfinite(number) for number in (score, *probabilities.values())):
        return FilmError(film.index, film.name, "not_a_number", "the model's answer is no number; the model is broken")
    if label not in probabilities or not 0 <= score <= 1:
        raise ReplyError(f"label {label!r:.100} with score {score:g} of classes {classes!r:.200}")
    return Prediction(
        index=film.index,
        name=film.name,
        label=label,
        score=score,
        positive=_of_type(row, "positive", bool),
        probabilities=probabilities,
        threshold=_number(row["threshold"], "threshold") if "threshold" in row else None,
        version=version,
        heatmap=HeatMap(_of_type(row, "heatmap_png_bytes", bytes), film.content) if explained else None,
    )


def _of_type(row: Mapping[str, Any], name: str, kind: type) -> Any:
    if not isinstance(value := row.get(name), kind):
        found = (
            f"is a {type(value).__name__}" if name in row else f"is missing among {', '.join(sorted(row)) or 'none'}"
        )
        raise ReplyError(f"output {name!r} {found}; the model is none of cxr, see metadata()")
    return value


def _number(value: Any, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ReplyError(
            f"output {name!r} holds {value!r:.100}, not a number; the model is none of cxr, see metadata()"
        )
    return float(value)
