"""How much the evidence weighs: how often the evaluation set was used, what it cannot decide, how old the answer is."""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.evaluate.result import Result
from gatehouse.report import figures
from gatehouse.report.reading import gain

# Of ten candidates that are no better than the champion, one or more passes a 5 % test in 1 - 0.95^10 = 40 % of
# series; and whoever reads each answer before training the next does worse than chance (Blum and Hardt, "The Ladder:
# A Reliable Leaderboard for Machine Learning Competitions", ICML 2015).
MANY_USES = 10
MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reviewer should know of the evidence as a whole; ``lines`` are plain text, not yet escaped."""

    name: str
    lines: tuple[str, ...]


def remarks(result: Result) -> tuple[Remark, ...]:
    """What there is to say; nothing for evidence that nobody counted, that decides all and was found just now."""
    found = (Remark("Uses", _uses(result)), Remark("Undecidable", _undecidable(result)), Remark("Reused", _old(result)))
    return tuple(remark for remark in found if remark.lines)


def overused(result: Result) -> bool:
    """Whether so many candidates were judged on the table that one of them may have passed by luck."""
    return result.uses >= MANY_USES


def _uses(result: Result) -> tuple[str, ...]:
    if result.uses < 1:
        return ()
    if result.uses == 1:
        return ("the first candidate of this model that this evaluation set judges",)
    told = f"this evaluation set has judged {figures.count(result.uses, 'candidate')} of this model"
    return (f"{told}; {_price(result)}: plan a fresh one",) if overused(result) else (told,)


def _price(result: Result) -> str:
    """What the many uses cost, with the level of the improvement test where there was one."""
    found = gain(result)
    if found is None or found.measure.interval is None:
        return "each use makes a pass by luck more likely"
    level = f"{figures.number((1 - found.measure.interval.confidence) * 100, 2)}\u00a0%"
    return f"its {level} of false passes is no longer {level}"


def _undecidable(result: Result) -> tuple[str, ...]:
    kept, rest = result.undecidable[:MOST_LINES], len(result.undecidable) - MOST_LINES
    return (*kept, f"and {rest:,} more") if rest > 0 else kept


def _old(result: Result) -> tuple[str, ...]:
    if result.reused is None:
        return ()
    return (f"an earlier check of the same question found this answer on {figures.moment(result.reused)}",)
