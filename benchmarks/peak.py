"""How fast a card could multiply at best, and what share of that a network makes of it."""

from dataclasses import dataclass
from typing import Final

from trainer.precision import MIXED


@dataclass(frozen=True)
class Peak:
    """Of a card, in TFLOP/s, without sparsity.

    Attributes:
        half: Products of half floats, summed in whole ones, on tensor cores.
        single: What TensorFlow does with float32: TF32 on tensor cores where there are any of that kind, else FP32.
    """

    half: float
    single: float

    def of(self, policy: str) -> float:
        """FLOP/s in a precision policy of Keras."""
        return 1e12 * (self.half if policy == MIXED else self.single)


_T4: Final = Peak(65, 8.1)
_V100: Final = Peak(125, 15.7)
_A100: Final = Peak(312, 156)
_H100: Final = Peak(989.4, 494.7)

#: Name, as TensorFlow gives it -> peak. Source: NVIDIA's data sheet of each card, halved where it says "with sparsity".
PEAKS: Final = {
    "Tesla T4": _T4,
    "Tesla V100-SXM2-16GB": _V100,
    "Tesla V100-SXM2-32GB": _V100,
    "NVIDIA A10": Peak(125, 62.5),
    "NVIDIA L4": Peak(121, 60),
    "NVIDIA L40S": Peak(362, 183),
    "NVIDIA A100-SXM4-40GB": _A100,
    "NVIDIA A100-SXM4-80GB": _A100,
    "NVIDIA A100-PCIE-40GB": _A100,
    "NVIDIA A100 80GB PCIe": _A100,
    "NVIDIA H100 PCIe": Peak(756, 378),
    "NVIDIA H100 80GB HBM3": _H100,
    "NVIDIA H200": _H100,
}


def share_of_peak(card: str, policy: str, flops: float, films_per_second: float) -> float | None:
    """What part of the card's peak is used, 0 to 1; None where the card is not in the table.

    Args:
        card: Its name; a slice of one (MIG) has a name of its own, and so no peak.
        policy: ``float32`` or ``mixed_float16``.
        flops: Of one film, a multiplication and an addition counted as two.
        films_per_second: As measured.
    """
    return flops * films_per_second / PEAKS[card].of(policy) if card in PEAKS else None
