"""``with World(folder) as world``: a company, and what GitHub Actions does there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Self

from tests.github import rules
from tests.github.state import Activity
from tests.workflows.rules import SECRETS
from tests.world.actions import Before, Step, Told, play, triggers
from tests.world.company import BIN, BOT, PEOPLE, SLUG, Company
from tests.world.line import CREDIT_RISK, Line
from tests.world.runner import Event, Runner
from tests.world.store import Store

__all__ = ["BIN", "BOT", "PEOPLE", "READ_TOKEN", "SLUG", "WRITE_TOKEN", "World", "link_environment"]
# What no job that runs models may see. MLflow on SQLite asks for no token and ignores them.
READ_TOKEN, WRITE_TOKEN = "canary-registry-read", "canary-registry-write"


class World(Company):
    """A company whose workflows are played when asked; ``started`` tells which GitHub would have started by itself."""

    def __init__(self, folder: Path, line: Line = CREDIT_RISK, store: Store | None = None) -> None:
        super().__init__(folder, line, store)
        # What scripts/setup comes to in a job's folder, on a machine that has everything.
        self.set_up = link_environment
        # The secret of registry-write that evidence is signed with; "" as where none is set.
        self.signing_key = ""
        self._runs = 0
        # How much of what happened to the branches ``started`` has told of.
        self._heard = 0

    def __enter__(self) -> Self:
        super().__enter__()
        rules.notice_pushes(self.github.hub, self.repo)
        self._heard = len(self.repo.activities)
        return self

    def gates(
        self, number: int, told: Told = lambda job, command: None, before: Before = lambda job, artifacts: None
    ) -> list[Step]:
        """What GitHub Actions does with a pull request: the gates workflow, as main has it."""
        values = {
            "github.event.pull_request.number": str(number),
            "github.event.pull_request.head.sha": self._commit(f"refs/pull/{number}/head"),
        }
        return self._workflow("gates", Event("pull_request_target", values), told, before)

    def sync(self, told: Told = lambda job, command: None) -> list[Step]:
        """What GitHub Actions does after a merge: the sync workflow on main."""
        return self._workflow("sync", Event("push"), told)

    def reviews(self, commented: int | None = None) -> list[Step]:
        """What GitHub Actions does after a review, or after a comment on the pull request ``commented``."""
        if commented is None:
            return self._workflow("review", Event("workflow_run"))
        values = {"github.event.issue.number": str(commented), "github.event.issue.pull_request": "its address"}
        return self._workflow("review", Event("issue_comment", values))

    def started(self) -> list[str]:
        """The workflows that GitHub has started on main since this was last asked, each once: those that were started
        by hand, and those that a push starts, unless a workflow's own token made it, which starts none."""
        rules.notice_pushes(self.github.hub, self.repo)
        moved, self._heard = self.repo.activities[self._heard :], len(self.repo.activities)
        by_hand, self.repo.dispatched = self.repo.dispatched, []
        main = [each for each in moved if each.ref == "refs/heads/main" and not each.actor.endswith("[bot]")]
        pushed = [name for each in main for name in self._started_by(each)]
        return sorted({*pushed, *(file.removesuffix(".yml") for file, _ in by_hand)})

    def _started_by(self, push: Activity) -> Iterator[str]:
        changed = [change.path for change in self.repo.git.changes(push.before, push.after)]
        for path in (entry.path for entry in self.repo.git.entries("main:.github/workflows")):
            on = triggers(self._file(f".github/workflows/{path}"))
            paths = (on["push"] or {}).get("paths", ["*"]) if "push" in on else []
            if any(fnmatch(each, pattern) for each in changed for pattern in paths):
                yield path.removesuffix(".yml")

    def evidence(self) -> list[Step]:
        """What else GitHub Actions does after a merge: the evidence of what is open, against main as it is now."""
        return self._workflow("evidence", Event("push"))

    def queue(self, number: int) -> tuple[str, list[Step]]:
        """A merge queue takes a pull request: the group's commit, as GitHub makes it, and the queue workflow on it."""
        git, main, head = self.repo.git, self._commit("main"), self._commit(f"refs/pull/{number}/head")
        group = git.merge(main, head, "merge", f"Merge pull request #{number}", self.github.hub.signature("ravi"))
        assert group is not None, "it does not merge"
        branch = f"refs/heads/gh-readonly-queue/main/pr-{number}-{main}"
        git.move(branch, group)
        values = {
            "github.event.merge_group.base_sha": main,
            "github.event.merge_group.head_sha": group,
            "github.event.merge_group.head_ref": branch,
        }
        return group, self._workflow("queue", Event("merge_group", values))

    def _workflow(
        self,
        name: str,
        event: Event,
        told: Told = lambda job, command: None,
        before: Before = lambda job, artifacts: None,
    ) -> list[Step]:
        """Plays a workflow as main has it; its jobs lie in ``runner/NN-name``."""
        self._runs += 1
        folder = self.folder / "runner" / f"{self._runs:02d}-{name}"
        folder.mkdir(parents=True)
        env = {**self.environment(), "HOME": str(folder / "home")}
        (folder / "home").mkdir()
        # Where there is a registry or a record at all is the workflow's to say, job by job.
        held = {
            **{secret: env.pop(secret) for secret in ("GATEHOUSE_AUDIT", "MLFLOW_TRACKING_URI")},
            "MLFLOW_READ_TOKEN": READ_TOKEN,
            "MLFLOW_WRITE_TOKEN": WRITE_TOKEN,
            "GATEHOUSE_SIGNING_KEY": self.signing_key,
            "GATEHOUSE_TEAMS_TOKEN": self.teams_token,
        }
        secrets = {place: {each: held.get(each, "") for each in names} for place, names in SECRETS.items()}
        runner = Runner(self.repo.remote, folder, env, secrets, self._token, self.set_up)
        return play(self._file(f".github/workflows/{name}.yml"), event, runner, told, before)

    def _file(self, path: str) -> str:
        """A file as main has it on the remote."""
        (found,) = (entry for entry in self.repo.git.entries("main", recursive=True) if entry.path == path)
        return self.repo.git.blob(found.sha).decode()

    def _token(self, permissions: Mapping[str, str]) -> str:
        """A job's own token: GitHub answers 403 to what its permissions do not say."""
        return self.github.app_token(BOT, {name.replace("-", "_"): level for name, level in permissions.items()})

    @cached_property
    def teams_token(self) -> str:
        """Of an app that may see who is in a team and nothing else: a workflow's own token may not."""
        return self.github.app_token("teams", {"members": "read"})

    def _commit(self, name: str) -> str:
        found = self.repo.git.resolve(name)
        assert found is not None, f"there is no {name}"
        return found


def link_environment(folder: Path) -> None:
    """This project's own environment as the folder's: the engine in it is the one that the folder holds a copy of."""
    (folder / ".venv").symlink_to(BIN.parent)
