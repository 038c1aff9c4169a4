"""What is posted on a pull request: real git, GitHub's API by the stand-in, results as gates leave them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gatehouse.errors import Unreachable
from gatehouse.github import Refused
from gatehouse.github.checks import CheckWriter
from tests.support import gated
from tests.support.desk import MODEL, PRODUCTION, STAGING, Desk, desk, pin
from tests.support.repo import promotion


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


class TestAPullRequestWithAPin:
    def test_it_is_green_where_its_gates_pass_and_nothing_moved(self, at: Desk) -> None:
        pull = at.promote(STAGING, 2)
        assert at.judge(pull)
        assert at.color(pull) == "green"
        assert len(at.remote.of(pull.number)) == 1

    def test_it_is_red_where_a_gate_fails_and_the_title_is_the_gates_own(self, at: Desk) -> None:
        pull = at.promote(STAGING, 2)
        assert not at.judge(pull, gated.fails)
        found = at.check(pull)
        assert found is not None
        assert found[1].startswith("Blocked by ")

    def test_one_that_was_judged_against_a_champion_who_left_meanwhile_is_red_and_names_both(self, at: Desk) -> None:
        pull, base = at.promote(STAGING, 2), at.main
        at.push({PRODUCTION.path: promotion(pin(3))}, "Another champion")
        assert not at.judge(pull, base=base)
        found = at.check(pull)
        assert found is not None
        assert found[1].startswith("Out of date: credit-risk/staging: ")
        summary = at.summary(pull)
        assert "the champion moved from version 1" in summary
        assert "to version 3" in summary
        assert "update the branch" in summary
        assert "revert" not in summary
        assert "Out of date" not in at.remote.of(pull.number)[0].body
        assert "does not hold against main" in at.remote.of(pull.number)[0].body

    def test_a_champion_who_moves_between_the_look_and_the_post_is_seen_all_the_same(
        self, at: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pull, post = at.promote(STAGING, 2), CheckWriter.report

        def posted(self: CheckWriter, *given: object) -> object:
            monkeypatch.setattr(CheckWriter, "report", post)
            done = post(self, *given)  # type: ignore[arg-type]
            at.push({PRODUCTION.path: promotion(pin(3))}, "Another champion")
            return done

        monkeypatch.setattr(CheckWriter, "report", posted)
        assert not at.judge(pull)
        assert at.color(pull) == "red"

    def test_evidence_that_is_not_on_the_branch_is_none_whatever_the_results_say(self, at: Desk) -> None:
        pull = at.promote(STAGING, 2)
        at.fetch()
        (request,) = gated.questions(at.repository, at.main, at.head(pull))
        found = [gated.judged(at.repository, request, at.github.hub.now())]
        assert not at.post(pull, found)
        assert "is on the evidence branch" in at.summary(pull)

    def test_the_remote_that_is_gone_is_told_as_such_and_nothing_is_green(self, at: Desk) -> None:
        pull = at.promote(STAGING, 2)
        at.fetch()
        (request,) = gated.questions(at.repository, at.main, at.head(pull))
        at.repository.run("remote", "set-url", "origin", str(at.root.parent / "nowhere.git"))
        with pytest.raises(Unreachable):
            at.post(pull, [gated.judged(at.repository, request, at.github.hub.now())])
        assert at.check(pull) is None

    def test_a_github_that_refuses_half_way_leaves_nothing_green_and_a_second_run_ends_it(self, at: Desk) -> None:
        pull = at.promote(STAGING, 2)
        at.github.fail("POST", "/check-runs", 422)
        with pytest.raises(Refused):
            at.judge(pull)
        assert at.check(pull) is None
        assert at.judge(pull)
        assert len(at.remote.of(pull.number)) == 1

    def test_a_github_that_asks_for_a_pause_or_breaks_down_after_the_fact_is_asked_again(self, at: Desk) -> None:
        pull = at.promote(STAGING, 2)
        at.github.fail("GET", "/pulls", 403, retry_after=1)
        at.github.fail("POST", "/check-runs", None, after=True)
        at.github.fail("POST", "/comments", 502, after=True)
        assert at.judge(pull)
        assert at.color(pull) == "green"
        assert len(at.remote.of(pull.number)) == 1
        assert len(at.remote.checks) == 1


class TestAPullRequestWithoutAPin:
    def test_it_gets_the_check_and_no_comment(self, at: Desk) -> None:
        pull = at.open({"README.md": "# Better words\n"})
        assert at.judge(pull)
        assert at.check(pull) == ("success", "No pin changes")
        assert at.remote.of(pull.number) == []

    def test_a_report_on_an_earlier_push_is_rewritten(self, at: Desk) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull, gated.fails)
        at.change(pull, {STAGING.path: promotion(pin(1)), "README.md": "# Better words\n"})
        assert at.judge(pull)
        (comment,) = at.remote.of(pull.number)
        assert "No promotion in this pull request" in comment.body
        assert at.color(pull) == "green"

    def test_a_pin_that_was_pushed_since_does_not_get_the_green_of_the_commit_before_it(self, at: Desk) -> None:
        pull = at.open({"README.md": "# Better words\n"})
        at.change(pull, {STAGING.path: promotion(pin(2))})
        assert at.post(pull, [])
        assert at.check(pull) is None

    def test_one_that_changes_a_share_alone_waits_for_an_older_one_of_the_same_slot(self, at: Desk) -> None:
        canary = promotion(pin(1), canary=f"version: 2, digest: {pin(2).digest}, percent: 5")
        at.push({PRODUCTION.path: canary})
        first = at.promote(PRODUCTION, 2)
        second = at.open({PRODUCTION.path: canary.replace("percent: 5", "percent: 25")})
        assert not at.judge(second)
        assert f"#{first.number} is open for {MODEL}/production" in (at.check(second) or ("", ""))[1]


class TestTwoPullRequestsForOneSlot:
    @pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["older judged first", "younger judged first"])
    def test_exactly_one_passes_in_whatever_order_they_are_judged(self, at: Desk, order: tuple[int, int]) -> None:
        pulls = at.promote(STAGING, 2), at.promote(STAGING, 3)
        for which in order:
            at.judge(pulls[which])
        assert [at.color(pull) for pull in pulls] == ["green", "red"]
        assert at.check(pulls[1]) == (
            "failure",
            f"One promotion a slot: #{pulls[0].number} is open for {MODEL}/staging already",
        )
        assert f"merge or close #{pulls[0].number}" in at.summary(pulls[1])

    def test_exactly_one_passes_where_both_are_judged_at_once(self, at: Desk) -> None:
        pulls = at.promote(STAGING, 2), at.promote(STAGING, 3)
        with ThreadPoolExecutor() as jobs:
            # Each in a checkout of its own, as two runs of a workflow are.
            list(jobs.map(lambda pull: at.elsewhere().judge(pull), pulls))
        assert [at.color(pull) for pull in pulls] == ["green", "red"]

    def test_an_older_one_that_comes_to_the_slot_later_takes_the_younger_one_s_green(self, at: Desk) -> None:
        older = at.open({"README.md": "# Better words\n"})
        younger = at.promote(STAGING, 2)
        assert at.judge(younger)
        at.change(older, {STAGING.path: promotion(pin(3))})
        at.judge(older)
        assert [at.color(older), at.color(younger)] == ["green", "red"]

    def test_an_older_one_that_comes_while_the_younger_one_is_posted_is_seen(
        self, at: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        older, younger, post = at.open({"README.md": "#\n"}), at.promote(STAGING, 2), CheckWriter.report

        def posted(self: CheckWriter, *given: object) -> object:
            monkeypatch.setattr(CheckWriter, "report", post)
            done = post(self, *given)  # type: ignore[arg-type]
            at.change(older, {STAGING.path: promotion(pin(3))})
            return done

        monkeypatch.setattr(CheckWriter, "report", posted)
        assert not at.judge(younger)
        assert at.color(younger) == "red"

    def test_another_slot_another_model_and_a_closed_one_are_in_nobody_s_way(self, at: Desk) -> None:
        at.promote(PRODUCTION, 2)
        at.open({"promotions/churn/staging.yaml": promotion(pin(2))})
        at.close(at.promote(STAGING, 2))
        assert at.judge(at.promote(STAGING, 3))

    def test_two_from_one_commit_are_one_change_and_share_its_green(self, at: Desk) -> None:
        pull = at.promote(STAGING, 2, "one")
        at.remote.git.move("refs/heads/two", at.head(pull))
        twin = at.github.pull(at.remote, "two", by="dana")
        assert at.judge(twin)
        assert at.judge(pull)
        assert [at.color(each) for each in (pull, twin)] == ["green", "green"]

    def test_a_file_that_is_moved_away_is_changed_too(self, at: Desk) -> None:
        away = at.open({STAGING.path: None, "promotions/credit-risk/old.txt": promotion(pin(1))})
        pull = at.promote(STAGING, 2)
        assert not at.judge(pull)
        assert f"#{away.number} is open" in (at.check(pull) or ("", ""))[1]

    def test_going_back_to_a_former_champion_waits_for_nobody(self, at: Desk) -> None:
        at.push({PRODUCTION.path: promotion(pin(2))}, "Promote version 2")
        waiting = at.promote(PRODUCTION, 3)
        back = at.promote(PRODUCTION, 1, "rollback")
        assert at.judge(back)
        assert at.judge(waiting)
        assert [at.color(waiting), at.color(back)] == ["green", "green"]
