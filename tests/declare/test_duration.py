"""Spans of time as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.declare.duration import parse, shown


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0s", timedelta()),
        ("30s", timedelta(seconds=30)),
        ("10m", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("90d", timedelta(days=90)),
        ("1w", timedelta(weeks=1)),
        ("999999w", timedelta(weeks=999_999)),
    ],
)
def test_a_whole_number_and_a_unit_is_a_span(text: str, span: timedelta) -> None:
    assert parse(text) == span


@pytest.mark.parametrize(
    "text", ["", "30", "s", "-1s", "1.5h", "030s", "1 h", "1H", "1y", "30s\n", "1h30m", "1000000s"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a duration is written like"):
        parse(text)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=11)))
def test_what_is_shown_parses_back_to_the_second(span: timedelta) -> None:
    assert parse(shown(span)) == timedelta(seconds=int(span.total_seconds()))


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(days=1), "1d"),
        (timedelta(weeks=1), "7d"),
        (timedelta(), "0s"),
        (timedelta(seconds=90), "90s"),
        (timedelta(hours=24, minutes=1), "1441m"),
    ],
)
def test_the_largest_unit_that_is_exact_is_shown(span: timedelta, text: str) -> None:
    assert shown(span) == text
