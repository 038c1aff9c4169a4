"""``gatehouse review --verify``: every rule's outcome, the check that says it, and how often it is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.cli import rivals
from gatehouse.github import GitHubReader
from gatehouse.github.checks import CheckWriter
from gatehouse.github.values import Check
from gatehouse.sync.trunk import Trunk
from tests.github.state import Comment
from tests.support.desk import PRODUCTION, STAGING, pin
from tests.support.panel import POWERS, Panel, panel
from tests.support.repo import promotion


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    with panel(tmp_path, capsys, monkeypatch) as made:
        yield made


class TestPrinted:
    def test_what_people_agree_to_passes_and_every_rule_is_printed_in_order(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        done = here.verify(pull, code=0)
        lines = done.out.splitlines()
        assert lines[0] == f"{PRODUCTION} version 2"
        rules = [line.split()[1] for line in lines[1:-1]]
        assert rules[:8] == ["draft", "gates", "rejected", "line", "approvals", "teams", "calendar", "hours"]
        assert all(line.split()[0] == "✓" for line in lines[1:-1])
        assert lines[-1] == f"✓ #{pull.number} 2 of 2 approvals: @olga and @nils"

    def test_what_is_missing_is_printed_with_what_to_do_and_exits_1(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull, "olga")
        out = here.verify(pull, code=1).out
        assert "✗ approvals   1 of 2 approvals: @olga" in out
        assert f"fix: ask @acme/risk to run `gatehouse review {pull.number}`" in out

    def test_when_a_blocked_one_unblocks_is_printed(self, here: Panel) -> None:
        here.freeze("windows: [{start: 2026-01-01T00:00:00Z, end: 2099-01-01T00:00:00Z, reason: year-end close}]\n")
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        out = here.verify(pull, code=1).out
        assert "unblocks: 2099-01-0" in out
        assert "it can pass from 2099-01-0" in out.splitlines()[-1]
        assert here.json(pull, code=1)["unblocks"].startswith("2099-01-0")

    def test_the_document_has_every_rule_of_every_pin(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull, "olga")
        told = here.json(pull, code=1)
        assert (told["pull"], told["head"], told["state"], told["passed"]) == (
            pull.number, here.at.head(pull), "open", False,
        )  # fmt: skip
        (place,) = told["places"]
        assert [approval["who"] for approval in place["approvals"]] == ["olga"]
        assert {rule["rule"]: rule["ok"] for rule in place["rules"] if rule["review"] is None}["approvals"] is False

    def test_looking_alone_writes_nothing(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.reject(pull, "olga")
        before = len(here.at.github.writes())
        here.verify(pull, code=1)
        assert len(here.at.github.writes()) == before
        assert here.records() == ()

    def test_without_a_number_each_open_one_that_promotes_gets_a_line(self, here: Panel) -> None:
        here.at.open({"README.md": "words"})
        staged, waiting = here.promoted(STAGING), here.promoted(PRODUCTION)
        lines = here.verify(None, code=1).out.splitlines()
        assert lines[0].startswith("2 open pull requests with promotions")
        assert lines[1:] == [
            f"✓ #{staged.number} No person has to agree",
            f"✗ #{waiting.number} 0 of 2 approvals; @acme/risk can approve",
        ]
        assert [one["pull"] for one in here.json(None, code=1)["pulls"]] == [staged.number, waiting.number]

    def test_where_nothing_is_open_that_is_said(self, here: Panel) -> None:
        assert "no open pull request changes a promotion" in here.verify(None, code=0).out

    def test_a_number_that_is_not_there_exits_2(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        pull.number = 99
        assert "#99" in here.verify(pull, code=2).err

    def test_one_that_was_merged_is_judged_as_of_then(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        here.at.github.advance(minutes=5)
        here.at.merge(pull)
        here.freeze("stop_the_line: the feature store is down\n")
        told = here.json(pull, code=0)
        assert (told["state"], told["passed"]) == ("merged", True)


class TestCheck:
    def test_it_says_what_is_missing_and_turns_green_when_people_agree(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        assert here.set(pull) == ("failure", "0 of 2 approvals; @acme/risk can approve")
        here.approve(pull, "olga")
        assert here.set(pull) == ("failure", "1 of 2 approvals: @olga; @acme/risk can approve")
        here.approve(pull, "nils")
        assert here.set(pull) == ("success", "2 of 2 approvals: @olga and @nils")
        assert f"### <code>{PRODUCTION}</code> version 2" in here.summary(pull)

    def test_who_was_asked_and_has_not_answered_is_named(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.at.github.request(here.at.remote, pull.number, "nils", by="dana")
        here.at.github.advance(minutes=2)
        here.approve(pull, "olga")
        assert here.set(pull)[1] == "1 of 2 approvals: @olga; @nils can approve"

    def test_the_same_is_not_said_again_however_much_time_passes(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull, "olga")
        here.set(pull)
        for _ in range(2):
            here.at.github.advance(hours=30)
            before = len(here.at.github.writes())
            assert here.json(pull, "--set-check", code=0)["changed"] is False
            assert len(here.at.github.writes()) == before
        assert len(here.records()) == 1

    def test_a_push_makes_it_red_on_the_new_commit(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        assert here.set(pull)[0] == "success"
        here.at.change(pull, {"docs/more.md": "more"})
        assert here.set(pull)[0] == "failure"

    def test_what_changes_no_promotion_is_let_through_at_once(self, here: Panel) -> None:
        pull = here.at.open({"README.md": "words", "promotions/freeze.yaml": "stop_the_line: x\n"})
        assert here.set(pull) == ("success", "No pin changes")
        assert here.ours(pull) == []

    def test_so_it_is_whatever_people_say_of_it(self, here: Panel) -> None:
        pull = here.at.open({"README.md": "words"})
        here.review(pull, "olga", "not these words", "CHANGES_REQUESTED")
        assert here.set(pull) == ("success", "No pin changes")
        assert (here.ours(pull), here.records()) == ([], ())
        here.verify(pull, code=0)

    def test_nobody_stops_a_version_that_comes_back(self, here: Panel) -> None:
        here.at.push({PRODUCTION.path: promotion(pin(3))})
        pull = here.at.promote(PRODUCTION, 1)
        here.review(pull, "olga", "not now", "CHANGES_REQUESTED")
        assert here.set(pull) == ("success", "No person has to agree")

    def test_so_is_what_only_gates_decide(self, here: Panel) -> None:
        pull = here.at.promote(STAGING, 2)
        assert here.set(pull) == ("success", "No person has to agree")

    def test_and_a_version_that_comes_back(self, here: Panel) -> None:
        here.at.push({PRODUCTION.path: promotion(pin(3))})
        pull = here.at.promote(PRODUCTION, 1)
        assert here.set(pull) == ("success", "No person has to agree")

    def test_without_a_number_all_are_set_and_none_waits_for_a_check_that_never_comes(self, here: Panel) -> None:
        other, waiting = here.at.open({"README.md": "words"}), here.promoted(PRODUCTION)
        here.verify(None, "--set-check", code=0)
        assert here.check(other) == ("success", "No pin changes")
        assert here.check(waiting) == ("failure", "0 of 2 approvals; @acme/risk can approve")
        before = len(here.at.github.writes())
        here.verify(None, "--set-check", code=0)
        assert len(here.at.github.writes()) == before

    def test_pins_that_are_pushed_while_it_looks_are_not_let_pass(
        self, here: Panel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other, looked = here.at.open({"README.md": "words"}), rivals.rivals
        before = here.at.head(other)

        def meanwhile(trunk: Trunk, github: GitHubReader) -> tuple[rivals.Rival, ...]:
            found = looked(trunk, github)
            here.at.change(other, {PRODUCTION.path: promotion(pin(2))})
            return found

        monkeypatch.setattr(rivals, "rivals", meanwhile)
        here.verify(None, "--set-check", code=0)
        assert here.check(before) == ("success", "No pin changes")
        assert here.check(other) is None

    def test_pins_that_do_not_read_are_told_on_it(self, here: Panel) -> None:
        pull = here.at.open({PRODUCTION.path: "version: two\n"})
        verdict, title = here.set(pull)
        assert verdict == "failure"
        assert title.startswith("The pins cannot be read:")
        assert here.verify(pull).code == 1

    def test_who_is_in_a_team_is_seen_with_a_token_for_that_alone(self, here: Panel) -> None:
        """A workflow's own never sees it, and then nobody is an owner."""
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        own = here.at.github.app_token("gatehouse", {name: much for name, much in POWERS.items() if name != "members"})
        here.verify(pull, "--set-check", token=own, code=0)
        assert (here.check(pull) or ("",))[0] == "failure"
        assert "let the token read the members" in here.summary(pull)
        here.monkeypatch.setenv("GATEHOUSE_TEAMS_TOKEN", here.at.github.app_token("teams", {"members": "read"}))
        here.verify(pull, "--set-check", token=own, code=0)
        assert (here.check(pull) or ("",))[0] == "success"

    def test_another_apps_word_is_not_ours(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.at.spoof(pull, "evil", "success")
        for run in here.at.remote.checks.values():
            if run.app.slug == "evil":
                run.sent["name"] = "gatehouse review"
        assert here.set(pull)[0] == "failure"

    def test_what_is_said_while_it_is_set_is_seen_by_the_same_run(
        self, here: Panel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two runs at once: the one that judged before the rejection must not leave its green behind."""
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        renew = CheckWriter.renew
        said: list[Comment] = []

        def meanwhile(writer: CheckWriter, sha: str, check: Check) -> bool:
            if not said:
                said.append(here.reject(pull, "olga"))
            return renew(writer, sha, check)

        monkeypatch.setattr(CheckWriter, "renew", meanwhile)
        assert here.set(pull)[0] == "failure"
        assert [run["conclusion"] for run in here.runs(pull)] == ["success", "failure"]

    def test_one_to_another_branch_than_main_is_left_alone(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        pull.base = "release"
        here.reject(pull, "olga")
        here.verify(pull, "--set-check", "--merge", code=0)
        assert (here.check(pull), here.ours(pull), here.records()) == (None, [], ())

    def test_a_closed_pull_request_is_left_alone(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.reject(pull, "olga")
        here.at.close(pull)
        here.verify(pull, "--set-check", code=0)
        assert (here.check(pull), here.ours(pull), here.records()) == (None, [], ())


class TestTrouble:
    @pytest.mark.parametrize("status", [502, 429])
    def test_github_away_exits_2_and_leaves_the_check_as_it_was(self, here: Panel, status: int) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        stands = here.set(pull)
        here.reject(pull, "olga")
        here.at.github.fail("GET", "/timeline", status, times=50, retry_after=3600 if status == 429 else None)
        done = here.verify(pull, "--set-check", code=2)
        assert "fix:" in done.err
        assert here.check(pull) == stands

    def test_what_the_token_may_not_see_is_told_on_the_check_and_exits_2(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        assert here.set(pull)[0] == "success"
        blind = here.at.github.app_token("gatehouse", {"checks": "write", "pull_requests": "write"})
        done = here.verify(pull, "--set-check", token=blind, code=2)
        assert "give it read access to contents" in done.err
        assert here.check(pull) == ("failure", "The reviews could not be judged")
        assert "read access to contents" in here.summary(pull)
        assert here.set(pull)[0] == "success"

    def test_where_not_even_the_check_can_be_set_both_are_said(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        blind = here.at.github.app_token("gatehouse", {"pull_requests": "read"})
        done = here.verify(pull, "--set-check", token=blind, code=2)
        assert "the check could not be set either" in done.err

    def test_a_write_that_took_effect_before_the_breakdown_is_not_done_twice(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.at.github.fail("POST", "/check-runs", 502, after=True)
        here.set(pull)
        assert len(here.runs(pull)) == 1

    def test_one_that_cannot_be_judged_does_not_keep_the_others_from_it(self, here: Panel) -> None:
        first, second = here.promoted(PRODUCTION), here.promoted(STAGING)
        here.at.github.fail("GET", f"/issues/{first.number}/timeline", 422, times=50)
        done = here.verify(None, "--set-check", code=2)
        assert f"#{first.number}" in done.err
        assert here.check(second) == ("success", "No person has to agree")

    def test_a_record_that_cannot_be_kept_keeps_the_check_from_turning_green(self, here: Panel) -> None:
        pull = here.promoted(PRODUCTION)
        here.approve(pull)
        hook = Path(here.at.remote.remote) / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        here.verify(pull, "--set-check", code=2)
        assert here.check(pull) == ("failure", "The reviews could not be judged")
        hook.unlink()
        assert here.set(pull)[0] == "success"

    def test_without_a_token_it_says_which(self, here: Panel) -> None:
        here.at.environ["GITHUB_TOKEN"] = ""
        assert "GITHUB_TOKEN" in here.verify(here.at.promote(STAGING, 2), token=" ", code=2).err
