"""Images of the audited films, out of the records."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trainer import features
from trainer.errors import RunError


def files(ingested: SimpleNamespace) -> list[Path]:
    return [
        file for split in features.SPLITS for file in sorted(Path(ingested.examples.uri, f"Split-{split}").iterdir())
    ]


def test_images_come_in_the_order_asked_for(ingested: SimpleNamespace, read_examples: Any) -> None:
    from components.data_audit.pixels import SIDE, shrink
    from components.data_audit.records import read_images

    examples = read_examples(ingested.examples)[:3][::-1]
    ids = [example.features.feature[features.IMAGE_ID].bytes_list.value[0].decode() for example in examples]
    images = read_images(files(ingested), [*ids, ids[0]])
    assert images.shape == (4, SIDE, SIDE)
    raw = np.frombuffer(examples[0].features.feature[features.IMAGE].bytes_list.value[0], np.uint8)
    np.testing.assert_array_equal(images[0], shrink(raw.reshape(64, 64)))
    np.testing.assert_array_equal(images[3], images[0])


def test_a_film_without_a_record_is_told(ingested: SimpleNamespace) -> None:
    from components.data_audit.records import read_images

    with pytest.raises(RunError, match="1 films of the manifest have no record"):
        read_images(files(ingested), ["0" * 16])
