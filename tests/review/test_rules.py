"""What an approval must say and when: each rule with both sides of its boundary."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gatehouse.pin import Role, Slot
from gatehouse.review.facts import Facts, Said, Standing
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Ruled
from gatehouse.review.sheet import Decision
from gatehouse.review.token import token
from tests.review.worlds import (
    ASKED,
    HEAD,
    LIMITATION,
    NOON,
    NOW,
    RISK,
    SLOT,
    after,
    approval,
    asked,
    comment,
    dismissed,
    emergency,
    facts,
    filled,
    policy,
    rejection,
    said,
    sheet,
)


def broken(known: Facts, now: Any = NOW) -> dict[str, Ruled]:
    """The rules about somebody's words that are broken, by name."""
    rules = judge(known, now).places[0].rules
    return {ruled.rule: ruled for ruled in rules if ruled.review is not None and not ruled.ok}


def test_a_whole_approval_breaks_nothing_and_counts() -> None:
    judged = judge(facts(approval(at=600)), NOW)
    assert judged.passed
    (counted,) = judged.places[0].counted
    assert (counted.who, counted.at, counted.seconds, counted.flagged) == ("anna", after(600), 600, False)
    assert counted.answers == sheet().answers
    assert counted.url == "https://github.test/7#anna-600"
    assert not broken(facts(approval(at=600)))


# ---- evidence


TOKENS = [
    ("another pull request", token(6, HEAD, SLOT, Role.CHAMPION, ASKED.evidence)),
    ("an earlier commit", token(7, "g" * 40, SLOT, Role.CHAMPION, ASKED.evidence)),
    ("another slot", token(7, HEAD, Slot("credit-risk", "production", "eu"), Role.CHAMPION, ASKED.evidence)),
    ("another role", token(7, HEAD, SLOT, Role.SHADOW, ASKED.evidence)),
    ("an earlier check", token(7, HEAD, SLOT, Role.CHAMPION, "sha256:" + "0" * 64)),
]


@pytest.mark.parametrize(("what", "other"), TOKENS)
def test_an_approval_of_other_evidence_does_not_count(what: str, other: str) -> None:
    old = approval(body=filled(token=other))
    assert broken(facts(old))["evidence"].said == (
        f"@anna named the evidence {other}, which is another pull request's or an earlier one of this"
    )
    assert not judge(facts(old), NOW).passed


@pytest.mark.parametrize("words", ["", "LGTM", "looks good to me :+1:", f"{ASKED.token}", "```\n" + filled() + "```"])
def test_a_bare_approval_names_no_evidence(words: str) -> None:
    found = broken(facts(approval(body=words)))
    assert found["evidence"].said == "@anna approved without naming the evidence"
    assert found["evidence"].fix == "review it again with `gatehouse review 7`"
    assert set(found) == {"evidence", "questions", "limitations"}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"version": 47}, "version 47"),
        ({"promotion": "credit-risk/production.eu"}, "credit-risk/production.eu"),
        ({"role": Role.SHADOW}, "the shadow"),
    ],
)
def test_a_form_that_names_another_pin_than_its_token_does_not_count(other: dict[str, Any], words: str) -> None:
    found = broken(facts(approval(body=filled(**other))))
    assert (
        found["evidence"].said == f"@anna named the evidence {ASKED.token}, and {words} with it, which is not its own"
    )


def test_one_review_may_speak_of_several_pins_and_counts_for_those_it_names() -> None:
    eu = asked(Slot("credit-risk", "production", "eu"))
    both = approval(body=filled() + "\n" + filled(eu))
    assert judge(facts(both, asked=(ASKED, eu)), NOW).passed
    one = judge(facts(approval(), asked=(ASKED, eu)), NOW)
    assert [place.passed for place in one.places] == [True, False]
    # It was never meant for the other, so there is nothing to say of it there.
    assert all(ruled.review is None for ruled in one.places[1].rules)


# ---- commit and edits


@pytest.mark.parametrize(
    ("commit", "words"),
    [
        ("g" * 40, "@anna approved at the commit gggggggggggg, the last one is hhhhhhhhhhhh"),
        (None, "@anna approved at a commit that is gone, the last one is hhhhhhhhhhhh"),
        ("", "@anna approved at a commit that is gone, the last one is hhhhhhhhhhhh"),
        (HEAD[:12], "@anna approved at the commit hhhhhhhhhhhh, the last one is hhhhhhhhhhhh"),
    ],
)
def test_a_review_of_another_commit_does_not_count(commit: str | None, words: str) -> None:
    assert broken(facts(approval(commit=commit)))["commit"].said == words


