from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from gatehouse.declare.schema import thresholds
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import builtin
from gatehouse.verdict import Outcome, Verdict
from tests.gates.given import Given, measure, verdict

MINORS = {"name": "minors", "sql": "select * from scored where age < 18 and decision = 1"}
RATE = {"name": "approval rate", "sql": "select avg(decision) from scored"}


def table() -> pa.RecordBatch:
    """Ten people, four of them approved, two of these under 18."""
    return pa.RecordBatch.from_pydict(
        {
            "id": [f"p{n}" for n in range(10)],
            "age": [16, 17, 30, 40, 50, 15, 20, 30, 40, None],
            "name": ["Ann Smith"] * 10,
            "decision": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
        }
    )


def say(*rules: dict[str, Any], **more: Any) -> Verdict:
    return verdict("business_rules", Given(rules=table()), rules=list(rules), **more)


@pytest.mark.parametrize(("most", "outcome"), [(1, Outcome.FAIL), (2, Outcome.PASS), (3, Outcome.PASS)])
def test_as_many_rows_as_the_rule_lets_through_pass(most: int, outcome: Outcome) -> None:
    said = say({**MINORS, "max_rows": most})

    assert said.outcome is outcome
    assert (measure(said, "minors").value, measure(said, "minors").limit) == (2, most)


def test_who_breaks_a_rule_is_named_by_id_and_by_nothing_else() -> None:
    said = say({**MINORS, "max_rows": 0}, {**RATE, "minimum": 0.2})

    assert said.summary == "1 of 2 rules are kept; not minors"
    assert measure(said, "minors").note == "among them p0, p1"
    assert said.advice == ("look into minors: 2 rows break it, at most 0 may",)
    assert "Ann" not in str(said)


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        ({"minimum": 0.4}, Outcome.PASS),
        ({"minimum": 0.4000001}, Outcome.FAIL),
        ({"maximum": 0.4}, Outcome.PASS),
        ({"maximum": 0.3999999}, Outcome.FAIL),
        ({"minimum": 0.2, "maximum": 0.6}, Outcome.PASS),
        ({"minimum": 0.5, "maximum": 0.6}, Outcome.FAIL),
        ({"minimum": 0.4, "maximum": 0.4}, Outcome.PASS),
    ],
)
def test_a_figure_keeps_its_limits_ends_included(limits: dict[str, float], outcome: Outcome) -> None:
    said = say({**RATE, **limits})

    assert said.outcome is outcome
    assert {one.value for one in said.measures} == {0.4}
    assert len(said.measures) == len(limits)


@pytest.mark.parametrize(
    ("sql", "outcome"),
    [
        ("select null", Outcome.INSUFFICIENT),
        ("select avg(decision) from scored where age > 90", Outcome.INSUFFICIENT),
        ("select age from scored where age > 90", Outcome.INSUFFICIENT),
        ("select 'many'", Outcome.INSUFFICIENT),
        ("select 'nan'::double", Outcome.ERROR),
        ("select 'inf'::double", Outcome.ERROR),
        ("select '-inf'::double", Outcome.ERROR),
        ("select decision from scored", Outcome.ERROR),
        ("select 0.3, 0.3", Outcome.ERROR),
    ],
)
def test_a_figure_that_is_no_number_is_no_pass(sql: str, outcome: Outcome) -> None:
    said = say({"name": "it", "sql": sql, "minimum": -1e9, "maximum": 1e9})

    assert said.outcome is outcome
    assert said.measures[0].note


def test_a_rule_that_does_not_run_is_told_with_its_place_and_the_others_are_still_asked() -> None:
    said = say({"name": "typo", "sql": "select * form scored", "max_rows": 0}, {**MINORS, "max_rows": 2})

    assert said.outcome is Outcome.ERROR
    assert measure(said, "typo").note == 'line 1, column 15: syntax error at or near "scored"'
    assert measure(said, "minors").outcome is Outcome.PASS
    assert said.summary == "1 of 2 rules are kept; not typo"
    assert 'typo: line 1, column 15: syntax error at or near "scored": mend the query' in said.advice


