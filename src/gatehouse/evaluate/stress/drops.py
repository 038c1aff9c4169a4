"""How much of a metric each change costs, tested on the same rows, and what that is against a limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatehouse.evaluate.statistics.intervals import one_sided, two_sided, wilson
from gatehouse.evaluate.statistics.results import Comparison, Conclusion
from gatehouse.evaluate.stress.shaken import CHANGED, CLEAN, Flips, Step
from gatehouse.verdict import Interval, Measure, Outcome, Relation, Row, shown, within

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.board import Board


@dataclass(frozen=True, slots=True)
class Rule:
    """A drop of ``metric`` may be at most ``limit`` in its units. ``of`` is how many drops are judged together."""

    metric: str
    limit: float
    confidence: float
    of: int = 1


@dataclass(frozen=True, slots=True)
class Drop:
    """One change's drop: clean minus changed, turned so that a loss is positive. ``champion`` is its champion's;
    ``needed`` rows would decide what is not decided."""

    name: str
    value: float | None
    outcome: Outcome
    interval: Interval | None = None
    champion: float | None = None
    rows: int = 0
    note: str = ""
    needed: int | None = None

    def measure(self, limit: float) -> Measure:
        """The drop as a verdict carries it, beside its limit."""
        return Measure(
            self.name,
            self.value,
            self.outcome,
            limit=limit,
            relation=Relation.AT_MOST,
            interval=self.interval,
            champion=self.champion,
            rows=self.rows,
            note=self.note,
        )

    def row(self) -> Row:
        """The drop as a line of a drawing."""
        return Row(self.name, self.value, self.interval, self.champion, self.rows, self.outcome, self.note)


def drops(steps: Iterable[Step], rule: Rule) -> list[Drop]:
    """The candidate's drop at each step.

    PASS where "the drop is at most the limit" is proven at the confidence. All have to pass, so that needs no
    correction; FAIL does, by Bonferroni: with twenty changes one would else be refuted by chance.
    """
    return [_drop(step, rule) for step in steps]


def _drop(step: Step, rule: Rule) -> Drop:
    board, beside = step.boards["candidate"], step.boards.get("champion")
    champion = _value(beside, rule) if beside is not None else None
    if isinstance(board, str):
        return Drop(step.name, None, Outcome.FAIL, champion=champion, note=board)
    found = _compared(board, rule, rule.confidence)
    outcome, note = _judged(board, found, rule)
    if isinstance(beside, str):
        note = "; ".join(filter(None, [note, f"the champion: {beside}"]))
    lost = None if found.improvement is None else -found.improvement
    interval = _turned(board, rule, found.difference.interval)
    return Drop(step.name, lost, outcome, interval, champion, found.difference.n, note, found.needed_rows)


def _judged(board: Board, found: Comparison, rule: Rule) -> tuple[Outcome, str]:
    if found.champion.value is None:
        return Outcome.INSUFFICIENT, found.champion.note
    if found.candidate.value is None:
        return Outcome.FAIL, found.candidate.note
    if found.conclusion is Conclusion.PROVEN:
        return Outcome.PASS, ""
    strict = _compared(board, rule, 1 - (1 - rule.confidence) / max(rule.of, 1))
    if strict.conclusion is Conclusion.REFUTED:
        return Outcome.FAIL, ""
    return Outcome.INSUFFICIENT, found.difference.note if found.conclusion is Conclusion.UNKNOWN else ""


def _compared(board: Board, rule: Rule, confidence: float) -> Comparison:
    return board.compare(rule.metric, -rule.limit, confidence, (CHANGED, CLEAN))


def _value(board: Board | str, rule: Rule) -> float | None:
    if isinstance(board, str):
        return None
    improvement = _compared(board, rule, rule.confidence).improvement
    return None if improvement is None else -improvement


def _turned(board: Board, rule: Rule, interval: Interval | None) -> Interval | None:
    """The interval of changed minus clean as that of the loss."""
    if interval is None:
        return None
    ends = sorted(-board.metric(rule.metric).better.sign * end for end in (interval.low, interval.high))
    return Interval(ends[0], ends[1], interval.confidence)


@dataclass(frozen=True, slots=True)
class Flipped:
    """The share of decisions that the search flipped, and the metric's drop if all of them came true."""

    share: float
    outcome: Outcome
    interval: Interval
    champion: float | None
    rows: int
    asked: int
    drop: float | None

    def measures(self, limit: float, epsilon: float) -> list[Measure]:
        """The share beside its limit, and what the metric would lose, which decides nothing."""
        share = Measure(
            "decisions flipped",
            self.share,
            self.outcome,
            limit=limit,
            relation=Relation.AT_MOST,
            interval=self.interval,
            champion=self.champion,
            rows=self.rows,
            note=f"numbers moved by {epsilon:g} sd at most, {self.asked} predictions a row",
        )
        return [share, shown("lost if all of them came true", self.drop, rows=self.rows)]


def flipped(flips: Mapping[str, Flips], limit: float, rule: Rule) -> Flipped:
    """Held by Wilson's one-sided bounds: PASS where the upper one is within the limit, FAIL where the lower is not."""
    found, beside = flips["candidate"], flips.get("champion")
    low, high = (float(end) for end in wilson(found.flipped, found.rows, one_sided(rule.confidence)))
    outcome = Outcome.INSUFFICIENT
    if within(high, limit, Relation.AT_MOST):
        outcome = Outcome.PASS
    elif not within(low, limit, Relation.AT_MOST):
        outcome = Outcome.FAIL
    ends = wilson(found.flipped, found.rows, two_sided(rule.confidence))
    return Flipped(
        share=found.flipped / found.rows,
        outcome=outcome,
        interval=Interval(float(ends[0]), float(ends[1]), rule.confidence),
        champion=beside.flipped / beside.rows if beside else None,
        rows=found.rows,
        asked=found.asked,
        drop=_value(found.board, rule),
    )
