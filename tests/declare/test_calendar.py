"""When nothing goes, and until when: boundaries, zones, and days of 23 and 25 hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.declare.calendar import Closed, closed, hours_begin, off_hours, unknown_zone
from gatehouse.declare.freeze import Freeze, Hours, Window

MICROSECOND = timedelta(microseconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def window(start: str, end: str, reason: str = "close", *models: str) -> Window:
    return Window(at(start), at(end), reason, models)


def until(freeze: Freeze, moment: str, model: str = "credit-risk") -> str:
    """Why, and until when; "open" where nothing is closed."""
    found = closed(freeze, model, at(moment))
    return "open" if found is None else f"{found.why} until {found.until.isoformat() if found.until else 'ended'}"


DESK = Freeze(hours=Hours(time(9), time(17)), oncall=("@olga",), timezone="Europe/Berlin")
CLOSE = window("2026-12-18T18:00:00+01:00", "2027-01-04T08:00:00+01:00", "year-end close")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-12-18T16:59:59.999999Z", "open"),
        ("2026-12-18T17:00:00Z", "year-end close until 2027-01-04T07:00:00+00:00"),
        ("2026-12-18T12:00:00-05:00", "year-end close until 2027-01-04T07:00:00+00:00"),
        ("2027-01-04T06:59:59.999999Z", "year-end close until 2027-01-04T07:00:00+00:00"),
        ("2027-01-04T08:00:00+01:00", "open"),
    ],
)
def test_a_window_holds_its_first_moment_and_not_its_last_whatever_the_zones(moment: str, said: str) -> None:
    assert until(Freeze((CLOSE,)), moment) == said


@pytest.mark.parametrize(("model", "closes"), [("credit-risk", True), ("churn", False), ("", False)])
def test_a_window_of_one_model_closes_for_that_model_alone(model: str, closes: bool) -> None:
    freeze = Freeze((window("2026-12-20T00:00:00Z", "2026-12-21T00:00:00Z", "close", "credit-risk"),))
    assert (closed(freeze, model, at("2026-12-20T12:00:00Z")) is not None) is closes


TOUCHING = (
    window("2026-12-20T00:00:00Z", "2026-12-21T00:00:00Z", "a"),
    window("2026-12-21T00:00:00Z", "2026-12-23T00:00:00Z", "b"),
    window("2026-12-22T00:00:00Z", "2026-12-24T00:00:00Z", "c"),
    window("2026-12-22T00:00:00Z", "2026-12-22T12:00:00Z", "inside"),
    window("2026-12-24T00:00:00.000001Z", "2026-12-25T00:00:00Z", "a moment later"),
    window("2026-12-24T00:00:00Z", "2026-12-26T00:00:00Z", "of another", "churn"),
)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-12-20T00:00:00Z", "a, then b, then c until 2026-12-24T00:00:00+00:00"),
        ("2026-12-22T06:00:00Z", "c until 2026-12-24T00:00:00+00:00"),
        ("2026-12-24T00:00:00Z", "open"),
        ("2026-12-24T00:00:00.000001Z", "a moment later until 2026-12-25T00:00:00+00:00"),
    ],
)
def test_what_touches_or_overlaps_is_closed_as_one(moment: str, said: str) -> None:
    assert until(Freeze(TOUCHING), moment) == said


def test_a_stopped_line_has_no_end_and_goes_before_all_else() -> None:
    stopped = Freeze((CLOSE,), weekends=True, stop_the_line="incident 4711")
    for reviewed in (True, False):
        found = closed(stopped, "m", at("2026-12-19T12:00:00Z"), reviewed=reviewed)
        assert found == Closed("incident 4711", None)
        assert str(found) == "the line is stopped: incident 4711"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-03-06T23:59:59.999999Z", "open"),
        ("2026-03-07T00:00:00Z", "weekend until 2026-03-09T00:00:00+00:00"),
        ("2026-03-08T23:59:59.999999Z", "weekend until 2026-03-09T00:00:00+00:00"),
        ("2026-03-09T00:00:00Z", "open"),
        # Monday in Auckland, and a Sunday all the same.
        ("2026-03-09T10:00:00+13:00", "weekend until 2026-03-09T00:00:00+00:00"),
    ],
)
def test_a_weekend_is_saturday_and_sunday(moment: str, said: str) -> None:
    assert until(Freeze(weekends=True), moment) == said


BERLIN = Freeze(holidays="DE-BE", weekends=True, timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        # The clock goes forward on Sunday, 29 March: 23 hours.
        ("2026-03-27T22:59:59Z", "open"),
        ("2026-03-27T23:00:00Z", "weekend until 2026-03-30T00:00:00+02:00"),
        ("2026-03-29T21:59:59Z", "weekend until 2026-03-30T00:00:00+02:00"),
        ("2026-03-29T22:00:00Z", "open"),
        # And back on Sunday, 25 October: 25 hours.
        ("2026-10-23T21:59:59Z", "open"),
        ("2026-10-23T22:00:00Z", "weekend until 2026-10-26T00:00:00+01:00"),
        ("2026-10-25T22:59:59Z", "weekend until 2026-10-26T00:00:00+01:00"),
        ("2026-10-25T23:00:00Z", "open"),
    ],
)
def test_a_weekend_ends_at_midnight_by_the_clock_that_was_changed_in_it(moment: str, said: str) -> None:
    assert until(BERLIN, moment) == said


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-04-02T21:59:59Z", "open"),
        (
            "2026-04-02T22:00:00Z",
            "public holiday (Good Friday), then weekend, then public holiday (Easter Monday) "
            "until 2026-04-07T00:00:00+02:00",
        ),
        ("2026-04-06T21:59:59Z", "public holiday (Easter Monday) until 2026-04-07T00:00:00+02:00"),
        ("2026-04-06T22:00:00Z", "open"),
        # Berlin's own: no other part of Germany but one has it.
        ("2026-03-06T12:00:00Z", "open"),
        ("2027-03-08T12:00:00Z", "public holiday (Women's Day) until 2027-03-09T00:00:00+01:00"),
        ("2026-12-24T23:00:00Z", "public holiday (Christmas Day), then public holiday (Second Day of Christmas), "
         "then weekend until 2026-12-28T00:00:00+01:00"),
    ],
)  # fmt: skip
def test_holidays_are_days_of_the_zone_and_a_long_weekend_is_closed_as_one(moment: str, said: str) -> None:
    assert until(BERLIN, moment) == said


def test_a_subdivision_has_holidays_of_its_own() -> None:
    moment = "2027-03-08T12:00:00Z"
    assert until(Freeze(holidays="DE"), moment) == "open"
    assert until(Freeze(holidays="DE-BY"), moment) == "open"
    assert until(Freeze(holidays="DE-BE"), moment) != "open"


@pytest.mark.parametrize(
    ("zone", "moment", "said"),
    [
        ("America/Los_Angeles", "2026-07-04T06:59:59Z", "public holiday (Independence Day (observed))"),
        ("America/Los_Angeles", "2026-07-04T07:00:00Z", "public holiday (Independence Day)"),
        ("America/Los_Angeles", "2026-07-05T07:00:00Z", "open"),
        ("UTC", "2026-07-03T00:00:00Z", "public holiday (Independence Day (observed))"),
        # New Year's Day of 2028 is a Saturday, so Friday is kept, which is in the year before.
        ("UTC", "2027-12-31T12:00:00Z", "public holiday (New Year's Day (observed))"),
    ],
)
def test_a_holiday_kept_on_another_day_closes_that_day(zone: str, moment: str, said: str) -> None:
    assert until(Freeze(holidays="US-CA", timezone=zone), moment).startswith(said)


@pytest.mark.parametrize(
    ("holidays", "moment", "closes"),
    [
        ("SA", "2026-03-13T12:00:00Z", True),  # a Friday
        ("SA", "2026-03-14T12:00:00Z", True),
        ("SA", "2026-03-15T12:00:00Z", False),  # a Sunday
        ("CN", "2024-02-04T04:00:00Z", False),  # a Sunday on which China worked for a day of the spring festival
        ("CN", "2024-03-03T04:00:00Z", True),
    ],
)
def test_a_weekend_is_that_of_the_country(holidays: str, moment: str, closes: bool) -> None:
    assert (until(Freeze(holidays=holidays, weekends=True), moment) != "open") is closes


def test_holidays_alone_leave_weekends_open_and_weekends_alone_holidays() -> None:
    assert until(Freeze(holidays="DE"), "2026-03-07T12:00:00Z") == "open"
    assert until(Freeze(weekends=True), "2026-12-25T12:00:00Z") == "open"


def test_a_window_that_ends_in_a_weekend_ends_with_it() -> None:
    freeze = Freeze((window("2026-03-03T00:00:00Z", "2026-03-07T12:00:00Z", "close"),), weekends=True)
    assert until(freeze, "2026-03-04T00:00:00Z") == "close, then weekend until 2026-03-09T00:00:00+00:00"


def test_without_people_to_agree_windows_close_and_days_do_not() -> None:
    freeze = Freeze((window("2026-03-07T10:00:00Z", "2026-03-07T12:00:00Z", "close"),), "DE", weekends=True)
    found = closed(freeze, "m", at("2026-03-07T11:00:00Z"), reviewed=False)
    assert found == Closed("close", at("2026-03-07T12:00:00Z"))
    assert closed(freeze, "m", at("2026-03-07T12:00:00Z"), reviewed=False) is None
    assert closed(freeze, "m", at("2026-12-25T12:00:00Z"), reviewed=False) is None


@pytest.mark.parametrize(
    ("zone", "moment", "said"),
    [
        # Cairo goes forward at midnight: Friday, 24 April begins at one o'clock.
        ("Africa/Cairo", "2026-04-23T21:59:59Z", "close until 2026-04-24T01:00:00+03:00"),
        # Havana goes back from one o'clock to midnight: Sunday, 1 November begins before that.
        ("America/Havana", "2026-11-01T03:59:59Z", "close until 2026-11-01T00:00:00-04:00"),
        # Samoa skipped Friday, 30 December 2011.
        ("Pacific/Apia", "2011-12-30T09:00:00Z", "close until 2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_day_ends_where_the_next_begins_wherever_that_is(
    zone: str, moment: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = at(moment).astimezone(ZoneInfo(zone)).date()
    monkeypatch.setattr("gatehouse.declare.days.holiday", lambda _, given: "x" if given == day else None)
    assert until(Freeze(holidays="DE", timezone=zone), moment).replace("public holiday (x)", "close") == said


def test_a_closed_time_says_its_end_by_the_zone_s_clock() -> None:
    found = closed(BERLIN, "m", at("2026-07-04T12:00:00Z"))
    assert str(found) == "frozen until 2026-07-06 00:00 CEST: weekend"


def test_an_end_compares_with_moments_of_every_zone() -> None:
    """Two datetimes of one zone are compared by its clock, and one that the clock shows twice equals none."""
    zone = ZoneInfo("Europe/Berlin")
    second = datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=1)
    freeze = Freeze((Window(datetime(2026, 10, 25, 1, tzinfo=zone), second, "close"),), timezone="Europe/Berlin")
    first = second.replace(fold=0)
    found = closed(freeze, "m", first)
    assert found is not None
    assert found.until == at("2026-10-25T01:30:00Z")
    assert closed(freeze, "m", second - timedelta(seconds=1)) is not None
    assert closed(freeze, "m", second) is None


@pytest.mark.parametrize("ask", [partial(closed, Freeze(), "m"), partial(off_hours, DESK), partial(hours_begin, DESK)])
def test_a_moment_without_a_zone_is_no_moment(ask: Callable[[datetime], object]) -> None:
    with pytest.raises(ValueError, match="says no zone"):
        ask(datetime(2026, 3, 7))  # noqa: DTZ001 # the point


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_end_of_all_calendars_is_an_end(zone: str) -> None:
    forever = window("2026-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "for good")
    freeze = Freeze((forever,), "US", weekends=True, timezone=zone)
    assert until(freeze, "2026-03-07T12:00:00Z").startswith("for good")
    assert until(freeze, "9999-12-31T23:59:59Z").startswith("for good")
    assert until(Freeze(weekends=True, timezone=zone), "0001-01-01T00:00:00Z") == "open"


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "Asia/Kolkata"]
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WINDOWS = st.lists(
    st.builds(
        lambda start, hours: Window(start, start + timedelta(hours=hours), "close"), MOMENTS, st.integers(1, 300)
    ),
    max_size=4,
).map(tuple)


PLACES = st.sampled_from([None, "DE-BE", "US-CA", "SA"])


@given(freeze=st.builds(Freeze, WINDOWS, PLACES, st.booleans(), timezone=ZONES), moment=MOMENTS)
def test_a_closed_time_is_closed_up_to_its_end_and_open_at_it(freeze: Freeze, moment: datetime) -> None:
    found = closed(freeze, "m", moment)
    if found is None:
        return
    assert found.until is not None
    assert found.until > moment
    assert closed(freeze, "m", found.until) is None
    for between in (moment + (found.until - moment) / 2, found.until - MICROSECOND):
        again = closed(freeze, "m", between)
        assert again is not None
        assert again.until == found.until


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5"])
def test_zones_of_the_database_are_known(name: str) -> None:
    assert not unknown_zone(name)


@pytest.mark.parametrize(
    "name", ["Europe/Berlinn", "America", "America/Argentina", "../etc/passwd", "/etc/passwd", "", "\0"]
)
def test_what_is_no_zone_is_unknown_and_no_crash(name: str) -> None:
    assert unknown_zone(name)
