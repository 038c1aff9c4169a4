"""The runner plays workflow files as GitHub would, as far as this project's own files go, and refuses the rest."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.world.actions import ENGINE, Step, play
from tests.world.artifacts import Artifacts
from tests.world.line import PROJECT
from tests.world.runner import Event, Runner

CHECKOUT = "{uses: actions/checkout@x, with: {ref: main, fetch-depth: 0}}"
PLAIN = {"PATH": os.environ["PATH"], "WHERE": "runner", "GIT_CONFIG_NOSYSTEM": "1"}


class Place:
    """A runner in a folder, with a repository beside it that holds one commit on main, and one off it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.remote = folder / "remote"
        self.granted: list[Mapping[str, str]] = []
        self._git("init", "--quiet", "--initial-branch=main", str(self.remote))
        self.main = self._commit("main")
        self.head = self._commit("head", "--quiet", "-b", "side")
        self._git("-C", str(self.remote), "checkout", "--quiet", "main")

    def play(self, text: str, values: Mapping[str, str] | None = None, *, event: str = "push") -> list[Step]:
        """Plays jobs; the folder of each is ``run/JOB``."""
        whole = f"on: {{push: , issue_comment: }}\njobs:\n{indent(dedent(text), '  ')}"
        runner = Runner(
            str(self.remote),
            self.folder / "run",
            PLAIN,
            {"registry": {"TOKEN": "secret"}},
            self._token,
            lambda folder: (folder / "done").touch(),
        )
        return play(whole, Event(event, values or {}), runner)

    def said(self, text: str) -> list[tuple[str, int, str]]:
        """Each step that ran: its job, exit code and output."""
        return [(step.job, step.done.exit, step.done.out.strip()) for step in self.play(text)]

    def _token(self, permissions: Mapping[str, str]) -> str:
        self.granted.append(permissions)
        return "token"

    def _commit(self, name: str, *branch: str) -> str:
        if branch:
            self._git("-C", str(self.remote), "checkout", *branch)
        for path in (name, *ENGINE):
            (self.remote / path).parent.mkdir(parents=True, exist_ok=True)
            (self.remote / path).write_text(name)
        self._git("-C", str(self.remote), "add", "--all")
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        self._git("-C", str(self.remote), *who, "commit", "--quiet", "--message", name)
        return self._git("-C", str(self.remote), "rev-parse", "HEAD")

    def _git(self, *args: str) -> str:
        return subprocess.run(("git", *args), check=True, capture_output=True, text=True, env=PLAIN).stdout.strip()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_every_job_starts_in_an_empty_folder_of_its_own(place: Place) -> None:
    text = """
        one: {steps: [{run: touch left}, {run: ls}]}
        two: {needs: one, steps: [{run: ls -A}]}
    """
    assert place.said(text) == [("one", 0, ""), ("one", 0, "left"), ("two", 0, "")]


def test_a_checkout_brings_main_with_its_history_and_tells_the_commit(place: Place) -> None:
    text = """
        one:
          outputs: {base: "${{ steps.base.outputs.commit }}"}
          steps: [{id: base, uses: actions/checkout@x, with: {ref: main, fetch-depth: 0}}]
        two:
          needs: one
          steps:
            - {uses: actions/checkout@x, with: {ref: "${{ needs.one.outputs.base }}", fetch-depth: 0}}
            - {run: git rev-parse HEAD}
            - {run: cat main}
    """
    assert place.said(text) == [("two", 0, place.main), ("two", 0, "main")]


def test_a_commit_that_is_not_on_main_is_never_checked_out(place: Place) -> None:
    (failed,) = place.play(
        f"one: {{steps: [{{uses: actions/checkout@x, with: {{ref: {place.head}, fetch-depth: 0}}}}]}}"
    )
    assert failed.done.exit == 1
    assert "merge-base" in failed.done.err
    assert not (failed.folder / "head").exists()


def test_set_up_is_played_where_the_engine_is_and_fails_where_it_is_not(place: Place) -> None:
    text = f"""
        one: {{steps: [{CHECKOUT}, {{run: scripts/setup}}, {{run: ls done}}]}}
        two: {{steps: [{{run: scripts/setup}}, {{run: echo never}}]}}
    """
    assert place.said(text) == [("one", 0, "done"), ("two", 127, "")]


