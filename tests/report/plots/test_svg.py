"""SVG elements and the width of text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gatehouse.report.plots.svg import element, elide, text, text_width
from tests.support.hostile import texts


def test_text_and_attributes_are_escaped() -> None:
    made = element("text", "<b>", class_='a"b', aria_label="<&>")
    assert made == '<text class="a&#34;b" aria-label="&lt;&amp;&gt;">&lt;b&gt;</text>'


def test_coordinates_are_written_to_a_tenth_of_a_pixel() -> None:
    assert element("line", x1=1.0, y1=2.345) == '<line x1="1" y1="2.3"/>'


def test_what_was_elided_is_told_in_a_title() -> None:
    made = text(0, 0, "ab…yz", full="abc to xyz")
    assert "<title>abc to xyz</title>" in made
    assert "<title>" not in text(0, 0, "same", full="same")


@given(texts, st.floats(20, 400))
def test_elided_text_fits(content: str, width: float) -> None:
    assert text_width(elide(content, width)) <= width


def test_text_is_elided_in_the_middle() -> None:
    short = elide("bureau_attribute_07_utilisation", 120)
    assert short.startswith("bureau_")
    assert short.endswith("sation")
