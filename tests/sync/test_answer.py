"""One sentence for every way that a version can have gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from gatehouse.audit.record import Evidence, Gate
from gatehouse.pin import Role, Slot
from gatehouse.sync.answer import answer
from gatehouse.sync.event import Event, What
from gatehouse.sync.story import about
from gatehouse.verdict import Outcome
from tests.support.records import approval, pin

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
STAGING, PRODUCTION = Slot("credit-risk", "staging"), Slot("credit-risk", "production")


def event(hour: int, what: What, text: str = "why", **more: Any) -> Event:
    usual: dict[str, Any] = {"slot": PRODUCTION, "role": Role.CHAMPION, "who": "Grace", "commit": "c" * 40}
    return Event(NOON + timedelta(hours=hour), what, text, **{**usual, **more})


def gates(hour: int, outcome: Outcome, slot: Slot = PRODUCTION) -> Event:
    found = Evidence("branch", (Gate("fairness", outcome),))
    passed = int(outcome.lets_through)
    return event(
        hour, What.GATES, f"{passed} of 1 gates passed for {slot.label}", slot=slot, after=pin(3), evidence=found
    )


ARRIVED = event(1, What.MERGED, after=pin(3), before=pin(1), pull_request=12)
HELD = Event(NOON + timedelta(hours=5), What.HELD, "declines small businesses", version=3, who="Ada")


SINCE = "since 2026-03-03 13:00 UTC: Grace merged #12 (why)"
SPAN = "from 2026-03-03 13:00 UTC to 2026-03-03 15:00 UTC, then"
NO_PROOF = "and no evidence of its gates is left"
OUT_OF_STAGING = event(2, What.MERGED, before=pin(3), after=pin(4), slot=STAGING)


def approved(who: str, **words: Any) -> Event:
    return event(0, What.APPROVED, after=pin(3), who=who, approval=approval(who, **words))


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([ARRIVED], f"serves production {SINCE}, {NO_PROOF}."),
        ([gates(0, Outcome.PASS), ARRIVED], f"serves production {SINCE}, after 1 of 1 gates passed for production."),
        ([gates(0, Outcome.PASS, STAGING), ARRIVED], f"serves production {SINCE}, {NO_PROOF}."),
        ([replace(ARRIVED, slot=STAGING)], f"is in staging {SINCE}, {NO_PROOF}."),
        ([replace(ARRIVED, role=Role.CANARY)], f"is canary in production {SINCE}, {NO_PROOF}."),
        ([replace(ARRIVED, slot=STAGING), ARRIVED, OUT_OF_STAGING], f"serves production {SINCE}, {NO_PROOF}."),
        (
            [ARRIVED, event(3, What.MERGED, "newer", before=pin(3), after=pin(4))],
            f"served production {SPAN} version 4 (000000000000) superseded it (newer).",
        ),
        (
            [ARRIVED, event(3, What.ROLLED_BACK, "slow", before=pin(3), after=pin(1)), HELD],
            f"served production {SPAN} Grace rolled back to version 1 (000000000000) (slow). "
            "It is on hold: declines small businesses.",
        ),
        (
            [ARRIVED, event(3, What.WITHDRAWN, "retired", before=pin(3))],
            f"served production {SPAN} Grace withdrew it (retired).",
        ),
        (
            [
                ARRIVED,
                event(3, What.MERGED, before=pin(3), after=pin(4)),
                event(4, What.ROLLED_BACK, "slow", before=pin(4), after=pin(3)),
            ],
            f"serves production since 2026-03-03 16:00 UTC: Grace rolled back to it (slow), {NO_PROOF}.",
        ),
        (
            [gates(0, Outcome.FAIL)],
            "was never promoted: 0 of 1 gates passed for production on 2026-03-03 12:00 UTC.",
        ),
        (
            [gates(0, Outcome.PASS)],
            "was never promoted, though its gates passed: no pull request of it was merged.",
        ),
        ([approved("anna"), ARRIVED], f"serves production {SINCE}, {NO_PROOF}, approved by @anna."),
        (
            [approved("anna"), approved("anna"), approved("bob", flagged=True), ARRIVED],
            f"serves production {SINCE}, {NO_PROOF}, approved by @anna and @bob, flagged for the auditor.",
        ),
        (
            [approved("anna", flagged=True, answers={"emergency": "fraud"}), approved("bob"), ARRIVED],
            f"serves production {SINCE}, {NO_PROOF}, in an emergency that @anna and @bob called.",
        ),
        (
            [replace(approved("anna"), slot=STAGING), replace(approved("bob"), role=Role.CANARY), ARRIVED],
            f"serves production {SINCE}, {NO_PROOF}.",
        ),
        (
            [replace(approved("anna"), time=NOON), ARRIVED, replace(approved("eve"), time=NOON + timedelta(hours=2))],
            f"serves production {SINCE}, {NO_PROOF}, approved by @anna.",
        ),
        (
            [gates(0, Outcome.PASS), event(0, What.REJECTED, "thin files", after=pin(3), who="chen")],
            "was never promoted: @chen rejected it (thin files).",
        ),
        (
            [gates(0, Outcome.PASS), event(0, What.REJECTED, who="anna", after=pin(3)), approved("anna")],
            "was never promoted, though its gates passed: no pull request of it was merged.",
        ),
        ([HELD], "was never promoted: nobody proposed it. It is on hold: declines small businesses."),
        (
            [HELD, Event(NOON + timedelta(hours=6), What.RELEASED, "why", version=3)],
            "was never promoted: nobody proposed it.",
        ),
    ],
)
def test_the_sentence(events: list[Event], said: str) -> None:
    assert answer("credit-risk", 3, about(events, 3)) == f"Version 3 of credit-risk {said}"


def test_a_story_about_a_version_leaves_out_what_only_concerns_its_successor() -> None:
    events = [
        ARRIVED,
        event(2, What.PROPOSED, before=pin(3), after=pin(4)),
        event(3, What.MERGED, before=pin(3), after=pin(4)),
        event(3, What.SYNCED, before=pin(3), after=pin(4)),
        Event(NOON, What.HELD, "another", version=9),
    ]
    assert [found.what for found in about(events, 3)] == [What.MERGED, What.SUPERSEDED]
