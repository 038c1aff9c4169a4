"""SVG elements and the width of text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gatehouse.report.plots.svg import element, elide, elide_apart, text, text_width
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


@given(st.lists(texts, max_size=5), st.floats(20, 400))
def test_names_elided_together_all_fit_in_their_order(names: list[str], width: float) -> None:
    short = elide_apart(names, width)
    assert len(short) == len(names)
    assert all(text_width(name) <= width for name in short)


def test_names_that_differ_in_the_middle_stay_different() -> None:
    names = [f"bureau_attribute_{index:02d}_utilisation_of_revolving_credit" for index in (7, 8, 31)]
    assert len({elide(name, 150) for name in names}) == 1
    assert len(set(elide_apart(names, 150))) == 3
    assert elide_apart(["income", *names], 150)[0] == "income"


def test_names_that_fit_or_are_the_same_are_left_alone() -> None:
    assert elide_apart(["age", "income"], 150) == ["age", "income"]
    assert elide_apart(["x" * 90] * 2, 60) == [elide("x" * 90, 60)] * 2
    assert elide_apart([], 60) == []
