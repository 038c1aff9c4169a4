from __future__ import annotations

import math

import msgspec
import pytest

from gatehouse.verdict import (
    Curve,
    Interval,
    Outcome,
    Points,
    Relation,
    Row,
    Rows,
    Verdict,
    at_least,
    at_most,
    judged,
    shown,
    within,
)


@pytest.mark.parametrize(
    ("value", "limit", "relation", "kept"),
    [
        (0.8 + 0.05, 0.85, Relation.AT_LEAST, True),  # 0.8500000000000001 in binary floats
        (0.1 + 0.2, 0.3, Relation.AT_MOST, True),  # 0.30000000000000004
        (0.85 - 1e-6, 0.85, Relation.AT_LEAST, False),
        (0.3 + 1e-6, 0.3, Relation.AT_MOST, False),
        (math.nan, 0.3, Relation.AT_MOST, False),
        (math.nan, 0.3, Relation.AT_LEAST, False),
        (math.inf, 0.3, Relation.AT_LEAST, False),
        (-math.inf, 0.3, Relation.AT_MOST, False),
        (None, 0.3, Relation.AT_MOST, False),
    ],
)
def test_a_limit_is_kept_up_to_rounding_and_never_by_a_non_number(
    value: float | None, limit: float, relation: Relation, kept: bool
) -> None:
    assert within(value, limit, relation) is kept


def test_the_worst_outcome_decides_and_no_outcome_is_an_error() -> None:
    assert Outcome.worst([Outcome.PASS, Outcome.WARN]) is Outcome.WARN
    assert Outcome.worst([Outcome.FAIL, Outcome.INSUFFICIENT]) is Outcome.FAIL
    assert Outcome.worst([]) is Outcome.ERROR
    assert judged([], "nothing was measured").outcome is Outcome.ERROR


@pytest.mark.parametrize("outcome", Outcome)
def test_only_pass_and_warn_let_through(outcome: Outcome) -> None:
    assert outcome.lets_through is (outcome in (Outcome.PASS, Outcome.WARN))


def test_advice_is_kept_only_where_it_is_needed() -> None:
    assert judged([at_most("p95", 1, 2)], "fine", advice=["buy a faster machine"]).advice == ()
    assert judged([at_most("p95", 3, 2)], "slow", advice=["buy a faster machine"]).advice == ("buy a faster machine",)


def test_a_verdict_survives_json_and_nan_travels_as_nothing() -> None:
    verdict = judged(
        [at_least("roc_auc", math.nan, 0.8, interval=Interval(0.7, 0.9), champion=0.7, rows=10), shown("n", 3.0)],
        "not a number",
        exhibits=[
            Curve("ROC", "fpr", "tpr", {"candidate": [(0.0, 0.0), (1.0, 1.0)]}, diagonal=True),
            Rows("groups", "AUC", (Row("micro", 0.7),), limits={"limit": 0.05}),
            Points("residuals", "x", "y", {"candidate": [(1.0, 2.0)]}),
        ],
    ).named("accuracy")
    back = msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict)
    assert back.outcome is Outcome.FAIL
    assert back.measures[0].value is None
    assert back.exhibits == verdict.exhibits


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"gate":"a","outcome":"PASS","summary":"","forged":true}', type=Verdict)
