"""The workflow files, played with a gatehouse that only writes down what it is given: who sees what, come what may."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.workflows.reading import FOLDER
from tests.workflows.rules import SECRETS
from tests.world.actions import ENGINE, Before, Step, play
from tests.world.artifacts import Artifacts
from tests.world.runner import Event, Runner

PLAIN = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}
CANARY = "canary"
# A model's folder as fetch may leave it: hidden files, a link out of it, a name that no upload takes.
STUB = """\
#!/bin/sh
env > "env-$1"
echo "$@" > "called-$1"
case $1 in
fetch)
  mkdir -p material/model/.hidden
  echo asked > material/manifest.json
  echo weights > 'material/model/.hidden/a:b?.bin'
  ln -s /proc/self/environ material/model/link ;;
evaluate)
  mkdir results
  cp material/manifest.json results/results.json
  ls -A material/model > seen
  exit "$(cat src/exit)" ;;
report)
  cat asked/manifest.json results/results.json ;;
esac
"""


class Desk:
    """A repository whose pull request 7 brings ``evil``, and a runner for its workflows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.remote = folder / "remote"
        self.granted: list[Mapping[str, str]] = []
        self._git("init", "--quiet", "--initial-branch=main", str(self.remote))
        for path in (*ENGINE, "LICENSE", "README.md", "src/exit"):
            self._write(path, "0\n")
        (self.remote / "scripts" / "setup").chmod(0o755)
        self.main = self._commit("main")
        self._write("scripts/setup", "evil")
        self.head = self._commit("evil")
        self._in("update-ref", "refs/pull/7/head", self.head)
        self._in("reset", "--quiet", "--hard", self.main)

    def moves_on(self, path: str, text: str) -> None:
        """Main gets a commit."""
        self._write(path, text)
        self.main = self._commit("main moves on")

    def gates(self, before: Before = lambda job, artifacts: None) -> list[Step]:
        values = {"github.event.pull_request.number": "7", "github.event.pull_request.head.sha": self.head}
        return self.play("gates", Event("pull_request_target", values), before)

    def play(self, name: str, event: Event, before: Before = lambda job, artifacts: None) -> list[Step]:
        secrets = {place: {held: f"{CANARY}-{held}" for held in names} for place, names in SECRETS.items()}
        runner = Runner(str(self.remote), self.folder / "run", PLAIN, secrets, self._token, self._set_up)
        return play((FOLDER / f"{name}.yml").read_text(), event, runner, before=before)

    def env(self, job: str, verb: str) -> dict[str, str]:
        """What gatehouse's verb found in its environment."""
        lines = (self.folder / "run" / job / f"env-{verb}").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def file(self, job: str, name: str) -> str:
        return (self.folder / "run" / job / name).read_text()

    def _token(self, permissions: Mapping[str, str]) -> str:
        self.granted.append(permissions)
        return f"{CANARY}-token"

    def _set_up(self, folder: Path) -> None:
        program = folder / ".venv" / "bin" / "gatehouse"
        program.parent.mkdir(parents=True)
        program.write_text(STUB)
        program.chmod(0o755)

    def _write(self, path: str, text: str) -> None:
        (self.remote / path).parent.mkdir(parents=True, exist_ok=True)
        (self.remote / path).write_text(text)

    def _commit(self, message: str) -> str:
        self._in("add", "--all")
        self._in("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--message", message)
        return self._in("rev-parse", "HEAD")

    def _in(self, *args: str) -> str:
        return self._git("-C", str(self.remote), *args)

    def _git(self, *args: str) -> str:
        return subprocess.run(("git", *args), check=True, capture_output=True, text=True, env=PLAIN).stdout.strip()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def said(steps: list[Step]) -> list[tuple[str, str, int]]:
    """Each call of gatehouse, and whatever else failed."""
    return [(step.job, step.verb or step.written, step.done.exit) for step in steps if step.verb or step.done.exit]


