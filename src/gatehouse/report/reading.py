"""What a person needs to know of a result, before any format: the verdict in words, the gain, the worst group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatehouse.evaluate.result import Result, Subject
from gatehouse.pin import MODEL, Role, Slot
from gatehouse.report import figures
from gatehouse.report.context import Context
from gatehouse.report.text import SAFE_LINK, below
from gatehouse.verdict import Interval, Measure, Outcome, Relation, Row, Rows, Verdict


@dataclass(frozen=True, slots=True)
class Face:
    """How an outcome looks: a sign, a word for tables, and what it means."""

    sign: str
    word: str
    meaning: str


FACES = {
    Outcome.PASS: Face("✅", "passed", ""),
    Outcome.WARN: Face("⚠️", "warning", "It lets the promotion through, and a reviewer should look at it."),
    Outcome.INSUFFICIENT: Face(
        "❔", "not enough data", "There were too few rows to say either way. Only a pass passes, so it blocks."
    ),
    Outcome.FAIL: Face("⛔", "failed", ""),
    Outcome.ERROR: Face(
        "💥",
        "could not check",
        "The gate broke or could not look, so nothing is known. Only a pass passes, so it blocks.",
    ),
}
_CARD = "gatehouse/model_card.md"
# Axis labels that name one of these read downwards: less is better.
LESS_IS_BETTER = ("rmse", "mae", "mape", "loss", "brier", "error", "fpr", "fnr", "false", "gap", "disparity")


def blocking(result: Result) -> tuple[Verdict, ...]:
    """The verdicts that do not let the promotion through, in the policy's order."""
    return tuple(verdict for verdict in result.verdicts if not verdict.outcome.lets_through)


def warning(result: Result) -> tuple[Verdict, ...]:
    return tuple(verdict for verdict in result.verdicts if verdict.outcome is Outcome.WARN)


def headline(result: Result) -> str:
    """``Blocked by 2 of 7 gates``, ``Passed, 7 of 7 gates``."""
    total, blocked, warned = len(result.verdicts), len(blocking(result)), len(warning(result))
    if not total:
        return "Blocked: no gate ran"
    if blocked:
        return f"Blocked by {blocked:,} of {figures.count(total, 'gate')}"
    return f"Passed, {total:,} of {figures.count(total, 'gate')}" + (f", {warned:,} with a warning" if warned else "")


def overall(results: Sequence[Result]) -> Outcome:
    """The outcome of all the promotions of one pull request; PASS where there is none."""
    return Outcome.worst(result.outcome for result in results) if results else Outcome.PASS


def sign(result: Result) -> str:
    """Passing with a warning is still passing; anything else that blocks, blocks."""
    return FACES[result.outcome if result.passed else Outcome.FAIL].sign


def place(result: Result) -> str:
    """``credit-risk → production.eu``, with the role where it is not the champion's."""
    slot, role = result.request.slot, result.request.role
    return f"{slot.model} → {slot.label}" + ("" if role is Role.CHAMPION else f" ({role})")


def deciding(verdict: Verdict) -> Measure | None:
    """The one figure to show for a gate: the first of its worst outcome that was held against a limit.

    Where all of them were held against the same limit, the one that is nearest to it or farthest beyond. That nothing
    bad was counted, where nothing is allowed, is shown only when there is no better figure.
    """
    if not verdict.measures:
        return None
    worst = Outcome.worst(measure.outcome for measure in verdict.measures)
    chosen = [measure for measure in verdict.measures if measure.outcome is worst]
    held = [measure for measure in chosen if measure.limit is not None]
    told = [measure for measure in held if measure.value != 0 or measure.limit != 0] or held
    finite = [measure for measure in told if measure.value is not None and math.isfinite(measure.value)]
    alike = {(measure.limit, measure.relation, measure.unit) for measure in told}
    if len(alike) == 1 and len(finite) == len(told):
        pick = max if told[0].relation is Relation.AT_MOST else min
        return pick(finite, key=lambda measure: measure.value or 0.0)
    return (told or chosen)[0]


def levels_differ(measures: Sequence[Measure]) -> bool:
    """Whether the intervals of a table are of several confidences, so that each has to name its own."""
    return len({figures.confidence(measure.interval) for measure in measures if measure.interval}) > 1


def interval_title(measures: Sequence[Measure]) -> str:
    """``95 % interval`` where all intervals are of one confidence, else ``Interval``."""
    levels = {figures.confidence(measure.interval) for measure in measures if measure.interval}
    return f"{levels.pop()} interval" if len(levels) == 1 else "Interval"


@dataclass(frozen=True, slots=True)
class Gain:
    """What the change brings: the measure, what it measures, and whether it is a difference to the champion."""

    measure: Measure
    metric: str
    difference: bool


def gain(result: Result) -> Gain | None:
    """The accuracy gate's improvement, else its first figure that has the champion's beside it."""
    measures = [measure for verdict in result.verdicts if verdict.gate == "accuracy" for measure in verdict.measures]
    for measure in measures:
        if measure.name == "improvement":
            return Gain(measure, measures[0].name if measures[0] is not measure else "", True)
    compared = next((measure for measure in measures if measure.champion is not None), None)
    return Gain(compared, compared.name, False) if compared else None


