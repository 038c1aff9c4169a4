"""The scored table keeps the rules that the business sets, each one SQL query in the policy.

A rule with `max_rows` selects what must not be and counts it: nobody under 18 is approved. A rule with `minimum` or
`maximum` answers one figure, such as an approval rate; NULL, NaN and no answer at all are no pass. `scored` is the
evaluation table with `label`, `candidate`, `champion` (what the models answer; a struct of probabilities where there
are several classes), `decision` and `champion_decision`. A report shows how many rows break a rule and a few of their
ids, never the rows. Rules run in memory, without files, network or other statements than SELECT.
"""

import math

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.sql import Answer, Bounds
from gatehouse.verdict import Measure, Outcome, Relation, Verdict, at_least, at_most, judged

_RULE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "sql"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "examples": ["nobody under 18 is approved"]},
        "sql": {"type": "string", "minLength": 1, "examples": ["select * from scored where age < 18 and decision = 1"]},
        "max_rows": {"type": "integer", "minimum": 0, "examples": [0]},
        "minimum": {"type": "number", "examples": [0.2]},
        "maximum": {"type": "number", "examples": [0.6]},
    },
    # Rows are counted, or a figure is read: a rule that asks for both says neither clearly.
    "anyOf": [
        {
            "required": ["max_rows"],
            "maxProperties": 3,
            "examples": [{"name": "no minors", "sql": "select * from scored where age < 18", "max_rows": 0}],
        },
        {"required": ["minimum"], "properties": {"max_rows": False}},
        {"required": ["maximum"], "properties": {"max_rows": False}},
    ],
}
THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["rules"],
    "examples": [
        {"rules": [{"name": "no minors", "sql": "select * from scored where age < 18 and decision = 1", "max_rows": 0}]}
    ],
    "properties": {
        "rules": {
            "type": "array",
            "minItems": 1,
            "items": _RULE,
            "description": "Each rule's name, its SQL, and max_rows or a minimum and maximum for its one figure.",
        },
        "columns": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "The evaluation table's columns that rules read; all where none is named.",
        },
        "timeout_s": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 30,
            "description": "Longest time for one rule, in seconds.",
        },
        "memory_mb": {
            "type": "integer",
            "minimum": 50,
            "default": 1000,
            "description": "Most memory for the table and a rule, in megabytes.",
        },
    },
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    rules = thresholds["rules"]
    _sound(rules)
    bounds = Bounds(thresholds["timeout_s"], thresholds["memory_mb"])
    answers = evidence.answers([rule["sql"] for rule in rules], bounds, thresholds["columns"])
    measures = [measure for rule, answer in zip(rules, answers, strict=True) for measure in _judged(rule, answer)]
    broken = {measure.name for measure in measures if measure.outcome is not Outcome.PASS}
    faults = [
        (rule["name"], said) for rule, said in zip(rules, answers, strict=True) if isinstance(said, GatehouseError)
    ]
    return judged(
        measures,
        f"{len(rules) - len(broken)} of {len(rules)} rules are kept" + (f"; not {_listed(broken)}" if broken else ""),
        advice=[*(f"{name}: {said.message}: {said.fix}" for name, said in faults), *_advice(measures)],
    )


def _sound(rules: list[Thresholds]) -> None:
    """What a JSON Schema cannot say."""
    names = [rule["name"] for rule in rules]
    for rule in rules:
        if names.count(rule["name"]) > 1:
            raise GatehouseError(f"gates.business_rules has two rules called {rule['name']!r}", "rename one")
        if rule.get("minimum", -math.inf) > rule.get("maximum", math.inf):
            raise GatehouseError(f"rule {rule['name']!r}: its minimum is above its maximum", "swap them")


def _judged(rule: Thresholds, answer: Answer | GatehouseError) -> list[Measure]:
    name = rule["name"]
    if isinstance(answer, GatehouseError):
        return [Measure(name, None, Outcome.ERROR, note=answer.message)]
    if "max_rows" in rule:
        if len(answer.columns) == 1 and answer.columns[0].lower().startswith("count"):
            return [Measure(name, None, Outcome.ERROR, note="it counts already: write `maximum` for its figure")]
        note = f"among them {', '.join(answer.ids)}" if answer.ids else ""
        return [at_most(name, float(answer.rows), rule["max_rows"], unit="rows", note=note)]
    if answer.figure is None or not math.isfinite(answer.figure):
        return [_nothing(name, answer)]
    limits = [(at_least, "minimum"), (at_most, "maximum")]
    return [hold(name, answer.figure, rule[limit]) for hold, limit in limits if limit in rule]


def _nothing(name: str, answer: Answer) -> Measure:
    """Rows to judge were not there, or the query is not one that answers a figure."""
    if len(answer.columns) == 1 and answer.rows <= 1 and answer.figure is None:
        return Measure(name, None, Outcome.INSUFFICIENT, note="the query answers nothing, or no number")
    shape = f"{answer.rows:,} rows of {len(answer.columns)} columns"
    said = str(answer.figure) if answer.figure is not None else shape
    return Measure(name, None, Outcome.ERROR, note=f"one number is wanted, the query answers {said}")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (" …" if len(names) > 3 else "")


def _advice(measures: list[Measure]) -> list[str]:
    missed = [measure for measure in measures if measure.outcome is Outcome.FAIL]
    return [f"look into {measure.name}: {_how(measure)}" for measure in missed[:5]]


def _how(measure: Measure) -> str:
    wanted = f"{measure.relation} {measure.limit:g}"
    if measure.relation is Relation.AT_MOST and measure.unit == "rows":
        return f"{measure.value:,.0f} rows break it, {wanted} may"
    return f"{measure.value:g} is not {wanted}"
