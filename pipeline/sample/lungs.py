"""The air of the lungs: where it is, how deep, and the vessels in it."""

import numpy as np

from pipeline.sample.canvas import Layer, Stroke, coordinates, paint, step
from pipeline.sample.patient import Patient
from pipeline.sample.posture import Posture

FLANK = 0.80  #: y at which the rib cage is widest


def wall_at(y: np.ndarray, patient: Patient, posture: Posture) -> np.ndarray:
    """Half the width inside the ribs at height ``y``; 0 above the top of the lungs."""
    t = np.clip((y - posture.apex) / (FLANK - posture.apex), 0, 1)
    return patient.chest_width * (1 - (1 - t) ** 3.0) ** 0.56


def draw_lungs(patient: Patient, posture: Posture) -> Layer:
    """Depth of air, 0 outside and up to 1 in the middle of a lung; float32 [SIDE, SIDE]."""
    x, y = coordinates()
    side = np.abs(x)
    to_wall = wall_at(y, patient, posture) - side
    to_apex = y - posture.apex - 3.2 * np.clip(side - 0.34, None, 0) ** 2
    middle = 0.10 * posture.mediastinum + 0.16 * np.exp(-(((y - posture.apex) / 0.16) ** 2))
    to_middle = side - middle
    dome = posture.diaphragm + np.where(x > 0, patient.dome_difference, 0)
    to_dome = dome + 0.95 * (side - 0.36) ** 2 - y
    inside = step(to_wall, 0.012) * step(to_apex, 0.03) * step(to_middle, 0.05) * step(to_dome, 0.014)
    thinning = 0.72 + 0.28 * step(to_wall - 0.10, 0.12) * step(to_apex - 0.15, 0.20)
    return (inside * thinning).astype(np.float32)


def draw_vessels(patient: Patient, posture: Posture) -> Layer:
    """Hila and the trees of vessels that thin out towards the ribs, 0..1; float32 [SIDE, SIDE]."""
    rng = np.random.default_rng(patient.vessel_seed)
    strokes: list[Stroke] = []
    for side in (-1, 1):
        hilum = np.array([side * 0.15 * posture.mediastinum, -0.10 if side > 0 else -0.06])
        for heading in np.linspace(-70, 75, 7) + rng.normal(0, 8, 7):
            _branch(rng, strokes, hilum, np.radians(heading), side, width=rng.uniform(0.024, 0.038), length=0.28)
    strokes.sort(key=lambda stroke: stroke.strength)
    return paint(strokes)


def _branch(
    rng: np.random.Generator,
    strokes: list[Stroke],
    start: np.ndarray,
    heading: float,
    side: int,
    width: float,
    length: float,
) -> None:
    """Adds one wavering vessel, headed ``heading`` radians below the outward horizontal, and its two daughters."""
    turns = heading + np.cumsum(rng.normal(0, 0.10, 6))
    steps = length / 6 * np.stack([side * np.cos(turns), np.sin(turns)], axis=1)
    curve = np.vstack([start, start + np.cumsum(steps, axis=0)])
    strokes.append(Stroke(curve, width, min(1.0, 0.25 + 20 * width)))
    if width < 0.011:
        return
    for turn in (rng.uniform(0.1, 0.45), -rng.uniform(0.1, 0.45)):
        _branch(rng, strokes, curve[-1], turns[-1] + turn, side, width * rng.uniform(0.52, 0.68), length * 0.68)
