"""The model that is served now, on the films of the candidate."""

from pathlib import Path

import tensorflow as tf

from components.score.films import Films
from components.score.servable import Servable
from components.score.served_model import ServedModel
from trainer.errors import RunError
from trainer.predictions import Predictions
from trainer.servable import ModelInfo


def ask_served(served: ServedModel, films: Films, candidate: ModelInfo) -> Predictions | str:
    """Asks the served model about records that were made for another one.

    Args:
        served: Where it is.
        films: All films of the split.
        candidate: The model that would take its place.

    Returns:
        Its predictions on the films as they are; or why it cannot be asked, in one sentence.
    """
    try:
        info = ModelInfo.read(Path(served.folder))
        for what, its, ours in (
            ("classes", ", ".join(info.classes), ", ".join(candidate.classes)),
            ("positive class", info.positive, candidate.positive),
            ("image size", info.image_size, candidate.image_size),
        ):
            if its != ours:
                return f"version {served.version} has {what} {its}; the candidate has {ours}"
        model = Servable(Path(served.folder))
        return model.predictions(films, *model.ask(films.records))
    # A folder that somebody has emptied or overwritten must not end a run that would replace it.
    except tf.errors.ResourceExhaustedError:
        raise  # the machine's fault and not the model's: no verdict to keep
    except (RunError, OSError, ValueError, KeyError, tf.errors.OpError) as error:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        return f"version {served.version} cannot be run: {reason}"
