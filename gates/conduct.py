"""The candidate answers the same rows the same way whenever it is asked, and no slower than it was measured.

It runs in every check, named by a policy or not, once the other gates have asked the model. The process that they
measured is asked rows again a row at a time, in batches of other sizes and in another order, and so is a second one,
just started. A model that counts its calls, answers by chance, or looks at which rows come together is found out; one
that turns only after more calls than a check makes is not: that is for shadow and canary to find. Where no gate asked
the model, neither does this one.
"""

from gatehouse.evaluate.conduct import Conduct
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.verdict import Measure, Outcome, Verdict, at_most, judged, plainly, shown

ALWAYS = True
THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "examples": [{"max_difference": 0.001, "max_slowdown": 3}],
    "properties": {
        "max_difference": {
            "type": "number",
            "minimum": 0,
            "default": 0.001,
            "description": "Largest difference between two answers to one row, as a share of their size or spread.",
        },
        "max_slowdown": {
            "type": "number",
            "minimum": 1,
            "default": 3,
            "description": "How many times slower than measured half of the answers may be.",
        },
        "rows": {
            "type": "integer",
            "minimum": 1,
            "maximum": 10_000,
            "default": 200,
            "description": "Most rows that are asked again.",
        },
    },
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    found = evidence.conduct(thresholds["rows"], thresholds["max_slowdown"])
    if found is None:
        return plainly(Outcome.PASS, "no gate asked the model, so there is nothing to hold it to")
    apart = [
        at_most(f"difference {asking.way}", asking.apart, thresholds["max_difference"], rows=asking.rows)
        for asking in found.askings
    ]
    slower = at_most("slowdown", found.pace.slowdown, thresholds["max_slowdown"], unit="x")
    return judged([*apart, slower, *_seen(found)], _summary(found, apart, slower), advice=_advice(apart, slower))


def _seen(found: Conduct) -> list[Measure]:
    medians = {
        "median now": found.pace.now_ms,
        "median of a second process": found.pace.second_ms,
        "median at first": found.pace.first_ms,
        "median when it was measured": found.pace.measured_ms,
    }
    return [shown(name, value, unit="ms") for name, value in medians.items() if value is not None]


def _summary(found: Conduct, apart: list[Measure], slower: Measure) -> str:
    differing = [asking.way for asking, one in zip(found.askings, apart, strict=True) if not one.outcome.lets_through]
    parts = []
    if differing:
        parts.append(f"it answers the same rows differently when it is asked {differing[0]}")
    if not slower.outcome.lets_through:
        parts.append(f"it has become {found.pace.slowdown:.1f} times slower than it was measured")
    return "; ".join(parts) or f"{found.rows:,} rows asked again in {len(apart)} ways, with the same answers"


def _advice(apart: list[Measure], slower: Measure) -> list[str]:
    advice = []
    if any(not one.outcome.lets_through for one in apart):
        advice.append(
            "let each row's prediction depend on that row alone: no chance, no counting, no statistics of the batch"
        )
    if not slower.outcome.lets_through:
        advice.append("look for work that starts after some calls or some time: caches that fill up, retries, sleeps")
    return advice
