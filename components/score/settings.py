"""How much of the network's time the explanations may take."""

from pydantic import Field

from trainer.strict import Settings


class ScoreSettings(Settings):
    """Which test films are explained; the variants are run for all of them."""

    explained: int = Field(
        16, ge=0, le=64, description="films with a Grad-CAM map: the worst and the best of each class"
    )
    occluded: int = Field(4, ge=0, le=8, description="of those, films with an occlusion map; 36 forward passes each")
    seed: int = Field(0, ge=0, lt=2**31, description="of the noise in the variant without a film")
