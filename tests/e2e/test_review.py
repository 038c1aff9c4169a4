"""The human gate on real parts: what counts as people having agreed, and that nothing gets to production without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.loop import REVIEW, Loop, said
from tests.world import trained
from tests.world.actions import Step
from tests.world.answering import ANSWERS, filled
from tests.world.line import CREDIT_RISK, CREDIT_RISK_BRIEF
from tests.world.world import World

pytestmark = pytest.mark.e2e

PRODUCTION = "promotions/credit-risk/production.yaml"
FREEZE = "promotions/freeze.yaml"


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    with World(tmp_path_factory.mktemp("reviewed"), CREDIT_RISK_BRIEF, trained.cached(CREDIT_RISK)) as world:
        yield Loop(world)


def push(loop: Loop, path: str, text: str) -> None:
    """Straight to main, past every pull request."""
    loop.world.github.push(loop.world.repo, "main", {path: text}, f"Change {path}", by="anton")


def judged(loop: Loop, number: int, *, commented: bool = False) -> tuple[str | None, str]:
    """How the check of the reviews stands once somebody has looked, and what it says."""
    steps = loop.world.reviews(number if commented else None)
    runs = [run.sent for run in loop.world.repo.checks.values() if run.sent["name"] == REVIEW]
    return loop.verdict(number, REVIEW), "\n".join((runs[-1]["output"]["summary"], said(steps)))


def refusals(loop: Loop, number: int) -> list[str]:
    """What is on record of sync having refused what a pull request brought."""
    events = loop.json("history", loop.model)["events"]
    return [each["text"] for each in events if (each["what"], each.get("pull_request")) == ("refused", number)]


def refused(loop: Loop) -> Step:
    """Syncs: it refuses what main asks for, and leaves the registry and what is served as they were."""
    before = loop.aliases(), loop.serving()
    (step,) = loop.world.sync()
    assert step.done.exit == 1, said([step])
    assert (loop.aliases(), loop.serving()) == before
    return step


class TestTwoVersions:
    """The tests of this class tell one story, in order, in one company: version 1 serves, and version 2 never does."""

    first = second = 0

    def test_staging_merges_itself_when_its_gates_pass_and_what_it_needs_then_is_started(self, loop: Loop) -> None:
        number = loop.propose(1, "staging")
        loop.gates(number)
        pull = loop.world.repo.pulls[number]
        assert (pull.merged is not None, pull.merged_by) == (True, "gatehouse[bot]")
        assert loop.world.started() == ["evidence", "sync"], "started by hand: a workflow's own merge starts none"
        loop.sync()
        assert loop.aliases() == {"staging": 1}

    def test_production_waits_for_people_however_green_its_gates_are(self, loop: Loop) -> None:
        type(self).first = number = loop.propose(1, "production")
        loop.gates(number)
        assert loop.verdict(number) == "success"
        assert judged(loop, number)[0] == "failure"
        assert loop.world.repo.pulls[number].merged is None

    def test_a_rubber_stamp_does_not_count_and_the_check_tells_what_it_lacks(self, loop: Loop) -> None:
        loop.world.approve_in_browser(self.first, "rosa", "LGTM")
        verdict, told = judged(loop, self.first)
        assert verdict == "failure"
        assert "without naming the evidence" in told

    def test_who_answers_for_it_in_no_time_has_read_nothing(self, loop: Loop) -> None:
        pull = loop.world.repo.pulls[self.first]
        # However long this machine took so far: the evidence is as young as the last push.
        for run in loop.world.repo.checks.values():
            if run.head_sha == pull.head_sha:
                run.completed = loop.world.github.hub.now()
        loop.world.approve_in_browser(self.first, "rosa", filled(loop.world.form(self.first)))
        verdict, told = judged(loop, self.first)
        assert verdict == "failure"
        assert "under 30 s does not count" in told

    def test_two_who_answer_for_it_let_it_through_and_the_auditor_reads_their_answers(self, loop: Loop) -> None:
        loop.agree(self.first)
        loop.world.merge(self.first)
        assert {"evidence", "sync"} <= set(loop.world.started())
        loop.sync()
        loop.world.pull()
        assert loop.aliases() == {"champion": 1, "staging": 1}
        why = loop.world.gatehouse("why", loop.model, "1")
        assert all(text in " ".join(why.out.split()) for text in ("rosa", "ravi", ANSWERS["by-hand"])), why.out

    def test_an_approval_of_another_pull_request_does_not_count_here(self, loop: Loop) -> None:
        old = filled(loop.world.form(self.first))
        loop.promote(2, "staging")
        type(self).second = number = loop.propose(2, "production")
        loop.gates(number)
        loop.world.wait(number)
        loop.world.approve_in_browser(number, "rosa", old)
        verdict, told = judged(loop, number)
        assert verdict == "failure"
        assert "which is another pull request's" in told

    def test_who_rejects_in_one_command_is_heard_and_nothing_else_happens(self, loop: Loop) -> None:
        loop.agree(self.second)
        done = loop.world.gatehouse("review", str(self.second), "--reject", "which cases got worse?", who="ravi")
        assert done.exit == 0, done.out + done.err
        verdict, told = judged(loop, self.second)
        assert verdict == "failure"
        assert "which cases got worse?" in told
        pull = loop.world.repo.pulls[self.second]
        assert (pull.state, loop.aliases()["champion"]) == ("open", 1)

    def test_so_is_who_rejects_in_a_comment_until_they_approve(self, loop: Loop) -> None:
        loop.world.wait(self.second)
        loop.world.say(self.second, "rosa", f"/reject-model {loop.model} 2 small businesses lose")
        assert "small businesses lose" in judged(loop, self.second, commented=True)[1]
        form = filled(loop.world.form(self.second))
        loop.world.wait(self.second)
        loop.world.say(self.second, "rosa", form)
        loop.world.approve_in_browser(self.second, "ravi", form)
        assert judged(loop, self.second, commented=True)[0] == "success"

    def test_what_is_pushed_after_an_approval_was_not_approved(self, loop: Loop) -> None:
        branch = loop.world.repo.pulls[self.second].head
        loop.world.github.push(loop.world.repo, branch, {"README.md": "# Models\n"}, by="dana")
        verdict, told = judged(loop, self.second)
        assert verdict == "failure"
        assert "the last one is" in told

    def test_an_admin_who_merges_it_all_the_same_changes_nothing(self, loop: Loop) -> None:
        loop.world.merge(self.second, "anton")
        assert f"#{self.second}" in refused(loop).done.out
        assert refusals(loop, self.second) != []
        assert loop.world.gatehouse("status").exit == 1

    def test_nor_does_who_writes_to_main_past_every_pull_request(self, loop: Loop) -> None:
        loop.world.pull()
        bad = loop.text(PRODUCTION)
        good = loop.world.git("show", f"HEAD^1:{PRODUCTION}") + "\n"
        push(loop, PRODUCTION, good)
        loop.sync()
        push(loop, PRODUCTION, bad)
        assert "no merged pull request" in refused(loop).done.out
        push(loop, PRODUCTION, good)
        loop.sync()
        assert loop.aliases()["champion"] == 1


class TestAnEmergency:
    """One story too, after the other: version 3 has to go out while nothing may."""

    number = 0

    def test_in_a_freeze_not_even_two_approvals_are_enough(self, loop: Loop) -> None:
        loop.promote(3, "staging")
        start, end = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
        window = f"{{start: {start:%Y-%m-%dT%H:%M:%SZ}, end: {end:%Y-%m-%dT%H:%M:%SZ}, reason: year-end close}}"
        push(loop, FREEZE, f"windows: [{window}]\n")
        type(self).number = loop.propose(3, "production")
        loop.gates(self.number)
        loop.approve(self.number)
        verdict, told = judged(loop, self.number)
        assert verdict == "failure"
        assert "year-end close" in told

    def test_one_person_alone_calls_no_emergency(self, loop: Loop) -> None:
        done = loop.world.gatehouse(
            "review", str(self.number), "--emergency", "version 1 refuses everybody", who="rosa"
        )
        assert done.exit == 0, done.out + done.err
        verdict, told = judged(loop, self.number)
        assert verdict == "failure"
        assert "1 of 2 people" in told

    def test_two_people_do_but_for_a_line_that_is_stopped(self, loop: Loop) -> None:
        loop.world.pull()
        freeze = loop.text(FREEZE)
        push(loop, FREEZE, freeze + "stop_the_line: the feature store is down\n")
        done = loop.world.gatehouse("review", str(self.number), "--emergency", "nobody gets a loan", who="ravi")
        assert done.exit == 0, done.out + done.err
        verdict, told = judged(loop, self.number)
        assert verdict == "failure"
        assert "the feature store is down" in told
        push(loop, FREEZE, freeze)
        assert judged(loop, self.number)[0] == "success"

    def test_while_github_is_away_nothing_of_it_gets_in_and_nothing_is_held_against_it(self, loop: Loop) -> None:
        loop.world.merge(self.number)
        with loop.world.github_away():
            assert "has to wait (approved)" in refused(loop).done.out
        assert refusals(loop, self.number) == []
        loop.sync()
        assert loop.aliases()["champion"] == 3

    def test_it_is_followed_up_and_on_the_record(self, loop: Loop) -> None:
        (issue,) = loop.world.repo.issues.values()
        assert f"#{self.number}" in issue.title + issue.body
        loop.world.pull()
        why = loop.world.gatehouse("why", loop.model, "3")
        assert "nobody gets a loan" in " ".join(why.out.split()), why.out

    def test_a_rollback_needs_nobody_and_no_github(self, loop: Loop) -> None:
        with loop.world.github_away():
            done = loop.world.gatehouse("rollback", loop.model, "--reason", "worse", "--yes", who="olga")
        assert done.exit == 0, done.out + done.err
        assert loop.aliases()["champion"] == 1
