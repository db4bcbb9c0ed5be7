from pathlib import Path

import pytest

from pipeline.sample.data_set import draw_data_set


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn data set of 32 patients per class, 96 films."""
    folder = tmp_path_factory.mktemp("sample") / "films"
    draw_data_set(folder, patients=32, seed=7)
    return folder
