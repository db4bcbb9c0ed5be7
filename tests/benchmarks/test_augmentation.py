import keras
import pytest

from benchmarks.augmentation import keras_layers, main
from trainer.settings import Augmentation


def test_the_peer_is_kerass_own_layers_with_the_ranges_of_the_settings() -> None:
    rotation, zoom, shift, flip = keras_layers(Augmentation(rotation=18, zoom=0.2, shift=0.1))
    assert rotation.factor == (-0.05, 0.05)
    assert (zoom.height_lower, zoom.height_upper, zoom.width_factor) == (-0.2, 0.2, None)
    assert (shift.height_upper, shift.width_upper) == (0.1, 0.1)
    assert isinstance(flip, keras.layers.RandomFlip)


def test_a_small_one_prints_both_rows(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--pairs", "2", "--image-size", "8", "--batch-size", "2"])
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split(" | ")[1].split(",")[0] for row in rows] == ["turn", "the whole augmentation"]
    assert all("batches of 2 films of 8 px" in row and "(2)" in row for row in rows)
