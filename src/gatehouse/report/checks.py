"""What a check run and a terminal's one line say of a result; plain text, not Markdown."""

from __future__ import annotations

import msgspec

from gatehouse.evaluate.result import Result
from gatehouse.report import figures
from gatehouse.report.reading import FACES, blocking, deciding, headline, place, warning
from gatehouse.report.text import clean
from gatehouse.verdict import Verdict

MAX_ANNOTATIONS = 50  # GitHub takes no more in one request


class Annotation(msgspec.Struct, frozen=True):
    """A remark on one line of a file in the pull request; ``level`` is "failure" or "warning"."""

    path: str
    line: int
    level: str
    title: str
    message: str


def summary_line(result: Result) -> str:
    """``Blocked by 1 of 7 gates (fairness): credit-risk → production, version 2``; at most 250 characters."""
    gates = [clean(verdict.gate, 40) for verdict in blocking(result)]
    named = ", ".join(gates[:3]) + (", …" if len(gates) > 3 else "")
    where = f"{clean(place(result), 80)}, version {result.request.candidate.version}"
    return clean(f"{headline(result)}" + (f" ({named})" if named else "") + f": {where}", 250)


def annotate(result: Result) -> tuple[Annotation, ...]:
    """One remark a gate that blocks or warns, on the pin's line, those that block first; at most 50."""
    path, line = clean(result.request.slot.path, 500), max(result.request.line, 1)
    told = [*blocking(result), *warning(result)][:MAX_ANNOTATIONS]
    return tuple(
        Annotation(
            path,
            line,
            "failure" if not verdict.outcome.lets_through else "warning",
            clean(f"{verdict.gate}: {FACES[verdict.outcome].word}", 120),
            _message(verdict),
        )
        for verdict in told
    )


def _message(verdict: Verdict) -> str:
    measure = deciding(verdict)
    lines = [clean(verdict.summary, 400), FACES[verdict.outcome].meaning]
    if measure is not None and measure.limit is not None:
        name, value, limit = clean(measure.name, 120), figures.value_of(measure), figures.limit_of(measure)
        lines.append(f"{name}: {value}, limit {limit}")
    lines += [f"Next: {clean(advice, 300)}" for advice in verdict.advice[:5]]
    return "\n".join(line for line in lines if line)
