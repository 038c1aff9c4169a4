"""``gatehouse review PR`` at the terminal, through the stand-in for GitHub over real HTTP."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatehouse.cli.reviews import submitting
from gatehouse.cli.reviews.talk import Talk
from gatehouse.cli.reviews.told import Told
from gatehouse.cli.reviews.view import View, view
from gatehouse.declare.types import Policy
from gatehouse.review import body
from gatehouse.review.questions import missing
from gatehouse.review.sheet import Decision
from tests.support.desk import MODEL, PRODUCTION, STAGING, pin
from tests.support.repo import promotion
from tests.support.room import HONEST, LIMITATIONS, Room, furnished, policy
from tests.support.terminal import Terminal

CANNOT = "Your approval would not count. Answer all the same?"


@pytest.fixture
def room(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with furnished(tmp_path, capsys, monkeypatch) as made:
        yield made


def flat(text: str) -> str:
    return " ".join(text.split())


class TestAsked:
    def test_every_question_is_asked_and_what_was_answered_is_submitted_and_counts(self, room: Room) -> None:
        ran = room.run(types=HONEST)
        assert ran.code == 0, ran.out + ran.err
        (review,) = room.reviews
        (sheet,) = body.read(review.body)
        assert (review.state, review.commit, sheet.version) == ("APPROVED", room.pull.head_sha, 2)
        assert sheet.answers["data"] == "none"
        assert sheet.answers["timing"] == "yes\na quiet week"
        assert sheet.acknowledged == set(LIMITATIONS)
        assert "✓ your approval counts" in ran.out
        assert "1 of 2 approvals: @olga" in flat(ran.out)
        assert room.drafts == []

    def test_the_head_says_what_changes_before_anything_is_asked(self, room: Room) -> None:
        ran = room.run(types=[":q"])
        before = ran.out.partition("[1/10]")[0]
        for name in ("changes", "gain", "worst group", "unusual", "to acknowledge", "agree"):
            assert name in before
        assert "version 1 (000000000000) → version 2" in before
        assert "0 of 2 approvals; the owners are @acme/risk" in flat(before)

    def test_an_answer_can_be_corrected_in_place_and_at_the_end(self, room: Room) -> None:
        lines = ["wrong", ":b", "worth it", *HONEST[1:-1], "3", "the young ones", "a"]
        assert room.run(types=lines).code == 0
        (sheet,) = body.read(room.reviews[0].body)
        assert (sheet.answers["gain"], sheet.answers["groups"]) == ("worth it", "the young ones")

    def test_what_says_nothing_is_asked_again(self, room: Room) -> None:
        ran = room.run(types=["", "...", *HONEST[:4], "perhaps", *HONEST[4:7], "hm", *HONEST[7:]])
        assert ran.code == 0, ran.out
        assert ran.out.count("a word is enough, but there has to be one") == 2
        assert missing(body.read(room.reviews[0].body)[0], _policy(room)) == ()

    def test_an_answer_that_no_approval_counts_with_is_submitted_after_a_yes_only(self, room: Room) -> None:
        lines = [*HONEST[:4], "no", *HONEST[5:]]
        ran = room.run(types=[*lines, "", "c"])
        assert (ran.code, room.reviews) == (1, [])
        assert "An approval needs yes here" in ran.out
        assert "It would not count. Submit it all the same?" in ran.out
        ran = room.run(types=["", "a", "yes"])
        assert (ran.code, len(room.reviews)) == (1, 1), ran.out
        assert "✗ @olga left questions open: model-card" in flat(ran.out)

    def test_rejecting_takes_a_reason_at_any_question(self, room: Room) -> None:
        ran = room.run(types=["worse for the young", ":r", "", "the young firms\\", "are worse off", ""])
        assert ran.code == 0, ran.out
        (review,) = room.reviews
        assert review.state == "CHANGES_REQUESTED"
        (sheet,) = body.read(review.body)
        assert (sheet.decision, sheet.answers["gain"]) == (Decision.REJECT, "worse for the young")
        assert body.reason(review.body) == "the young firms\nare worse off"
        assert "@dana gets your reason" in ran.out

    def test_an_editor_writes_long_answers(self, room: Room) -> None:
        script = room.at.root.parent / "editor"
        script.write_text("#!/bin/sh\nprintf 'one\\n\\ntwo\\n' > \"$1\"\n")
        script.chmod(0o755)
        room.monkeypatch.setenv("EDITOR", str(script))
        room.monkeypatch.delenv("VISUAL", raising=False)
        assert room.run(types=[":e", *HONEST[1:]]).code == 0
        assert body.read(room.reviews[0].body)[0].answers["gain"] == "one\n\ntwo"

    def test_json_alone_goes_to_standard_output(self, room: Room) -> None:
        ran = room.run(types=HONEST, json=True)
        assert ran.code == 0
        assert ran.document["pins"][0]["counted"] is True
        assert "[1/10] gain" in ran.err

    def test_what_strangers_wrote_starts_nothing_in_the_terminal(self, room: Room) -> None:
        room.pull.title = "Nice\x1b]0;owned\x07 \x1b[2J[bold]model[/] ::error::x"
        out = room.run(types=[":q"]).out
        assert "\x1b]" not in out
        assert "\x1b[2J" not in out
        assert "[bold]model[/]" in out

    def test_the_question_of_a_policy_is_asked_with_its_answers(self, room: Room) -> None:
        own = {"id": "appeals", "ask": "Can it be explained?", "answers": ["tried it", "does not apply"]}
        _with_policy(room, questions=[own])
        ran = room.run(types=[*HONEST[:7], "tri", *HONEST[7:]])
        assert ran.code == 0, ran.out
        assert body.read(room.reviews[0].body)[0].answers["appeals"] == "tried it"


class TestKept:
    def test_what_was_pushed_meanwhile_is_not_what_was_looked_at(self, room: Room) -> None:
        def push() -> None:
            room.at.change(room.pull, {"README.md": "more"})

        ran = room.run(types=[*HONEST[:-1], push, "approve"])
        assert (ran.code, room.reviews) == (2, [])
        assert "somebody pushed to #1" in ran.err
        (draft,) = room.drafts
        assert str(draft) in ran.err
        assert "ten cases, as expected" in draft.read_text()

    def test_main_that_moved_meanwhile_makes_it_other_evidence(self, room: Room) -> None:
        def move() -> None:
            _policy_pushed(room, limitations=[])

        ran = room.run(types=[*HONEST[:-1], move, "approve"])
        assert (ran.code, room.reviews) == (2, [])
        assert "nothing was submitted" in ran.err

    def test_a_rejection_of_what_was_pushed_meanwhile_is_not_submitted_either(self, room: Room) -> None:
        ran = room.run(types=[":r", lambda: room.at.change(room.pull, {"README.md": "more"}), "too risky"])
        assert (ran.code, room.reviews) == (2, [])

    def test_what_was_typed_before_the_network_failed_is_offered_again(self, room: Room) -> None:
        room.monkeypatch.setattr(time, "sleep", lambda seconds: None)
        fault = room.at.github.fail("POST", "/reviews", 502, times=99)
        ran = room.run(types=HONEST)
        assert (ran.code, room.reviews) == (2, [])
        assert "your answers are kept" in ran.err
        fault.times = 0
        ran = room.run(types=["", "approve"])
        assert ran.code == 0, ran.out + ran.err
        assert body.read(room.reviews[0].body)[0].answers["by-hand"] == "ten cases, as expected"
        assert room.drafts == []

    def test_whoever_leaves_goes_on_where_they_left(self, room: Room) -> None:
        ran = room.run(types=HONEST[:3])
        assert (ran.code, room.reviews) == (130, [])
        assert "your answers are kept" in ran.err
        ran = room.run(types=["y", *HONEST[3:]])
        assert ran.code == 0, ran.out
        assert body.read(room.reviews[0].body)[0].answers["gain"] == "it is worth it"

    def test_kept_answers_can_be_left_behind(self, room: Room) -> None:
        room.run(types=HONEST[:3])
        assert room.run(types=["n", "other words", *HONEST[1:]]).code == 0
        assert body.read(room.reviews[0].body)[0].answers["gain"] == "other words"

    def test_answers_about_other_evidence_are_not_offered(self, room: Room) -> None:
        room.run(types=HONEST[:3])
        room.at.change(room.pull, {PRODUCTION.path: promotion(pin(3))})
        room.at.judge(room.pull)
        room.at.github.advance(minutes=2)
        assert "You answered some of this before" not in room.run(types=[":q"]).out

    def test_nobody_else_on_the_machine_reads_them(self, room: Room) -> None:
        room.run(types=HONEST[:3])
        assert room.drafts[0].stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("status", [502, None])
    def test_a_breakdown_after_the_review_was_taken_submits_it_once(self, status: int | None, room: Room) -> None:
        room.monkeypatch.setattr(time, "sleep", lambda seconds: None)
        room.at.github.fail("POST", "/reviews", status, after=True)
        ran = room.run(types=HONEST)
        assert (ran.code, len(room.reviews)) == (0, 1), ran.err

    def test_what_github_turns_away_for_a_second_goes_through(self, room: Room) -> None:
        room.at.github.fail("POST", "/reviews", 429, retry_after=1)
        assert room.run(types=HONEST).code == 0
        assert len(room.reviews) == 1

    def test_what_the_token_may_not_do_is_said_and_the_answers_kept(self, room: Room) -> None:
        room.at.github.fail("POST", "/reviews", 403)
        ran = room.run(types=HONEST)
        assert (ran.code, room.reviews) == (2, [])
        assert "GitHub will not submit a review" in ran.err
        assert len(room.drafts) == 1

    def test_what_came_of_it_may_be_unknown_and_it_is_submitted_all_the_same(self, room: Room) -> None:
        room.monkeypatch.setattr(time, "sleep", lambda seconds: None)
        send = submitting.after

        def after(*given: Any) -> Told:
            room.at.github.fail("GET", "/timeline", 502, times=99)
            return send(*given)

        room.monkeypatch.setattr(submitting, "after", after)
        ran = room.run(types=HONEST)
        assert (ran.code, len(room.reviews)) == (1, 1)
        assert "Submitted your approval of #1 as @olga; but what came of it cannot be told" in flat(ran.out)
        assert room.drafts == []

    def test_what_is_merged_at_once_is_told_as_it_counted(self, room: Room) -> None:
        room.answer(room.form(), "nils")
        send = submitting.after

        def after(*given: Any) -> Told:
            room.at.merge(room.pull)
            return send(*given)

        room.monkeypatch.setattr(submitting, "after", after)
        ran = room.run(types=HONEST)
        assert ran.code == 0, ran.out
        assert "✓ nothing more is needed of people" in ran.out

    @pytest.mark.parametrize(("late", "code"), [(1, 0), (99, 1)])
    def test_a_review_that_github_lists_late_is_looked_for_again(self, late: int, code: int, room: Room) -> None:
        room.monkeypatch.setattr(time, "sleep", lambda seconds: None)
        look, looks = view, list[int]()

        def slow(*given: Any, **more: Any) -> View:
            seen = look(*given, **more)
            looks.append(len(room.reviews))
            unseen = sum(looks) <= late
            return replace(seen, facts=msgspec.structs.replace(seen.facts, said=())) if unseen else seen

        room.monkeypatch.setattr(submitting, "view", slow)
        ran = room.run(types=HONEST)
        assert (ran.code, len(room.reviews)) == (code, 1)
        assert ("GitHub does not list it yet" in ran.out) is bool(code)


class TestWhoCannotCount:
    @pytest.mark.parametrize(
        ("who", "said"),
        [
            ("mallory", "@mallory is not a code owner"),
            ("ada", "@ada trained version 2"),
            ("rita", "@rita may not write to this repository"),
            ("ravi", "@ravi is not a code owner"),
        ],
    )
    def test_it_is_said_before_anything_is_asked(self, who: str, said: str, room: Room) -> None:
        ran = room.run(who=who, types=[""])
        assert (ran.code, room.reviews) == (1, [])
        assert f"✗ your approval would not count: {said}" in flat(ran.out)
        assert "[1/10]" not in ran.out

    def test_whoever_pushed_last_or_committed_is_told(self, room: Room) -> None:
        for each in room.at.remote.activities:
            each.actor = "olga"
        assert "would not count: @olga pushed last" in flat(room.run(types=[""]).out)

    def test_a_draft_is_told(self, room: Room) -> None:
        room.pull.draft = True
        assert "would not count: the pull request is a draft" in flat(room.run(types=[""]).out)

    def test_after_a_whole_yes_it_is_asked_and_submitted_after_another(self, room: Room) -> None:
        ran = room.run(who="mallory", types=["yes", *HONEST, "yes"])
        assert ran.code == 1
        assert [review.author for review in room.reviews] == ["mallory"]
        assert "@mallory is not a code owner" in flat(ran.out)

    @pytest.mark.parametrize("word", ["y", "Y", "", "no"])
    def test_less_than_a_whole_yes_is_a_no(self, word: str, room: Room) -> None:
        assert CANNOT not in room.run(types=[":q"]).out
        ran = room.run(who="mallory", types=[word])
        assert (ran.code, room.reviews) == (1, [])
        assert CANNOT in flat(ran.out)

    def test_the_proposer_is_told_that_github_takes_no_verdict_of_theirs(self, room: Room) -> None:
        ran = room.run(who="dana", types=[])
        assert (ran.code, room.reviews) == (1, [])
        assert "You opened it" in ran.out

    def test_a_bot_is_told(self, room: Room) -> None:
        ran = room.run(who="gatehouse[bot]", types=[""])
        assert ran.code == 1
        assert "@gatehouse[bot] is a bot" in flat(ran.out)

    def test_who_approved_already_has_nothing_to_do(self, room: Room) -> None:
        room.run(types=HONEST)
        ran = room.run(types=[])
        assert (ran.code, len(room.reviews)) == (0, 1)
        assert "You approved it already, and that counts" in flat(ran.out)

    def test_why_an_earlier_approval_does_not_count_is_told(self, room: Room) -> None:
        room.at.github.review(room.at.remote, 1, "APPROVED", "LGTM", by="olga")
        out = room.run(types=[":q"]).out
        assert "does not count: @olga approved without naming the evidence" in flat(out)

    def test_a_rejection_that_stands_is_shown(self, room: Room) -> None:
        room.at.github.review(room.at.remote, 1, "CHANGES_REQUESTED", "too risky", by="nils")
        assert "@nils rejected it" in flat(room.run(types=[":q"]).out)


class TestTooFast:
    def test_it_is_waited_for_and_counts(self, room: Room) -> None:
        _with_policy(room, block_under="1h", flag_under="1h")
        waited: list[float] = []

        def wait(_: Talk, seconds: float, what: str) -> None:
            waited.append(seconds)
            room.at.github.advance(seconds=seconds)

        room.monkeypatch.setattr(Talk, "wait", wait)
        ran = room.run(types=[*HONEST, "w"])
        assert 3000 < waited[0] < 3602
        assert "too early so far" in flat(ran.out)
        assert "the evidence was posted: your approval counts in" in flat(ran.out)
        assert ran.code == 0, ran.out

    def test_waiting_takes_its_time(self, room: Room) -> None:
        before = time.monotonic()
        Talk(room.at.settings).wait(0.3, "until it counts")
        assert time.monotonic() - before >= 0.3

    def test_it_is_submitted_in_vain_on_demand(self, room: Room) -> None:
        _with_policy(room, block_under="1h", flag_under="1h")
        ran = room.run(types=[*HONEST, "s"])
        assert (ran.code, len(room.reviews)) == (1, 1)
        assert "under 1 h does not count" in flat(ran.out)

    def test_it_is_left_for_later_and_the_answers_kept(self, room: Room) -> None:
        _with_policy(room, block_under="1h", flag_under="1h")
        ran = room.run(types=[*HONEST, "c"], json=True)
        assert (ran.code, room.reviews) == (1, [])
        assert ran.document["counts_from"]
        assert Path(ran.document["kept"]).exists()

    def test_a_form_is_not_submitted_in_vain(self, room: Room) -> None:
        _with_policy(room, block_under="1h", flag_under="1h")
        ran = room.answer(room.form(), json=True)
        assert (ran.code, room.reviews) == (1, [])
        assert ran.document["counts_from"]

    def test_what_is_flagged_is_told(self, room: Room) -> None:
        _with_policy(room, block_under="0s", flag_under="1h")
        ran = room.run(types=HONEST)
        assert ran.code == 0
        assert "counts, and is flagged for the auditor" in flat(ran.out)


class TestWithoutAnybody:
    def test_where_nobody_is_at_a_terminal_it_says_what_to_do(self, room: Room) -> None:
        ran = room.run()
        assert ran.code == 2
        assert "--template > form.md" in ran.err
        assert "--answers form.md" in ran.err

    def test_without_a_token_it_says_which(self, room: Room) -> None:
        room.monkeypatch.setattr(Room, "_token", lambda self, who: "")
        ran = room.run(types=[])
        assert ran.code == 2
        assert "GITHUB_TOKEN" in ran.err

    def test_a_number_that_is_none_names_those_that_are_open(self, room: Room) -> None:
        ran = room.run("12", types=[])
        assert ran.code == 2
        assert "no pull request #12" in ran.err
        assert "#1 Change of branch-1" in ran.err

    @pytest.mark.parametrize("way", [["--template"], ["--reject", "no"], ["--emergency", "fire"], []])
    def test_what_is_closed_is_not_reviewed(self, way: list[str], room: Room) -> None:
        room.at.close(room.pull)
        ran = room.run(*way, types=[])
        assert (ran.code, room.reviews, room.said_by("olga")) == (2, [], [])
        assert "#1 is closed" in ran.err

    def test_what_was_merged_is_decided(self, room: Room) -> None:
        room.at.merge(room.pull)
        ran = room.run(types=[])
        assert ran.code == 2
        assert "was merged on" in ran.err

    def test_where_no_promotion_changes_nobody_is_asked(self, room: Room) -> None:
        room.at.open({"README.md": "words"})
        ran = room.run("2", types=[])
        assert (ran.code, "changes no promotion" in ran.out) == (0, True)

    def test_where_the_gates_alone_decide_nobody_is_asked(self, room: Room) -> None:
        room.at.judge(room.at.promote(STAGING, 3))
        ran = room.run("2", types=[], json=True)
        assert ran.code == 0
        assert (ran.document["did"], str(STAGING) in ran.document["said"]) == ("already", True)

    def test_before_the_evidence_there_is_nothing_to_answer_for(self, room: Room) -> None:
        room.at.change(room.pull, {PRODUCTION.path: promotion(pin(3))})
        ran = room.run(types=[])
        assert ran.code == 1
        assert "come back when the gates have passed" in flat(ran.out)


class TestSeveralPins:
    def test_each_is_asked_for_and_one_review_answers_for_all(self, room: Room) -> None:
        files = {slot: promotion(pin(2)) for slot in (PRODUCTION.path, f"promotions/{MODEL}/production.eu.yaml")}
        room.at.close(room.pull)
        room.pull = room.at.open(files)
        room.at.judge(room.pull)
        room.at.github.advance(minutes=2)
        # What is so at a moment is so for both: Enter takes it over.
        second = [*HONEST[:5], "", "", *HONEST[7:-1]]
        ran = room.run(types=[*HONEST[:-1], *second, "approve"])
        assert ran.code == 0, ran.out
        sheets = body.read(room.reviews[0].body)
        assert {sheet.promotion for sheet in sheets} == {f"{MODEL}/production", f"{MODEL}/production.eu"}
        assert sheets[1].answers["timing"] == "yes\na quiet week"
        assert ran.out.count("✓ your approval counts\n") == 2


class TestInARealTerminal:
    def test_it_is_answered_line_by_line_pasted_text_is_one_answer_and_ctrl_c_keeps_all(self, room: Room) -> None:
        with _terminal(room) as terminal:
            terminal.awaits("[1/10] gain")
            terminal.awaits("\n> ")
            terminal.types("a first paragraph\n\nand a second")
            terminal.awaits("an empty one is the end")
            terminal.types("")
            terminal.types("")
            terminal.awaits("[2/10] data")
            terminal.awaits("\n> ")
            assert terminal.interrupts() == 130
            assert "your answers are kept" in terminal.seen
        assert room.reviews == []
        with _terminal(room) as terminal:
            terminal.awaits("Go on from there? Y/n > ")
            terminal.types("")
            for at, line in enumerate(HONEST[1:-1], 2):
                terminal.awaits(f"[{at}/10]")
                terminal.awaits("> ")
                terminal.types(line)
            terminal.awaits("c cancel > ")
            terminal.types("a")
            assert terminal.ends() == 0, terminal.seen
            assert max(map(len, terminal.seen.partition("[10/10]")[0].splitlines()[1:])) <= 80
        (sheet,) = body.read(room.reviews[0].body)
        assert sheet.answers["gain"] == "a first paragraph\n\nand a second"


def _terminal(room: Room) -> Terminal:
    command = [str(Path(sys.executable).with_name("gatehouse")), "review", "1"]
    environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "CI", "NO_COLOR")}
    environ |= {**room.at.environ, "GITHUB_TOKEN": room.at.github.token("olga")}
    return Terminal(command, room.at.root, environ)


def _policy(room: Room) -> Policy:
    from gatehouse.declare.load import require
    from gatehouse.declare.source import Revision

    room.at.fetch()
    return require(Revision(room.at.repository, room.at.main)).policies[MODEL]


def _policy_pushed(room: Room, **review: object) -> None:
    room.at.push({f"promotions/{MODEL}/policy.yaml": policy(**review)})


def _with_policy(room: Room, **review: object) -> None:
    """The pull request judged anew by another policy, just now."""
    _policy_pushed(room, **review)
    room.at.judge(room.pull)
    if "block_under" not in review:
        room.at.github.advance(minutes=2)
