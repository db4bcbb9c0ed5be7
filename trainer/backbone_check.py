"""What can be asked of a frozen backbone before a film is read."""

import keras

from trainer.backbones import find_backbone
from trainer.errors import RunError
from trainer.fine_tuning import check_layers
from trainer.settings import TrainerSettings
from trainer.weights import IMAGENET, RANDOM, fetch_weights
from trainer.weights_file import check_weights


def check_backbone(settings: TrainerSettings, image_size: int) -> None:
    """Asks whether a weights file is the backbone's, and whether it has the layers to fine-tune.

    Costs the building of the backbone, seconds, where one of the two is set, and nothing where neither is.

    Args:
        settings: ``backbone``, ``weights`` and ``fine_tune`` decide.
        image_size: side of the images in pixels, not too small for the backbone.

    Raises:
        UsageError: No such file, or no such layers.
        RunError: The file cannot be read, or its weights are another network's.
    """
    backbone = find_backbone(settings.backbone)
    of_file = settings.weights not in (IMAGENET, RANDOM)
    if not backbone.frozen or not (of_file or settings.fine_tune):
        return
    file = fetch_weights(settings) if of_file else None
    network = backbone.build(image_size)
    if file is not None:
        try:
            check_weights(network, file)
        except RunError as error:
            raise RunError(f"trainer.weights: {error}") from error
    check_layers(settings, network)
    del network
    keras.backend.clear_session()  # layers of the training count from the same number as without this
