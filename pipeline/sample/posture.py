"""How a patient stands or lies on one film: what the view and the breath change."""

from dataclasses import dataclass

import numpy as np

from pipeline.sample.patient import Patient


@dataclass(frozen=True)
class Posture:
    """Geometry of one film, in units of the canvas.

    An AP film is taken in bed with the tube near: the heart lies far from the film and is thrown larger, the breath
    is shallow, the shoulder blades stay over the lungs and the clavicles rise above their tops.
    """

    heart: float  #: size relative to the middle one on PA
    apex: float
    diaphragm: float  #: middle of the right dome
    mediastinum: float  #: width relative to PA
    scapula: float  #: x of the inner border of the shoulder blade
    clavicle: float  #: y of the inner end of the clavicle
    clavicle_rise: float
    gas: float  #: strength of the gas bubble under the left dome

    @classmethod
    def draw(cls, rng: np.random.Generator, patient: Patient, view: str) -> "Posture":
        """One breath and stance of ``patient`` for ``view`` (PA or AP)."""
        breath = rng.normal(0, 0.012)
        if view == "AP":
            return cls(
                heart=patient.heart * rng.uniform(1.20, 1.32),
                apex=patient.apex + 0.05,
                diaphragm=patient.diaphragm - rng.uniform(0.10, 0.15) + breath,
                mediastinum=rng.uniform(1.20, 1.40),
                scapula=patient.chest_width * rng.uniform(0.60, 0.70),
                clavicle=patient.apex + rng.uniform(0.06, 0.10),
                clavicle_rise=patient.clavicle_rise * 0.4,
                gas=rng.uniform(0, 0.5),
            )
        return cls(
            heart=patient.heart,
            apex=patient.apex,
            diaphragm=patient.diaphragm + breath,
            mediastinum=1.0,
            scapula=patient.chest_width * rng.uniform(0.96, 1.06),
            clavicle=patient.apex + rng.uniform(0.20, 0.25),
            clavicle_rise=patient.clavicle_rise + 0.08,
            gas=rng.uniform(0.3, 1.0),
        )
