"""The shortcut audit as it is written and read: what the model says of films without lungs. No TensorFlow."""

from pydantic import Field

from trainer.servable import Rate
from trainer.strict import Settings


class VariantResult(Settings):
    """What the model said of all test films in one variant.

    Attributes:
        name: As in ``predictions.parquet``: ``hidden_80``, ``rim``, ``flipped``.
        shows: What of the film can be seen, for a reader: "centre 80 % of each side black".
        judged: Whether it hides the lungs, so that telling the classes apart counts against the model.
        auc: With the interval of a bootstrap of patients; none with films of one side only.
        recall: At the stored threshold.
        specificity: At the stored threshold.
        changed: Share of films whose decision is another than on the film as it is.
        tells: Judged, and the classes can be told apart: completely, or the interval lies at or above the bound, or at
            or below one minus the bound (a model that reads the frame may read it the other way round where the lungs
            are black).
        picture: Name of a PNG file in the artifact that shows the variant; empty = none.
    """

    name: str
    shows: str
    judged: bool
    auc: Rate | None
    recall: Rate | None
    specificity: Rate | None
    changed: Rate | None
    tells: bool
    picture: str = ""


class Explained(Settings):
    """What made the model decide on one film.

    Attributes:
        image_id: As in ``predictions.parquet``.
        label: True class.
        called: What the model calls it.
        score: Probability of the positive class.
        heat_inside: Share of the Grad-CAM mass that lies in the lung field, 0..1; none where the map is empty.
        field: Share of the film's area that the lung field takes: what a map without preference has inside.
        heat_picture: Name of a PNG file in the artifact: the film under its Grad-CAM map.
        occlusion_picture: The film under its occlusion map; empty = it was not occluded.
    """

    image_id: str
    label: str
    called: str
    score: float
    heat_inside: float | None
    field: float
    heat_picture: str = ""
    occlusion_picture: str = ""


class ShortcutFindings(Settings):
    """All of it.

    Attributes:
        bound: AUC that the lower end of the interval must not reach on a judged variant.
        heat_inside: Mean share of Grad-CAM mass in the lung field over the explained films, with its interval; none
            where no film has a map.
        field: Mean share of the area.
    """

    bound: float
    variants: tuple[VariantResult, ...]
    explained: tuple[Explained, ...] = ()
    heat_inside: Rate | None = None
    field: float | None = None
    notes: tuple[str, ...] = Field((), description="what a reader must know, for instance what is not computable")

    @property
    def telling(self) -> tuple[VariantResult, ...]:
        """The judged variants on which the classes can be told apart."""
        return tuple(variant for variant in self.variants if variant.tells)

    @property
    def is_computable(self) -> bool:
        """Whether every judged variant has an area under the curve."""
        judged = [variant for variant in self.variants if variant.judged]
        return bool(judged) and all(variant.auc is not None for variant in judged)
