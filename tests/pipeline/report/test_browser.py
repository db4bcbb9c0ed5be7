"""The report in a real browser: nothing is fetched, nothing breaks, everything can be read."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")

#: Every text with less than 4.5 to 1 between its colour and what lies behind it.
FAINT_TEXTS = """() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(value => value / 255)
    .map(value => value <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [.2126, .7152, .0722][index], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  let texts = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('title, desc, style')) continue;
    texts++;
    const style = getComputedStyle(parent);
    const front = luminance(parse(parent instanceof SVGElement ? style.fill : style.color));
    const back = luminance(behind(parent));
    const ratio = (Math.max(front, back) + .05) / (Math.min(front, back) + .05);
    if (ratio < 4.5) faint.push(`${node.data.trim()}: ${ratio.toFixed(2)}`);
  }
  return {texts, faint};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine; install it, for instance with apt-get install chromium")
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.fixture(params=["pushed", "not_blessed", "refused_data", "failed"])
def report(request: pytest.FixtureRequest, written: Callable[..., Any]) -> Path:
    until = {"refused_data": "data", "failed": "nothing"}.get(request.param, "gate")
    run = written(until, blessed=request.param != "not_blessed", show_films=True).run
    assert run.result.status == request.param
    return Path(run.root, "report.html")


def _opened(browser: Any, report: Path, width: int, scheme: str) -> tuple[Any, list[str], list[str]]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, spoken, asked = context.new_page(), [], []
    page.on("console", lambda message: spoken.append(message.text))
    page.on("pageerror", lambda error: spoken.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_load_state("networkidle")
    return page, spoken, asked


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_report_can_be_read(browser: Any, report: Path, width: int, scheme: str) -> None:
    page, spoken, asked = _opened(browser, report, width, scheme)
    assert spoken == []
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    pictures = page.evaluate("[...document.images].map(image => image.complete && image.naturalWidth > 0)")
    assert all(pictures)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    measured = page.evaluate(FAINT_TEXTS)
    assert measured["texts"] > 100
    assert measured["faint"] == []
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('svg.chart')].map(svg =>"
        " svg.getBoundingClientRect().width / svg.viewBox.baseVal.width), 2)"
    )
    assert smallest > 0.9  # the letters of a chart have the size that they were drawn in


def test_the_keyboard_reaches_what_scrolls_and_shows_where_it_is(browser: Any, report: Path) -> None:
    page, _, _ = _opened(browser, report, 390, "light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    unreachable = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(element => element.scrollWidth > element.clientWidth + 1"
        " && ['auto', 'scroll'].includes(getComputedStyle(element).overflowX) && element.tabIndex < 0).length"
    )
    assert unreachable == 0
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_it_prints_dark_on_white_also_where_the_screen_is_dark(browser: Any, report: Path) -> None:
    page, _, _ = _opened(browser, report, 1280, "dark")
    page.emulate_media(media="print", color_scheme="dark")
    colours = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert len(page.pdf(format="A4")) > 10_000
    page.emulate_media(media="screen", color_scheme="dark")
