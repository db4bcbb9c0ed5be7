"""A chest film of a patient: body, heart, lungs and bones laid over each other, then exposed."""

import numpy as np

from pipeline.sample.canvas import Layer, bump, clouds, coordinates, radius, step
from pipeline.sample.exposure import expose
from pipeline.sample.lungs import draw_lungs, draw_vessels
from pipeline.sample.opacities import draw_opacities
from pipeline.sample.patient import Patient
from pipeline.sample.posture import Posture
from pipeline.sample.skeleton import draw_bones

__all__ = ["Patient", "draw_film"]


def draw_film(
    rng: np.random.Generator, patient: Patient, *, view: str, opacities: bool, height: int, width: int
) -> np.ndarray:
    """One film of ``patient``.

    Where the lungs are patchy, the air between the patches is drawn clearer by as much as the patches are denser, so
    that neither the film's mean nor its rim tells that there are patches.

    Args:
        rng: Draws stance, patches, exposure, position and noise.
        patient: Whose chest it is.
        view: PA or AP.
        opacities: Whether the lungs show patchy opacities.
        height: Of the film, in pixels.
        width: Of the film, in pixels.

    Returns:
        uint8 [height, width], grey, bones bright.
    """
    posture = Posture.draw(rng, patient, view)
    air = draw_lungs(patient, posture)
    heart = _draw_heart(posture)
    seen = air * (1 - 0.8 * heart)
    density = _draw_body(patient, posture) + 0.26 * heart + (1 - 0.55 * heart) * draw_bones(patient, posture)
    density += 0.05 * clouds(rng, 0.5) * step(density - 0.2, 0.1)
    density += seen * (0.17 * draw_vessels(patient, posture) + 0.012 * clouds(rng, 0.03) - 0.50)
    if opacities:
        # A stream of their own: the film is the same with and without them but for the lungs.
        filled = 0.44 * seen * draw_opacities(rng.spawn(1)[0], patient, posture)
        density += filled - seen * (filled.sum() / seen.sum())
    return expose(rng, density, view=view, height=height, width=width)


def _draw_body(patient: Patient, posture: Posture) -> Layer:
    """Soft tissue of trunk, neck and shoulders, with mediastinum and belly; 0 in the air around, about 0.7 inside."""
    x, y = coordinates()
    side = np.abs(x)
    flank = patient.chest_width + patient.wall + 0.05 * y**2
    shoulder = 0.30 + 1.4 * step(y + 0.98, 0.34)
    armpit = 0.55 * step(-0.18 - y, 0.30)
    edge = np.minimum(shoulder, flank + armpit)
    inside = step(edge - side, 0.012) * (0.62 + 0.38 * step(edge - side - 0.05, 0.16))
    belly = 0.24 * step(y - posture.diaphragm - 0.02, 0.16)
    trunk = step(y - posture.apex + 0.05, 0.2) * (1 - 0.8 * step(y - posture.diaphragm - 0.05, 0.12))
    middle = 0.14 * trunk * step(0.13 * posture.mediastinum - side, 0.05)
    trachea = -0.14 * step(0.045 - np.abs(x), 0.018) * step(-0.16 - y, 0.06)
    gas = -0.22 * posture.gas * bump((0.38, posture.diaphragm + patient.dome_difference + 0.10), (0.17, 0.05), -8)
    breast = sum(step(1 - radius((sign * 0.44, 0.22), (0.33, 0.34)), 0.22) * step(y + 0.05, 0.3) for sign in (-1, 1))
    folds = 0.10 * patient.breasts * breast
    return (inside * (0.56 + belly + middle + trachea + gas + folds)).astype(np.float32)


def _draw_heart(posture: Posture) -> Layer:
    """Heart and great vessels, 0..1: left ventricle to the image's right, right atrium, aortic arch and its descent."""
    x, y = coordinates()
    size = posture.heart
    base = posture.diaphragm - 0.17
    ventricle = radius((0.15 * size, base), (0.34 * size, 0.23 * size), tilt=30)
    atrium = radius((-0.06 * size, base - 0.02), (0.15 * size, 0.24 * size))
    trunk = radius((0.07 * size, base - 0.26 * size), (0.13 * size, 0.22 * size))
    arch = radius((0.08, posture.apex + 0.36), (0.085 * posture.mediastinum, 0.085))
    band = np.abs(x - 0.01) / (0.115 * posture.mediastinum) + step(y - posture.diaphragm - 0.02, 0.08)
    # A smooth minimum of the distances, so that one outline runs into the next.
    sharpness = 9
    near = sum(np.exp(-sharpness * part) for part in (ventricle, atrium, trunk, 0.1 + arch, 0.1 + band))
    shadow = step(1 + np.log(near) / sharpness, 0.11)
    return (shadow * (1 - 0.9 * step(posture.apex + 0.02 - y, 0.25))).astype(np.float32)
