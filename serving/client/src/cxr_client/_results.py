"""What a call gives: predictions, heat maps, and what a server says of its models."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cxr_client._pictures import overlay


@dataclass(frozen=True)
class HeatMap:
    """Where the network looked for the class that it calls the film (Grad-CAM); no proof of what it saw there.

    Attributes:
        png: the map as the server sent it, a gray PNG file of the network's image: black for nothing, white for most.
        film: the film's file, as it was sent.
    """

    png: bytes
    film: bytes

    def overlay(self, opacity: float = 0.65) -> Image.Image:
        """The film under its map, RGB, of the film's size.

        Args:
            opacity: of the map where it is strongest, 0..1; where it is nothing the film shows as it is.
        """
        return overlay(self.film, self.png, opacity)

    def save(self, path: Path | str, opacity: float = 0.65) -> None:
        """Writes the overlay; the format follows from the file's name."""
        self.overlay(opacity).save(path)


@dataclass(frozen=True)
class Prediction:
    """What a model says of one film. Not a diagnosis.

    Attributes:
        index: of the film in the call, from 0.
        name: the file's path where there is one, else what was given: "bytes", "array", "image".
        label: name of a class.
        score: probability of the positive class, 0..1.
        positive: whether the score reaches the model's threshold.
        probabilities: class -> probability.
        threshold: that threshold, where the model's reply says it.
        version: of the model that answered; over REST, where replies do not say it, only if the client asked for one.
        heatmap: if it was asked for.
    """

    index: int
    name: str
    label: str
    score: float
    positive: bool
    probabilities: Mapping[str, float]
    threshold: float | None = None
    version: int | None = None
    heatmap: HeatMap | None = None


@dataclass(frozen=True)
class VersionStatus:
    """One version of a model, which may be gone already: a server remembers those that it had.

    Attributes:
        state: ``START``, ``LOADING``, ``AVAILABLE``, ``UNLOADING``, ``END`` or ``UNKNOWN``.
        error: why it did not load; empty if nothing is wrong.
    """

    version: int
    state: str
    error: str = ""

    @property
    def is_available(self) -> bool:
        """Whether it answers."""
        return self.state == "AVAILABLE"


@dataclass(frozen=True)
class Tensor:
    """An input or output: its type, such as ``DT_STRING``, and its shape, -1 for a dimension of any size."""

    dtype: str
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Signature:
    """What one function of a model takes and gives."""

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]


@dataclass(frozen=True)
class Metadata:
    """What a served model can be asked."""

    version: int
    signatures: Mapping[str, Signature]
