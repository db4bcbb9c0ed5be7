"""A model behind a server, asked as one in this process is."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import TypeVar

from cxr_client import CxrClient, CxrClientError, FilmError
from cxr_client import Prediction as Reply
from cxr_client import UsageError as ClientUsageError
from serving.prediction import Answers, Prediction, without_answer
from trainer.errors import RunError, UsageError

T = TypeVar("T")


class RemoteModel:
    """A model that a server holds.

    Args:
        make_client: makes the client; its complaints become those of this project.

    Raises:
        UsageError: The client does not like its URL or options.
    """

    def __init__(self, make_client: Callable[[], CxrClient]) -> None:
        self._client = _translated(make_client)

    def predict(self, films: Iterable[Path], *, explain: bool = False) -> Iterator[Prediction]:
        """One prediction per film, in their order.

        Args:
            films: files: JPEG, PNG, GIF, BMP, or DICOM, which is converted before it is sent.
            explain: whether to ask for heat maps.

        Raises:
            RunError: The server does not answer, or refuses.
        """
        paths = list(films)
        results = self._client.iter_predict(paths, explain=explain)
        for path in paths:
            yield _prediction(path, _translated(lambda: next(results)))

    def answers(self, predictions: Sequence[Prediction]) -> Answers:
        """The predictions with what they tell of the model. A server shows no ``model.json``."""
        versions = sorted({str(found.version) for found in predictions if found.valid and found.version is not None})
        notes = []
        if len(versions) > 1:
            notes.append(f"versions {', '.join(versions)} answered: the server changed over meanwhile")
        thresholds = {found.threshold for found in predictions if found.valid}
        if len(thresholds) > 1:
            notes.append("the answers have different thresholds; --json and --csv show that of each film")
        version = versions[0] if len(versions) == 1 else None
        threshold = thresholds.pop() if len(thresholds) == 1 else None
        return Answers(predictions, version, _positive(predictions), threshold, notes)

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()


def _translated(call: Callable[[], T]) -> T:
    try:
        return call()
    except ClientUsageError as error:
        raise UsageError(str(error)) from error
    except CxrClientError as error:
        raise RunError(str(error)) from error


def _prediction(path: Path, found: Reply | FilmError) -> Prediction:
    if isinstance(found, FilmError):
        return without_answer(path, found.detail)
    return Prediction(
        path=path,
        label=found.label,
        score=found.score,
        positive=found.positive,
        valid=True,
        error="",
        probabilities=dict(found.probabilities),
        threshold=found.threshold,
        version=None if found.version is None else str(found.version),
        heatmap=found.heatmap,
    )


def _positive(predictions: Sequence[Prediction]) -> str | None:
    """The class whose probability is the score of every film, if that is but one."""
    candidates = [
        {name for name, probability in found.probabilities.items() if probability == found.score}
        for found in predictions
        if found.valid
    ]
    common = reduce(set.intersection, candidates) if candidates else set()
    return common.pop() if len(common) == 1 else None
