"""The page: its files and questions without a browser, and what a person sees with one."""

import base64
import io
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from serving.server.configuration import FileSource, FolderSource
from serving.server.limits import Limits
from serving.server.page import routes
from serving.server.predict import Predictor
from trainer.servable import ModelInfo

from ...pipeline.report.test_browser import CHROMIUM, FAINT_TEXTS, SCHEMES, WIDTHS
from .conftest import Running, Served, encoded

PAGE = Path(__file__).parents[3] / "serving" / "server" / "page"
FILES = ("/", "/cxr/page.css", "/cxr/page.js")
#: Set to a folder to look at what a person sees.
SCREENSHOTS = os.environ.get("CXR_SCREENSHOTS")


def ask(served: Served, film: bytes, model: str = "cxr") -> httpx.Response:
    return served.http.post(f"/cxr/film?model={model}", content=film)


@pytest.mark.parametrize("path", FILES)
def test_its_files_forbid_every_other_source(server: Served, path: str) -> None:
    reply = server.http.get(path)
    assert reply.status_code == 200
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_it_asks_for_nothing_from_elsewhere_and_has_nothing_inline() -> None:
    html = (PAGE / "page.html").read_text("utf-8")
    assert re.findall(r"(?:src|href)=\"([^\"#]+)\"", html) == ["data:,", "/cxr/page.css", "/cxr/page.js"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src)", html)
    texts = [html, *((PAGE / name).read_text("utf-8") for name in ("page.css", "page.js"))]
    assert not any("http:" in text or "https:" in text or "innerHTML" in text for text in texts)


def test_it_is_told_what_there_is_to_know_of_a_model(server: Served) -> None:
    told = server.http.get("/cxr/models").json()
    (model,) = told["models"]
    assert (model["model"], model["version"], model["positive"], model["threshold"]) == ("cxr", "7", "covid", 0.5)
    assert model["notes"] == ["a note for the reader"]
    assert model["versions"] == [{"version": "7", "state": "AVAILABLE", "served": True, "error": ""}]
    assert told["film_bytes"] == Limits().body_bytes


def test_an_answer_is_that_of_the_protocol_with_its_heat_map(server: Served, film: bytes) -> None:
    answer = ask(server, film).json()
    outputs = server.predict(film, signature="explain").outputs
    assert answer["score"] == pytest.approx(outputs["score"].float_val[0], abs=1e-6)
    assert answer["label"] == outputs["label"].string_val[0].decode()
    assert answer["is_positive"] == outputs["positive"].bool_val[0]
    assert answer["probabilities"].keys() == {"covid", "healthy"}
    assert base64.b64decode(answer["heat_map"]) == outputs["heatmap_png_bytes"].string_val[0]
    assert answer["picture"] is None


def test_a_dicom_film_is_turned_into_a_picture_and_answered_as_one(
    server: Served, make_dicom: Callable[..., bytes]
) -> None:
    stored = np.random.default_rng(3).integers(4096, size=(90, 70), dtype=np.uint16)
    answer = ask(server, make_dicom(stored, WindowCenter=1800, WindowWidth=2000)).json()
    picture = base64.b64decode(answer["picture"])
    assert Image.open(io.BytesIO(picture)).size == (70, 90)
    assert answer["score"] == pytest.approx(server.predict(picture).outputs["score"].float_val[0], abs=1e-6)


def test_a_film_that_cannot_be_answered_gets_a_sentence(server: Served, film: bytes, make_dicom: Any) -> None:
    frames = make_dicom(np.zeros((64, 64), np.uint16), NumberOfFrames=2)
    for content, part in (
        (b"no film", "not a JPEG, PNG, GIF or BMP file"),
        (film[:-40], "the file is cut off"),
        (frames, "2 frames; a film is a single frame"),
        (encoded(Image.new("L", (100_000, 1))), "100000 x 1 px"),
        (b"", "not a JPEG, PNG, GIF or BMP file"),
    ):
        reply = ask(server, content)
        assert reply.status_code == 400
        assert part in reply.json()["error"]
    assert ask(server, film, "nope").status_code == 404


