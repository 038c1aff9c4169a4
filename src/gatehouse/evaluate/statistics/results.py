"""What a statistic answers: a value with its interval and the rows behind it, or why there is no value.

Frozen msgspec structs, because they travel from engine to driver and into the report.
"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from gatehouse.verdict import Interval


class Estimate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One measured value.

    ``value`` is None where the metric has none (one class only, NaN among the predictions …) and ``note`` then says
    why. ``n`` is the number of rows that stand behind it: all rows for an accuracy, the positives for a true positive
    rate. ``error`` bounds what a histogram may have cost, 0 where the value is exact; ``note`` says so too.
    """

    value: float | None
    interval: Interval | None = None
    n: int = 0
    note: str = ""
    error: float = 0.0

    @classmethod
    def absent(cls, note: str, n: int = 0) -> Estimate:
        """No value, and why."""
        return cls(None, None, n, note)


def estimate(value: float, interval: Interval | None = None, n: int = 0, note: str = "") -> Estimate:
    """An Estimate, or an absent one when ``value`` is not a finite number: NaN never passes for a measurement."""
    if not math.isfinite(value):
        return Estimate.absent(note or f"the value is not a finite number ({value})", n)
    return Estimate(float(value), interval, n, note)


class Conclusion(StrEnum):
    """What a one-sided test against a margin says."""

    PROVEN = "proven"  # the improvement is at least the margin
    REFUTED = "refuted"  # the improvement is less than the margin
    UNDECIDED = "undecided"  # too few rows to say either
    UNKNOWN = "unknown"  # a figure is missing


class Comparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Candidate against champion on the same rows.

    ``difference`` is candidate minus champion in the metric's own units, its interval two-sided; ``improvement`` is the
    same figure turned so that positive is better, and ``bound`` its one-sided lower bound. ``p_value`` is one-sided for
    "the improvement is no more than ``margin``" (a negative margin makes it a test of non-inferiority).
    ``needed_rows`` estimates how many rows in all would decide an undecided test; None where none would.
    """

    metric: str
    candidate: Estimate
    champion: Estimate
    difference: Estimate
    improvement: float | None
    bound: float | None
    margin: float
    p_value: float | None
    conclusion: Conclusion
    needed_rows: int | None = None
    test: str = ""


def relative_change(candidate: float | None, champion: float | None) -> float | None:
    """(candidate - champion) / |champion|; None where either is missing, not finite, or the champion is 0."""
    if candidate is None or champion is None or not math.isfinite(candidate) or not math.isfinite(champion):
        return None
    return None if champion == 0 else (candidate - champion) / abs(champion)
