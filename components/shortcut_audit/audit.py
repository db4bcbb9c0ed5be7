"""All findings of the shortcut audit, with their pictures. No TensorFlow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from components.score.explanations import Explanations
from components.score.variants import make_variants
from components.shortcut_audit.explained import mean_inside, measure_heat
from components.shortcut_audit.findings import find
from components.shortcut_audit.pictures import draw_heat, draw_occlusion, draw_row
from components.shortcut_audit.report import Explained, ShortcutFindings, VariantResult
from trainer.predictions import ORIGINAL, Predictions

SHOWN_OF_CLASS: Final = 2  #: films of each class in the picture of a variant


def audit(
    variants: Mapping[str, Predictions], explanations: Explanations, bound: float, folder: Path
) -> ShortcutFindings:
    """Measures, and draws what was measured on.

    Args:
        variants: Name of the variant -> predictions, all by one model on the same films in the same order.
        explanations: Of some of these films.
        bound: Area under the curve from which on a judged variant tells the classes apart.
        folder: For the pictures; nothing is drawn where no film is explained.
    """
    original = variants[ORIGINAL]
    results = find(variants, bound)
    explained = measure_heat(explanations, original)
    inside = mean_inside(explained, original)
    if explained:
        results = _draw_variants(results, explained, explanations, folder)
        explained = _draw_maps(explained, explanations, folder)
    return ShortcutFindings(
        bound=bound,
        variants=results,
        explained=explained,
        heat_inside=inside,
        field=explained[0].field if explained else None,
        notes=_notes(original, explained, inside is None),
    )


def _draw_variants(
    results: tuple[VariantResult, ...], explained: tuple[Explained, ...], explanations: Explanations, folder: Path
) -> tuple[VariantResult, ...]:
    of_class: dict[str, list[int]] = {}
    for film, said in enumerate(explained):
        of_class.setdefault(said.label, []).append(film)
    shown = [film for label in sorted(of_class) for film in of_class[label][:SHOWN_OF_CLASS]]
    films = explanations.images[shown]
    altered = {ORIGINAL: films, **make_variants(films, 0, explanations.mean)}
    drawn = []
    for result in results:
        picture = f"variant_{result.name}.png"
        draw_row(altered[result.name], folder / picture)
        drawn.append(result.model_copy(update={"picture": picture}))
    return tuple(drawn)


def _draw_maps(explained: tuple[Explained, ...], explanations: Explanations, folder: Path) -> tuple[Explained, ...]:
    drawn = []
    for film, said in enumerate(explained):
        pictures = {}
        if explanations.heat[film].size:
            pictures["heat_picture"] = f"heat_{said.image_id}.png"
            draw_heat(explanations.images[film], explanations.heat[film], folder / pictures["heat_picture"])
        if film < len(explanations.occlusion):
            pictures["occlusion_picture"] = f"occlusion_{said.image_id}.png"
            draw_occlusion(
                explanations.images[film], explanations.occlusion[film], folder / pictures["occlusion_picture"]
            )
        drawn.append(said.model_copy(update=pictures))
    return tuple(drawn)


def _notes(original: Predictions, explained: tuple[Explained, ...], no_mean: bool) -> tuple[str, ...]:
    notes = []
    positives = int(original.is_positive.sum())
    if positives in (0, len(original)):
        notes.append(
            f"{positives} of {len(original)} test films are {original.classes[original.positive]}: whether the model "
            "tells the classes apart where no lung can be seen is not computable without films of both sides"
        )
    if explained and no_mean:
        notes.append("the mean share of heat in the lung field is not computable: fewer than two patients have a map")
    if not explained:
        notes.append("no film is explained (score.explained, or no test film), so there are no pictures")
    else:
        notes.append(
            "the explained films are the most wrong and the most right ones of each class, no sample of all; the lung "
            "field is a fixed region in which lungs mostly lie, no segmentation"
        )
    return tuple(notes)
