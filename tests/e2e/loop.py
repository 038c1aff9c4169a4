"""One company, and the way a version takes in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.world.actions import Step
from tests.world.world import World

# The checks that a merge waits for.
GATES, REVIEW = "gatehouse", "gatehouse review"


class Loop:
    """One company, and the way a version takes in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.model = world.line.model

    def json(self, *args: str, exit: int = 0) -> Any:  # noqa: A002
        done = self.world.gatehouse(*args, "--format", "json")
        assert done.exit == exit, done.out + done.err
        return json.loads(done.out)

    def propose(self, version: int, where: str) -> int:
        done = self.world.gatehouse("propose", self.model, str(version), "--to", where)
        assert done.exit == 0, done.err
        return self.world.the_pull().number

    def close_all(self) -> None:
        """Closes every open pull request: one promotion of a slot is open at a time."""
        for pull in self.world.remote("dana").get_pulls("open"):
            pull.edit(state="closed")

    def promote(self, version: int, where: str) -> int:
        """Proposed, passed, agreed to where people must, merged, synced."""
        number = self.propose(version, where)
        self.judge(number)
        return number

    def judge(self, number: int) -> None:
        """A pull request that is open passes; it merges itself, or people agree and merge it; then it is synced."""
        self.gates(number)
        if not self.world.repo.pulls[number].merged:
            self.agree(number)
            self.world.merge(number)
        assert {"sync", "evidence"} <= set(self.world.started())
        self.sync()
        self.world.pull()

    def gates(self, number: int) -> None:
        """The gates pass. What comes after them only looks whether people agreed, which they may yet have to."""
        steps = [step for step in self.world.gates(number) if step.job != "review"]
        assert [step.done.exit for step in steps] == [0] * len(steps), said(steps)

    def agree(self, number: int) -> None:
        """Two people answer for it, and the check says so."""
        self.approve(number)
        steps = self.world.reviews()
        assert self.verdict(number, REVIEW) == "success", said(steps)

    def approve(self, number: int) -> None:
        """rosa in the terminal and ravi in the browser answer for it."""
        done = self.world.approve(number, "rosa")
        assert done.exit == 0, done.out + done.err
        self.world.approve_in_browser(number, "ravi")

    def open(self, branch: str, files: Mapping[str, str], version: int | None = None) -> int:
        """A pull request that somebody made by hand: these files, and with ``version`` its pin in staging too."""
        world = self.world
        world.pull()
        world.git("switch", "--quiet", "--create", branch)
        for path, text in files.items():
            (world.here / path).write_text(text)
        if version is not None:
            done = world.gatehouse("propose", self.model, str(version), "--to", "staging", "--no-pr")
            assert done.exit == 0, done.err
        world.git("add", "--all")
        world.git("commit", "--quiet", "--message", f"What {branch} is about")
        world.git("push", "--quiet", "origin", branch)
        world.git("switch", "--quiet", "main")
        return world.remote("dana").create_pull(base="main", head=branch, title=branch, body="").number

    def text(self, path: str) -> str:
        """A file of dana's clone."""
        return (self.world.here / path).read_text()

    def verdict(self, number: int, check: str = GATES) -> str | None:
        """How one of the checks that count has ended, the last time it was set; None while it has not."""
        found = [conclusion for name, conclusion in self.checks(number) if name == check]
        return found[-1] if found else None

    def sync(self) -> None:
        steps = self.world.sync()
        assert [step.done.exit for step in steps] == [0] * len(steps), said(steps)

    def aliases(self) -> dict[str, int]:
        from gatehouse.registry.reader import RegistryReader

        return dict(RegistryReader(self.world.store.uri).aliases(self.model))

    def serving(self) -> str:
        """What the branch that serving reads says of the model."""
        git = self.world.repo.git
        found = [entry for entry in git.entries("serving", recursive=True) if self.model in entry.path]
        return "".join(git.blob(entry.sha).decode() for entry in found if entry.kind == "blob")

    def comments(self, number: int) -> list[str]:
        remote = self.world.remote("rosa")
        return [comment.body for comment in remote.get_issue(number).get_comments()]

    def checks(self, number: int) -> list[tuple[str, str | None]]:
        head = self.world.remote("rosa").get_pull(number).head.sha
        runs = self.world.remote("rosa").get_commit(head).get_check_runs()
        return [(run.name, run.conclusion) for run in runs]


def said(steps: list[Step]) -> str:
    return "\n".join(f"{step.written}\n{step.done.out}{step.done.err}" for step in steps)
