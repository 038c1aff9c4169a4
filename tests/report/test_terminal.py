"""Results in a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from gatehouse.evaluate.result import Result
from gatehouse.report.terminal import render
from tests.support import hostile, results
from tests.support.results import CONTEXT
from tests.support.snapshots import matches

SNAPSHOTS = Path(__file__).parent / "snapshots"


def _printed(made: tuple[Result, ...], width: int, *, colour: bool = False) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=colour, color_system="truecolor" if colour else None).print(
        render(made, CONTEXT)
    )
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().split("\n")[:-1])


@pytest.mark.parametrize("width", [110, 80, 50])
@pytest.mark.parametrize("name", ["blocked", "insufficient", "first", "worn"])
def test_the_terminal_shows_the_snapshot(name: str, width: int) -> None:
    matches(_printed(results.samples()[name], width), SNAPSHOTS / f"{name}-{width}.txt")


@settings(max_examples=40, deadline=None)
@given(st.lists(hostile.results, max_size=2).map(tuple), st.integers(50, 200))
def test_no_line_is_wider_than_the_terminal_and_no_control_character_gets_through(
    made: tuple[Result, ...], width: int
) -> None:
    text = _printed(made, width)
    assert all(cell_len(line) <= width for line in text.split("\n"))
    assert "\x1b" not in text


def test_colour_never_says_what_no_word_says() -> None:
    """Without colour the same words are there, and each outcome has a word of its own."""
    text = _printed((results.blocked(),), 110)
    coloured = _printed((results.blocked(),), 110, colour=True)
    assert "\x1b[" in coloured
    assert all(word in text for word in ("✓ passed", "✗ failed", "! warning"))


def test_markup_in_a_result_is_not_read_as_markup() -> None:
    made = results.passing()
    hostile_slot = results.passing_as(type(made.request.slot)("[red]x[/red]", "[link=http://evil]y"))
    assert "[red]x[/red] → [link=http://evil]y" in _printed((hostile_slot,), 110)


def test_an_empty_check_says_so() -> None:
    assert "nothing to check" in _printed((), 80)


def test_the_next_steps_and_the_report_are_named() -> None:
    text = _printed((results.blocked(),), 110)
    assert "→ look at how the model treats" in text
    assert "gatehouse check credit-risk --to production" in text
    assert CONTEXT.links.report in text
