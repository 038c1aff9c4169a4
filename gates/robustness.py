"""The model stays good when its input is not perfect: noisy, incomplete, mixed up, or meant to mislead it.

Each change is made to the same sample of labelled rows and its cost tested on them: PASS where a drop of at most
`max_drop` is proven, FAIL where it is refuted, and between the two the gate says how many rows would decide.
`max_reliance` limits what the metric loses without any single feature. `max_flips` limits the share of decisions that
a bounded search, seeing predictions alone, can flip by small changes; a better search might flip more. The champion's
figures stand beside the candidate's, and the same question has the same answer.
"""

from dataclasses import replace

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.stress.changes import Wanted
from gatehouse.evaluate.stress.drops import Rule, drops, flipped
from gatehouse.evaluate.stress.search import Limits
from gatehouse.evaluate.stress.shaken import Stress
from gatehouse.evaluate.stress.told import advice, summary
from gatehouse.verdict import Outcome, Rows, Verdict, judged, plainly

_POSITIVE = {"type": "number", "exclusiveMinimum": 0}
_SHARES = {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "uniqueItems": True}
THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["max_drop"],
    "examples": [{"max_drop": 0.03, "noise": [0.1], "missing": [0.05]}],
    "properties": {
        "max_drop": {**_POSITIVE, "description": "Largest loss of the metric under any change, in its units."},
        "metric": {"type": "string", "description": "What is measured; the accuracy gate's metric if not named."},
        "rows": {
            "type": "integer",
            "minimum": 20,
            "maximum": 100_000,
            "default": 2000,
            "description": "Most rows that are sampled.",
        },
        "noise": {
            "type": "array",
            "items": _POSITIVE,
            "uniqueItems": True,
            "default": [0.05, 0.1],
            "description": "Gaussian noise on every number, in standard deviations of its feature.",
        },
        "missing": {
            **_SHARES,
            "default": [0.05],
            "description": "Shares of cells emptied, where the signature allows.",
        },
        "categories": {**_SHARES, "default": [0.05], "description": "Shares of categories mistaken for another."},
        "swaps": {**_SHARES, "default": [0.01], "description": "Shares of rows with two features' values exchanged."},
        "max_reliance": {**_POSITIVE, "description": "Largest loss when any one feature's values are dealt out anew."},
        "max_flips": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "Largest share of decisions that the search may flip; no search without it.",
        },
        "epsilon": {
            **_POSITIVE,
            "default": 0.1,
            "description": "How far the search may move a number, in standard deviations.",
        },
        "flip": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Categories that the search may change.",
        },
        "budget": {
            "type": "integer",
            "minimum": 1,
            "maximum": 10_000,
            "default": 100,
            "description": "Predictions a row that the search may ask.",
        },
        "confidence": {
            "type": "number",
            "exclusiveMinimum": 0.5,
            "exclusiveMaximum": 1,
            "default": 0.95,
            "description": "Confidence of each test and interval.",
        },
    },
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    stress = _stress(evidence, thresholds)
    found = evidence.shaken(stress)
    if not found.steps and not found.flips:
        return plainly(Outcome.INSUFFICIENT, "nothing could be changed, so nothing is known", *found.notes)
    rule = Rule(stress.metric, thresholds["max_drop"], thresholds["confidence"], max(1, len(found.steps)))
    limits = {False: rule.limit, True: thresholds.get("max_reliance", 0.0)}
    kinds = {alone: [step for step in found.steps if (step.feature is not None) is alone] for alone in limits}
    lost = {alone: drops(steps, replace(rule, limit=limits[alone])) for alone, steps in kinds.items()}
    measures = [drop.measure(limits[alone]) for alone, some in lost.items() for drop in some]
    if found.flips:
        measures += flipped(found.flips, thresholds["max_flips"], rule).measures(
            thresholds["max_flips"], thresholds["epsilon"]
        )
    return judged(
        measures,
        summary(measures, stress.metric),
        advice=advice(measures, [drop for some in lost.values() for drop in some]),
        notes=found.notes,
        exhibits=[
            Rows(f"{stress.metric} lost", "lost", tuple(drop.row() for drop in some), limits={"limit": limits[alone]})
            for alone, some in lost.items()
            if some
        ],
    )


def _stress(evidence: Evidence, thresholds: Thresholds) -> Stress:
    metric = thresholds.get("metric") or evidence.policy.gates.get("accuracy", {}).get("metric")
    if metric is None:
        raise GatehouseError("gates.robustness names no metric, and there is no accuracy gate", "add `metric: …` to it")
    if "max_flips" in thresholds and evidence.policy.task == "regression":
        raise GatehouseError("a regression has no decisions to flip", "take max_flips out of gates.robustness")
    levels = {name: tuple(thresholds[name]) for name in ("noise", "missing", "categories", "swaps")}
    limits = Limits(thresholds["epsilon"], tuple(thresholds["flip"]), thresholds["budget"])
    wanted = Wanted(**levels, reliance="max_reliance" in thresholds)
    return Stress(metric, thresholds["rows"], wanted, limits if "max_flips" in thresholds else None)
