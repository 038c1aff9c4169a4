"""What a gate's section says beside its figures: what was looked at, on which rows, and what a person should do."""

from __future__ import annotations

from gatehouse.evaluate.result import Result
from gatehouse.report import figures
from gatehouse.report.text import clean
from gatehouse.verdict import Outcome, Rows, Verdict

# The table that a built-in gate's figures rest on, and what is counted of it; a team's own gate says it in its summary.
TABLES = {
    "accuracy": ("evaluation", "labelled row"),
    "fairness": ("evaluation", "labelled row"),
    "robustness": ("evaluation", "row"),
    "business_rules": ("evaluation", "row"),
    "latency": ("evaluation", "request"),
    "drift": ("production", "row"),
    "schema": ("production", "row"),
    "shadow": ("", "logged request"),
    "challenger": ("", "unit"),
}
# What to do where a gate has no advice of its own: nobody is left with a verdict and no next step.
NEXT = {
    Outcome.PASS: "nothing",
    Outcome.WARN: "look at what it names, and say in the pull request why it is fine",
    Outcome.INSUFFICIENT: "bring more rows to decide on, or leave the version where it is",
    Outcome.FAIL: "propose a version that keeps the limit, or close this pull request",
    Outcome.ERROR: "mend what broke, then run the check again",
}


def basis(result: Result, verdict: Verdict) -> str:
    """``version 2 beside version 1, on 4,000 labelled rows of the evaluation data 5d0c5d0c5d0c``; plain text."""
    request = result.request
    looked = f"version {request.candidate.version}"
    if request.champion and _compared(verdict):
        looked += f" beside version {request.champion.version}"
    table, noun = TABLES.get(verdict.gate, ("", "row"))
    rows = max((measure.rows for measure in verdict.measures if measure.rows is not None), default=0)
    counted = figures.count(rows, noun) if rows > 0 else ""
    digest = clean(result.data.get(table, ""), 100).removeprefix("sha256:")[:12]
    source = f"the {table} data {digest}" if digest else ""
    where = (" of " if noun != "request" else " drawn from ").join(filter(None, (counted, source)))
    return f"{looked}, on {where}" if where else looked


def _compared(verdict: Verdict) -> bool:
    """Whether any figure or drawing has the champion in it."""
    drawn = any(
        any(row.champion is not None for row in exhibit.rows)
        if isinstance(exhibit, Rows)
        else "champion" in exhibit.series
        for exhibit in verdict.exhibits
    )
    return drawn or any(measure.champion is not None for measure in verdict.measures)


def next_steps(verdict: Verdict) -> tuple[str, ...]:
    """What a person should do; never empty."""
    return verdict.advice if verdict.advice and verdict.outcome is not Outcome.PASS else (NEXT[verdict.outcome],)