def test_dicom_films_are_converted_one_at_a_time_and_within_the_room_for_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The conversion changes what the whole process warns of and logs."""
    inside, most = [0], [0]

    def convert(content: bytes) -> bytes:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.01)
        inside[0] -= 1
        return content

    monkeypatch.setattr(routes, "to_png", convert)
    predictor = Predictor(Limits(film_pixels=10, decoding_pixels=15))
    with predictor.room_for_a_film():
        waiting = threading.Thread(target=routes.as_picture, args=(b"film", predictor))
        waiting.start()
        waiting.join(0.05)
        assert most == [0]
    threads = [threading.Thread(target=routes.as_picture, args=(b"film", Predictor(Limits()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in (waiting, *threads):
        thread.join()
    assert most == [1]


def test_the_page_asks_the_version_that_is_labelled_stable(
    push: Callable[..., Path], run_server: Running, tmp_path: Path, film: bytes
) -> None:
    base = push(1).parent
    push(2)
    file = tmp_path / "models.config"

    def write(label: str) -> None:
        draft = tmp_path / "draft"
        draft.write_text(
            f'model_config_list {{ config {{ name: "cxr" base_path: "{base}" model_platform: "tensorflow" '
            f'model_version_policy {{ all {{}} }} version_labels {{ key: "{label}" value: 1 }} }} }}'
        )
        draft.replace(file)

    write("stable")
    with run_server(FileSource(file)) as served:

        def told() -> dict[str, Any]:
            (model,) = served.http.get("/cxr/models").json()["models"]
            return dict(model)

        served.wait_for(lambda: told().get("labels") == {"stable": "1"})
        assert (told()["version"], ask(served, film).json()["version"]) == ("1", "1")
        write("canary")
        served.wait_for(lambda: told().get("labels") == {"canary": "1"})
        assert (told()["version"], ask(served, film).json()["version"]) == ("2", "2")


def test_a_version_that_cannot_be_served_is_told_with_its_error(
    push: Callable[..., Path], run_server: Running, tmp_path: Path
) -> None:
    push(1, change=lambda folder: (folder / "saved_model.pb").write_bytes(b"none"))
    with run_server(FolderSource(tmp_path / "models")) as served:
        served.wait_for(lambda: served.states().get("1") == "END")
        (model,) = served.http.get("/cxr/models").json()["models"]
    assert model["version"] is None
    (version,) = model["versions"]
    assert (version["state"], version["served"]) == ("END", False)
    assert version["error"]


def test_a_model_without_a_model_json_is_served_and_says_so(
    push: Callable[..., Path], run_server: Running, tmp_path: Path, film: bytes
) -> None:
    push(1, change=lambda folder: (folder / "model.json").unlink())
    with run_server(FolderSource(tmp_path / "models")) as served:
        served.wait_for(lambda: served.states().get("1") == "AVAILABLE")
        answer = ask(served, film).json()
    assert "threshold" not in answer
    assert "nothing is known of it" in answer["notes"][0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine; install it, for instance with apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
        )
        yield started
        started.close()


class Seen:
    """The page in a browser."""

    def __init__(self, browser: Any, url: str, width: int = 1280, scheme: str = "light") -> None:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = context.new_page()
        self.spoken: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.spoken.append(message.text))
        self.page.on("pageerror", lambda error: self.spoken.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(url)
        self.page.wait_for_load_state("networkidle")

    def choose(self, name: str, film: bytes) -> None:
        self.page.set_input_files("#film", [{"name": name, "mimeType": "", "buffer": film}])

    def answer(self) -> str:
        self.says("#status", "answered")
        return str(self.page.inner_text("#sentence"))

    def says(self, selector: str, text: str) -> None:
        """Waits for it. The page's own policy forbids playwright's ``wait_for_function``."""
        from playwright.sync_api import expect

        expect(self.page.locator(selector)).to_contain_text(text, timeout=20_000)

    def screenshot(self, name: str) -> None:
        if SCREENSHOTS:
            self.page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)


@pytest.fixture(scope="module")
def large_film() -> bytes:
    """Something like a film, higher than wide, as JPEG that asks to be turned."""
    y, x = np.mgrid[0:700, 0:560] / [[[700]], [[560]]]
    film = 190 - 60 * y
    for centre in (0.3, 0.7):
        film = film - 130 * np.exp(-(((x - centre) / 0.14) ** 2 + ((y - 0.5) / 0.3) ** 2))
    image = Image.fromarray(np.clip(film, 0, 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    return encoded(image, "JPEG", exif=exif)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_film_is_answered_on_screen(browser: Any, server: Served, large_film: bytes, width: int, scheme: str) -> None:
    seen = Seen(browser, server.url, width, scheme)
    page = seen.page
    seen.screenshot(f"empty-{width}-{scheme}")
    assert page.inner_text("#served") == "Model cxr, version 7 (newest version)"
    assert "a note for the reader" in page.inner_text("#about")
    seen.choose("film.jpg", large_film)
    expected = server.predict(large_film).outputs
    score, label = expected["score"].float_val[0], expected["label"].string_val[0].decode()
    side = "at or above" if expected["positive"].bool_val[0] else "below"
    assert seen.answer() == f"Score {score:.3f}, the probability of covid; {side} the threshold of 0.500."
    assert page.inner_text("#verdict") == label
    assert "version 7. Not a diagnosis." in page.inner_text("#version")
    seen.screenshot(f"answer-{width}-{scheme}")
    # The network sees pixels as they are stored: 560 wide, whatever the file says of turning.
    box, heat = (page.locator(name).bounding_box() for name in ("#picture", "#heat"))
    assert box["height"] / box["width"] == pytest.approx(700 / 560, rel=0.02)
    assert heat == pytest.approx(box, abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    measured = page.evaluate(FAINT_TEXTS)
    assert measured["texts"] > 20
    assert measured["faint"] == []
    assert seen.spoken == []
    assert all(url.startswith((server.url, "blob:", "data:")) for url in seen.asked)


@pytest.mark.browser
def test_a_score_near_its_threshold_has_as_many_digits_as_tell_them_apart(browser: Any, server: Served) -> None:
    seen = Seen(browser, server.url)
    scores = [0.4997, 0.5, 0.50004, 0.1, 0.49999997]
    assert [seen.page.evaluate(f"percent({score}, digitsFor({score}, 0.5))") for score in scores] == [
        "0.4997", "0.500", "0.50004", "0.100", "0.49999997"
    ]  # fmt: skip


@pytest.mark.browser
def test_the_slider_fades_the_heat_map(browser: Any, server: Served, large_film: bytes) -> None:
    seen = Seen(browser, server.url)
    seen.choose("film.jpg", large_film)
    seen.answer()
    painted = seen.page.evaluate(
        "[...document.getElementById('heat').getContext('2d').getImageData(0, 0, 32, 32).data]"
        ".filter((value, index) => index % 4 == 3)"
    )
    assert len(painted) == 32 * 32
    assert max(painted) > 250
    assert min(painted) < 100
    opacity = "getComputedStyle(document.getElementById('heat')).opacity"
    assert seen.page.evaluate(opacity) == "0.45"
    seen.page.focus("#opacity")
    seen.page.keyboard.press("Home")
    assert seen.page.evaluate(opacity) == "0"
    assert seen.page.inner_text("#opacity-value") == "0 %"


@pytest.mark.browser
def test_the_keyboard_and_a_screen_reader_get_everywhere(browser: Any, server: Served, film: bytes) -> None:
    from playwright.sync_api import expect

    seen = Seen(browser, server.url)
    page = seen.page
    focused = "document.activeElement.id || document.activeElement.className"
    reached = []
    for _ in range(2):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(focused))
    assert reached == ["skip", "film"]
    assert page.evaluate("getComputedStyle(document.getElementById('drop')).outlineStyle") == "solid"
    seen.choose("film.png", film)
    seen.answer()
    expect(page.locator("#verdict")).to_be_focused()  # the answer is read from its heading on
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "opacity"
    assert page.get_by_role("status").inner_text().startswith("film.png: ")
    assert page.get_by_role("img", name="The film film.png").count() == 1
    assert page.get_by_role("slider", name="Heat map").count() == 1
    assert page.get_by_role("img", name="Score").count() == 1
    assert page.get_by_label("Choose a film").count() == 1
    assert page.evaluate("[...document.querySelectorAll('input, select')].every(one => one.labels.length === 1)")


@pytest.mark.browser
def test_a_dicom_film_is_dropped_and_shown(browser: Any, server: Served, make_dicom: Callable[..., bytes]) -> None:
    seen = Seen(browser, server.url)
    film = make_dicom(np.random.default_rng(3).integers(4096, size=(90, 70), dtype=np.uint16))
    dropped = seen.page.evaluate_handle(
        """base64 => {
          const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0)), data = new DataTransfer();
          data.items.add(new File([bytes], "IM0001"));
          return data;
        }""",
        base64.b64encode(film).decode(),
    )
    seen.page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    assert seen.answer().startswith("Score 0.")
    picture = "document.getElementById('picture')"
    assert seen.page.evaluate(f"[{picture}.naturalWidth, {picture}.naturalHeight]") == [70, 90]
    assert seen.spoken == []


def _with_a_waiver_and_random_weights(folder: Path) -> None:
    rule = {"name": "data_audit", "value": 0, "bound": 0, "passed": True, "message": "stops nothing (waived: rim)"}
    ModelInfo.read(folder).model_copy(update={"gate": (rule,), "weights": "random"}).write(folder)


@pytest.mark.browser
def test_what_goes_wrong_is_told_in_clear_words(
    browser: Any, push: Callable[..., Path], run_server: Running, tmp_path: Path, film: bytes
) -> None:
    with run_server(FolderSource(tmp_path / "models"), Limits(body_bytes=50_000)) as served:
        seen = Seen(browser, served.url)
        assert seen.page.inner_text("#served") == "No model is served yet; waiting for one."
        seen.choose("film.png", film)
        seen.says("#problem", "No model is served yet. Push one")
        push(7, change=_with_a_waiver_and_random_weights)
        seen.says("#served", "Model cxr, version 7")
        about = seen.page.inner_text("#notes")
        assert "random weights" in about
        assert "waived: rim" in about
        seen.choose("film.png", film[:-40])
        seen.says("#problem", "cut off")
        assert seen.page.get_by_role("alert").inner_text() == (
            "No answer for this film: the film cannot be read: PNG without its end: the file is cut off"
        )
        seen.screenshot("problem")
        seen.choose("film.png", bytes(60_000))
        seen.says("#problem", "too big")
        seen.choose("film.png", film)
        assert seen.answer()
        assert not seen.page.is_visible("#problem")
    seen.choose("film.png", film)
    seen.says("#problem", "The server does not answer. Is cxr serve still running?")
