import numpy as np

from pipeline.sample.canvas import coordinates
from pipeline.sample.lungs import draw_lungs
from pipeline.sample.opacities import draw_opacities
from pipeline.sample.patient import Patient
from pipeline.sample.posture import Posture


def patches(seed: int) -> tuple[np.ndarray, Posture]:
    """Filled air of one PA film."""
    rng = np.random.default_rng(seed)
    patient = Patient.draw(rng)
    posture = Posture.draw(rng, patient, "PA")
    return draw_opacities(rng, patient, posture) * draw_lungs(patient, posture), posture


def test_opacities_lie_in_both_lungs():
    x, _ = coordinates()
    for seed in range(20):
        filled, _ = patches(seed)
        left, right = (filled * (x < 0)).sum(), (filled * (x > 0)).sum()
        assert min(left, right) > 0.1 * max(left, right)


def test_opacities_lie_mostly_low_and_near_the_ribs():
    x, y = coordinates()
    low, outer = [], []
    for seed in range(20):
        filled, posture = patches(seed)
        low.append((filled * (y > (posture.apex + posture.diaphragm) / 2)).sum() / filled.sum())
        outer.append((filled * (np.abs(x) > 0.4)).sum() / filled.sum())
    assert np.mean(low) > 0.55
    assert np.mean(outer) > 0.6


def test_opacities_differ_in_extent_from_film_to_film():
    extents = [patches(seed)[0].sum() for seed in range(20)]
    assert max(extents) > 1.5 * min(extents)
