"""When somebody is there: hours by the clock of the zone, also on the days when it is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.declare.calendar import hours_begin, off_hours
from gatehouse.declare.freeze import Freeze, Hours
from tests.declare.test_calendar import DESK, MICROSECOND, MOMENTS, ZONES, at


@pytest.mark.parametrize(
    ("moment", "off", "begins"),
    [
        # A Friday in winter, and one in summer: the clock counts, not the offset.
        ("2026-03-06T07:59:59.999999Z", True, "2026-03-06T09:00:00+01:00"),
        ("2026-03-06T08:00:00Z", False, "2026-03-06T09:00:00+01:00"),
        ("2026-03-06T15:59:59.999999Z", False, "2026-03-06T16:59:59.999999+01:00"),
        ("2026-03-06T16:00:00Z", True, "2026-03-09T09:00:00+01:00"),
        ("2026-07-03T06:59:59.999999Z", True, "2026-07-03T09:00:00+02:00"),
        ("2026-07-03T07:00:00Z", False, "2026-07-03T09:00:00+02:00"),
        ("2026-07-03T15:00:00Z", True, "2026-07-06T09:00:00+02:00"),
        # Over the weekends on which the clock is changed.
        ("2026-03-27T16:00:00Z", True, "2026-03-30T09:00:00+02:00"),
        ("2026-10-23T15:00:00Z", True, "2026-10-26T09:00:00+01:00"),
        ("2026-03-07T10:00:00Z", True, "2026-03-09T09:00:00+01:00"),
        # Already Monday in Tokyo, and Sunday in Berlin.
        ("2026-03-09T06:00:00+09:00", True, "2026-03-09T09:00:00+01:00"),
    ],
)
def test_hours_go_by_the_clock_of_the_zone(moment: str, off: bool, begins: str) -> None:
    assert off_hours(DESK, at(moment)) is off
    assert hours_begin(DESK, at(moment)).isoformat() == begins


def test_without_hours_somebody_is_always_there() -> None:
    moment = at("2026-03-07T03:00:00Z")
    assert not off_hours(Freeze(), moment)
    assert hours_begin(Freeze(), moment) == moment


@pytest.mark.parametrize(
    ("moment", "off", "begins"),
    [
        ("2026-03-08T23:59:59.999999+01:00", True, "2026-03-09T00:00:00+01:00"),
        ("2026-03-09T00:00:00+01:00", False, "2026-03-09T00:00:00+01:00"),
        ("2026-03-09T23:59:59.999999+01:00", False, "2026-03-09T23:59:59.999999+01:00"),
        ("2026-03-10T00:00:00+01:00", True, "2026-03-16T00:00:00+01:00"),
    ],
)
def test_hours_may_be_a_whole_day(moment: str, off: bool, begins: str) -> None:
    freeze = Freeze(hours=Hours(time(), time.max, ("mon",)), timezone="Europe/Berlin")
    assert off_hours(freeze, at(moment)) is off
    assert hours_begin(freeze, at(moment)).isoformat() == begins


NIGHT = Freeze(hours=Hours(time(1), time(2, 30), ("sun",)), timezone="Europe/Berlin")
GAP = Freeze(hours=Hours(time(2, 30), time(4), ("sun",)), timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("freeze", "moment", "off"),
    [
        # Half past two comes twice on 25 October; the first ends the hours, and they do not begin again.
        (NIGHT, "2026-10-25T02:29:59.999999+02:00", False),
        (NIGHT, "2026-10-25T02:30:00+02:00", True),
        (NIGHT, "2026-10-25T02:00:00+01:00", True),
        # It does not come on 29 March, when three o'clock follows two.
        (GAP, "2026-03-29T01:59:59.999999+01:00", True),
        (GAP, "2026-03-29T03:29:59.999999+02:00", True),
        (GAP, "2026-03-29T03:30:00+02:00", False),
        (GAP, "2026-03-29T04:00:00+02:00", True),
    ],
)
def test_hours_in_a_night_when_the_clock_is_changed_are_one_span(freeze: Freeze, moment: str, off: bool) -> None:
    assert off_hours(freeze, at(moment)) is off


@given(zone=ZONES, moment=MOMENTS, start=st.integers(0, 22), days=st.sets(st.sampled_from(Hours(time(), time()).days)))
def test_hours_begin_at_the_first_moment_that_is_not_off(
    zone: str, moment: datetime, start: int, days: set[str]
) -> None:
    hours = Hours(time(start), time(start + 1), tuple(sorted(days | {"wed"})))  # type: ignore[arg-type] # days of a week
    freeze = Freeze(hours=hours, timezone=zone)
    begins = hours_begin(freeze, moment)
    assert begins >= moment
    assert not off_hours(freeze, begins)
    assert begins == moment or off_hours(freeze, begins - MICROSECOND)
    assert begins - moment < timedelta(days=8)
    assert all(off_hours(freeze, between) for between in quarters(moment, begins))


def quarters(start: datetime, end: datetime) -> Iterator[datetime]:
    for number in count():
        between = start + number * timedelta(minutes=15)
        if between >= end:
            return
        yield between
