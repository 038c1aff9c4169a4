"""What was lost, in a sentence, and what a person would do about it."""

from __future__ import annotations

from collections.abc import Sequence

from gatehouse.evaluate.stress.drops import Drop
from gatehouse.verdict import Measure, Outcome

_WORDS = {Outcome.PASS: "within", Outcome.FAIL: "beyond"}


def summary(measures: Sequence[Measure], metric: str) -> str:
    """The largest loss among the worst outcomes."""
    order = list(Outcome)
    judged = [measure for measure in measures if measure.limit is not None]
    worst = max(judged, key=lambda one: (order.index(one.outcome), one.value is None, one.value or 0.0))
    if worst.value is None:
        return f"{worst.name}: {worst.note or 'no value'}"
    words = _WORDS.get(worst.outcome, "not decided whether within")
    if worst.name == "decisions flipped":
        return f"{worst.value:.1%} of decisions can be flipped, {words} {worst.limit:.4g}"
    return f"{worst.name}: {metric} loses {worst.value:.4f}, {words} {worst.limit:g}"


def advice(measures: Sequence[Measure], drops: Sequence[Drop]) -> list[str]:
    """What failed, what to do about it, and how many rows would decide the rest."""
    failed = [measure for measure in measures if measure.outcome is Outcome.FAIL]
    said = [f"{measure.name}: {measure.note or 'more than the limit is lost'}" for measure in failed[:3]]
    if failed:
        said.append(
            "train on rows as noisy, incomplete and mixed up as those that come, and lean on more than one feature"
        )
    open_ones = [drop.needed or 0 for drop in drops if drop.outcome is Outcome.INSUFFICIENT]
    if any(open_ones):
        said.append(f"about {max(open_ones):,} rows would decide: raise `rows`, or take more into the table")
    elif any(measure.outcome is Outcome.INSUFFICIENT for measure in measures):
        said.append("raise `rows`, or take more rows into the table")
    return said
