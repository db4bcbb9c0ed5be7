"""Patchy opacities in both lungs, mostly low and at the rim, as in COVID-19 pneumonia."""

import numpy as np

from pipeline.sample.canvas import Layer, bump, clouds, step
from pipeline.sample.lungs import wall_at
from pipeline.sample.patient import Patient
from pipeline.sample.posture import Posture


def draw_opacities(rng: np.random.Generator, patient: Patient, posture: Posture) -> Layer:
    """Part of the air that is filled, 0..1, soft-edged and mottled; both lungs have patches. float32 [SIDE, SIDE]."""
    ragged = clouds(rng, 0.10)
    filled = sum(_patch(rng, patient, posture, side, ragged) for side in (-1, 1) for _ in range(rng.integers(3, 7)))
    mottled = 1 + 0.20 * clouds(rng, 0.03) + 0.12 * clouds(rng, 0.08)
    return 0.95 * np.tanh(filled * mottled).astype(np.float32)


def _patch(rng: np.random.Generator, patient: Patient, posture: Posture, side: int, ragged: Layer) -> Layer:
    """One patch; three in four lie in the lower two thirds of a lung, nearer to the ribs than to the hilum."""
    height = posture.diaphragm - posture.apex
    y = posture.diaphragm - height * (rng.uniform(0.02, 0.5) if rng.random() < 0.8 else rng.uniform(0.5, 0.75))
    x = side * float(wall_at(np.array(y), patient, posture)) * rng.uniform(0.58, 0.95)
    size = rng.uniform(0.09, 0.19)
    radii = (size * rng.uniform(0.7, 1.1), size * rng.uniform(0.8, 1.4))
    soft = bump((x, y), radii, tilt=rng.uniform(-30, 30))
    return rng.uniform(0.65, 1.05) * step(soft - 0.10, 0.10) * step(soft + 0.16 * ragged - 0.42, 0.40)
