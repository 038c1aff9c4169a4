"""What a gate says: an outcome that carries its numbers, and the pictures a person would look at.

Everything here is a frozen msgspec struct: a verdict is computed in one job and read, strictly, in others
(``msgspec.json.encode`` and ``decode``; not-a-number travels as null).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

# Limits are compared with a tolerance: 0.8 + 0.05 is not 0.85 in binary floats.
TOLERANCE = 1e-9


class Outcome(StrEnum):
    """How a gate ended. Only PASS and WARN let a promotion through."""

    PASS = "PASS"
    WARN = "WARN"
    INSUFFICIENT = "INSUFFICIENT"  # not enough data to say
    FAIL = "FAIL"
    ERROR = "ERROR"  # the gate broke, or could not look

    @property
    def lets_through(self) -> bool:
        return self in (Outcome.PASS, Outcome.WARN)

    @classmethod
    def worst(cls, outcomes: Iterable[Outcome]) -> Outcome:
        """The outcome that decides; ERROR where there is none at all, since nothing was checked."""
        return max(outcomes, key=list(cls).index, default=cls.ERROR)


class Relation(StrEnum):
    """How a value must stand to its limit."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


class Interval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A confidence interval, ends included; ``confidence`` is 0.95 for 95 %."""

    low: float
    high: float
    confidence: float = 0.95


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One measured figure of a gate, beside what it was held against.

    ``unit`` is "" for a pure number, "ms", "%", "rows", …; ``rows`` is how many rows (or requests) stand behind it.
    """

    name: str
    value: float | None
    outcome: Outcome
    limit: float | None = None
    relation: Relation | None = None
    interval: Interval | None = None
    champion: float | None = None
    rows: int | None = None
    unit: str = ""
    note: str = ""


class Curve(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag=str.lower):
    """Lines over a shared pair of axes: an ROC, a latency curve. ``series`` maps a name to its (x, y) points;
    ``limits`` are horizontal lines by name."""

    title: str
    x: str
    y: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    diagonal: bool = False
    x_log: bool = False
    y_log: bool = False
    limits: Mapping[str, float] = {}


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a Rows exhibit; the champion's figure is a second mark on the same line."""

    name: str
    value: float | None
    interval: Interval | None = None
    champion: float | None = None
    rows: int | None = None
    outcome: Outcome = Outcome.PASS
    note: str = ""


class Rows(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag=str.lower):
    """Named figures one under the other: a forest of groups (``shape="points"``), PSI per column (``"bars"``).

    ``limits`` are vertical lines by name; ``floor`` is what chance alone would give, shaded.
    """

    title: str
    x: str
    rows: tuple[Row, ...]
    shape: str = "points"
    limits: Mapping[str, float] = {}
    floor: float | None = None


class Points(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag=str.lower):
    """A cloud of points by series, such as residuals against predictions; at most a few thousand."""

    title: str
    x: str
    y: str
    series: Mapping[str, Sequence[tuple[float, float]]]


Exhibit = Curve | Rows | Points


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one gate decided, the figures behind it, and what a person should do next.

    ``summary`` is one sentence for the table; ``advice`` says what to do when it did not pass; ``notes`` are things
    worth knowing either way (small groups left out, a weaker sandbox …).
    """

    gate: str
    outcome: Outcome
    summary: str
    measures: tuple[Measure, ...] = ()
    advice: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()

    def named(self, gate: str) -> Verdict:
        """The same verdict under its gate's name; gates need not know what they are called."""
        return msgspec.structs.replace(self, gate=gate)


def within(value: float | None, limit: float, relation: Relation) -> bool:
    """Whether the value keeps the limit, ends included, up to TOLERANCE; NaN, infinities and None never do."""
    if value is None or not math.isfinite(value):
        return False
    slack = TOLERANCE * max(1.0, abs(limit))
    return value <= limit + slack if relation is Relation.AT_MOST else value >= limit - slack


def at_most(name: str, value: float | None, limit: float, **more: Any) -> Measure:
    """A measure that fails above its limit. ``more`` are further fields of Measure."""
    return _held(name, value, limit, Relation.AT_MOST, more)


def at_least(name: str, value: float | None, limit: float, **more: Any) -> Measure:
    """A measure that fails below its limit. ``more`` are further fields of Measure."""
    return _held(name, value, limit, Relation.AT_LEAST, more)


def _held(name: str, value: float | None, limit: float, relation: Relation, more: Mapping[str, Any]) -> Measure:
    outcome = Outcome.PASS if within(value, limit, relation) else Outcome.FAIL
    return Measure(name, value, outcome, limit, relation, **more)


def shown(note: str, value: float | None, **more: Any) -> Measure:
    """A measure that decides nothing and is there to be seen."""
    return Measure(note, value, Outcome.PASS, **more)


def judged(
    measures: Sequence[Measure],
    summary: str,
    *,
    advice: Sequence[str] = (),
    notes: Sequence[str] = (),
    exhibits: Sequence[Exhibit] = (),
) -> Verdict:
    """The verdict that the worst of the measures makes (ERROR with no measure at all); advice is dropped on a PASS."""
    outcome = Outcome.worst(measure.outcome for measure in measures)
    advised = () if outcome is Outcome.PASS else tuple(advice)
    return Verdict("", outcome, summary, tuple(measures), advised, tuple(notes), tuple(exhibits))


def plainly(outcome: Outcome, summary: str, *advice: str, notes: Sequence[str] = ()) -> Verdict:
    """A verdict without figures, for gates whose answer is not a number."""
    return Verdict("", outcome, summary, advice=advice, notes=tuple(notes))
