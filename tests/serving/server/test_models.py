"""Versions that come while others ask, without TensorFlow's part in it."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from tensorflow_serving.apis.model_pb2 import ModelSpec

from serving.server.configuration import ModelConfig
from serving.server.models import Models


@pytest.fixture
def _switching_all_the_time() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_switching_all_the_time")
def test_requests_are_answered_while_hundreds_of_versions_come(tmp_path: Path) -> None:
    for number in range(1, 301):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "saved_model.pb").touch()
    models = Models(lambda _: None, lambda *_: cast(Any, object()))
    last = {"cxr": ModelConfig("cxr", tmp_path, latest=1)}
    models.follow(last)
    following = threading.Thread(target=models.follow, args=({"cxr": ModelConfig("cxr", tmp_path, latest=None)},))
    following.start()
    while following.is_alive():
        with models.borrowed(ModelSpec(name="cxr")) as servable:
            assert servable is not None
    following.join()
    assert len(models.statuses("cxr")) == 300