def test_a_pull_request_goes_through_four_jobs(desk: Desk) -> None:
    steps = desk.gates()
    assert said(steps) == [
        ("fetch", "fetch", 0),
        ("evaluate", "evaluate", 0),
        ("report", "report", 0),
        ("review", "review", 0),
    ]
    assert steps[-2].done.out == "asked\nasked\n"
    assert desk.file("fetch", "called-fetch") == f"fetch --base {desk.main} --head {desk.head} --out material\n"
    assert desk.file("report", "called-report") == "report results --asked asked --pr 7 --out report\n"
    assert desk.file("review", "called-review") == "review 7 --verify --set-check --merge\n"


def test_the_job_that_runs_models_finds_no_secret_no_token_and_no_repository(desk: Desk) -> None:
    desk.gates()
    assert CANARY in json.dumps(desk.env("fetch", "fetch"))
    assert desk.env("evaluate", "evaluate").keys() - {"PWD", "SHLVL", "_", "OLDPWD"} == PLAIN.keys()
    evaluate = desk.folder / "run" / "evaluate"
    found = {path for path in evaluate.rglob("*") if path.is_file() and not path.is_symlink()}
    assert [path for path in found if CANARY.encode() in path.read_bytes()] == []
    assert not (evaluate / ".git").exists()


# What a job that judges reviews may do; none but those that write to the pull request may do anything.
JUDGES = dict.fromkeys(("contents", "pull-requests", "checks", "issues", "actions"), "write")


def test_only_the_report_gets_the_key_that_signs_and_only_it_and_the_review_a_token_that_writes(desk: Desk) -> None:
    desk.gates()
    assert not {"GATEHOUSE_SIGNING_KEY", "GITHUB_TOKEN"} & desk.env("fetch", "fetch").keys()
    assert {"GATEHOUSE_SIGNING_KEY", "GITHUB_TOKEN"} <= desk.env("report", "report").keys()
    assert desk.env("fetch", "fetch")["MLFLOW_TRACKING_TOKEN"] == f"{CANARY}-MLFLOW_READ_TOKEN"
    assert desk.granted == [{"contents": "write", "pull-requests": "write", "checks": "write"}, JUDGES]


def test_the_review_finds_no_key_no_registry_and_no_other_secret_than_the_one_to_see_teams(desk: Desk) -> None:
    desk.gates()
    told = {name: value for name, value in desk.env("review", "review").items() if CANARY in value}
    assert told == {"GITHUB_TOKEN": f"{CANARY}-token", "GATEHOUSE_TEAMS_TOKEN": f"{CANARY}-GATEHOUSE_TEAMS_TOKEN"}


def test_nothing_of_the_pull_request_is_run_or_lies_about(desk: Desk) -> None:
    desk.gates()
    for job in ("fetch", "evaluate", "report", "review"):
        assert desk.file(job, "scripts/setup") == "0\n"


