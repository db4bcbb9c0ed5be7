"""The client against the local server: the same answers as without one, whatever the protocol."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cxr_client import CxrClient, DeadlineError, FilmError, Limits, NotServedError, Prediction
from serving.saved_model import SavedModel
from serving.server.configuration import FolderSource
from tests.serving.server.conftest import Served, running


@pytest.fixture(scope="module")
def served(model_folder: Path) -> Iterator[Served]:
    with running(FolderSource(model_folder.parent)) as served:
        served.wait_for(lambda: served.states().get("7") == "AVAILABLE")
        yield served


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, make_dicom: Callable[..., bytes]) -> list[Path]:
    """32 films of many kinds; 5 is cut off, 17 a text, and 30 only the server's decoder finds bad."""
    folder, generator = tmp_path_factory.mktemp("mixed"), np.random.default_rng(0)
    paths = []
    for index in range(32):
        noise = generator.integers(256, size=(40 + index, 90 - index), dtype=np.uint8)
        image, kind = Image.fromarray(noise), ("PNG", "JPEG", "BMP", "GIF", "CMYK", "RGBA", "I;16", "DICOM")[index % 8]
        path = folder / f"{index:02}-{kind}"
        if kind == "DICOM":
            path.write_bytes(make_dicom(noise.astype(np.uint16) * 16, WindowCenter=1800, WindowWidth=2000))
        elif kind == "I;16":
            Image.fromarray(noise.astype(np.uint16) * 257).save(path, "PNG")
        elif kind == "CMYK":
            image.convert("CMYK").save(path, "JPEG")
        elif kind == "RGBA":
            image.convert("RGBA").save(path, "PNG")
        else:
            image.save(path, kind)
        paths.append(path)
    paths[5].write_bytes(paths[5].read_bytes()[:300])
    paths[17].write_bytes(b"no film")
    Image.fromarray(noise).convert("1").save(paths[30], "BMP")  # TensorFlow reads none of 1 bit
    return paths


def test_three_ways_give_the_same_scores_to_29_films_and_3_errors(
    served: Served, films: list[Path], model_folder: Path
) -> None:
    alone = list(SavedModel(model_folder).predict(films))
    bad = [index for index, prediction in enumerate(alone) if not prediction.valid]
    assert bad == [5, 17, 30]
    for url in (served.url, f"grpc://127.0.0.1:{served.grpc_port}"):
        with CxrClient(url, limits=Limits(films_per_request=11)) as client:
            found = client.predict(films, strict=False)
        assert [result.index for result in found if isinstance(result, FilmError)] == bad
        for result, prediction in zip(found, alone, strict=True):
            if isinstance(result, Prediction):
                assert result.score == pytest.approx(prediction.score, abs=1e-5)
                assert (result.label, result.positive) == (prediction.label, prediction.positive)
        assert [result.reason for result in found if isinstance(result, FilmError)] == [
            "unreadable",
            "unreadable",
            "undecodable",
        ]


def test_heat_maps_status_and_metadata(served: Served, films: list[Path], model_folder: Path) -> None:
    (alone,) = SavedModel(model_folder).predict(films[:1], explain=True)
    assert alone.heatmap is not None
    for url in (served.url, f"grpc://127.0.0.1:{served.grpc_port}"):
        with CxrClient(url) as client:
            assert client.wait_ready(5).version == 7
            (prediction,) = client.predict(films[0], explain=True)
            assert prediction.heatmap is not None
            assert prediction.heatmap.png == alone.heatmap.png
            assert [(status.version, status.is_available) for status in client.status()] == [(7, True)]
            assert {"serving_default", "explain", "examples"} <= client.metadata().signatures.keys()


@pytest.mark.parametrize(
    "options, cause", [({"model": "nope"}, "model"), ({"version": 9}, "version"), ({"label": "nope"}, "label")]
)
def test_what_is_not_served_is_the_same_error(served: Served, films: list[Path], options: dict, cause: str) -> None:  # type: ignore[type-arg]
    for url in (served.url, f"grpc://127.0.0.1:{served.grpc_port}"):
        with CxrClient(url, **options) as client:
            with pytest.raises(NotServedError) as caught:
                client.predict(films[:1])
            assert caught.value.cause == cause
            with pytest.raises(DeadlineError, match="not ready"):
                client.wait_ready(0.01)