def test_approve_then_push_does_not_count_though_the_token_were_right() -> None:
    pushed = facts(approval(at=600, commit="g" * 40), pushed_at=after(900), evidence_at=after(1200))
    assert set(broken(pushed)) == {"commit", "timing"}


@pytest.mark.parametrize("later", [0, 1, 3600])
def test_an_edited_review_does_not_count_however_soon(later: float) -> None:
    assert set(broken(facts(approval(at=600, edited=after(600 + later))))) == {"unedited"}


# ---- the questionnaire


@pytest.mark.parametrize("lacking", list(sheet().answers))
def test_each_question_that_must_be_answered_is_named_when_it_is_not(lacking: str) -> None:
    answers = {name: answer for name, answer in sheet().answers.items() if name != lacking}
    found = broken(facts(approval(body=filled(answers=answers))))
    if lacking == "remarks":
        assert not found
    else:
        assert set(found) == {"questions"}
        assert found["questions"].said == f"@anna left questions open: {lacking}: it is not answered"


def test_limitations_are_acknowledged_one_by_one() -> None:
    two = asked(policy=policy(limitations=("thin files", "no data from 2020")))
    half = approval(pin=two, body=filled(two, acknowledged=frozenset({"thin files"})))
    found = broken(facts(half, asked=(two,)))
    assert set(found) == {"limitations"}
    assert found["limitations"].said == "@anna did not acknowledge: no data from 2020"
    assert judge(facts(approval(pin=two), asked=(two,)), NOW).passed


def test_an_approving_review_whose_form_is_headed_as_a_rejection_does_not_count() -> None:
    assert set(broken(facts(approval(body=filled(decision=Decision.REJECT))))) >= {"questions"}


def test_who_approves_and_rejects_in_one_review_has_not_approved() -> None:
    both = filled() + "\n" + filled(decision=Decision.REJECT)
    assert "questions" in broken(facts(approval(body=both)))


@pytest.mark.parametrize("order", [1, -1])
def test_two_forms_that_answer_differently_answer_nothing(order: int) -> None:
    other = {**sheet().answers, "model-card": "no"}
    found = broken(facts(approval(body="\n".join([filled(), filled(answers=other)][::order]))))
    assert "model-card: it is answered twice, and not the same" in found["questions"].said
    assert judge(facts(approval(body=filled() + "\n" + filled())), NOW).passed


# ---- time


TIMES = [
    (-3600, False, False), (-1, False, False), (-0.5, False, False), (0, False, False), (1, False, False),
    (29, False, False), (29.999, False, False), (30, True, True), (30.001, True, True), (59.999, True, True),
    (60, True, False), (61, True, False), (600, True, False),
]  # fmt: skip


@pytest.mark.parametrize(("took", "ok", "flagged"), TIMES)
def test_under_thirty_seconds_does_not_count_and_under_sixty_is_flagged(took: float, ok: bool, flagged: bool) -> None:
    judged = judge(facts(approval(at=took)), NOW)
    assert judged.passed is ok
    assert [counted.flagged for counted in judged.places[0].counted] == ([flagged] if ok else [])
    assert [counted.seconds for counted in judged.places[0].counted] == ([took] if ok else [])


@pytest.mark.parametrize(("took", "ok", "flagged"), [(119, False, False), (120, True, True), (300, True, False)])
def test_both_limits_are_the_policys(took: float, ok: bool, flagged: bool) -> None:
    pin = asked(policy=policy(block_under=timedelta(minutes=2), flag_under=timedelta(minutes=5)))
    place = judge(facts(approval(at=took, pin=pin), asked=(pin,)), NOW).places[0]
    assert (place.passed, [counted.flagged for counted in place.counted]) == (ok, [flagged] if ok else [])


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"evidence_at": after(100)}, "the evidence was posted"),
        ({"ready_at": after(100)}, "it was marked ready for review"),
        ({"pushed_at": after(100)}, "the last push"),
        ({"requested": {"anna": after(100)}}, "the review of @anna was requested"),
        ({"requested": {"@Anna": after(100)}}, "the review of @Anna was requested"),
        ({"requested": {RISK: after(100)}}, f"the review of @{RISK} was requested"),
    ],
)
def test_time_runs_from_the_last_thing_that_happened(event: dict[str, Any], words: str) -> None:
    assert judge(facts(approval(at=130), **event), NOW).passed
    assert broken(facts(approval(at=129), **event))["timing"].said.startswith(f"@anna approved 29 s after {words}, ")


