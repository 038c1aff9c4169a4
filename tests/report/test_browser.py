"""The page in a real browser: nothing overflows, overlaps or loads, in light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.pin import Slot
from gatehouse.report.html import page
from tests.report import reviewed
from tests.support import results
from tests.support.browser import CHROMIUM, Browser, browser
from tests.support.results import CONTEXT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: the report was not looked at in a browser"),
]
WIDTHS = (390, 960, 961, 1099, 1100, 1280)  # a phone, both sides of each turn, a desktop

# Texts of drawings that stick out of their canvas, or lie on each other by more than a pixel.
CLASHES = """[...document.querySelectorAll("figure svg")].filter(svg => svg.clientWidth).flatMap(svg => {
  const frame = svg.getBoundingClientRect(), found = [];
  const boxes = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
  boxes.forEach(([name, box], index) => {
    const out = box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
    if (out) found.push(["out", name]);
    boxes.slice(index + 1).forEach(([other, next]) => {
      const wide = Math.min(box.right, next.right) - Math.max(box.left, next.left);
      const high = Math.min(box.bottom, next.bottom) - Math.max(box.top, next.top);
      if (wide > 1 && high > 3) found.push(["on", name, other]);
    });
  });
  return found;
})"""
# Elements whose content is wider than they are; what is hidden from view has no width to exceed.
OVERFLOWS = """[...document.querySelectorAll("main *, header, footer")].filter(node =>
  node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 2 && getComputedStyle(node).display !== "inline"
  && !node.closest("svg, thead, .hidden"))
  .map(node => node.tagName + " " + node.className + " " + node.textContent.slice(0, 60))"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [1, 2])
def test_nothing_sticks_out_where_reviews_are_asked_for(
    chromium: Browser, tmp_path: Path, count: int, width: int
) -> None:
    file = tmp_path / "report.html"
    made = [reviewed.odd(), results.passing_as(Slot("a-model-with-a-name-of-many-many-letters", "production", "eu"))]
    long = [f"limitation-{number}-of-applicants-with-a-thin-file-日本語" for number in range(24)]
    asking = [reviewed.asked(one, reviewed.policy(limitations=long)) for one in made[:count]]
    file.write_text(page(made[:count], reviewed.context(made[:count], asking=asking)))
    chromium.open(file, width=width)
    chromium.evaluate("document.querySelectorAll('details').forEach(node => node.open = true)")
    assert chromium.evaluate("document.documentElement.scrollWidth") == width
    assert chromium.evaluate(OVERFLOWS) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", list(results.samples()))
def test_nothing_sticks_out_or_overlaps(chromium: Browser, tmp_path: Path, name: str, width: int) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(results.samples()[name], CONTEXT))
    chromium.open(file, width=width)
    chromium.evaluate("document.querySelectorAll('details').forEach(node => node.open = true)")
    assert chromium.evaluate("document.documentElement.scrollWidth") == width
    assert chromium.evaluate(OVERFLOWS) == []
    assert chromium.evaluate(CLASHES) == []


@pytest.mark.parametrize("name", [name for name in results.samples() if name != "hostile"])
def test_nothing_sticks_out_on_paper(chromium: Browser, tmp_path: Path, name: str) -> None:
    """A4 with margins of 1 cm is 718 CSS pixels wide."""
    file = tmp_path / "report.html"
    file.write_text(page(results.samples()[name], CONTEXT))
    chromium.open(file, width=718, dark=True, paper=True)
    assert chromium.evaluate("document.documentElement.scrollWidth") == 718
    assert chromium.evaluate(OVERFLOWS) == []
    assert chromium.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_nothing_is_loaded_and_no_script_of_a_result_runs(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page([results.hostile()], CONTEXT))
    chromium.open(file, width=1200)
    assert chromium.evaluate("performance.getEntriesByType('resource').length") == 0
    assert chromium.evaluate("document.scripts.length") == 0
    assert chromium.evaluate("getComputedStyle(document.body).margin") == "0px", "the policy lets the page's style in"


def test_the_policy_stops_a_script_and_an_image_that_got_in(chromium: Browser, tmp_path: Path) -> None:
    """Whatever slips through the escaping is still stopped by the page's own policy."""
    file = tmp_path / "report.html"
    bad = (
        "<script>document.title = 'owned'</script><img src='https://evil.example/x.png'><style>body{margin:9px}</style>"
    )
    file.write_text(page([results.passing()], CONTEXT).replace("<main>", f"<main>{bad}"))
    chromium.open(file, width=1200)
    assert chromium.evaluate("document.title") != "owned"
    assert chromium.evaluate("document.images[0].naturalWidth") == 0
    assert chromium.evaluate("getComputedStyle(document.body).margin") == "0px"


def test_the_page_follows_the_readers_colour_scheme(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page([results.passing()], CONTEXT))
    seen = []
    for dark in (False, True):
        chromium.open(file, width=1200, dark=dark)
        seen.append(chromium.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert seen == ["rgb(246, 246, 243)", "rgb(18, 20, 23)"]
