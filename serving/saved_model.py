"""A pushed model in this process, without a server."""

import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import tensorflow as tf

from cxr_client import HeatMap
from serving.prediction import Answers, Prediction, without_answer
from trainer.dicom import DicomFault, decodable
from trainer.servable import ModelInfo, find_version


class SavedModel:
    """A model loaded from its version's folder.

    Args:
        folder: a version, or a model's folder, of which the newest version is taken.

    Attributes:
        folder: the version's folder.
        version: its name, as the server counts it.
        info: what ``model.json`` says.

    Raises:
        UsageError: There is no version in the folder.
        RunError: ``model.json`` is missing or not understood.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = find_version(folder)
        self.version = self.folder.resolve().name
        self.info = ModelInfo.read(self.folder)
        self._loaded = tf.saved_model.load(str(self.folder))  # holds the variables that the signatures use

    @property
    def threshold(self) -> float:
        """Scores from here on are positive."""
        return self.info.threshold

    def predict(self, films: Iterable[Path], *, explain: bool = False, batch_size: int = 16) -> Iterator[Prediction]:
        """One prediction per film, in their order.

        Args:
            films: files: JPEG, PNG, GIF, BMP, or DICOM, which is converted before the model sees it.
            explain: whether to draw heat maps.
            batch_size: films that are read and decoded at once.
        """
        films = iter(films)
        while batch := list(islice(films, batch_size)):
            contents = [_read(film) for film in batch]
            readable = [film for film, content in zip(batch, contents, strict=True) if isinstance(content, bytes)]
            predictions = self._batch(
                readable, [content for content in contents if isinstance(content, bytes)], explain
            )
            for film, content in zip(batch, contents, strict=True):
                yield next(predictions) if isinstance(content, bytes) else self._invalid(film, content)

    def answers(self, predictions: Sequence[Prediction]) -> Answers:
        """The predictions with what ``model.json`` says of the model."""
        return Answers(predictions, self.version, self.info.positive, self.threshold, self.info.notes)

    def _batch(self, films: list[Path], contents: list[bytes], explain: bool) -> Iterator[Prediction]:
        signature = self._loaded.signatures["explain" if explain else "serving_default"]
        try:
            outputs = signature(image_bytes=tf.constant(contents))
        except tf.errors.InvalidArgumentError as error:
            # Damage that only the decoder sees fails the whole batch: ask again, film by film.
            if len(films) > 1:
                for film, content in zip(films, contents, strict=True):
                    yield from self._batch([film], [content], explain)
                return
            reason = str(error).partition("[[")[0].splitlines()
            said = next((line.strip() for line in reversed(reason) if line.strip()), "")
            yield self._invalid(films[0], f"cannot be decoded: {said}")
            return
        rows = {name: output.numpy().tolist() for name, output in outputs.items()}
        for index, film in enumerate(films):
            yield Prediction(
                path=film,
                label=rows["label"][index].decode(),
                score=rows["score"][index],
                positive=rows["positive"][index],
                valid=rows["valid"][index],
                error=rows["error"][index].decode(),
                probabilities={
                    name.decode(): probability
                    for name, probability in zip(rows["classes"][index], rows["probabilities"][index], strict=True)
                },
                threshold=self.threshold,
                version=self.version,
                heatmap=HeatMap(rows["heatmap_png_bytes"][index], contents[index]) if explain else None,
            )

    def _invalid(self, film: Path, error: str) -> Prediction:
        probabilities = dict.fromkeys(self.info.classes, 0.0)
        return replace(
            without_answer(film, error), probabilities=probabilities, threshold=self.threshold, version=self.version
        )


def _read(film: Path) -> bytes | str:
    """What the decoder gets, or what is wrong with the file."""
    try:
        if not stat.S_ISREG(film.stat().st_mode):  # a pipe or a device may have no end
            return "cannot be read (not a regular file); give an image file"
        return decodable(film.read_bytes())
    except DicomFault as fault:
        return f"cannot be decoded: {fault.detail}"
    except OSError as error:
        return f"cannot be read ({error.strerror}); give an image file"
