"""What no person has to agree to merges itself, and only that; what a merge queue asks is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gatehouse.cli.checkrun import NAME
from gatehouse.github.pulls import PullReader
from tests.github.state import Pull
from tests.github.test_merging import check_rule
from tests.support import gated
from tests.support.desk import MODEL, PRODUCTION, STAGING, pin
from tests.support.panel import POWERS, Panel, panel
from tests.support.repo import POLICY, promotion

SETS = ("--set-check", "--merge")


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    with panel(tmp_path, capsys, monkeypatch) as made:
        yield made


class TestMerges:
    def test_staging_merges_itself_when_its_gates_have_passed_and_starts_what_a_merge_starts(self, here: Panel) -> None:
        pull = here.promoted(STAGING)
        head = here.at.head(pull)
        told = here.json(pull, *SETS, code=0)
        assert (told["merge"], told["state"]) == ("merged", "merged")
        assert (pull.merged_by, here.at.remote.git.commit(here.at.main).parents[1]) == ("gatehouse[bot]", head)
        assert here.at.remote.dispatched == [("sync.yml", "main"), ("evidence.yml", "main")]
        assert here.check(head) == ("success", "No person has to agree")

    def test_without_being_asked_to_nothing_is_merged(self, here: Panel) -> None:
        pull = here.promoted(STAGING)
        here.set(pull)
        assert pull.merged is None

    def test_a_version_that_comes_back_to_staging_does_too(self, here: Panel) -> None:
        here.at.push({STAGING.path: promotion(pin(3))})
        pull = here.promoted(STAGING, 1)
        assert here.json(pull, *SETS, code=0)["merge"] == "merged"

    def test_after_a_merge_the_next_is_held_against_main_as_it_is_then(self, here: Panel) -> None:
        first, second = here.promoted(STAGING), here.promoted(STAGING, 3)
        here.at.judge(second)
        told = here.json(None, *SETS, code=0)
        assert [bool(pull.merged) for pull in (first, second)] == [True, False]
        assert told["pulls"][1]["merge"].startswith("not merged: ")

    def test_a_token_that_may_start_no_workflow_merges_and_says_that_the_schedule_does_the_rest(
        self, here: Panel
    ) -> None:
        pull = here.promoted(STAGING)
        modest = here.at.github.app_token("gatehouse", {**POWERS, "actions": "read"})
        done = here.verify(pull, *SETS, token=modest, code=0)
        assert pull.merged is not None
        assert "sync.yml was not started, its schedule does it" in done.err

    def test_a_merge_whose_answer_was_lost_is_found(self, here: Panel) -> None:
        pull = here.promoted(STAGING)
        here.at.github.fail("PUT", "/merge", 502, after=True)
        assert here.json(pull, *SETS, code=0)["merge"] == "merged"
        assert here.at.remote.dispatched

    def test_what_main_s_rules_do_not_let_through_yet_github_merges_later_where_it_does_so(self, here: Panel) -> None:
        here.at.github.ruleset(here.at.remote, check_rule("tests"))
        here.at.remote.auto_merge = True
        pull = here.promoted(STAGING)
        assert here.json(pull, *SETS, code=0)["merge"].startswith("GitHub merges it once")
        assert (pull.merged, pull.auto_merge is not None) == (None, True)
        assert here.at.remote.dispatched == []

    def test_where_it_does_not_the_reason_is_said_and_the_next_run_tries_again(self, here: Panel) -> None:
        rules = here.at.github.ruleset(here.at.remote, check_rule("tests"))
        pull = here.promoted(STAGING)
        done = here.verify(pull, *SETS, code=0)
        assert "not merged: " in done.out
        assert pull.merged is None
        rules["enforcement"] = "disabled"
        here.verify(None, *SETS, code=0)
        assert pull.merged is not None


def _gates_failed(here: Panel) -> Pull:
    pull = here.at.promote(STAGING, 2)
    here.at.judge(pull, gated.fails)
    return pull


def _no_gates_yet(here: Panel) -> Pull:
    return here.at.promote(STAGING, 2)


def _spoofed(here: Panel) -> Pull:
    pull = here.at.promote(STAGING, 2)
    here.at.spoof(pull, "evil", "success")
    return pull


def _green_without_evidence(here: Panel) -> Pull:
    """The tick of our own account, and nothing on the evidence branch behind it."""
    pull = here.at.promote(STAGING, 2)
    body = {"name": NAME, "head_sha": here.at.head(pull), "status": "completed", "conclusion": "success"}
    here.at.raw_app("POST", "/check-runs", {**body, "output": {"title": "All is well", "summary": "x"}})
    return pull


def _stale(here: Panel) -> Pull:
    """Main asks another question by now; nobody has said so on the gates' check yet."""
    pull = here.promoted(STAGING)
    here.at.push({f"promotions/{MODEL}/policy.yaml": POLICY.format(soak="1h")})
    return pull


