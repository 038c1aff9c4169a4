"""What a plan puts on record of reviews: who agreed to what it lets in, and everybody who did not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatehouse.audit import chain
from gatehouse.audit.record import Kind, Record
from gatehouse.audit.sqlite import SqliteStore
from gatehouse.audit.store import record_all
from gatehouse.declare.types import Stages, Traffic
from gatehouse.pin import Role, Slot
from gatehouse.review.record import Reviewed
from gatehouse.sync.actions import Append, Publish
from gatehouse.sync.actual import ANCHOR
from gatehouse.sync.approved import NOBODY, Agreement
from gatehouse.sync.rejected import MOST, credible, rejections
from tests.support.approving import agreed
from tests.support.records import START, approval, rejection, reviewed
from tests.sync.worlds import EU, MODEL, PRODUCTION, STAGING, World, in_production, pin

NOW = START + timedelta(days=2)


def told(world: World) -> list[Record]:
    return [action.record for action in world.plan().actions if isinstance(action, Append)]


def arriving(said: Agreement | None = None) -> World:
    """Version 2 comes into production, and people said this of it."""
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.put(PRODUCTION, pin(2))
    if said is not None:
        world.reviews[pin(2)] = said
    return world


def later(world: World) -> World:
    """The world when everything that is said here has been said."""
    world.now = NOW
    return world


def with_words(**changes: object) -> Agreement:
    """What people said of version 2, with a remark for an auditor."""
    usual = agreed(PRODUCTION, Role.CHAMPION, pin(2), START, 12)
    assert usual.place is not None
    ruled = (msgspec.structs.replace(usual.place.rules[0], said="bob was quick", flag=True),)
    words = {"approvals": (approval(), approval("bob", 45, flagged=True)), "rejections": (rejection(),), "rules": ruled}
    return msgspec.structs.replace(usual, place=msgspec.structs.replace(usual.place, **words), **changes)


def recorded(*kept: Reviewed, known: frozenset[str] = frozenset()) -> list[Record]:
    return list(rejections(kept, known, NOW))


# What is let in, and what is refused.


def test_what_people_agreed_to_has_their_words_on_record_and_what_an_auditor_should_look_at() -> None:
    (record,) = told(arriving(with_words()))
    assert record.kind is Kind.PROMOTED
    assert [(one.who, one.seconds, one.flagged) for one in record.approvals] == [
        ("anna", 600, False), ("bob", 45, True),
    ]  # fmt: skip
    assert record.approvals[0].answers == {"gain": "it does", "timing": "yes"}
    assert record.approvals[0].acknowledged == ("thin-file-applicants",)
    assert [one.who for one in record.rejections] == ["chen"]
    assert record.remarks == ("bob was quick",)


def test_the_pull_request_on_record_is_the_one_that_github_names() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.put(PRODUCTION, pin(2), "Merge pull request #99 from mallory/it\n\nPromote version 2")
    world.reviews[pin(2)] = with_words()
    assert [record.pull_request for record in told(world)] == [12]


def test_what_a_review_refused_has_on_record_what_there_was_of_it() -> None:
    (record,) = told(arriving(with_words(fault="people did not agree: 1 of 2 approvals", fix="ask bob")))
    assert (record.kind, record.reason) == (Kind.REFUSED, "approved: people did not agree: 1 of 2 approvals")
    assert [one.who for one in record.approvals] == ["anna", "bob"]
    assert [one.who for one in record.rejections] == ["chen"]
    assert (record.remarks, record.pull_request) == (("bob was quick",), 12)


def test_what_another_rule_refused_does_not_claim_that_its_review_was_the_reason() -> None:
    world = arriving(with_words())
    world.hold(2)
    (record,) = (record for record in told(world) if record.kind is Kind.REFUSED)
    assert record.reason.startswith("held: ")
    assert (record.approvals, record.rejections, record.remarks) == ((), (), ())


def test_that_nobody_could_be_asked_is_not_on_record_and_the_next_sync_lets_it_in() -> None:
    world = arriving(NOBODY)
    assert told(world) == []
    assert [refusal.passing for refusal in world.plan().refusals] == [True]
    world.carry()
    world.reviews.clear()
    assert [record.kind for record in told(world)] == [Kind.PROMOTED]


def test_what_needs_nobody_s_word_has_none_on_record() -> None:
    world = World()
    world.register(1)
    world.put(STAGING, pin(1))
    (record,) = told(world)
    assert (record.approvals, record.rejections, record.remarks) == ((), (), ())


# The version's tag.


def test_who_agreed_stands_on_the_version_and_stays_when_it_is_archived() -> None:
    world = arriving(with_words())
    world.carry()
    assert world.versions[2].tags["gatehouse.approved_by"] == "anna, bob (flagged) for production"
    assert world.plan().in_sync
    world.put(STAGING, pin(3))
    world.put(PRODUCTION, pin(3))
    world.carry()
    assert world.staged[2] == "Archived"
    assert world.versions[2].tags["gatehouse.approved_by"] == "anna, bob (flagged) for production"
    assert world.plan().in_sync


def test_a_tag_that_a_crash_left_out_or_somebody_edited_is_set_from_the_record() -> None:
    world = arriving(with_words())
    world.carry()
    tags = {**world.versions[2].tags, "gatehouse.approved_by": "mallory for production"}
    world.versions[2] = msgspec.structs.replace(world.versions[2], tags=tags)
    world.carry()
    assert world.versions[2].tags["gatehouse.approved_by"] == "anna, bob (flagged) for production"


def test_a_version_in_two_places_says_who_agreed_to_which() -> None:
    world = arriving(with_words())
    world.put(EU, pin(1), canary=Traffic(pin(2), 5))
    world.carry()
    assert world.versions[2].tags["gatehouse.approved_by"] == (
        "anna, bob (flagged) for production; anna, bob (flagged) for production.eu as canary"
    )


def test_what_was_refused_is_not_said_to_be_approved() -> None:
    world = arriving(with_words(fault="1 of 2 approvals"))
    world.carry()
    assert "gatehouse.approved_by" not in world.versions[2].tags
    assert world.versions[1].tags["gatehouse.approved_by"] == "olga, nils for production"


def test_who_agreed_to_the_version_before_is_not_said_to_have_agreed_to_this_one() -> None:
    world = arriving(with_words())
    world.carry()
    world.stages = Stages(tuple(msgspec.structs.replace(stage, review="none") for stage in world.stages.stages))
    world.put(STAGING, pin(3))
    world.put(PRODUCTION, pin(3))
    world.carry()
    assert world.staged[3] == "Production"
    assert "gatehouse.approved_by" not in world.versions[3].tags


def test_a_version_that_needs_nobody_s_word_has_no_such_tag() -> None:
    world = World()
    world.register(1)
    world.put(STAGING, pin(1))
    world.carry()
    assert "gatehouse.approved_by" not in world.versions[1].tags


def test_a_hostile_login_makes_a_plain_and_short_tag() -> None:
    words = with_words()
    assert words.place is not None
    many = tuple(approval(f"\x1b[2Jan\0na{number}") for number in range(300))
    world = arriving(msgspec.structs.replace(words, place=msgspec.structs.replace(words.place, approvals=many)))
    world.carry()
    tag = world.versions[2].tags["gatehouse.approved_by"]
    assert tag.isprintable()
    assert len(tag) <= 500


# Rejections.


def test_a_rejection_is_on_record_with_its_pin_who_it_was_the_reason_and_where_it_was_said() -> None:
    said = rejection()
    (record,) = recorded(reviewed(PRODUCTION, pin(2), said))
    assert (record.kind, record.slot, record.role, record.pin) == (
        Kind.REJECTED, PRODUCTION, Role.CHAMPION, pin(2),
    )  # fmt: skip
    assert (record.who, record.reason, record.when) == ("chen", "thin files are worse off", NOW)
    assert (record.pull_request, record.commit, record.rejections) == (12, "a" * 40, (said,))
    assert not record.accepted


def test_one_rejection_is_one_record_whatever_else_was_said_and_pushed_meanwhile() -> None:
    first = reviewed(PRODUCTION, pin(2), rejection())
    more = reviewed(PRODUCTION, pin(2), rejection(), rejection("dora", 900), judged=START + timedelta(hours=2))
    pushed = msgspec.structs.replace(more, head="b" * 40)
    found = recorded(first, more, pushed)
    assert [record.who for record in found] == ["chen", "dora"]
    assert recorded(first, more, pushed, known=frozenset(record.key for record in found)) == []


def test_another_review_of_the_same_person_and_another_pin_are_records_of_their_own() -> None:
    again = rejection(after=900, url="https://github.test/12#again")
    found = recorded(
        reviewed(PRODUCTION, pin(2), rejection()),
        reviewed(PRODUCTION, pin(2), rejection(), again),
        reviewed(PRODUCTION, pin(3), rejection(), again),
        reviewed(PRODUCTION, pin(3), rejection(), role=Role.CANARY),
    )
    assert len({record.key for record in found}) == len(found) == 5


def test_where_github_names_no_page_it_is_the_time_that_tells_two_apart() -> None:
    two = (rejection(url=""), rejection(after=301, url=""))
    assert len(recorded(reviewed(PRODUCTION, pin(2), *two, *two))) == 2
    elsewhere = msgspec.structs.replace(two[0], when=two[0].when.astimezone(timezone(timedelta(hours=9))))
    assert len(recorded(reviewed(PRODUCTION, pin(2), two[0], elsewhere))) == 1


def test_a_review_that_was_edited_afterwards_is_on_record_as_it_was_first() -> None:
    first, edited = rejection(), rejection(after=400, reason="never mind")
    found = recorded(reviewed(PRODUCTION, pin(2), first), reviewed(PRODUCTION, pin(2), edited))
    assert [record.rejections for record in found] == [(first,)]


def test_another_artifact_of_the_same_version_is_another_pin() -> None:
    pins = pin(2), pin(2, "b")
    assert [record.pin for record in recorded(*(reviewed(PRODUCTION, one, rejection()) for one in pins))] == list(pins)


def test_a_rejection_that_was_taken_back_later_stays() -> None:
    gone = reviewed(PRODUCTION, pin(2), approvals=(approval("chen"),))
    assert [record.who for record in recorded(reviewed(PRODUCTION, pin(2), rejection()), gone)] == ["chen"]


def test_a_sync_puts_rejections_on_record_once_also_of_what_nobody_merged() -> None:
    world = later(in_production(1))
    world.kept = (reviewed(PRODUCTION, pin(2), rejection()), reviewed(Slot("new", "production"), pin(1), rejection()))
    assert [record.kind for record in told(world)] == [Kind.REJECTED] * 2
    before = dict(world.aliases), dict(world.staged)
    world.carry()
    assert world.plan().actions == ()
    assert (world.aliases, world.staged) == before


def test_a_rejection_puts_nothing_out_of_sync_and_hides_nothing_that_is() -> None:
    world = later(in_production(1))
    world.kept = (reviewed(PRODUCTION, pin(2), rejection()),)
    plan = world.plan()
    assert [type(action) for action in plan.actions] == [Append, Publish]
    assert plan.in_sync
    world.aliases["champion"] = 3
    assert not world.plan().in_sync


def test_a_record_that_nobody_vouches_for_is_out_of_sync_as_ever() -> None:
    world = in_production(1)
    branch = world.branches["serving"]
    world.branches["serving"] = replace(
        branch, files={path: text for path, text in branch.files.items() if path != ANCHOR}
    )
    assert [type(action) for action in world.plan().actions] == [Publish]
    assert not world.plan().in_sync


def test_rejections_go_on_record_where_something_else_is_refused() -> None:
    world = later(arriving())
    world.hold(2)
    world.kept = (reviewed(PRODUCTION, pin(2), rejection()),)
    assert [record.kind for record in told(world)] == [Kind.REJECTED, Kind.HELD, Kind.REFUSED]


def test_three_hundred_rejections_are_three_hundred_records_and_more_come_with_the_next_syncs() -> None:
    many = tuple(rejection(after=at, url=f"https://github.test/12#{at}") for at in range(1, MOST + 301))
    everything = reviewed(PRODUCTION, pin(2), *many)
    first = recorded(everything)
    rest = recorded(everything, known=frozenset(record.key for record in first))
    assert (len(first), len(rest)) == (MOST, 300)
    assert first[0].rejections == many[:1]


# What somebody may write to the evidence branch.

ABSURD = [
    datetime(2026, 3, 3, 10),  # noqa: DTZ001, nobody knows when it was
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2007, 12, 31, tzinfo=UTC),
    NOW + timedelta(days=2),
    datetime.max.replace(tzinfo=UTC),
]


@pytest.mark.parametrize("when", ABSURD, ids=str)
def test_words_of_a_time_that_cannot_be_are_left_out_and_the_others_are_not(when: datetime) -> None:
    honest = rejection("dora")
    odd = msgspec.structs.replace(rejection(), when=when)
    one = reviewed(PRODUCTION, pin(2), odd, honest, approvals=(approval(when=when), approval("eve")))
    assert [record.who for record in recorded(one)] == ["dora"]
    (found,) = credible([one], NOW)
    assert [said.who for said in found.places[0].approvals] == ["eve"]


@pytest.mark.parametrize("judged", ABSURD, ids=str)
def test_a_review_judged_at_a_time_that_cannot_be_is_left_out(judged: datetime) -> None:
    assert recorded(reviewed(PRODUCTION, pin(2), rejection(), judged=judged)) == []


def test_a_clock_that_is_a_little_ahead_is_no_reason_to_hear_nobody() -> None:
    said = msgspec.structs.replace(rejection(), when=NOW + timedelta(minutes=5))
    assert len(recorded(reviewed(PRODUCTION, pin(2), said))) == 1


@pytest.mark.parametrize(
    "slot",
    [
        Slot("../../etc", "production"),
        Slot("", "production"),
        Slot("credit\0risk", "production"),
        Slot(MODEL, "Production!"),
        Slot(MODEL, "production", "eu\n"),
        Slot("m" * 300, "production"),
    ],
    ids=repr,
)
def test_places_that_no_promotion_can_have_are_left_out(slot: Slot) -> None:
    assert recorded(reviewed(slot, pin(2), rejection())) == []


@pytest.mark.parametrize("changes", [{"number": 0}, {"number": -3}, {"head": "main"}, {"head": "A" * 40}], ids=str)
def test_reviews_of_no_pull_request_or_commit_are_left_out(changes: dict[str, Any]) -> None:
    assert recorded(reviewed(PRODUCTION, pin(2), rejection(), **changes)) == []


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e300, -1e300])
def test_a_span_that_nobody_can_have_taken_is_not_known(seconds: float) -> None:
    (record,) = recorded(reviewed(PRODUCTION, pin(2), rejection(seconds=seconds)))
    assert record.rejections[0].seconds is None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.test/\nb", "x" * 5_000, "\0"])
def test_a_page_that_is_no_link_is_left_out(url: str) -> None:
    (record,) = recorded(reviewed(PRODUCTION, pin(2), rejection(url=url)))
    assert record.rejections[0].url == ""


HOSTILE = ("che\0n", "chen\x1b[2J", "\u202echen", "c" * 100_000, "", "ghost", "'; DROP TABLE records; --")


def test_hostile_names_and_reasons_go_into_the_store_one_by_one_and_the_chain_holds(tmp_path: Path) -> None:
    """SQLite reads a key only up to its first NUL: two of them would be one."""
    said = [
        rejection(who, at, reason=f"{who}\0{at}" * 1_000, url=f"\0{at}")
        for at, who in enumerate((*HOSTILE, *HOSTILE), start=1)
    ]
    found = recorded(reviewed(PRODUCTION, pin(2), *said))
    store = SqliteStore(tmp_path / "audit.db")
    record_all(store, found)
    assert len(list(store.read(MODEL))) == len(found) == len(said)
    assert chain.verify(store.read()) is None
    assert recorded(reviewed(PRODUCTION, pin(2), *said), known=frozenset(one.content.key for one in store.read())) == []


def test_a_reason_is_kept_as_far_as_github_lets_anybody_write() -> None:
    (record,) = recorded(reviewed(PRODUCTION, pin(2), rejection(reason="é" * 1_000_000)))
    assert record.reason == record.rejections[0].reason == "é" * 65_536