@pytest.mark.parametrize("other", ["bob", "acme/ml-release", "acme/model-risk-2"])
def test_that_somebody_else_was_asked_later_does_not_matter(other: str) -> None:
    assert judge(facts(approval(at=130), requested={other: after(129)}), NOW).passed


def test_whose_teams_nobody_sees_may_have_been_asked_with_any() -> None:
    people = {**facts().people}
    pin = asked(owners=("@anna",))
    assert judge(facts(approval(at=130, pin=pin), asked=(pin,), requested={"acme/x": after(129)}), NOW).passed
    people["anna"] = msgspec.structs.replace(people["anna"], teams=None)
    blind = facts(approval(at=130, pin=pin), asked=(pin,), requested={"acme/x": after(129)}, people=people)
    assert set(broken(blind)) == {"timing"}


def test_what_was_approved_before_it_was_asked_for_again_is_asked_again() -> None:
    found = broken(facts(approval(at=600), requested={"anna": after(700)}))
    assert found["timing"].said == "@anna approved 1 min 40 s before the review of @anna was requested"


def test_a_fast_approval_unblocks_when_the_time_is_over() -> None:
    place = judge(facts(approval(at=10)), after(12)).places[0]
    timing = next(ruled for ruled in place.rules if ruled.rule == "timing")
    assert timing.said == "@anna approved 10 s after the evidence was posted, and under 30 s does not count"
    assert timing.unblocks == place.unblocks == after(30)
    assert "not before 2026-03-03 12:00:30 UTC" in timing.fix


@pytest.mark.parametrize(("now", "opens"), [(29, after(30)), (30, None), (31, None)])
def test_once_the_time_is_over_waiting_does_not_help(now: float, opens: Any) -> None:
    assert judge(facts(approval(at=10)), after(now)).places[0].unblocks == opens


@pytest.mark.parametrize(("ahead", "ok"), [(-1, True), (0, True), (0.001, False), (1, False), (86_400, False)])
def test_an_approval_of_a_moment_to_come_does_not_count(ahead: float, ok: bool) -> None:
    judged = judge(facts(approval(at=600 + ahead)), after(600))
    assert judged.passed is ok
    if not ok:
        assert judged.places[0].unblocks == after(600 + ahead)


def test_times_are_compared_as_moments_also_when_a_zone_sets_its_clock_back() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    # At 01:00 UTC the clock goes from 03:00 back to 02:00: a quarter past two follows a quarter to three.
    posted = NOON.replace(month=10, day=25, hour=0, minute=45, year=2026).astimezone(berlin)
    approved = (posted.astimezone(UTC) + timedelta(minutes=30)).astimezone(berlin)
    early = {"ready_at": None, "pushed_at": posted - timedelta(days=1)}
    known = facts(Said(1, approval().author, Standing.APPROVED, filled(), HEAD, approved), evidence_at=posted, **early)
    assert judge(known, approved + timedelta(days=1)).places[0].counted[0].seconds == 1800


# ---- standing


def test_approve_then_reject_does_not_count() -> None:
    judged = judge(facts(approval(at=600), rejection(at=700)), NOW)
    assert not judged.passed
    found = broken(facts(approval(at=600), rejection(at=700)))
    assert found["standing"].said == "@anna approved, then rejected it on 2026-03-03 12:11:40 UTC"


def test_reject_then_approve_counts() -> None:
    assert judge(facts(rejection(at=600), approval(at=700)), NOW).passed


@pytest.mark.parametrize("against", [rejection, dismissed])
def test_of_two_words_of_one_moment_the_one_against_wins(against: Any) -> None:
    for number in (1, 10**6):
        assert not judge(facts(approval(at=600), against(at=600, id=number)), NOW).passed


def test_a_dismissed_review_does_not_count_and_says_so() -> None:
    known = facts(dismissed(at=600))
    assert not judge(known, NOW).passed
    assert broken(known)["standing"].said == "the review of @anna on 2026-03-03 12:10:00 UTC was dismissed"


