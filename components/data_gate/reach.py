"""Which bounds of the release gate no model can reach on the test films that there are."""

from collections.abc import Iterator, Sequence

from components.manifest_gen.rows import ManifestRow
from components.release_gate.bounds import highest_lower_bound
from components.release_gate.settings import GateSettings
from trainer.features import TEST


def out_of_reach(rows: Sequence[ManifestRow], positive: str, gate: GateSettings) -> Iterator[str]:
    """A sentence for every such bound.

    Args:
        rows: Usable films of all splits.
        positive: Name of the positive class.
        gate: The bounds.
    """
    test = [row for row in rows if row.split == TEST]
    sides = {
        "recall": [row.patient_id for row in test if row.label == positive],
        "specificity": [row.patient_id for row in test if row.label != positive],
    }
    for name, patients in sides.items():
        bound, best = getattr(gate, f"min_{name}"), highest_lower_bound(patients)
        if best < bound:
            yield (
                f"gate.min_{name} {bound:.3f} is out of reach: with {len(patients)} such films of {len(set(patients))} "
                f"patients in the test split the lower bound is {best:.3f} at best; the model will not be blessed"
            )
