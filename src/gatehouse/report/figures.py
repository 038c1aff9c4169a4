"""Numbers as people read them: enough digits to see what was decided, and no more."""

from __future__ import annotations

import math
from datetime import datetime

from gatehouse.report.text import clean
from gatehouse.verdict import Interval, Measure, Relation, within

NOTHING = "—"
MINUS = "\u2212"
SIGNS = {Relation.AT_MOST: "≤", Relation.AT_LEAST: "≥"}


def number(value: float | None, digits: int = 4, scale: float = 0.0) -> str:
    """``digits`` significant digits, thousands separated by a comma; "n/a" for what is not a number.

    Beside something of size ``scale`` it has no more decimals than that would have: 0.00005 beside 0.2 is 0.0001.
    """
    if value is None or math.isnan(value):
        return "n/a"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    size = max(abs(value), abs(scale))
    if size >= 1e12 or 0 < size < 1e-6:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    places = max(0, digits - 1 - math.floor(math.log10(size))) if size else 0
    places = max(places, 2) if abs(value) < 10 else places
    shown = f"{value:,.{places}f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown in ("-0", "") else shown.replace("-", MINUS)


def fixed(value: float | None, scale: float, digits: int = 3) -> str:
    """As many decimals as ``digits`` significant digits of ``scale`` have, zeros kept: for columns of figures."""
    if value is None or not math.isfinite(value) or not math.isfinite(scale) or not 1e-6 < abs(scale) < 1e12:
        return number(value, digits)
    places = max(0, digits - 1 - math.floor(math.log10(abs(scale))))
    shown = f"{value:,.{places}f}"
    return shown.removeprefix("-") if float(shown.replace(",", "")) == 0 else shown.replace("-", MINUS)


def beside(value: float | None, limit: float | None) -> str:
    """The value with as many digits as it takes to tell it from its limit, four at the least."""
    if value is None or limit is None or not math.isfinite(limit):
        return number(value)
    if within(value, limit, Relation.AT_MOST) == within(value, limit, Relation.AT_LEAST):
        return number(value, scale=limit)
    enough = (digits for digits in range(4, 13) if number(value, digits, limit) != number(limit, digits))
    return number(value, next(enough, 12), limit)


def with_unit(figure: str, unit: str) -> str:
    """``12.3 ms``, kept on one line; units come from a result and are cut short."""
    known = clean(unit, 8)
    return f"{figure}\u00a0{known}" if known and figure not in ("n/a", NOTHING) else figure


def value_of(measure: Measure) -> str:
    return with_unit(beside(measure.value, measure.limit), measure.unit)


def limit_of(measure: Measure) -> str:
    """``≥ 0.82``, ``≤ 50 ms``, or a dash."""
    if measure.limit is None:
        return NOTHING
    sign = SIGNS[measure.relation] + "\u00a0" if measure.relation else ""
    return sign + with_unit(number(measure.limit), measure.unit)


def champion_of(measure: Measure) -> str:
    if measure.champion is None:
        return NOTHING
    return with_unit(number(measure.champion, scale=_scale(measure.limit)), measure.unit)


def span(interval: Interval | None, limit: float | None = None) -> str:
    """``0.812 to 0.843``, or a dash."""
    if interval is None:
        return NOTHING
    return f"{number(interval.low, scale=_scale(limit))} to {number(interval.high, scale=_scale(limit))}"


def interval_of(measure: Measure, *, levels: bool) -> str:
    """The measure's interval; with its confidence where those of a table differ."""
    shown = span(measure.interval, measure.limit)
    if levels and measure.interval:
        return f"{shown} ({confidence(measure.interval)})".replace(" %", "\u00a0%")
    return shown


def in_words(measure: Measure) -> str:
    """A figure and what it rests on: ``0.15 (limit ≤ 0.08, champion 0.032, 95 % interval 0.129 to 0.171, n = 812)``."""
    rest = [
        f"limit {limit_of(measure)}" if measure.limit is not None else "",
        f"champion {champion_of(measure)}" if measure.champion is not None else "",
        f"{confidence(measure.interval)} interval {span(measure.interval, measure.limit)}" if measure.interval else "",
        f"n = {measure.rows:,}" if measure.rows is not None else "",
    ]
    told = ", ".join(filter(None, rest))
    return value_of(measure) + (f" ({told})" if told else "")


def _scale(limit: float | None) -> float:
    return limit if limit is not None and math.isfinite(limit) else 0.0


def confidence(interval: Interval) -> str:
    """``95 %``."""
    return f"{number(interval.confidence * 100, 3)} %"


def count(amount: int, noun: str) -> str:
    """``1 gate``, ``7 gates``."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def duration(seconds: float) -> str:
    """``840 ms``, ``12.3 s``, ``4 min 10 s``."""
    if not math.isfinite(seconds) or seconds < 0:
        return "n/a"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60):,} min {int(seconds % 60)} s"


def size(amount: int) -> str:
    """``5.1 MB``, in powers of 1,000."""
    value, units = float(max(amount, 0)), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{number(value, 2) if value < 10 else format(value, '.0f')} {units[0]}"


def moment(when: datetime) -> str:
    """``2026-11-24 03:49 UTC``; a moment without a zone is taken as UTC."""
    return when.strftime("%Y-%m-%d %H:%M") + (" UTC" if not when.utcoffset() else when.strftime(" %z"))