def test_an_approval_that_was_dismissed_does_not_bring_back_an_earlier_one() -> None:
    known = facts(approval(at=600), dismissed(at=700))
    assert not judge(known, NOW).passed
    assert broken(known)["standing"].said == (
        "@anna approved, but a later review of theirs, of 2026-03-03 12:11:40 UTC, was dismissed"
    )


def test_a_new_approval_after_a_dismissal_counts() -> None:
    assert judge(facts(dismissed(at=600), approval(at=700)), NOW).passed


def test_a_bare_click_after_a_whole_approval_takes_nothing_away() -> None:
    assert judge(facts(approval(at=600), approval(at=700, body="")), NOW).passed


# ---- comments


def by_comment(**changes: Any) -> Said:
    return comment("anna", 600, f"/approve-model credit-risk 48 {ASKED.token}\n\n" + filled(), **changes)


def test_a_command_with_the_form_below_it_approves() -> None:
    assert judge(facts(by_comment()), NOW).passed


def test_a_command_alone_answers_nothing() -> None:
    found = broken(facts(comment("anna", 600, f"/approve-model credit-risk 48 {ASKED.token}")))
    assert set(found) == {"questions", "limitations"}


@pytest.mark.parametrize("commit", ["g" * 40, ""])
def test_a_comment_that_says_its_commit_is_held_to_it(commit: str) -> None:
    assert set(broken(facts(by_comment(commit=commit)))) == {"commit"}


def test_an_edited_comment_does_not_count() -> None:
    assert set(broken(facts(by_comment(edited=after(700))))) == {"unedited"}


def test_a_command_with_the_token_of_another_pull_request_does_not_count() -> None:
    other = token(6, HEAD, SLOT, Role.CHAMPION, ASKED.evidence)
    pasted = comment("anna", 600, f"/approve-model credit-risk 48 {other}\n\n" + filled())
    assert "evidence" in broken(facts(pasted))


@pytest.mark.parametrize("command", ["/approve-model credit-risk 47 ", "/approve-model churn 48 "])
def test_a_command_for_another_version_or_model_is_not_about_this_one(command: str) -> None:
    judged = judge(facts(comment("anna", 600, command + ASKED.token + "\n\n" + filled())), NOW)
    assert not judged.passed
    assert all(ruled.review is None for ruled in judged.places[0].rules)


def test_a_quoted_command_is_no_approval() -> None:
    quoted = comment("anna", 600, f"> /approve-model credit-risk 48 {ASKED.token}\n")
    assert not judge(facts(quoted), NOW).passed


def test_a_comment_of_somebody_without_permission_does_not_count() -> None:
    outsider = comment("rita", 600, f"/approve-model credit-risk 48 {ASKED.token}\n\n" + filled())
    assert set(broken(facts(outsider))) == {"permission"}


# ---- emergencies


@pytest.mark.parametrize("reason", ["", "   ", "...", "!!"])
def test_an_emergency_needs_a_reason(reason: str) -> None:
    found = broken(facts(emergency("anna", reason=reason), emergency("bob", reason=reason)))
    assert found["reason"].said.endswith("called an emergency without a reason")
    assert found["reason"].fix == f"write it again: /emergency credit-risk 48 {ASKED.token} and the reason"


def test_an_emergency_names_the_evidence() -> None:
    other = emergency(body="/emergency credit-risk 48 000000000000 fraud wave")
    found = broken(facts(other))
    assert set(found) == {"evidence"}
    assert found["evidence"].fix.endswith(f"/emergency credit-risk 48 {ASKED.token} and the reason")


def test_nothing_but_a_review_or_command_is_judged() -> None:
    chat = said("anna", Standing.COMMENTED, 600, filled())
    judged = judge(facts(chat), NOW)
    assert not judged.passed
    assert all(ruled.review is None for ruled in judged.places[0].rules)


def test_every_broken_rule_says_what_is_wrong_and_what_to_do() -> None:
    words = [approval("ada", 1, body=""), emergency("carl", reason=""), dismissed("bob"), approval("rita", edited=NOON)]
    for ruled in judge(facts(*words, rejection("chen"), draft=True, evidence_at=None), NOW).places[0].rules:
        assert ruled.said
        assert bool(ruled.fix) is not ruled.ok, ruled


def test_an_acknowledged_limitation_is_that_of_the_policy() -> None:
    assert sheet().acknowledged == {LIMITATION}
