"""The report as one HTML page."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.evaluate.result import Result
from gatehouse.report.context import Context, Links
from gatehouse.report.html import TEMPLATES, page
from gatehouse.verdict import Outcome, Verdict
from tests.support import hostile, results
from tests.support.results import CONTEXT

VOID = frozenset({"meta", "br", "link", "img", "hr", "input"})
KNOWN = frozenset(
    """html head meta title style body header span svg path main section article h1 h2 h3 p table caption thead tbody tr
    th td a ul li dl div dt dd code small strong figure figcaption details summary text line rect circle polyline g
    footer""".split()  # noqa: SIM905  (a list this long reads better in prose)
)


class Checked(HTMLParser):
    """Parses a page and asserts that every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if "style" not in self.open else ""

    def all(self, attribute: str) -> list[str]:
        return [value for _, name, value in self.attributes if name == attribute]


@pytest.fixture(params=list(results.samples()))
def sample(request: pytest.FixtureRequest) -> tuple[Result, ...]:
    return results.samples()[request.param]


def test_the_page_is_whole_and_loads_nothing(sample: tuple[Result, ...]) -> None:
    _assert_harmless(page(sample, CONTEXT))


@settings(max_examples=60, deadline=None)
@given(st.lists(hostile.results, max_size=2))
def test_whatever_a_result_says_the_page_is_whole_and_loads_nothing(made: list[Result]) -> None:
    _assert_harmless(page(made, CONTEXT))


def _assert_harmless(html: str) -> None:
    seen = Checked(html)
    assert set(seen.tags) <= KNOWN
    assert not {name for _, name, _ in seen.attributes if name.startswith("on") or name in ("style", "src", "srcset")}
    for target in seen.all("href"):
        assert target.startswith(
            ("#", "https://acme.example", "https://mlflow.acme.example", "https://github.com/acme/")
        )
    assert "nan" not in re.findall(r'(?:[xyr]|[xy][12]|c[xy]|width|height|points|d)="([^"]*)"', html.lower())
    assert not re.search(r'="[^"]*\b(?:nan|inf)\b[^"]*"(?=[^<]*/>)', html)


def test_the_policy_forbids_scripts_and_the_network_and_names_the_pages_own_style() -> None:
    html = page([results.passing()], CONTEXT)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    policy = next(value for value in Checked(html).all("content") if "default-src" in value)
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"url\(|@import|expression", style.group(1))


def test_every_link_inside_the_page_leads_to_something(sample: tuple[Result, ...]) -> None:
    seen = Checked(page(sample, CONTEXT))
    ids = seen.all("id")
    assert len(set(ids)) == len(ids)
    assert {target[1:] for target in seen.all("href") if target.startswith("#")} <= set(ids)


def test_every_drawing_says_what_it_shows_to_those_who_cannot_see_it(sample: tuple[Result, ...]) -> None:
    html = page(sample, CONTEXT)
    for svg in re.findall(r"<svg [^>]*>", html):
        assert 'aria-hidden="true"' in svg or re.search(r'role="img" aria-label="[^"]+"', svg)
    assert html.count("<table") == html.count("<caption")


def test_headings_never_skip_a_level(sample: tuple[Result, ...]) -> None:
    levels = [int(tag[1]) for tag in Checked(page(sample, CONTEXT)).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_tells_everything_that_a_person_needs() -> None:
    text = Checked(page([results.blocked()], CONTEXT)).text
    for needed in (
        *("Blocked by 1 of 7 gates", "credit-risk → production", "version 1", "version 2", "trained by alice"),
        *("Gain", "Worst group", "Unusual", "thin-file-applicants", "What to do", "look at how the model treats"),
        *("No protected group is served much worse", "overall", "31 rows and is not judged"),
        *(results.blocked().key, results.BASE, results.HEAD, "bubblewrap", "gatehouse 0.1.0", "10,000 labelled rows"),
    ):
        assert needed in text, needed


def test_many_rows_are_folded_after_the_first_ones() -> None:
    html = page([results.wide()], CONTEXT)
    assert "46 more rows" in html
    assert html.index("income") < html.index("46 more rows")


def test_a_pull_request_without_promotion_has_a_page_too() -> None:
    assert "No promotion in this pull request" in page([], CONTEXT)


def test_a_promotion_without_verdicts_is_shown_as_blocked() -> None:
    text = Checked(page([results.result([])], CONTEXT)).text
    assert "Blocked: no gate ran" in text
    assert "nothing was checked" in text


def test_a_bare_context_is_enough() -> None:
    html = page([results.blocked()], Context())
    assert all(target.startswith("#") for target in Checked(html).all("href"))


def test_a_context_link_that_is_no_web_address_is_not_followed() -> None:
    bad = Context(
        repository="a/b", pull_request=1, links=Links("javascript:a", "javascript:b", "data:c", "javascript:d")
    )
    assert all(target.startswith("#") for target in Checked(page([results.blocked()], bad)).all("href"))


def test_a_page_stays_small_whatever_it_is_given() -> None:
    verdicts = [Verdict(f"gate {i}", Outcome.FAIL, "x" * 10_000, advice=("y" * 10_000,) * 50) for i in range(500)]
    html = page([results.result(verdicts)] * 200, CONTEXT)
    assert len(html) < 20_000_000
    assert "170 further promotions" in html
    assert "460 further gates" in html


def _colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", css))


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


STYLE = (TEMPLATES / "style.css").read_text()
LIGHT = _colours(STYLE.split("@media")[0])
DARK = _colours(STYLE.split("@media")[1])


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_marks_have_the_contrast_that_wcag_aa_asks_for(colours: dict[str, str]) -> None:
    grounds = [colours["card"], colours["paper"]]
    for name in ("ink", "soft", "link", "pass", "warn", "fail", "insufficient", "error", "limit"):
        assert all(_contrast(colours[name], ground) >= 4.5 for ground in grounds), name
    for name in ("candidate", "champion", "other0", "other1", "other2", "other3"):
        assert _contrast(colours[name], colours["card"]) >= 3, name
    for name in ("warn", "fail", "insufficient", "error"):
        assert _contrast(colours["ink"], colours[f"{name}-tint"]) >= 4.5, name
    assert all(_contrast(colours["on-disc"], colours[name]) >= 3 for name in ("pass", "warn", "fail", "error"))


def test_both_colour_schemes_define_the_same_colours() -> None:
    assert set(LIGHT) == set(DARK)
    assert set(re.findall(r"var\(--([a-z0-9-]+)\)", STYLE)) <= {*LIGHT, "mono", "sans"}