def test_a_models_files_arrive_as_they_were_and_a_link_leads_nowhere_on_the_way(desk: Desk) -> None:
    desk.gates()
    assert desk.file("evaluate", "seen").split() == [".hidden", "link"]
    model = desk.folder / "run" / "evaluate" / "material" / "model"
    assert (model / ".hidden" / "a:b?.bin").read_text() == "weights\n"
    assert (model / "link").is_symlink()
    kept = (desk.folder / "run" / "artifacts").rglob("*")
    assert [path for path in kept if path.is_file() and CANARY.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("code", [1, 2, 137])
def test_however_the_models_job_ends_the_report_tells(desk: Desk, code: int) -> None:
    desk.moves_on("src/exit", f"{code}\n")
    after = [("report", "report", 0), ("review", "review", 0)]
    assert said(desk.gates())[1:] == [("evaluate", "evaluate", code), *after]


def test_a_report_is_called_also_where_there_are_no_results(desk: Desk) -> None:
    def lost(job: str, artifacts: Artifacts) -> None:
        if job == "report":
            artifacts.drop("results")

    steps = [step for step in desk.gates(lost) if step.job == "report"]
    assert [place[:2] for place in said(steps)] == [
        ("report", "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"),
        ("report", "report"),
    ]
    assert "No such file" in steps[-1].done.err


def test_what_was_asked_cannot_be_swapped_by_the_job_that_answers(desk: Desk) -> None:
    def swapped(job: str, artifacts: Artifacts) -> None:
        if job == "report":
            (desk.folder / "manifest.json").write_text("easy")
            artifacts.upload("asked", desk.folder / "manifest.json", overwrite=True)

    (failed,) = (step for step in desk.gates(swapped) if step.job == "report")
    assert (failed.verb, failed.done.exit) == ("", 1)
    assert "download-artifact" in failed.written


def test_where_fetch_fails_no_other_job_starts(desk: Desk) -> None:
    def fails(job: str, artifacts: Artifacts) -> None:
        assert job == "fetch", f"{job} started"

    desk.remote.rename(desk.folder / "gone")
    ((job, written, code),) = said(desk.gates(fails))
    assert (job, code) == ("fetch", 1)
    assert written.startswith("actions/checkout@")


def test_main_as_it_is_when_the_run_starts_judges_not_as_it_was_at_the_event(desk: Desk) -> None:
    desk.moves_on("README.md", "newer\n")
    desk.gates()
    assert f"--base {desk.main} " in desk.file("fetch", "called-fetch")
    assert desk.file("report", "README.md") == "newer\n"


GROUP = {f"github.event.merge_group.{name}": name for name in ("base_sha", "head_sha", "head_ref")}
COMMENT = {"github.event.issue.number": "7", "github.event.issue.pull_request": "its address"}
READS = {"contents": "read", "pull-requests": "read", "checks": "write"}


@pytest.mark.parametrize(
    ("name", "event", "calls"),
    [
        ("sync", Event("schedule"), {"sync": {"contents": "write", "pull-requests": "read", "checks": "read"}}),
        ("evidence", Event("push"), {"evidence open": READS}),
        (
            "queue",
            Event("merge_group", GROUP),
            {
                "evidence check --base base_sha --head head_sha --commit head_sha": {
                    "contents": "read",
                    "checks": "write",
                },
                "review --verify --set-check --group head_ref --commit head_sha": READS,
            },
        ),
        ("review", Event("issue_comment", COMMENT), {"review 7 --verify --set-check --merge": JUDGES}),
        *(
            ("review", Event(event), {"review --verify --set-check --merge": JUDGES})
            for event in ("workflow_run", "push", "schedule", "workflow_dispatch")
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Event) else None,
)
def test_the_other_workflows_call_what_they_are_for(
    desk: Desk, name: str, event: Event, calls: Mapping[str, Mapping[str, str]]
) -> None:
    steps = desk.play(name, event)
    assert [step.done.exit for step in steps] == [0] * len(calls)
    assert [desk.file(step.job, f"called-{step.verb}").strip() for step in steps] == list(calls)
    assert desk.granted == list(calls.values())
    assert {desk.file(step.job, "README.md") for step in steps} == {"0\n"}


def test_a_comment_on_an_issue_starts_no_look_at_reviews(desk: Desk) -> None:
    assert desk.play("review", Event("issue_comment", {"github.event.issue.number": "7"})) == []
    assert desk.granted == []


def test_a_knock_is_made_with_empty_hands_whatever_a_pull_request_has_made_of_it(desk: Desk) -> None:
    (step,) = desk.play("knock", Event("pull_request_review"))
    assert (step.written, step.done.exit) == ("true", 0)
    assert CANARY not in json.dumps(dict(step.env))
    assert list(step.folder.iterdir()) == []
    assert desk.granted == []


@pytest.mark.parametrize(("name", "event"), [("evidence", Event("push")), ("queue", Event("merge_group", GROUP))])
def test_the_queue_and_the_look_at_open_pull_requests_need_no_secret(name: str, event: Event, desk: Desk) -> None:
    steps = desk.play(name, event)
    envs = [desk.env(step.job, step.verb) for step in steps]
    assert envs
    assert {held for env in envs for held, value in env.items() if CANARY in value} == {"GITHUB_TOKEN"}


def test_the_doctor_looks_with_a_token_of_its_own(desk: Desk) -> None:
    desk.play("doctor", Event("schedule"))
    assert desk.env("doctor", "doctor")["GITHUB_TOKEN"] == f"{CANARY}-GATEHOUSE_DOCTOR_TOKEN"
    assert desk.granted == []
