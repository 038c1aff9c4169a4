"""Numbers about reviewing, counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gatehouse.audit.record import Approval, Kind, Record, Rejection
from gatehouse.pin import Pin, Role, Slot
from gatehouse.review.stats import ENOUGH, Figures, Numbers, Times, numbers
from gatehouse.review.who import Names

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
NOBODY = Names({})


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def approval(who: str = "olga", hours: float = 0, taken: float | None = 300, **more: Any) -> Approval:
    return Approval(who, at(hours), seconds=taken, **more)


def rejection(who: str = "olga", hours: float = 0) -> Rejection:
    return Rejection(who, at(hours), "the thin files are worse off", 200)


def record(version: int = 48, *said: Approval | Rejection, kind: Kind = Kind.PROMOTED, **more: Any) -> Record:
    plain: dict[str, Any] = {
        "key": f"{kind} {version} {said}", "kind": kind, "when": at(48), "who": "dana", "engine": "1",
        "slot": Slot("credit-risk", "production"), "after": Pin(version, f"sha256:{version:064x}"),
        "approvals": tuple(each for each in said if isinstance(each, Approval)),
        "rejections": tuple(each for each in said if isinstance(each, Rejection)),
    }  # fmt: skip
    return Record(**{**plain, **more})


def told(*records: Record, **more: Any) -> Numbers:
    return numbers(records, more.pop("names", NOBODY), **more)


def test_nothing_on_record_is_nothing_and_no_share_of_it() -> None:
    assert told() == Numbers(None, Figures(), (), ())
    assert told(record(48), record(47, kind=Kind.SYNCED)) == Numbers(None, Figures(), (), ())


def test_the_shares_are_of_what_was_decided() -> None:
    found = told(
        record(46, approval("olga"), approval("nils", flagged=True)),
        record(47, rejection("nils", 1), kind=Kind.REJECTED),
        record(48, approval("olga", 2)),
    )
    assert found.total.promotions == 2
    assert (found.total.approvals, found.total.rejections, found.total.rejected) == (3, 1, 0.25)
    assert found.total.flagged == pytest.approx(1 / 3)
    assert [(load.who, load.approvals, load.rejections, load.share, load.flagged) for load in found.reviewers] == [
        ("nils", 1, 1, 0.5, 1),
        ("olga", 2, 0, 0.5, 0),
    ]


def test_a_rejection_that_was_overcome_is_one_though_it_is_on_two_records() -> None:
    no = rejection("nils", 1)
    found = told(record(48, no, kind=Kind.REJECTED), record(48, no, approval("nils", 2)))
    assert (found.total.approvals, found.total.rejections) == (1, 1)


def test_approvals_of_what_was_refused_count_when_it_is_let_in() -> None:
    yes = approval()
    refused = record(48, yes, kind=Kind.REFUSED)
    assert (told(refused).total.approvals, told(refused).total.promotions) == (0, 0)
    assert told(refused, record(48, yes)).total.approvals == 1


def test_a_review_of_two_pins_counts_for_each() -> None:
    yes = approval()
    found = told(record(48, yes), record(48, yes, role=Role.SHADOW), record(48, yes, slot=Slot("churn", "production")))
    assert (found.total.promotions, found.total.approvals) == (3, 3)
    assert [(each.model, each.approvals) for each in found.models] == [("churn", 1), ("credit-risk", 2)]


def test_the_same_person_under_two_names_carries_one_load() -> None:
    found = told(record(48, approval("Olga"), approval("olga-admin", 1)), names=Names({"olga-admin": "olga"}))
    assert [(load.who, load.approvals, load.share) for load in found.reviewers] == [("Olga", 2, 1)]


def test_an_emergency_is_one_however_many_called_it() -> None:
    calls = [approval(who, answers={"emergency": "fraud wave"}, flagged=True) for who in ("olga", "nils")]
    found = told(record(47, *calls), record(48, approval(hours=1)))
    assert (found.total.emergencies, found.total.promotions) == (1, 2)


@pytest.mark.parametrize(("hours", "approvals", "promotions"), [(0, 2, 2), (0.001, 1, 1), (5, 1, 1), (5.001, 0, 0)])
def test_only_what_was_decided_since_then_counts(hours: float, approvals: int, promotions: int) -> None:
    found = told(record(47, approval(hours=0)), record(48, approval(hours=5)), since=at(hours))
    assert (found.total.approvals, found.total.promotions) == (approvals, promotions)


def test_a_moment_without_a_zone_is_before_nothing_and_after_nothing() -> None:
    odd = Approval("olga", NOON.replace(tzinfo=None), seconds=60)
    assert told(record(48, odd)).total.approvals == 1
    assert told(record(48, odd), since=at(-9000)).total.approvals == 0


class TestTimes:
    def test_the_median_of_an_even_number_is_between_the_two(self) -> None:
        found = told(record(47, approval(taken=60)), record(48, approval(taken=120)))
        assert found.total.to_approve == Times(2, 90, None)

    @pytest.mark.parametrize(("many", "p90"), [(ENOUGH - 1, None), (ENOUGH, 9), (11, 10), (20, 18)])
    def test_the_ninety_percent_point_is_the_nearest_rank_and_none_of_too_few(
        self, many: int, p90: float | None
    ) -> None:
        found = told(*(record(version, approval(taken=version)) for version in range(1, many + 1)))
        assert (found.total.to_approve.count, found.total.to_approve.p90) == (many, p90)

    def test_what_is_not_known_and_what_cannot_be_is_left_out(self) -> None:
        odd = [approval(hours=hours, taken=taken) for hours, taken in enumerate((None, -5, float("nan"), 40))]
        assert told(record(48, *odd)).total.to_approve == Times(1, 40, None)

    def test_rejections_do_not_count_into_the_time_to_approve(self) -> None:
        assert told(record(48, rejection(), kind=Kind.REJECTED)).total.to_approve == Times()

    def test_from_proposal_to_merge_where_it_is_known(self) -> None:
        merges = [
            record(46, approval(), commit="a", committed=at(3)),
            record(47, approval(), commit="b", committed=at(3)),
            record(48, approval(), commit="c"),
            record(49, commit="d", committed=at(9)),
        ]
        proposed = {"a": at(1), "c": at(1), "d": at(1)}
        assert told(*merges, proposed=proposed).total.to_merge == Times(1, 7200, None)
