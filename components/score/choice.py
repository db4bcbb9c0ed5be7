"""Which films are explained. Pure numpy, no TensorFlow."""

import numpy as np

from trainer.predictions import Predictions


def choose_films(predictions: Predictions, count: int) -> list[int]:
    """The most wrong and the most right films of each class, by turns.

    Of every class, the positive one first, there is a queue of films that are called something else, the lowest
    probability of their true class first, and one of films that are called right, the highest first. A turn takes one
    of each queue, the wrong ones first: misses, false alarms, then right ones.

    Args:
        predictions: On the films as they are.
        count: At most so many.

    Returns:
        Rows of ``predictions``, in the order of the turns; copies with one image id stand once.
    """
    called, others = predictions.called, [c for c in range(len(predictions.classes)) if c != predictions.positive]
    queues = []
    for sign, right in ((1, False), (-1, True)):
        for label in (predictions.positive, *others):
            films = np.flatnonzero((predictions.label == label) & ((called == predictions.label) == right))
            of_truth = sign * predictions.probabilities[films, label]
            ids = np.array([predictions.image_id[film] for film in films], dtype=str)
            queues.append([int(film) for film in films[np.lexsort((ids, of_truth))]])
    chosen: list[int] = []
    seen: set[str] = set()
    for turn in range(max(map(len, queues), default=0)):
        for queue in queues:
            if turn < len(queue) and len(chosen) < count and predictions.image_id[queue[turn]] not in seen:
                seen.add(predictions.image_id[queue[turn]])
                chosen.append(queue[turn])
    return chosen