def _in_conflict(here: Panel) -> Pull:
    pull = here.promoted(STAGING)
    here.at.push({STAGING.path: promotion(pin(3))})
    return pull


def _draft(here: Panel) -> Pull:
    pull = here.promoted(STAGING)
    pull.draft = True
    return pull


def _rejected(here: Panel) -> Pull:
    pull = here.promoted(STAGING)
    here.reject(pull, "olga")
    return pull


def _rejected_by_review(here: Panel) -> Pull:
    pull = here.promoted(STAGING)
    here.review(pull, "nils", "not now", "CHANGES_REQUESTED")
    return pull


def _taken(here: Panel) -> Pull:
    here.at.promote(STAGING, 3)
    return here.promoted(STAGING)


def _more_than_pins(here: Panel) -> Pull:
    pull = here.at.open({STAGING.path: promotion(pin(2)), "README.md": "words"})
    here.at.judge(pull)
    return pull


def _with_its_policy(here: Panel) -> Pull:
    pull = here.at.open({STAGING.path: promotion(pin(2)), f"promotions/{MODEL}/hold.yaml": "versions: []\n"})
    here.at.judge(pull)
    return pull


def _production_too(here: Panel) -> Pull:
    pull = here.at.open({STAGING.path: promotion(pin(2)), PRODUCTION.path: None})
    here.at.judge(pull)
    return pull


def _production(here: Panel) -> Pull:
    pull = here.promoted(PRODUCTION)
    here.approve(pull)
    return pull


def _back_to_production(here: Panel) -> Pull:
    here.at.push({PRODUCTION.path: promotion(pin(3))})
    return here.promoted(PRODUCTION, 1)


def _no_promotion(here: Panel) -> Pull:
    return here.at.open({"README.md": "words"})


def _closed(here: Panel) -> Pull:
    pull = here.promoted(STAGING)
    here.at.close(pull)
    return pull


@pytest.mark.parametrize(
    "attack",
    [
        _gates_failed, _no_gates_yet, _spoofed, _green_without_evidence, _stale, _in_conflict, _draft, _rejected,
        _rejected_by_review, _taken, _more_than_pins, _with_its_policy, _production_too, _production,
        _back_to_production, _no_promotion, _closed,
    ],
)  # fmt: skip
def test_what_does_not_merge_itself(attack: Callable[[Panel], Pull], here: Panel) -> None:
    pull = attack(here)
    here.verify(pull, *SETS, code=0)
    assert pull.merged is None
    assert (pull.auto_merge, here.at.remote.dispatched) == (None, [])


