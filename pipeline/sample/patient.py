"""A drawn person: what stays the same from film to film."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Sex = Literal["F", "M"]


@dataclass(frozen=True)
class Patient:
    """Sex, age and the measures of a chest, in units of the canvas unless said otherwise."""

    sex: Sex
    age: int  #: years
    chest_width: float  #: half the width inside the ribs
    wall: float  #: soft tissue outside the ribs
    heart: float  #: size relative to the middle one
    apex: float  #: height of the top of the lungs
    diaphragm: float  #: height of the middle of the right dome on a full breath
    dome_difference: float  #: by which the left dome lies lower than the right one
    rib_spacing: float
    rib_slope: float  #: fall of a posterior rib from the spine to the flank
    clavicle_rise: float
    spine_bend: float  #: sideways, as in a slight scoliosis
    breasts: float  #: strength of their shadow, 0..1
    bone: float  #: density relative to the middle one
    vessel_seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Patient":
        """A person at random; nothing here depends on what the lungs will show."""
        sex: Sex = "F" if rng.random() < 0.5 else "M"
        return cls(
            sex=sex,
            age=int(np.clip(rng.normal(54, 16), 18, 90)),
            chest_width=rng.uniform(0.70, 0.79) - (0.02 if sex == "F" else 0),
            wall=rng.uniform(0.07, 0.16),
            heart=rng.uniform(0.92, 1.10),
            apex=rng.uniform(-0.83, -0.76),
            diaphragm=rng.uniform(0.44, 0.54),
            dome_difference=rng.uniform(0.02, 0.07),
            rib_spacing=rng.uniform(0.122, 0.138),
            rib_slope=rng.uniform(0.10, 0.22),
            clavicle_rise=rng.uniform(0.04, 0.14),
            spine_bend=rng.normal(0, 0.012),
            breasts=rng.uniform(0.3, 1.0) if sex == "F" else 0.0,
            bone=rng.uniform(0.85, 1.15),
            vessel_seed=int(rng.integers(2**31)),
        )
