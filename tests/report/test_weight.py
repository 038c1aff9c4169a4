"""What a report says of the evidence as a whole."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from gatehouse.report.weight import MANY_USES, MOST_LINES, overused, remarks
from gatehouse.verdict import Outcome, Verdict
from tests.support import results


def _said(**changes: object) -> dict[str, tuple[str, ...]]:
    made = msgspec.structs.replace(results.passing(), **changes)
    return {remark.name: remark.lines for remark in remarks(made)}


def test_evidence_that_nobody_counted_and_that_decides_all_needs_no_remark() -> None:
    assert _said() == {}
    assert _said(uses=-3) == {}


def test_a_table_is_worn_from_the_tenth_candidate_on() -> None:
    few, many = _said(uses=MANY_USES - 1)["Uses"], _said(uses=MANY_USES)["Uses"]
    assert few == ("this evaluation set has judged 9 candidates of this model",)
    assert many == (
        "this evaluation set has judged 10 candidates of this model; "
        "its 5\u00a0% of false passes is no longer 5\u00a0%: plan a fresh one",
    )
    assert not overused(msgspec.structs.replace(results.passing(), uses=MANY_USES - 1))


def test_the_first_use_is_called_the_first() -> None:
    assert _said(uses=1) == {"Uses": ("the first candidate of this model that this evaluation set judges",)}


def test_without_an_improvement_test_the_price_has_no_level() -> None:
    bare = _said(uses=14, verdicts=(Verdict("schema", Outcome.PASS, ""),))
    assert bare["Uses"][0].endswith("each use makes a pass by luck more likely: plan a fresh one")


def test_what_cannot_be_decided_is_told_up_to_a_number_and_the_rest_is_counted() -> None:
    exact = tuple(f"group {index} is too small" for index in range(MOST_LINES))
    assert _said(undecidable=exact)["Undecidable"] == exact
    assert _said(undecidable=(*exact, "one", "two"))["Undecidable"] == (*exact, "and 2 more")


def test_an_answer_that_was_found_before_says_when() -> None:
    said = _said(reused=datetime(2026, 11, 23, 17, 5, tzinfo=UTC))
    assert said == {"Reused": ("an earlier check of the same question found this answer on 2026-11-23 17:05 UTC",)}