def test_what_needs_the_machine_itself_is_left_out(place: Place) -> None:
    text = "one: {steps: [{uses: actions/setup-python@x}, {run: sudo rm -rf /nothing}, {run: echo here}]}"
    assert place.said(text) == [("one", 0, "here")]


def test_a_steps_environment_goes_over_the_jobs_and_that_over_the_runners(place: Place) -> None:
    text = """
        one:
          environment: registry
          env: {WHERE: job}
          steps: [{run: echo $WHERE}, {run: echo $WHERE, env: {WHERE: "${{ secrets.TOKEN }}!"}}]
        two: {steps: [{run: echo $WHERE}]}
    """
    assert [out for _, _, out in place.said(text)] == ["job", "secret!", "runner"]


def test_a_secret_is_there_only_in_its_environment_and_empty_where_nobody_has_set_it(place: Place) -> None:
    asks = 'steps: [{run: "echo got $T", env: {T: "${{ secrets.%s }}"}}]'
    assert place.said(f"one: {{environment: registry, {asks % 'OTHER'}}}") == [("one", 0, "got")]
    place.folder = place.folder / "again"
    with pytest.raises(ValueError, match="asks for the secret TOKEN in no environment"):
        place.said(f"one: {{{asks % 'TOKEN'}}}")


def test_a_jobs_token_may_do_what_the_jobs_permissions_say(place: Place) -> None:
    text = 'one: {permissions: {checks: write}, steps: [{run: echo $T, env: {T: "${{ github.token }}"}}]}'
    assert place.said(text) == [("one", 0, "token")]
    assert place.granted == [{"checks": "write"}]


def test_a_job_ends_at_its_first_failing_step_and_what_needs_it_is_skipped(place: Place) -> None:
    text = """
        one: {steps: [{run: "false | true"}, {run: echo never}]}
        two: {needs: one, steps: [{run: echo never}]}
        three: {needs: [two], steps: [{run: echo never}]}
        four: {steps: [{run: echo alone}]}
    """
    assert place.said(text) == [("one", 1, ""), ("four", 0, "alone")]


@pytest.mark.parametrize(("code", "ran"), [(0, ["one", "two", "report", "last"]), (1, ["one", "report"])])
def test_a_report_is_written_after_a_failure_but_not_after_a_skip(place: Place, code: int, ran: list[str]) -> None:
    text = f"""
        one: {{steps: [{{run: exit {code}}}]}}
        two: {{needs: one, steps: [{{run: "true"}}]}}
        report:
          needs: one
          if: ${{{{ !cancelled() && needs.one.result != 'skipped' }}}}
          steps: [{{run: "true"}}]
        last:
          needs: two
          if: ${{{{ !cancelled() && needs.two.result != 'skipped' }}}}
          steps: [{{run: "true"}}]
    """
    assert [job for job, _, _ in place.said(text)] == ran


def test_a_step_that_says_so_runs_after_a_failure_and_the_job_has_failed_all_the_same(place: Place) -> None:
    text = """
        one: {steps: [{run: exit 3}, {run: echo after, if: "${{ !cancelled() }}"}, {run: echo never}]}
        two: {needs: one, steps: [{run: echo never}]}
    """
    assert place.said(text) == [("one", 3, ""), ("one", 0, "after")]


def test_a_step_may_fail_without_the_job_where_it_says_so(place: Place) -> None:
    fails = "uses: actions/download-artifact@x, continue-on-error: true, with: {name: none}"
    assert [code for _, code, _ in place.said(f"one: {{steps: [{{{fails}}}, {{run: echo here}}]}}")] == [1, 0]


def test_a_condition_asks_for_the_event_and_for_what_it_brings(place: Place) -> None:
    text = """
        one:
          if: ${{ github.event_name != 'issue_comment' || github.event.issue.pull_request }}
          steps:
            - {if: "${{ github.event_name == 'issue_comment' }}", run: echo comment}
            - {if: "${{ github.event_name != 'issue_comment' }}", run: echo push}
    """
    on_pull = {"github.event.issue.pull_request": "its address"}
    played = []
    for number, (event, values) in enumerate((("push", {}), ("issue_comment", on_pull), ("issue_comment", {}))):
        place.folder = place.folder / str(number)
        played.append([step.done.out.strip() for step in place.play(text, values, event=event)])
    assert played == [["push"], ["comment"], []]