def gain_in_words(result: Result) -> str:
    """One line of plain text, not yet escaped: the gain, its interval, what was asked for."""
    found = gain(result)
    if found is None:
        return "not measured against a champion"
    measure = found.measure
    if found.difference and measure.value is not None:
        change = ("+" if measure.value > 0 else "") + figures.value_of(measure)
        text = f"{found.metric} improves by {change}".lstrip()
    else:
        text = f"{measure.name} {figures.value_of(measure)}, champion {figures.champion_of(measure)}"
    text += _at_confidence(measure.interval, measure.limit)
    return text + (f", {figures.limit_of(measure)} asked for" if measure.limit is not None else "")


def worst_in_words(result: Result) -> str:
    """One line of plain text, not yet escaped: the group that fares worst, beside the champion's figure for it."""
    found = worst_group(result)
    if found is None:
        return "not measured"
    row = found.row
    text = f"{row.name}: {found.metric} {figures.number(row.value)}{_at_confidence(row.interval)}"
    text += f", champion {figures.number(row.champion)}" if row.champion is not None else ""
    text += f", {figures.count(row.rows, 'row')}" if row.rows is not None else ""
    return text if row.outcome is Outcome.PASS else f"{text} ({FACES[row.outcome].word})"


def _at_confidence(interval: Interval | None, limit: float | None = None) -> str:
    return f" ({figures.confidence(interval)} interval {figures.span(interval, limit)})" if interval else ""


@dataclass(frozen=True, slots=True)
class Group:
    """The group that fares worst, the figure that says so, and what the figure is."""

    row: Row
    metric: str


def worst_group(result: Result) -> Group | None:
    """Of the fairness gate's groups: worst outcome first, then the worst figure; None where none was measured."""
    for verdict in result.verdicts:
        for exhibit in verdict.exhibits if verdict.gate == "fairness" else ():
            rows = list(_finite(exhibit.rows)) if isinstance(exhibit, Rows) else []
            if isinstance(exhibit, Rows) and rows:
                up = any(word in f"{exhibit.x} {exhibit.title}".lower() for word in LESS_IS_BETTER)
                # A group that is too small to judge is not the worst one just because chance made it look so.
                rows = [row for row in rows if row.outcome is not Outcome.INSUFFICIENT] or rows
                return Group(min(rows, key=lambda row: _rank(row, -1 if up else 1)), exhibit.x)
    return None


def _finite(rows: Sequence[Row]) -> Iterator[Row]:
    return (row for row in rows if row.value is not None and math.isfinite(row.value))


def _rank(row: Row, direction: int) -> tuple[int, float]:
    return -list(Outcome).index(row.outcome), direction * (row.value or 0.0)


def peculiar(result: Result) -> tuple[str, ...]:
    """What a reviewer would not expect of any check, plain text."""
    found = []
    if result.champion is None:
        found.append("first promotion here: there is no champion to compare with")
    if result.isolation in ("", "none", "bare"):
        found.append("the model ran without a sandbox")
    if result.isolation == "cluster":
        found.append("the models ran in Spark's workers, which may reach whatever the cluster may")
    return (*found, *(f"a warning from {verdict.gate}" for verdict in warning(result)))


def slipped(result: Result) -> tuple[str, ...]:
    """The figures that got worse than the champion's within their limits, plain text."""
    return tuple(
        f"{measure.name} went from {figures.champion_of(measure)} to {figures.value_of(measure)}, inside its limit"
        for verdict in result.verdicts
        for measure in verdict.measures
        if measure.outcome is Outcome.PASS and _got_worse(measure)
    )


def _got_worse(measure: Measure) -> bool:
    """Whether a tenth of what the limit allows was used up since the champion, in the direction that it calls bad."""
    if measure.value is None or measure.champion is None or not measure.limit or measure.relation is None:
        return False
    change = (measure.value - measure.champion) / abs(measure.limit)
    return change > 0.1 if measure.relation is Relation.AT_MOST else change < -0.1


def reproduce(result: Result) -> str:
    """The command that asks the same question on a laptop; "" where the names are not ones a shell should see."""
    slot = result.request.slot
    plain = MODEL.fullmatch(slot.model) and MODEL.fullmatch(slot.label)
    return f"gatehouse check {slot.model} --to {slot.label}" if plain else ""


def version_link(slot: Slot, version: int, context: Context) -> str:
    """The version's page in the registry's web interface, or ""."""
    base = context.links.registry(slot.stage).rstrip("/")
    named = MODEL.fullmatch(slot.model)
    return below(f"{base}/#/models/{slot.model}/versions/{version}", base) if named else ""


def run_link(subject: Subject, slot: Slot, context: Context) -> str:
    """The page of the training run, where it lies in the registry of the slot's stage, or ""."""
    return below(subject.link, context.links.registry(slot.stage))


def card_link(result: Result, context: Context) -> str:
    """The model card among the artifacts of the training run, where the gate on it read it there, or ""."""
    notes = (note for verdict in result.verdicts if verdict.gate == "model_card" for note in verdict.notes)
    run = run_link(result.candidate, result.request.slot, context)
    read = run and any(note.startswith(f"read from {_CARD} of the training run") for note in notes)
    return below(f"{run}/artifacts/{_CARD}", run) if read else ""


def docs_link(gate: str, context: Context) -> str:
    """The gate's section in the documentation, or "" where there is none."""
    url = f"{context.links.docs}#{gate}" if context.links.docs and gate in context.documented else ""
    return url if SAFE_LINK.fullmatch(url) else ""