def test_a_rule_that_takes_too_long_is_an_error() -> None:
    endless = "select count(*) from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 3"

    said = say({"name": "endless", "sql": endless, "maximum": 1}, timeout_s=0.2)

    assert said.outcome is Outcome.ERROR
    assert measure(said, "endless").note == "took longer than 0.2 s and was stopped"


def test_a_rule_that_counts_its_rows_itself_would_always_find_one() -> None:
    said = say({"name": "minors", "sql": "select count(*) from scored where age < 18", "max_rows": 1})

    assert said.outcome is Outcome.ERROR
    assert measure(said, "minors").note == "it counts already: write `maximum` for its figure"


def test_two_rules_of_one_name_are_refused() -> None:
    said = say({**MINORS, "max_rows": 0}, {**RATE, "name": "minors", "minimum": 0})

    assert said.outcome is Outcome.ERROR
    assert said.summary == "gates.business_rules has two rules called 'minors'"


def test_a_minimum_above_the_maximum_is_refused() -> None:
    said = say({**RATE, "minimum": 0.6, "maximum": 0.5})

    assert said.outcome is Outcome.ERROR
    assert said.summary == "rule 'approval rate': its minimum is above its maximum"


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [MINORS],
        [{**MINORS, "max_rows": -1}],
        [{**MINORS, "max_rows": 0.5}],
        [{**MINORS, "max_rows": 0, "minimum": 1}],
        [{**MINORS, "max_rows": 0, "maximum": 1}],
        [{"sql": "select 1", "max_rows": 0}],
        [{"name": "it", "max_rows": 0}],
        [{"name": "", "sql": "select 1", "max_rows": 0}],
        [{"name": "it", "sql": "", "max_rows": 0}],
        [{**MINORS, "max_row": 0}],
        [{**MINORS, "minimum": "0.2"}],
        "select 1",
    ],
)
def test_a_rule_that_is_not_one_is_a_mistake_in_the_policy(rules: Any) -> None:
    said = verdict("business_rules", Given(rules=table()), rules=rules)

    assert said.outcome is Outcome.ERROR
    assert said.summary.startswith("policy: gates.business_rules.rules")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (MINORS, "one of `max_rows`, `minimum`, `maximum` is missing"),
        ({**MINORS, "max_rows": 0, "minimum": 1}, "expected a number of keys of at most 3, got 4"),
        ({**MINORS, "max_rows": 0.5}, "expected an integer, got 0.5"),
    ],
)
def test_validate_says_what_is_wrong_with_a_rule(rule: dict[str, Any], said: str) -> None:
    schema = thresholds(builtin()["business_rules"].schema)

    (complaint,) = schema.complaints({"rules": [{**RATE, "minimum": 0.2}, rule]})

    assert complaint.message == said
    assert complaint.keys[:2] == ("rules", 1)
    assert complaint.fix


def test_validate_knows_good_rules_at_a_glance() -> None:
    schema = thresholds(builtin()["business_rules"].schema)

    assert schema.quick({"rules": [{**RATE, "minimum": 0.2, "maximum": 0.6}, {**MINORS, "max_rows": 0}]})


def test_a_policy_needs_rules() -> None:
    assert verdict("business_rules", Given(rules=table())).summary.startswith("policy: gates.business_rules")
    assert "rules" in builtin()["business_rules"].schema["required"]


def test_rules_hold_for_a_real_model(real: Evidence) -> None:
    said = verdict(
        "business_rules",
        real,
        rules=[
            {"name": "rate", "sql": "select avg(decision) from scored", "minimum": 0.2, "maximum": 0.6},
            {"name": "rich", "sql": "select * from scored where income > 90 and decision = 1", "max_rows": 0},
            {"name": "agree", "sql": "select count(*) from scored where decision <> champion_decision", "maximum": 1e9},
        ],
    )

    assert said.outcome is Outcome.PASS
    assert said.summary == "3 of 3 rules are kept"
