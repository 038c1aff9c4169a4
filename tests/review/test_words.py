"""Moments, spans and names as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gatehouse.review.words import count, moment, people, seconds, span
from tests.review.worlds import NOON


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (0.9, "0 s"),
        (29.999, "29 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (3_661, "1 h 1 min"),
        (86_400 * 3 + 59, "3 d 59 s"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units_and_never_rounded_up(length: float, words: str) -> None:
    assert span(length) == words


def test_a_moment_is_told_in_utc_to_the_second() -> None:
    assert moment(NOON.astimezone(ZoneInfo("Asia/Tokyo"))) == "2026-03-03 12:00:00 UTC"


def test_seconds_are_those_that_passed_also_when_the_clock_goes_forward() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 29, 1, 30, tzinfo=berlin)
    assert seconds(before, datetime(2026, 3, 29, 3, 30, tzinfo=berlin)) == 3600
    assert seconds(before, before.astimezone(UTC)) == 0
    assert seconds(NOON, NOON - timedelta(seconds=1)) == -1


@pytest.mark.parametrize("pair", [(NOON, NOON.replace(tzinfo=None)), (NOON.replace(tzinfo=None), NOON)])
def test_a_moment_without_a_zone_is_refused(pair: tuple[datetime, datetime]) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        seconds(*pair)


@pytest.mark.parametrize(
    ("logins", "words"),
    [([], ""), (["a"], "@a"), (["a", "b"], "@a and @b"), (["a", "b", "c"], "@a, @b and @c")],
)
def test_people_are_named_as_in_a_sentence(logins: list[str], words: str) -> None:
    assert people(logins) == words


@pytest.mark.parametrize(("number", "words"), [(0, "0 approvals"), (1, "1 approval"), (2, "2 approvals")])
def test_what_is_counted_agrees_with_its_number(number: int, words: str) -> None:
    assert count(number, "approval") == words
