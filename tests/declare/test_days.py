"""Which days are holidays and weekends of a place, the same on every machine."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from gatehouse.declare.days import holiday, unknown, weekend


@pytest.mark.parametrize(
    ("place", "day", "name"),
    [
        ("DE", date(2026, 12, 25), "Christmas Day"),
        ("DE", date(2026, 12, 24), None),
        ("DE-BY", date(2026, 1, 6), "Epiphany"),
        ("DE-BE", date(2026, 1, 6), None),
        ("GB-SCT", date(2026, 11, 30), "Saint Andrew's Day"),
        ("GB-ENG", date(2026, 11, 30), None),
        # Kept on Friday of the year before, as the first is a Saturday.
        ("US", date(2027, 12, 31), "New Year's Day (observed)"),
    ],
)
def test_a_holiday_has_a_name_and_another_day_has_none(place: str, day: date, name: str | None) -> None:
    assert holiday(place, day) == name


@pytest.mark.parametrize(
    ("place", "weekdays"), [(None, {5, 6}), ("DE", {5, 6}), ("SA", {4, 5}), ("US-CA", {5, 6})]
)  # date.weekday()
def test_a_weekend_is_the_place_s_own(place: str | None, weekdays: set[int]) -> None:
    week = [date(2026, 3, number) for number in range(2, 9)]
    assert {day.weekday() for day in week if weekend(place, day)} == weekdays


def test_a_sunday_on_which_a_country_works_is_no_weekend_whichever_year_was_asked_first() -> None:
    code = (
        "from datetime import date; from gatehouse.declare.days import weekend;"
        "print(weekend('CN', date(2024, 2, 4)), weekend('CN', date(2024, 3, 3)), weekend(None, date(2024, 2, 4)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]


@pytest.mark.parametrize("locale", ["de_DE.UTF-8", "C", "ja_JP.UTF-8"])
def test_a_holiday_is_called_the_same_whatever_the_machine_s_language(locale: str) -> None:
    code = (
        "from datetime import date; from gatehouse.declare import days; print(days.holiday('DE', date(2026, 12, 25)))"
    )
    environ = {"LANGUAGE": locale, "LANG": locale, "LC_ALL": locale, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.strip() == "Christmas Day"


@pytest.mark.parametrize("place", ["DE", "DE-BE", "US-CA", "GB-SCT", "SA", "FR", "JP"])
def test_places_with_holidays_are_known(place: str) -> None:
    assert unknown(place) is None


@pytest.mark.parametrize(
    ("place", "said", "fix"),
    [
        ("XX", "the holidays of `XX` are not known", "write the country's two letters of ISO 3166, such as DE"),
        ("DE-XX", "`DE` has no part `XX` with holidays of its own", "choose from BB, BE, BW"),
        ("XX-A", "the holidays of `XX` are not known", "write the country's two letters of ISO 3166, such as DE"),
    ],
)
def test_a_place_without_holidays_is_told_with_what_to_write(place: str, said: str, fix: str) -> None:
    wrong = unknown(place)
    assert wrong is not None
    assert wrong[0] == said
    assert wrong[1].startswith(fix)


def test_a_country_that_has_no_parts_is_written_alone() -> None:
    assert unknown("SE-X") == ("`SE` has no part `X` with holidays of its own", "write SE alone")
