"""The pixels that come out of a DICOM film."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from trainer.dicom import to_png


@pytest.fixture(scope="session")
def grey() -> Callable[[bytes], np.ndarray]:
    """The grey levels of the PNG that a DICOM film becomes; uint8 [rows, columns]."""

    def read(data: bytes) -> np.ndarray:
        with Image.open(io.BytesIO(to_png(data)), formats=["PNG"]) as film:
            assert film.mode == "L"
            return np.asarray(film)

    return read
