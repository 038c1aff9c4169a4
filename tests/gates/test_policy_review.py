from __future__ import annotations

from datetime import date, timedelta

import pytest

from gatehouse.evaluate.evidence import Evidence
from gatehouse.verdict import Outcome
from tests.evaluate import made
from tests.gates.given import Given, measure, verdict

REVIEWED = date(2026, 3, 1)


def on(days: int, every: timedelta = timedelta(days=90)) -> Given:
    return Given(policy=made.policy(reviewed=REVIEWED, review_every=every), today=REVIEWED + timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "outcome"),
    [(0, Outcome.PASS), (75, Outcome.PASS), (76, Outcome.WARN), (90, Outcome.WARN), (91, Outcome.FAIL)],
)
def test_a_review_holds_to_its_last_day_and_is_called_for_two_weeks_before(days: int, outcome: Outcome) -> None:
    said = verdict("policy_review", on(days))

    assert said.outcome is outcome
    assert measure(said, "age of the thresholds").value == days
    assert measure(said, "age of the thresholds").limit == 90
    assert ("promotions/credit-risk/policy.yaml" in "".join(said.advice)) is (outcome is not Outcome.PASS)


@pytest.mark.parametrize(("warn_days", "outcome"), [(0, Outcome.PASS), (9, Outcome.PASS), (10, Outcome.WARN)])
def test_how_early_it_is_called_for_is_the_policys_choice(warn_days: int, outcome: Outcome) -> None:
    assert verdict("policy_review", on(80), warn_days=warn_days).outcome is outcome


def test_the_day_it_is_due_is_said() -> None:
    assert verdict("policy_review", on(10)).summary.endswith("10 days ago; the next review is due on 2026-05-30")
    assert verdict("policy_review", on(100)).summary.endswith("the next review is overdue since 2026-05-30")


def test_on_the_last_day_it_warns_even_where_no_day_of_notice_is_asked_for() -> None:
    assert verdict("policy_review", on(90), warn_days=0).outcome is Outcome.WARN


def test_a_span_in_hours_is_held_to_the_day() -> None:
    """A day has no hour: what is reviewed today is fresh, what was reviewed yesterday is 24 hours old."""
    assert verdict("policy_review", on(1, timedelta(hours=24)), warn_days=0).outcome is Outcome.WARN
    assert verdict("policy_review", on(1, timedelta(hours=23)), warn_days=0).outcome is Outcome.FAIL


def test_a_review_that_is_still_to_come_is_none() -> None:
    said = verdict("policy_review", on(-1))

    assert said.outcome is Outcome.FAIL
    assert said.summary == (
        "the thresholds were reviewed on 2026-03-01, which is still to come: today is 2026-02-28 (UTC)"
    )


def test_real_evidence_knows_what_day_it_is_and_takes_another_one_where_it_is_told(bench: made.Bench) -> None:
    policy = made.policy(reviewed=date(2000, 1, 1))
    evidence = bench.evidence(bench.case(bench.model("good")), policy)
    assert verdict("policy_review", evidence).outcome is Outcome.FAIL

    evidence.today = date(2000, 1, 2)

    assert verdict("policy_review", evidence).outcome is Outcome.PASS


def test_the_day_is_taken_once(bench: made.Bench) -> None:
    evidence: Evidence = bench.evidence(bench.case(bench.model("good")))

    assert evidence.today is evidence.today