@pytest.mark.parametrize("slug", ["eve/models", None])
def test_nor_does_what_comes_from_a_fork_which_anybody_can_have(
    here: Panel, slug: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull, seen = here.promoted(STAGING), PullReader.get
    monkeypatch.setattr(PullReader, "get", lambda self, number: replace(seen(self, number), head_slug=slug))
    told = here.json(pull, *SETS, code=0)
    assert (told["merge"], pull.merged) == (
        "not merged: it comes from a fork: somebody who may write here merges it",
        None,
    )


def test_the_rejection_of_somebody_who_may_not_write_does_not_keep_it_from_merging(here: Panel) -> None:
    pull = here.promoted(STAGING)
    here.reject(pull, "mallory")
    here.verify(pull, *SETS, code=0)
    assert pull.merged is not None


def test_a_rejection_is_taken_back_by_the_same_person(here: Panel) -> None:
    pull = here.promoted(STAGING)
    here.reject(pull, "olga")
    here.verify(pull, *SETS, code=0)
    here.at.github.advance(minutes=1)
    here.review(pull, "nils", "fine")
    here.verify(pull, *SETS, code=0)
    assert pull.merged is None
    here.review(pull, "olga", "fine")
    here.verify(pull, *SETS, code=0)
    assert pull.merged is not None


class TestGroup:
    def group(self, here: Panel, *pulls: Pull, ref: str = "") -> tuple[str, ...]:
        _, tip = here.at.group(*pulls)
        named = ref or f"refs/heads/gh-readonly-queue/main/pr-{pulls[-1].number}-{here.at.main}"
        return ("--set-check", "--group", named, "--commit", tip)

    def test_the_check_is_set_on_the_groups_commit_and_nothing_else_is_written(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        args = self.group(here, pull)
        here.verify(None, *args, code=0)
        assert here.check(args[-1]) == ("success", "2 of 2 approvals: @olga and @nils")
        assert here.records() == ()
        assert here.check(pull) is None

    def test_a_group_of_what_people_do_not_agree_to_is_refused(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        args = self.group(here, pull)
        here.verify(None, *args, code=1)
        assert here.check(args[-1]) == ("failure", "0 of 2 approvals; @acme/risk can approve")

    def test_what_changes_no_promotion_passes(self, here: Panel) -> None:
        args = self.group(here, here.at.open({"README.md": "words"}))
        here.verify(None, *args, code=0)
        assert here.check(args[-1]) == ("success", "No pin changes")

    @pytest.mark.parametrize(
        "ref",
        [
            "refs/heads/main",
            "refs/pull/1/head",
            "refs/heads/gh-readonly-queue/release/pr-1-" + "a" * 40,
            "refs/heads/gh-readonly-queue/main/pr-0-" + "a" * 40,
            "refs/heads/gh-readonly-queue/main/pr-1-abc",
            "refs/heads/gh-readonly-queue/main/pr-1-" + "a" * 40 + "\nx",
            "x/refs/heads/gh-readonly-queue/main/pr-1-" + "a" * 40,
        ],
    )
    def test_another_ref_is_wrong_use(self, here: Panel, ref: str) -> None:
        done = here.verify(None, "--set-check", "--group", ref, "--commit", here.at.main, code=2)
        assert "is not the ref of a merge queue's group for main" in done.err

    @pytest.mark.parametrize("args", [("--group", "x"), ("--commit", "x"), ("--commit", "x", "--merge")])
    def test_a_group_and_its_commit_go_together(self, here: Panel, args: tuple[str, ...]) -> None:
        here.verify(None, "--set-check", *args, code=2)

    def test_a_group_that_cannot_be_judged_is_told_so_on_its_commit(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        args = self.group(here, pull)
        here.at.github.fail("GET", "/timeline", 422, times=50)
        here.verify(None, *args, code=2)
        assert here.check(args[-1]) == ("failure", "The reviews could not be judged")


class TestGroupThatSeesNoTeams:
    """A queue's token never sees who is in a team."""

    @pytest.fixture
    def pull(self, here: Panel) -> Pull:
        """Agreed to and on record, by a workflow that sees teams."""
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        assert here.set(pull)[0] == "success"
        return pull

    def verdict(self, here: Panel, pull: Pull) -> tuple[str, str]:
        blind = here.at.github.app_token(
            "gatehouse", {name: much for name, much in POWERS.items() if name != "members"}
        )
        args = TestGroup().group(here, pull)
        here.verify(None, *args, token=blind)
        found = here.check(args[-1])
        assert found is not None
        return found

    def test_what_is_on_record_counts(self, here: Panel, pull: Pull) -> None:
        verdict, title = self.verdict(here, pull)
        assert verdict == "success"
        assert title.startswith("people agreed, by the record of ")

    def test_without_a_record_nothing_does(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        assert self.verdict(here, pull)[0] == "failure"

    @pytest.mark.parametrize(
        "undone",
        [
            lambda here, pull: here.reject(pull, "olga"),
            lambda here, pull: setattr(pull.reviews[0], "state", "DISMISSED"),
            lambda here, pull: here.at.github.edit(pull.reviews[0], "never mind", by="mallory"),
            lambda here, pull: here.freeze("stop_the_line: the feature store is down\n"),
            lambda here, pull: here.at.change(pull, {"docs/more.md": "more"}),
            lambda here, pull: setattr(pull, "draft", True),
            lambda here, pull: here.at.push({PRODUCTION.path: promotion(pin(3))}),
        ],
        ids=["rejected", "dismissed", "edited", "stopped", "pushed", "draft", "stale"],
    )
    def test_what_was_taken_back_since_does_not(
        self, here: Panel, pull: Pull, undone: Callable[[Panel, Pull], object]
    ) -> None:
        undone(here, pull)
        blind = here.at.github.app_token(
            "gatehouse", {name: much for name, much in POWERS.items() if name != "members"}
        )
        args = ("--set-check", "--group", f"gh-readonly-queue/main/pr-{pull.number}-{here.at.main}")
        here.verify(None, *args, "--commit", here.at.main, token=blind, code=1)
        assert (here.check(here.at.main) or ("",))[0] == "failure"
