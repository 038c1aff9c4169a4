"""A judgement in words: few in the title, every rule below it, and the same words however late it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gatehouse.declare.freeze import Freeze
from gatehouse.pin import Role, Slot
from gatehouse.review.facts import Account, Facts, Said, Standing
from gatehouse.review.judge import judge
from gatehouse.review.telling import NOBODY, advice, lines, summary, title
from tests.review.worlds import ASKED, NOON, NOW, RELEASE, RISK, asked, facts, filled, policy, said

TWO = asked(policy=policy("high"))
ANNA = said("anna", Standing.APPROVED, 90, filled())
BOB = said("bob", Standing.APPROVED, 95, filled())
HOSTILE = "@acme/all | <img src=x onerror=alert(1)> [x](https://evil.example) `\n# big"


def told(known: Facts) -> str:
    return title(known, judge(known, NOW))


def needing_two(*words: Said, **changes: Any) -> Facts:
    return facts(*words, asked=(TWO,), **changes)


class TestTitle:
    @pytest.mark.parametrize(
        ("known", "expected"),
        [
            (facts(asked=()), NOBODY),
            (facts(ANNA), "1 of 1 approval: @anna"),
            (needing_two(ANNA, BOB), "2 of 2 approvals: @anna and @bob"),
            (needing_two(), f"0 of 2 approvals; @{RISK} and @{RELEASE} can approve"),
            (needing_two(ANNA), f"1 of 2 approvals: @anna; @{RISK} and @{RELEASE} can approve"),
            (needing_two(ANNA, requested={"bob": NOON}), "1 of 2 approvals: @anna; @bob can approve"),
            (facts(draft=True), "the pull request is a draft"),
            (facts(evidence_at=None), "waiting for the gates: there is no evidence to review yet"),
            (facts(ANNA, freeze=Freeze(stop_the_line="the feature store is down")), "the feature store is down"),
        ],
    )
    def test_it_says_what_is_missing_and_who_can_give_it(self, known: Facts, expected: str) -> None:
        assert expected in told(known)

    @pytest.mark.parametrize("gone", ["ada", "carl", "paula", "trent", "anna"])
    def test_nobody_is_named_who_cannot_approve_or_has(self, gone: str) -> None:
        """The proposer, who committed, who pushed, who trained, and who did approve."""
        assert f"@{gone} can approve" not in told(needing_two(ANNA, requested={gone: NOON}))
        assert "can approve" in told(needing_two(ANNA, requested={gone: NOON}))

    def test_a_rejection_comes_before_everything_else(self) -> None:
        rejected = said("bob", Standing.REJECTED, 200, "which cases got worse?")
        known = facts(rejected, draft=True, evidence_at=None)
        assert told(known).startswith("@bob rejected it on ")
        assert told(known).endswith(": which cases got worse?")

    def test_who_was_too_fast_is_told_from_when_on_it_counts(self) -> None:
        quick = said("anna", Standing.APPROVED, 5, filled())
        known = facts(quick)
        assert title(known, judge(known, NOON + timedelta(seconds=10))).endswith(
            "too fast, again from 2026-03-03 12:00:30 UTC"
        )

    def test_of_several_pins_the_first_that_is_missing_is_named_and_the_others_are_counted(self) -> None:
        other = asked(Slot("churn", "production"), version=3)
        known = facts(ANNA, asked=(ASKED, other, asked(Slot("fraud", "production"), version=4)))
        assert told(known).startswith("churn/production: 0 of 1 approval")
        assert told(known).endswith(" (and 1 more)")

    def test_what_an_auditor_should_look_at_is_said(self) -> None:
        assert told(facts(said("anna", Standing.APPROVED, 45, filled()))).endswith("; flagged for the audit")

    def test_it_is_one_short_line_whatever_people_write(self) -> None:
        known = facts(said("bob", Standing.REJECTED, 200, HOSTILE * 50))
        assert len(told(known)) <= 140
        assert "\n" not in told(known)


class TestSummary:
    def test_each_rule_has_a_row_and_what_is_missing_comes_first(self) -> None:
        known = needing_two(ANNA)
        rows = [line for line in summary(known, judge(known, NOW)).splitlines() if line.startswith(("| ⏳", "| ✅"))]
        assert [row.split(" | ")[1] for row in rows[:2]] == ["approvals", "draft"]
        assert "ask @" in rows[0].replace("\u2060", "")

    def test_it_says_when_a_blocked_one_unblocks(self) -> None:
        quick = facts(said("anna", Standing.APPROVED, 5, filled()))
        told = summary(quick, judge(quick, NOON + timedelta(seconds=10)))
        assert "(from 2026-03-03 12:00:30 UTC on)" in told.replace("\u2060", "")

    def test_of_an_approval_that_does_not_count_only_what_is_wrong_is_said(self) -> None:
        known = facts(said("rita", Standing.APPROVED, 90, filled()))
        rows = [line for line in summary(known, judge(known, NOW)).splitlines() if "rita" in line]
        assert len(rows) == 1
        assert "permission: read" in rows[0]

    def test_of_one_that_counts_it_is_how_long_it_took(self) -> None:
        known = facts(ANNA)
        rows = [line for line in summary(known, judge(known, NOW)).splitlines() if "anna" in line]
        assert any("approved 1 min 30 s after" in row for row in rows)

    def test_another_role_than_the_champions_is_named(self) -> None:
        known = facts(asked=(asked(role=Role.CANARY),))
        assert "version 48 as canary" in summary(known, judge(known, NOW))

    def test_the_command_that_reviews_can_be_copied(self) -> None:
        known = needing_two()
        assert "to run `gatehouse review 7` |" in summary(known, judge(known, NOW))
        assert advice("run `gatehouse review 7; id` or `x`", 100) == "run \\`gatehouse review 7; id\\` or \\`x\\`"

    def test_where_nobody_is_asked_it_says_so(self) -> None:
        known = facts(asked=())
        assert "where people have to agree" in summary(known, judge(known, NOW))

    def test_nothing_that_people_write_is_markup_or_calls_anybody(self) -> None:
        known = facts(said("bob", Standing.REJECTED, 200, HOSTILE), author=Account("eve"))
        told = summary(known, judge(known, NOW))
        assert "<img" not in told
        assert "@acme" not in told
        assert "[x]" not in told
        assert all(line.count(" | ") == 3 for line in told.splitlines() if line.startswith("| ⏳"))

    def test_of_three_hundred_in_vain_forty_are_told(self) -> None:
        crowd = tuple(said(f"m{number}", Standing.APPROVED, 90 + number, "LGTM") for number in range(300))
        told = summary(facts(*crowd), judge(facts(*crowd), NOW))
        assert "more" in told.splitlines()[-3]
        assert len(told) < 60_000


@pytest.mark.parametrize(
    "known",
    [
        facts(),
        facts(ANNA),
        needing_two(ANNA),
        facts(said("anna", Standing.APPROVED, 45, filled())),
        facts(said("bob", Standing.REJECTED, 200, "no")),
    ],
)
def test_the_same_judgement_says_the_same_days_later(known: Facts) -> None:
    now, later = (judge(known, NOW + timedelta(days=days)) for days in (0, 9))
    assert (title(known, now), summary(known, now)) == (title(known, later), summary(known, later))


class TestLines:
    def test_every_rule_is_there_in_its_order_with_its_sign(self) -> None:
        judgement = judge(facts(said("anna", Standing.APPROVED, 45, filled())), NOW)
        (place,) = judgement.places
        told = lines(judgement)
        assert told[0] == "credit-risk/production version 48"
        assert [line.split()[:2] for line in told[1:]] == [
            ["⚑" if ruled.flag else "✓", ruled.rule] for ruled in place.rules
        ]

    def test_a_broken_one_says_what_to_do_and_from_when_on(self) -> None:
        judgement = judge(facts(said("anna", Standing.APPROVED, 5, filled())), NOON + timedelta(seconds=10))
        told = "\n".join(lines(judgement))
        assert "  ✗ approvals   0 of 1 approval\n      fix: ask " in told
        assert "      unblocks: 2026-03-03 12:00:30 UTC" in told
        assert told.endswith("  it can pass from 2026-03-03 12:00:30 UTC on")

    def test_nothing_that_people_write_reaches_a_terminal_as_it_is(self) -> None:
        judgement = judge(facts(said("bob", Standing.REJECTED, 200, "\x1b[2J\x07 red\u202eder")), NOW)
        assert all(line.isprintable() for line in lines(judgement))

    def test_where_nobody_is_asked_there_is_nothing_to_tell(self) -> None:
        assert lines(judge(msgspec.structs.replace(facts(), asked=()), NOW)) == []