def test_a_condition_that_says_nothing_of_failure_wants_everything_to_have_gone_well(place: Place) -> None:
    text = """
        one: {steps: [{run: exit 3}, {run: echo never, if: "${{ github.event_name == 'push' }}"}]}
        two: {needs: one, if: "${{ github.event_name == 'push' }}", steps: [{run: echo never}]}
    """
    assert place.said(text) == [("one", 3, "")]


def test_artifacts_go_from_job_to_job_by_number_and_by_name(place: Place) -> None:
    text = """
        one:
          outputs: {number: "${{ steps.kept.outputs.artifact-id }}"}
          steps:
            - {run: mkdir -p results/below}
            - {run: echo 1 > results/below/file}
            - {id: kept, uses: actions/upload-artifact@x, with: {name: kept, path: results}}
        two:
          needs: one
          steps:
            - {uses: actions/download-artifact@x, with: {artifact-ids: "${{ needs.one.outputs.number }}", path: got}}
            - {uses: actions/download-artifact@x, with: {name: kept}}
            - {run: cat got/below/file below/file}
    """
    assert place.said(text)[-1] == ("two", 0, "1\n1")


def test_what_is_replaced_under_its_name_is_not_found_by_its_number(place: Place) -> None:
    text = """
        fetch:
          outputs: {asked: "${{ steps.asked.outputs.artifact-id }}"}
          steps:
            - {run: echo honest > manifest}
            - {id: asked, uses: actions/upload-artifact@x, with: {name: asked, path: manifest}}
        evaluate:
          needs: fetch
          steps:
            - {run: echo forged > manifest}
            - {uses: actions/upload-artifact@x, with: {name: asked, path: manifest, overwrite: true}}
        report:
          needs: [fetch, evaluate]
          steps:
            - {uses: actions/download-artifact@x, with: {artifact-ids: "${{ needs.fetch.outputs.asked }}"}}
            - {run: cat manifest}
    """
    last = place.play(text)[-1]
    assert (last.job, last.written, last.done.exit) == ("report", "actions/download-artifact@x", 1)


def test_an_upload_of_nothing_fails_only_where_that_was_asked(place: Place) -> None:
    upload = "{uses: actions/upload-artifact@x, with: {name: a, path: none, if-no-files-found: %s}}"
    text = f"""
        one: {{steps: [{upload % "ignore"}, {{run: echo here}}]}}
        two: {{steps: [{upload % "error"}, {{run: echo never}}]}}
    """
    assert [(job, code) for job, code, _ in place.said(text)] == [("one", 0), ("two", 1)]


def test_an_upload_loses_what_githubs_does(tmp_path: Path) -> None:
    (tmp_path / "in" / ".hidden").mkdir(parents=True)
    (tmp_path / "in" / ".hidden" / "file").touch()
    (tmp_path / "in" / ".env").touch()
    (tmp_path / "in" / "run.sh").touch(0o755)
    (tmp_path / "outside").write_text("what a link leads to")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "outside")
    kept = Artifacts(tmp_path / "artifacts")
    kept.upload("all", tmp_path / "in", overwrite=False)
    kept.download(kept.named("all"), tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"run.sh", "link"}
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o111 == 0
    assert not (tmp_path / "out" / "link").is_symlink()


def test_what_it_does_not_understand_is_an_error(place: Place) -> None:
    for text, said in (
        ("""one: {if: "success()", steps: [{run: "true"}]}""", "condition that this runner does not know"),
        ("""one: {steps: [{run: "true", if: "always()"}]}""", "condition that this runner does not know"),
        ("""one: {env: {A: "${{ github.actor }}"}, steps: [{run: "true"}]}""", "expression that this runner does not"),
        ("""one: {steps: [{uses: "eve/action@main"}]}""", "action that this runner does not know"),
    ):
        place.folder = place.folder / "again"
        with pytest.raises(ValueError, match=said):
            place.said(text)


def test_a_workflow_is_started_by_its_events_alone(place: Place) -> None:
    with pytest.raises(ValueError, match="pull_request does not start this workflow"):
        place.play("one: {steps: [{run: echo here}]}", event="pull_request")


def test_the_engine_that_set_up_needs_is_in_the_project() -> None:
    assert [name for name in ENGINE if not (PROJECT / name).is_file()] == []
