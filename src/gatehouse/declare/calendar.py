"""When nothing is promoted, until when, and when only with somebody on call: pure answers from ``freeze.yaml``.

Days and times of day are those of the freeze's time zone, on days of 23 and 25 hours too; every moment given must have
a zone of its own, or ValueError is raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import get_args
from zoneinfo import ZoneInfo

from gatehouse.declare import days
from gatehouse.declare.freeze import Freeze, Weekday

_WEEK = get_args(Weekday)
_DAY = timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Closed:
    """Why nothing goes, and the first moment at which something does again, in the freeze's zone.

    ``until`` None: as long as the line is stopped, which somebody must end. Else it is past all that follows without a
    gap, as Sunday follows a holiday on Saturday, and ``why`` names these one after the other.
    """

    why: str
    until: datetime | None

    def __str__(self) -> str:
        if self.until is None:
            return f"the line is stopped: {self.why}"
        return f"frozen until {self.until:%Y-%m-%d %H:%M %Z}: {self.why}"


def closed(freeze: Freeze, model: str, moment: datetime, *, reviewed: bool = True) -> Closed | None:
    """Whether a promotion of the model has to wait at this moment; None when it may go.

    ``reviewed`` says whether people must agree in its stage: without people, holidays and weekends close nothing.
    ``model`` "" asks for what freezes every model.
    """
    if freeze.stop_the_line is not None:
        return Closed(freeze.stop_the_line, None)
    at, zone, reasons = _utc(moment), _zone(freeze), []
    # What closes longest now; then what closes longest from there on; until nothing does.
    while ends := [(why, end) for why, end in _closing(freeze, model, at, reviewed) if end > at]:
        why, at = max(ends, key=lambda closing: closing[1])
        reasons.append(why)
    return Closed(", then ".join(dict.fromkeys(reasons)), _told(at, zone)) if reasons else None


def off_hours(freeze: Freeze, moment: datetime) -> bool:
    """Whether nobody is there, so that one who is on call must approve. Without declared hours somebody always is."""
    if freeze.hours is None:
        return False
    at = _utc(moment)
    start, end = _hours(freeze, _local(at, _zone(freeze)).date())
    return not start <= at < end


def hours_begin(freeze: Freeze, moment: datetime) -> datetime:
    """The first moment from this one on that is not ``off_hours``, in the freeze's zone."""
    at, zone = _utc(moment), _zone(freeze)
    if not off_hours(freeze, at):
        return _told(at, zone)
    today = _local(at, zone).date()
    # Eight days hold each day of the week once after today; a zone may have skipped one of them, so two weeks.
    begins = (_hours(freeze, today + ahead * _DAY)[0] for ahead in range(15))
    return _told(next(begin for begin in begins if begin >= at and not off_hours(freeze, begin)), zone)


def unknown_zone(name: str) -> bool:
    """Whether this machine knows no time zone of that name."""
    try:
        _named(name)
    # A folder of zones is none itself, and some names are no file's name.
    except (KeyError, ValueError, OSError):
        return True
    return False


def _closing(freeze: Freeze, model: str, at: datetime, reviewed: bool) -> Iterator[tuple[str, datetime]]:
    """Each thing that closes at a moment, with its end; both moments in UTC."""
    for window in freeze.windows:
        start, end = _utc(window.start), _utc(window.end)
        if start <= at < end and (not window.models or model in window.models):
            yield window.reason, end
    if not reviewed or not (freeze.holidays or freeze.weekends):
        return
    zone = _zone(freeze)
    day = _local(at, zone).date()
    name = days.holiday(freeze.holidays, day) if freeze.holidays else None
    if name is not None:
        yield f"public holiday ({name})", _after(day, zone)
    if freeze.weekends and days.weekend(freeze.holidays, day):
        yield "weekend", _after(day, zone)


def _hours(freeze: Freeze, day: date) -> tuple[datetime, datetime]:
    """When hours begin and end on a day, in UTC; two equal moments on a day without.

    A time that the clock shows twice is the first of the two; one that it skips is as long after midnight as if it had
    not.
    """
    zone, hours = _zone(freeze), freeze.hours
    if hours is None or _WEEK[day.weekday()] not in hours.days:
        return _LAST, _LAST
    end = _after(day, zone) if hours.end == time.max else _at(day, hours.end, zone)
    return _at(day, hours.start, zone), end


def _after(day: date, zone: tzinfo) -> datetime:
    """The first moment after a day, in UTC, also where the next day begins at one o'clock."""
    return _LAST if day == date.max else _at(day + _DAY, time(), zone)


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    try:
        return datetime.combine(day, clock, zone).astimezone(UTC)
    except OverflowError:
        return _LAST


def _utc(moment: datetime) -> datetime:
    # Moments of one zone are compared by its clock, which goes back once a year; those in UTC by time.
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} says no zone, so nobody knows when it is")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _LAST


def _local(at: datetime, zone: tzinfo) -> datetime:
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def _told(at: datetime, zone: tzinfo) -> datetime:
    """A moment as the zone's clock shows it, with the offset of that moment alone: it compares with every other."""
    local = _local(at, zone)
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta(), local.tzname() or ""), fold=0)


def _zone(freeze: Freeze) -> tzinfo:
    return _named(freeze.timezone)


def _named(name: str) -> tzinfo:
    # UTC needs no database of zones, which a small machine may lack.
    return UTC if name == "UTC" else ZoneInfo(name)
