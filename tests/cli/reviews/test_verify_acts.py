"""What follows from what people said: the record, the answer in the pull request, the follow-up of an emergency."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.state import Pull
from tests.support.desk import MODEL, PRODUCTION, STAGING
from tests.support.panel import Panel, panel

FREEZE = "windows: [{start: 2026-01-01T00:00:00Z, end: 2099-01-01T00:00:00Z, reason: year-end close}]\n"


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    with panel(tmp_path, capsys, monkeypatch) as made:
        yield made


@pytest.fixture
def pull(here: Panel) -> Pull:
    return here.promoted(PRODUCTION)


class TestRecord:
    def test_what_people_said_is_kept_with_their_answers(self, here: Panel, pull: Pull) -> None:
        here.approve(pull, "olga")
        assert here.json(pull, "--set-check")["recorded"] is True
        (record,) = here.records()
        (place,) = record.places
        (approval,) = place.approvals
        assert (record.number, record.head, record.passed, approval.who) == (
            pull.number, here.at.head(pull), False, "olga",
        )  # fmt: skip
        assert approval.answers

    def test_while_nobody_says_anything_nothing_is_kept(self, here: Panel, pull: Pull) -> None:
        assert here.json(pull, "--set-check")["recorded"] is False
        assert here.records() == ()

    def test_each_thing_that_is_said_adds_one(self, here: Panel, pull: Pull) -> None:
        for said in (lambda: here.approve(pull, "olga"), lambda: here.approve(pull, "nils"), lambda: None):
            said()
            here.set(pull)
        rejection = here.reject(pull, "nils")
        here.set(pull)
        assert [(record.passed, len(record.places[0].rejections)) for record in here.records()] == [
            (False, 0), (True, 0), (False, 1),
        ]  # fmt: skip
        del here.at.remote.comments[rejection.id]
        here.set(pull)
        assert here.records()[-1].passed is True


class TestRejection:
    def test_it_is_on_the_check_on_record_and_told_to_the_proposer(self, here: Panel, pull: Pull) -> None:
        here.approve(pull)
        here.reject(pull, "olga", "small businesses lose")
        verdict, title = here.set(pull)
        assert verdict == "failure"
        assert title.startswith("@olga rejected it on ")
        assert "small businesses lose" in title
        assert here.records()[-1].places[0].rejections[0].reason == "small businesses lose"
        (told,) = here.ours(pull)
        assert "this is what to change before it can be merged" in told
        assert "- small businesses lose (" in told
        assert pull.state == "open"

    def test_a_review_that_rejects_is_told_alike(self, here: Panel, pull: Pull) -> None:
        here.review(pull, "olga", "Which cases got worse?", "CHANGES_REQUESTED")
        assert "Which cases got worse?" in here.set(pull)[1]
        assert "- Which cases got worse? (" in here.ours(pull)[0]

    def test_of_somebody_who_may_not_write_it_stops_nothing_and_they_are_told(self, here: Panel, pull: Pull) -> None:
        here.approve(pull)
        here.reject(pull, "mallory")
        assert here.set(pull)[0] == "success"
        (told,) = here.ours(pull)
        assert "only people who may write to this repository stop a promotion" in told

    def test_once_it_is_taken_back_the_comment_says_that_nothing_is_open(self, here: Panel, pull: Pull) -> None:
        here.reject(pull, "olga")
        here.set(pull)
        here.at.github.advance(minutes=1)
        here.approve(pull)
        assert here.set(pull)[0] == "success"
        (told,) = here.ours(pull)
        assert "Nothing is open" in told

    def test_nobody_is_called_by_it_and_nothing_in_it_is_markup(self, here: Panel, pull: Pull) -> None:
        here.reject(pull, "olga", "@acme/everybody <img src=x> [here](https://evil.example) # #1")
        here.set(pull)
        (told,) = here.ours(pull)
        assert "@acme" not in told
        assert "<img" not in told
        assert "](https://evil" not in told


class TestAnswers:
    @pytest.mark.parametrize(
        ("words", "answer"),
        [
            ("/approve-model", "it names no model"),
            (f"/approve-model {MODEL} two 0123456789ab", "it names no version, a whole number"),
            (f"/approve-model {MODEL} 2", "it does not repeat the token of the evidence"),
            (f"/approve-model {MODEL} 2 0123456789ab", "which is another pull request"),
            (f"/approve-model {MODEL} 9 0123456789ab", f"{MODEL} version 9 is not promoted here"),
            (f"/reject-model {MODEL} 2", "it gives no reason"),
            (f"/emergency {MODEL} 2 0123456789ab ...", "it gives no reason"),
        ],
    )
    def test_a_command_that_cannot_be_followed_is_answered_with_its_usage(
        self, here: Panel, pull: Pull, words: str, answer: str
    ) -> None:
        here.say(pull, "olga", words)
        here.verify(pull, "--set-check", code=0)
        (told,) = here.ours(pull)
        assert answer in told
        assert f"usage: <code>{words.split()[0]} MODEL VERSION" in told

    def test_an_approval_without_the_questionnaire_is_told_what_it_lacks(self, here: Panel, pull: Pull) -> None:
        here.say(pull, "olga", f"/approve-model {MODEL} 2 {here.asked(pull).token}")
        here.set(pull)
        assert "left questions open" in here.ours(pull)[0]

    def test_an_approval_by_somebody_without_permission_is_told_so(self, here: Panel, pull: Pull) -> None:
        here.say(pull, "mallory", f"/approve-model {MODEL} 2 {here.asked(pull).token}\n\n{here.form(pull)}")
        assert here.set(pull)[0] == "failure"
        assert "may not write to this repository (permission: read)" in here.ours(pull)[0]

    def test_a_command_that_counts_is_not_answered(self, here: Panel, pull: Pull) -> None:
        here.say(pull, "olga", f"/approve-model {MODEL} 2 {here.asked(pull).token}\n\n{here.form(pull)}")
        assert here.set(pull)[1].startswith("1 of 2 approvals: @olga")
        assert here.ours(pull) == []

    def test_talk_about_commands_is_not_answered(self, here: Panel, pull: Pull) -> None:
        here.say(pull, "olga", "Shall I say `/approve-model`?\n\n> /reject-model\n\n/help")
        here.set(pull)
        assert here.ours(pull) == []

    def test_many_commands_make_one_comment_and_an_edit_renews_it(self, here: Panel, pull: Pull) -> None:
        said = [here.say(pull, login, "/approve-model") for login in ("olga", "nils", "mallory", "olga")]
        for _ in range(2):
            here.set(pull)
        (told,) = here.ours(pull)
        assert told.count("usage:") == 3
        for each in said:
            here.at.github.edit(each, "never mind", by=each.author)
        here.set(pull)
        (told,) = here.ours(pull)
        assert "Nothing is open" in told

    def test_our_own_comments_are_no_commands(self, here: Panel, pull: Pull) -> None:
        here.say(pull, "olga", "/approve-model")
        here.set(pull)
        before = len(here.at.github.writes())
        here.set(pull)
        assert len(here.at.github.writes()) == before

    def test_where_only_gates_decide_a_fault_is_answered_too(self, here: Panel) -> None:
        pull = here.promoted(STAGING)
        here.say(pull, "nils", f"/reject-model {MODEL} 2 not in a freeze")
        assert here.set(pull) == ("failure", "@nils rejected it: not in a freeze")
        here.say(pull, "mallory", f"/reject-model {MODEL}")
        here.set(pull)
        (told,) = here.ours(pull)
        assert "it names no version" in told
        assert "- not in a freeze (" in told
        assert [record.places[0].slot for record in here.records()] == [STAGING]
        assert here.records()[0].places[0].rejections[0].reason == "not in a freeze"


class TestEmergency:
    def issues(self, here: Panel) -> list[tuple[str, str]]:
        return [(issue.title, issue.body) for issue in here.at.remote.issues.values()]

    def called(self, here: Panel, pull: Pull) -> None:
        here.emergency(pull, "olga", "version 1 refuses everybody")
        here.emergency(pull, "nils", "nobody gets a loan")

    def test_one_that_lets_a_pin_pass_is_followed_up_once(self, here: Panel, pull: Pull) -> None:
        here.freeze(FREEZE)
        self.called(here, pull)
        verdict, title = here.set(pull)
        assert (verdict, title) == ("success", "@olga and @nils called an emergency; flagged for the audit")
        for _ in range(2):
            here.set(pull)
        ((name, body),) = self.issues(here)
        assert name == f"Follow up on the emergency of #{pull.number}: {PRODUCTION}"
        for told in ("version 1 refuses everybody", "nobody gets a loan", "olga", "nils", "year-end close"):
            assert told in body
        assert "0 of 2 approvals" in body
        assert "lifted by the emergency" in body
        assert "## What is to be done now" in body

    def test_the_issue_is_there_before_the_check_is_green(self, here: Panel, pull: Pull) -> None:
        here.freeze(FREEZE)
        self.called(here, pull)
        here.set(pull)
        wrote = [entry.path for entry in here.at.github.writes() if entry.path.endswith(("/issues", "/check-runs"))]
        assert [path.rpartition("/")[2] for path in wrote[-2:]] == ["issues", "check-runs"]

    def test_one_that_is_not_needed_or_not_complete_is_not(self, here: Panel, pull: Pull) -> None:
        here.emergency(pull, "olga")
        assert here.set(pull)[0] == "failure"
        here.approve(pull)
        assert here.set(pull)[0] == "success"
        assert self.issues(here) == []

    def test_where_somebody_merged_before_this_was_looked_at_it_is_followed_up_all_the_same(
        self, here: Panel, pull: Pull
    ) -> None:
        here.freeze(FREEZE)
        self.called(here, pull)
        here.at.github.advance(minutes=1)
        here.at.merge(pull)
        assert "followed up in " in here.verify(pull, "--set-check", code=0).out
        assert len(self.issues(here)) == 1

    def test_a_repository_without_issues_lets_it_pass_and_says_so(self, here: Panel, pull: Pull) -> None:
        here.freeze(FREEZE)
        here.at.remote.has_issues = False
        self.called(here, pull)
        done = here.verify(pull, "--set-check", code=0)
        assert "is not followed up by an issue" in done.err
        assert (here.check(pull) or ("",))[0] == "success"

    def test_an_answer_lost_on_the_way_opens_no_second_issue(self, here: Panel, pull: Pull) -> None:
        here.freeze(FREEZE)
        self.called(here, pull)
        here.at.github.fail("POST", "/issues$", 502, after=True)
        here.set(pull)
        assert len(self.issues(here)) == 1


class TestMany:
    def test_among_three_hundred_rubber_stamps_two_honest_reviews_are_found(self, here: Panel, pull: Pull) -> None:
        for number in range(300):
            here.review(pull, f"m{number}", "LGTM")
        here.approve(pull)
        assert here.set(pull) == ("success", "2 of 2 approvals: @olga and @nils")
        assert len(here.summary(pull)) < 65_000
        assert len(here.records()) == 1


class TestTime:
    def test_what_was_too_fast_unblocks_by_itself_only_when_it_is_said_again(self, here: Panel) -> None:
        pull = here.at.promote(PRODUCTION, 2)
        here.at.judge(pull)
        here.at.github.advance(seconds=5)
        here.approve(pull)
        verdict, title = here.set(pull)
        assert verdict == "failure"
        assert "too fast, again from" in title
        here.at.github.advance(minutes=2)
        here.approve(pull)
        assert here.set(pull)[0] == "success"

    def test_a_freeze_that_ends_lets_through_what_people_agreed_to(self, here: Panel, pull: Pull) -> None:
        here.freeze(FREEZE)
        here.approve(pull)
        assert here.set(pull)[0] == "failure"
        here.freeze("windows: []\n")
        here.verify(None, "--set-check", code=0)
        assert (here.check(pull) or ("",))[0] == "success"
