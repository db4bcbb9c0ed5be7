"""Bones: ribs in two sets of bands, clavicles, shoulder blades and the spine."""

import numpy as np

from pipeline.sample.canvas import Curve, Layer, Stroke, coordinates, fill, paint, step
from pipeline.sample.lungs import wall_at
from pipeline.sample.patient import Patient
from pipeline.sample.posture import Posture

RIBS = 11
SIDES = (-1, 1)  #: image left, image right


def draw_bones(patient: Patient, posture: Posture) -> Layer:
    """Density that the bones add, about 0..0.5; float32 [SIDE, SIDE]."""
    _, y = coordinates()
    ribs = 0.14 * paint(_posterior_ribs(patient, posture)) + 0.09 * paint(_anterior_ribs(patient, posture))
    ribs *= 1 - 0.75 * step(y - posture.diaphragm - 0.03, 0.05)
    shoulders = 0.15 * paint(_clavicles(posture) + _humeri(patient)) + 0.06 * fill(_scapulae(patient, posture))
    return patient.bone * (ribs + shoulders + _spine(patient))


def _banded(curve: Curve, width: float, strength: float = 1.0) -> list[Stroke]:
    """A bone with a dense rind: a stroke, and a weaker one inside it."""
    return [Stroke(curve, width, strength), Stroke(curve, width * 0.62, 0.66 * strength)]


def _posterior_ribs(patient: Patient, posture: Posture) -> list[Stroke]:
    """From the spine outwards, rising a little, then falling to the flank."""
    strokes = []
    s = np.linspace(0, 1, 16)
    for side in SIDES:
        for rib in range(RIBS):
            start = posture.apex + 0.04 + rib * patient.rib_spacing
            fall = patient.rib_slope * (0.55 + 0.10 * rib)
            y = start - 0.10 * np.sin(np.pi * s**0.8) + fall * s**2.2
            flank = float(wall_at(np.array(y[-1]), patient, posture)) + 0.02
            x = 0.08 + (flank - 0.08) * np.sin(np.pi / 2 * s) ** 0.9
            strokes += _banded(np.stack([side * x, y], axis=1), 0.052 - 0.001 * rib)
    return strokes


def _anterior_ribs(patient: Patient, posture: Posture) -> list[Stroke]:
    """From the flank inwards and down, steeper and fainter, ending where cartilage begins."""
    strokes = []
    s = np.linspace(0, 1, 12)
    for side in SIDES:
        for rib in range(1, 7):
            start = posture.apex + 0.02 + (rib + 0.4) * patient.rib_spacing * 1.12
            y = start + (0.24 + 0.012 * rib) * s**0.85
            flank = float(wall_at(np.array(start), patient, posture)) + 0.01
            x = flank - (flank - 0.26 - 0.02 * rib) * s**1.5
            strokes += _banded(np.stack([side * x, y], axis=1), 0.056, 0.9)
    return strokes


def _clavicles(posture: Posture) -> list[Stroke]:
    strokes = []
    s = np.linspace(0, 1, 16)
    for side in SIDES:
        x = 0.09 + 0.78 * s
        y = posture.clavicle - posture.clavicle_rise * s - 0.03 * np.sin(2 * np.pi * s)
        strokes += _banded(np.stack([side * x, y], axis=1), 0.062)
        strokes += _banded(np.stack([side * x[:4], y[:4]], axis=1), 0.082)
    return strokes


def _scapulae(patient: Patient, posture: Posture) -> list[Curve]:
    inner, outer = posture.scapula, patient.chest_width + 0.26
    blade = np.array(
        [[inner + 0.05, -0.62], [inner, -0.30], [inner + 0.12, 0.06], [inner + 0.20, 0.02], [outer, -0.55]]
    )
    return [blade * (side, 1) for side in SIDES]


def _humeri(patient: Patient) -> list[Stroke]:
    """The heads and shafts of the upper arms, mostly beyond the rim of the film."""
    strokes = []
    head = patient.chest_width + 0.36
    for side in SIDES:
        shaft = np.array([[head, -0.62], [head + 0.05, -0.50], [head + 0.16, 0.05], [head + 0.22, 0.4]]) * (side, 1)
        strokes += _banded(shaft, 0.13) + _banded(shaft[:2], 0.20)
    return strokes


def _spine(patient: Patient) -> Layer:
    """Vertebral bodies with brighter end plates, and the spinous processes in the middle."""
    x, y = coordinates()
    across = x - patient.spine_bend * np.sin(3 * y)
    body = step(0.085 + 0.008 * np.cos(2 * np.pi * y / 0.15) - np.abs(across), 0.012)
    plates = 0.8 + 0.2 * np.cos(2 * np.pi * y / 0.15)
    process = step(0.022 - np.abs(across), 0.012) * step(np.cos(2 * np.pi * y / 0.15 + 1.0), 0.5)
    return (0.12 * body * plates + 0.05 * process).astype(np.float32)
