"""Evidence held against main as it moves: real git, GitHub's API by the stand-in, honest evidence of no model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli.main import main
from tests.support import gated
from tests.support.company import Ran
from tests.support.desk import MODEL, PRODUCTION, STAGING, Desk, desk, pin
from tests.support.repo import POLICY, promotion

POLICY_FILE = f"promotions/{MODEL}/policy.yaml"
HOLD = "versions:\n  - {version: 2, since: 2026-03-02, reason: it declines everybody}\n"
Run = Callable[..., Ran]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


@pytest.fixture
def run(at: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """``gatehouse evidence`` in this process, as a workflow runs it on a checkout that has fetched nothing since."""
    for name, value in {**at.environ, "GITHUB_TOKEN": at.token}.items():
        monkeypatch.setenv(name, value)

    def run(*args: str, json: bool = False) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["evidence", *args, "--repo", str(at.root), *(["--format", "json"] if json else [])])
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out, err)

    return run


def checked(run: Run, base: str, head: str) -> tuple[int, Any]:
    done = run("check", "--base", base, "--head", head, "--commit", head, json=True)
    return done.code, json.loads(done.out)


class TestCheck:
    def test_a_group_whose_evidence_holds_passes_without_a_model_being_run(self, at: Desk, run: Run) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        code, told = checked(run, *at.group(pull))
        assert code == 0
        assert told["good"] is True
        (answer,) = told["answers"]
        assert answer["candidate"]["version"] == 2
        assert answer["key"].startswith("sha256:")
        assert at.check(told["head"]) == ("success", "The evidence of 1 pin holds: no model was run again")

    def test_a_group_without_a_pin_needs_none(self, at: Desk, run: Run) -> None:
        base, head = at.group(at.open({"README.md": "# Better words\n"}))
        done = run("check", "--base", base, "--head", head, "--commit", head)
        assert (done.code, done.out.strip()) == (0, "no pin changes: no evidence is needed")
        assert at.check(head) == ("success", "No pin changes")

    def test_a_pin_that_no_gate_has_seen_is_refused(self, at: Desk, run: Run) -> None:
        code, told = checked(run, *at.group(at.promote(STAGING, 2)))
        assert code == 1
        assert "no check of version 2" in told["answers"][0]["fault"]
        assert (at.check(told["head"]) or ("",))[0] == "failure"

    def test_a_pin_whose_gates_said_no_is_refused(self, at: Desk, run: Run) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull, gated.fails)
        code, told = checked(run, *at.group(pull))
        assert code == 1
        assert told["answers"][0]["fix"] == "propose a version that passes"

    @pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
    def test_what_is_ahead_in_the_queue_counts_however_it_is_merged(self, at: Desk, run: Run, method: str) -> None:
        first, second = at.promote(PRODUCTION, 2), at.promote(STAGING, 3)
        at.judge(first)
        at.judge(second)
        code, told = checked(run, *at.group(second, first, method=method))
        assert code == 0, told
        code, told = checked(run, *at.group(first, second, method=method))
        assert code == 1
        faults = {answer["slot"]["stage"]: answer["fault"] for answer in told["answers"]}
        assert faults["production"] == ""
        assert "the champion moved from version 1" in faults["staging"]

    def test_branches_that_left_main_long_ago_are_asked_in_the_order_of_the_queue_too(self, at: Desk, run: Run) -> None:
        start = at.main
        first, second = at.promote(PRODUCTION, 2, start=start), at.promote(STAGING, 3, start=start)
        at.push({"promotions/churn/staging.yaml": promotion(pin(7))})
        at.judge(first)
        at.judge(second)
        code, told = checked(run, *at.group(first, second))
        assert code == 1
        assert {answer["slot"]["stage"]: bool(answer["fault"]) for answer in told["answers"]} == {
            "production": False, "staging": True,
        }  # fmt: skip

    def test_a_group_of_one_is_asked_against_the_group_before_it(self, at: Desk, run: Run) -> None:
        first, second = at.promote(PRODUCTION, 2), at.promote(STAGING, 3)
        at.judge(first)
        at.judge(second)
        _, ahead = at.group(first)
        _, head = at.group(first, second)
        code, told = checked(run, ahead, head)
        assert code == 1
        assert [answer["slot"]["stage"] for answer in told["answers"]] == ["staging"]

    def test_a_policy_that_changes_ahead_in_the_queue_asks_another_question(self, at: Desk, run: Run) -> None:
        rules = at.open({POLICY_FILE: POLICY.format(soak="0s").replace("risk: high", "risk: low")})
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        code, told = checked(run, *at.group(rules, pull))
        assert code == 1
        assert "the policy changed" in told["answers"][0]["fault"]

    def test_what_is_set_and_taken_back_again_needs_no_evidence(self, at: Desk, run: Run) -> None:
        there = at.promote(STAGING, 2)
        base, middle = at.group(there)
        back = at.github.push(at.remote, "back", {STAGING.path: promotion(pin(1))}, by="dana", start=middle)
        code, told = checked(run, base, back)
        assert (code, told["answers"]) == (0, [])

    def test_a_pin_that_is_set_twice_is_asked_once_as_it_ends(self, at: Desk, run: Run) -> None:
        _, middle = at.group(at.promote(STAGING, 2))
        end = at.github.push(at.remote, "end", {STAGING.path: promotion(pin(3))}, by="dana", start=middle)
        code, told = checked(run, at.main, end)
        assert code == 1
        assert [answer["candidate"]["version"] for answer in told["answers"]] == [3]

    def test_a_former_champion_comes_back_without_evidence(self, at: Desk, run: Run) -> None:
        at.push({PRODUCTION.path: promotion(pin(2))})
        code, told = checked(run, *at.group(at.promote(PRODUCTION, 1)))
        assert code == 0
        assert told["answers"][0]["returning"] is True

    @pytest.mark.parametrize("role", ["canary", "challenger", "shadow"])
    def test_a_former_champion_in_another_role_needs_evidence_like_any_other(
        self, at: Desk, run: Run, role: str
    ) -> None:
        at.push({PRODUCTION.path: promotion(pin(2))})
        share = {role: f"version: 1, digest: {pin(1).digest}, percent: 5" + ", experiment: e" * (role == "challenger")}
        code, told = checked(run, *at.group(at.open({PRODUCTION.path: promotion(pin(2), **share)})))
        assert code == 1
        assert [answer["role"] for answer in told["answers"]] == [role]

    def test_a_version_that_went_on_hold_is_refused_though_its_gates_passed(self, at: Desk, run: Run) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        at.push({f"promotions/{MODEL}/hold.yaml": HOLD})
        code, told = checked(run, *at.group(pull))
        assert code == 1
        assert "on hold since 2026-03-02: it declines everybody" in told["answers"][0]["fault"]

    def test_a_branch_that_main_has_left_behind_is_asked_as_a_pull_request(self, at: Desk, run: Run) -> None:
        pull = at.promote(STAGING, 2)
        at.push({"promotions/churn/staging.yaml": promotion(pin(7))})
        at.judge(pull)
        code, told = checked(run, at.main, at.head(pull))
        assert code == 0
        assert [answer["slot"]["model"] for answer in told["answers"]] == [MODEL], (
            "main's own pins are not the branch's"
        )

    def test_a_group_that_does_not_read_is_refused_with_file_and_line_on_its_check(self, at: Desk, run: Run) -> None:
        base, head = at.group(at.open({STAGING.path: "version: 48a\ndigest: none\n"}))
        done = run("check", "--base", base, "--head", head, "--commit", head)
        assert done.code == 2
        assert f"{STAGING.path}:1" in done.err
        assert (at.check(head) or ("",))[0] == "failure"

    def test_a_revision_that_is_nowhere_is_named(self, at: Desk, run: Run) -> None:
        done = run("check", "--base", "main", "--head", "0" * 40)
        assert done.code == 2
        assert "no commit '00000" in done.err
        assert "fix:" in done.err

    def test_without_a_commit_github_is_not_asked(self, at: Desk, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("GITHUB_TOKEN")
        base, head = at.group(at.promote(STAGING, 2))
        done = run("check", "--base", base, "--head", head)
        assert done.code == 1
        assert "✗ credit-risk/staging version 2" in done.out
        assert at.github.log == []

    def test_a_remote_that_is_gone_fails_the_check_that_a_queue_waits_for(self, at: Desk, run: Run) -> None:
        base, head = at.group(at.promote(STAGING, 2))
        at.fetch()
        at.repository.run("remote", "set-url", "origin", str(at.root.parent / "nowhere.git"))
        done = run("check", "--base", base, "--head", head, "--commit", head)
        assert done.code == 2
        assert "git remote did not answer" in done.err
        assert (at.check(head) or ("",))[0] == "failure"

    def test_where_neither_the_remote_nor_github_can_be_asked_the_first_error_is_the_one_that_is_told(
        self, at: Desk, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("GITHUB_TOKEN")
        at.repository.run("remote", "set-url", "origin", str(at.root.parent / "nowhere.git"))
        done = run("check", "--base", "main", "--head", "main", "--commit", at.main)
        assert done.code == 2
        assert "error: the git remote did not answer" in done.err
        assert "the check could not be set either: no GITHUB_TOKEN" in done.err

    def test_a_github_that_breaks_down_once_is_asked_again_and_one_that_refuses_is_told(
        self, at: Desk, run: Run
    ) -> None:
        base, head = at.group(at.open({"README.md": "#\n"}))
        at.github.fail("POST", "/check-runs", 502, after=True)
        assert run("check", "--base", base, "--head", head, "--commit", head).code == 0
        assert len(at.remote.checks) == 1, "the check that was set before the breakdown is found, and not set twice"
        at.github.fail("POST", "/check-runs", 422)
        done = run("check", "--base", base, "--head", head, "--commit", head)
        assert done.code == 2
        assert "Traceback" not in done.err


class TestOpen:
    def test_nothing_open_is_said_and_nothing_is_set(self, at: Desk, run: Run) -> None:
        done = run("open")
        assert done.code == 0
        assert "no open pull request changes a promotion" in done.out
        assert at.github.writes() == []

    def test_a_champion_who_moves_turns_what_was_judged_against_the_old_one_red(self, at: Desk, run: Run) -> None:
        stale, other = at.promote(STAGING, 2), at.open({"promotions/churn/staging.yaml": promotion(pin(5))})
        champion = at.promote(PRODUCTION, 3)
        for pull in (stale, other, champion):
            assert at.judge(pull)
        at.merge(champion)
        done = run("open", json=True)
        assert done.code == 0
        told = {each["pull"]: each["state"] for each in done.document["pulls"]}
        assert told == {stale.number: "outdated", other.number: "good"}
        assert [at.color(pull) for pull in (stale, other)] == ["red", "green"]
        assert "the champion moved from version 1" in at.summary(stale)
        assert "to version 3" in at.summary(stale)

    def test_a_second_run_sets_nothing(self, at: Desk, run: Run) -> None:
        stale = at.promote(STAGING, 2)
        at.judge(stale)
        at.push({PRODUCTION.path: promotion(pin(3))})
        run("open")
        before = len(at.github.writes())
        assert run("open").code == 0
        assert len(at.github.writes()) == before

    def test_it_turns_green_again_with_its_report_where_the_evidence_is_good_again(self, at: Desk, run: Run) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        green = at.check(pull)
        at.push({PRODUCTION.path: promotion(pin(3))})
        run("open")
        assert at.color(pull) == "red"
        at.push({PRODUCTION.path: promotion(pin(1))}, "Roll back")
        run("open")
        assert at.check(pull) == green
        assert "artifact" in at.summary(pull)

    def test_gates_that_run_again_on_the_new_main_make_it_green(self, at: Desk, run: Run) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        at.push({PRODUCTION.path: promotion(pin(3))})
        run("open")
        assert at.judge(pull)
        assert run("open").code == 0
        assert at.color(pull) == "green"

    def test_one_whose_gates_have_not_ended_is_left_alone(self, at: Desk, run: Run) -> None:
        fresh, running = at.promote(STAGING, 2), at.promote(PRODUCTION, 2)
        at.raw_app("POST", "/check-runs", {"name": "gatehouse", "head_sha": at.head(running), "status": "in_progress"})
        before = len(at.remote.checks)
        done = run("open", json=True)
        assert {each["pull"]: each["state"] for each in done.document["pulls"]} == {
            fresh.number: "waiting", running.number: "waiting",
        }  # fmt: skip
        assert len(at.remote.checks) == before

    def test_one_whose_gates_said_no_is_left_alone_though_the_same_pin_passed_before(self, at: Desk, run: Run) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        at.change(pull, {"README.md": "#\n"})
        at.raw_app(
            "POST", "/check-runs",
            {"name": "gatehouse", "head_sha": at.head(pull), "status": "completed", "conclusion": "failure",
             "output": {"title": "Nothing was checked", "summary": "a gate broke"}},
        )  # fmt: skip
        done = run("open", json=True)
        assert [each["state"] for each in done.document["pulls"]] == ["failed"]
        assert at.color(pull) == "red"

    def test_evidence_of_the_pin_does_not_make_a_change_green_that_brings_its_own_rules(
        self, at: Desk, run: Run
    ) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        at.push({PRODUCTION.path: promotion(pin(3))})
        run("open")
        at.change(pull, {POLICY_FILE: POLICY.format(soak="0s").replace("risk: high", "risk: low")})
        at.raw_app(
            "POST", "/check-runs",
            {"name": "gatehouse", "head_sha": at.head(pull), "status": "completed", "conclusion": "failure",
             "output": {"title": "Out of date: whatever", "summary": "…"}},
        )  # fmt: skip
        at.push({PRODUCTION.path: promotion(pin(1))}, "Roll back")
        run("open")
        assert at.color(pull) == "red"
        assert "together with what judges it" in at.summary(pull)

    def test_a_green_of_another_app_is_neither_believed_nor_touched(self, at: Desk, run: Run) -> None:
        pull = at.promote(STAGING, 2)
        at.spoof(pull, "impostor", "success")
        done = run("open", json=True)
        assert [each["state"] for each in done.document["pulls"]] == ["waiting"]
        assert len(at.remote.checks) == 1

    def test_a_red_of_another_app_that_looks_like_ours_is_not_turned_green(self, at: Desk, run: Run) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        at.spoof(pull, "impostor", "failure", "Out of date: it is not")
        before = len(at.remote.checks)
        run("open")
        assert len(at.remote.checks) == before

    def test_the_younger_of_two_turns_green_when_the_older_one_is_closed(self, at: Desk, run: Run) -> None:
        older, younger = at.promote(STAGING, 2), at.promote(STAGING, 3)
        at.judge(younger)
        run("open")
        assert at.color(younger) == "red"
        at.close(older)
        run("open")
        assert at.color(younger) == "green"

    def test_a_token_of_a_person_sets_commit_statuses_and_finds_them_again(
        self, at: Desk, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at.token = at.github.token("ravi")
        monkeypatch.setenv("GITHUB_TOKEN", at.token)
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        assert at.remote.statuses[-1].state == "success"
        at.push({PRODUCTION.path: promotion(pin(3))})
        run("open")
        assert at.remote.statuses[-1].state == "failure"
        assert (at.remote.statuses[-1].description or "").startswith("Out of date: ")
        count = len(at.remote.statuses)
        run("open")
        assert len(at.remote.statuses) == count
        at.push({PRODUCTION.path: promotion(pin(1))}, "Roll back")
        run("open")
        assert at.remote.statuses[-1].state == "success"

    def test_requests_grow_with_the_pull_requests_that_move_pins_and_with_no_others(self, at: Desk, run: Run) -> None:
        at.judge(at.promote(STAGING, 2))
        counts = []
        for _ in range(2):
            before = len(at.github.log)
            run("open")
            counts.append(len(at.github.log) - before)
            for number in range(20):
                at.open({f"notes/{number}.md": f"{len(at.remote.pulls)}\n"})
        assert counts[0] == counts[1] <= 4

    def test_one_that_github_will_not_set_leaves_no_other_one_green(self, at: Desk, run: Run) -> None:
        pulls = at.promote(STAGING, 2), at.open({"promotions/churn/staging.yaml": promotion(pin(5))})
        for pull in pulls:
            at.judge(pull)
        at.push({POLICY_FILE.replace(MODEL, model): POLICY.format(soak="1s") for model in (MODEL, "churn")})
        at.github.fail("POST", "/check-runs", 422)
        done = run("open")
        assert done.code == 2
        assert f"#{pulls[0].number}: " in done.err
        assert [at.color(pull) for pull in pulls] == ["green", "red"]
        assert run("open").code == 0
        assert [at.color(pull) for pull in pulls] == ["red", "red"]

    @pytest.mark.slow
    @pytest.mark.parametrize("path", ["/pulls", "/check-runs"])
    def test_a_github_that_does_not_answer_is_named_and_nothing_is_set(self, at: Desk, run: Run, path: str) -> None:
        pull = at.promote(STAGING, 2)
        at.judge(pull)
        at.push({PRODUCTION.path: promotion(pin(3))})
        before = len(at.remote.checks)
        fault = at.github.fail("GET", path, None, times=99)
        done = run("open")
        assert done.code == 2
        assert "GitHub did not answer" in done.err
        assert "Traceback" not in done.err
        assert len(at.remote.checks) == before
        fault.times = 0
        assert run("open").code == 0
        assert at.color(pull) == "red"

    def test_a_head_that_cannot_be_fetched_is_told_by_its_files(self, at: Desk, run: Run) -> None:
        older, younger = at.open({"README.md": "#\n"}), at.promote(STAGING, 3)
        at.judge(younger)
        at.change(older, {STAGING.path: promotion(pin(2))})
        at.remote.git.delete(f"refs/pull/{older.number}/head")
        run("open")
        assert at.color(younger) == "red"
        assert f"/repos/acme/models/pulls/{older.number}/files" in [entry.path for entry in at.github.log]

    def test_titles_and_branches_of_others_are_shown_to_nobody_as_markup(self, at: Desk, run: Run) -> None:
        older = at.promote(STAGING, 2, "@acme/risk-<script>")
        older.title = "@acme/risk #1 <script>alert(1)</script>\x1b[31m"
        younger = at.promote(STAGING, 3)
        at.judge(younger)
        done = run("open")
        for said in (at.summary(younger), (at.check(younger) or ("", ""))[1], done.out):
            assert "<script" not in said
            assert "@acme" not in said
            assert "\x1b" not in said
