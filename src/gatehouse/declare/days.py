"""Public holidays and weekends of a place: a country such as ``DE``, or one with its subdivision such as ``DE-BY``."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from gatehouse.declare.fault import meant

if TYPE_CHECKING:
    from holidays import HolidayBase

# date.weekday() of Saturday and Sunday.
_USUAL = (5, 6)
# Letters and digits of a subdivision's code.
_LONGEST = 3


def holiday(place: str, day: date) -> str | None:
    """The holiday's name on a day that is one, in English where the library has it; None on every other day."""
    name: str | None = _of(place).get(day)
    return name


def weekend(place: str | None, day: date) -> bool:
    """Whether a day is of the weekend: the place's own, and Saturday and Sunday without a place.

    A weekend's day on which a country works instead of another one is no weekend.
    """
    if place is None:
        return day.weekday() in _USUAL
    known = _of(place)
    if day.year not in known.years:
        known.get(day)  # fills the year's days, and with them the weekends that are worked
    return known.is_weekend(day) and day not in known.weekend_workdays


def unknown(place: str) -> tuple[str, str] | None:
    """What is wrong with a place that has no known holidays, and what to write; None where they are known."""
    try:
        _of(place)
    except NotImplementedError:
        return _wrong(place)
    return None


def _wrong(place: str) -> tuple[str, str]:
    from holidays import list_supported_countries

    countries = list_supported_countries()
    country, _, part = place.partition("-")
    if country not in countries:
        return f"the holidays of `{country}` are not known", "write the country's two letters of ISO 3166, such as DE"
    # Some have cities too, by their names; freeze.yaml takes the codes of ISO 3166-2.
    fix = meant(part, (known for known in countries[country] if len(known) <= _LONGEST)) or f"write {country} alone"
    return f"`{country}` has no part `{part}` with holidays of its own", fix


@cache
def _of(place: str) -> HolidayBase:
    # A quarter of a second, for those who declare holidays.
    from holidays import country_holidays

    country, _, part = place.partition("-")
    days = country_holidays(country, subdiv=part or None)
    # Without a language the names would be those of this machine's locale.
    language = "en_US" if "en_US" in days.supported_languages else days.default_language
    return country_holidays(country, subdiv=part or None, language=language)
