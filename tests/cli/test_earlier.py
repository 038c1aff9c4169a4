"""The promotions before this one: from main's history and the evidence branch, real git in both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from gatehouse.cli.earlier import SKEW, earlier
from gatehouse.evaluate.result import Result
from gatehouse.pin import Role
from gatehouse.report.context import Earlier
from gatehouse.sync.shelve import shelve
from tests.support import gated
from tests.support.desk import PRODUCTION, STAGING, Desk, desk, pin
from tests.support.repo import promotion


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def promote(at: Desk, version: int, says: gated.Gates = gated.passes) -> None:
    """A pull request on staging that was judged and then merged."""
    pull = at.promote(STAGING, version)
    at.judge(pull, says)
    at.merge(pull)
    at.github.advance(minutes=30)


def asked(at: Desk, version: int) -> Result:
    """A check of one more version for staging."""
    pull = at.promote(STAGING, version, branch=f"ask-{version}")
    at.fetch()
    (request,) = gated.questions(at.repository, at.main, at.head(pull))
    return gated.judged(at.repository, request, at.github.hub.now())


def found(at: Desk, result: Result) -> tuple[Earlier, ...]:
    return earlier(at.repository, result.request.base, [result])[result.request.slot, result.request.role]


def versions(at: Desk, result: Result) -> list[int]:
    return [one.result.request.candidate.version for one in found(at, result)]


def test_each_promotion_of_the_slot_comes_with_its_check_oldest_first(at: Desk) -> None:
    promote(at, 2)
    promote(at, 3)
    made = asked(at, 4)
    assert versions(at, made) == [2, 3]
    first, second = found(at, made)
    assert first.result.evaluated <= first.at + SKEW
    assert first.at <= second.at


def test_one_without_evidence_and_one_of_another_slot_are_not_among_them(at: Desk) -> None:
    at.push({STAGING.path: promotion(pin(2))}, "Set by hand")
    pull = at.promote(PRODUCTION, 5)
    at.judge(pull)
    at.merge(pull)
    promote(at, 3)
    assert versions(at, asked(at, 4)) == [3]


def test_a_check_that_was_never_merged_is_none(at: Desk) -> None:
    at.judge(at.promote(STAGING, 2))
    assert versions(at, asked(at, 3)) == []


def test_a_check_from_long_after_the_promotion_did_not_lead_to_it(at: Desk) -> None:
    at.push({STAGING.path: promotion(pin(2))}, "Set by hand")
    at.fetch()
    made = asked(at, 4)
    request = msgspec.structs.replace(made.request, candidate=pin(2))
    soon, late = (msgspec.structs.replace(made, request=request, evaluated=when) for when in _around(SKEW))
    shelve(at.repository, [late])
    at.fetch()
    assert versions(at, made) == []
    shelve(at.repository, [soon])
    at.fetch()
    assert versions(at, made) == [2]


def _around(skew: timedelta) -> tuple[datetime, datetime]:
    """A moment that another clock may call the present one, and one that none does."""
    now = datetime.now(UTC)
    return now, now + skew + timedelta(minutes=1)


def test_a_check_that_failed_led_to_no_promotion_whoever_merged_it(at: Desk) -> None:
    promote(at, 2, gated.fails)
    assert versions(at, asked(at, 3)) == []


def test_a_pin_that_came_back_counts_once(at: Desk) -> None:
    promote(at, 2)
    promote(at, 3)
    at.push({STAGING.path: promotion(pin(2))}, "Back to version 2")
    made = asked(at, 4)
    assert versions(at, made) == [2, 3]
    assert [one.withdrawn for one in found(at, made)] == [False, True]


def test_a_canary_is_held_against_canaries_and_a_change_of_its_share_is_no_promotion(at: Desk) -> None:
    canary = promotion(pin(1), canary=f"version: 2, digest: {pin(2).digest}, percent: 5")
    pull = at.open({STAGING.path: canary})
    at.judge(pull)
    at.merge(pull)
    at.push({STAGING.path: canary.replace("percent: 5", "percent: 25")}, "More of it")
    made = asked(at, 4)
    assert found(at, made) == ()
    request = msgspec.structs.replace(made.request, role=Role.CANARY)
    assert versions(at, msgspec.structs.replace(made, request=request)) == [2]


def test_where_the_history_cannot_be_read_nothing_is_usual_and_nothing_fails(at: Desk) -> None:
    made = asked(at, 2)
    assert earlier(at.repository, "--output=/tmp/x", [made]) == {}
    assert earlier(at.repository, "0" * 40, [made]) == {}


def test_a_report_on_a_slot_with_a_past_says_so(at: Desk) -> None:
    promote(at, 2)
    promote(at, 3)
    pull = at.promote(STAGING, 4)
    at.judge(pull)
    assert "only 2 promotions of this slot before" in at.remote.of(pull.number)[0].body
