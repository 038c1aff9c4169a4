"""Promotions repositories for tests: a bare remote, a clone to work in, and a history of merges with real times."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatehouse.evaluate.result import Result
from gatehouse.git import Author, Repository, Writer
from gatehouse.pin import Pin, Slot
from gatehouse.sync.shelve import shelve
from tests.support.gated import Gates, check, passes

# The first commit of every repository here; each further one is an hour later unless it says when.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ADA = Author("Ada", "ada@example.org")
GRACE = Author("Grace", "grace@example.org")
MALLORY = Author("Mallory", "mallory@example.org")

STAGES = """\
stages:
  - name: staging
    registry: {registry}
    review: none
  - name: production
    registry: {registry}
    serving: {{target: local}}
audit: sqlite:///audit.db
"""
POLICY = """\
owner: "@acme/credit-risk"
risk: high
task: binary
reviewed: 2026-03-01
stages:
  staging: {{gates: [artifact]}}
  production: {{gates: [artifact, staging], soak: {soak}}}
"""


def promotion(pin: Pin, **traffic: str) -> str:
    """A promotion file; ``traffic`` maps a role to the inside of its braces, as YAML."""
    roles = "".join(f"{role}: {{{inside}}}\n" for role, inside in traffic.items())
    return f"version: {pin.version}\ndigest: {pin.digest}\n{roles}"


@dataclass
class Promotions:
    """A remote and a clone of it. Nothing here touches the clone's checkout but ``pull``."""

    origin: Path
    root: Path
    now: datetime = START
    _merges: int = field(default=0)

    @property
    def repository(self) -> Repository:
        return Repository(self.root)

    @property
    def head(self) -> str:
        """The remote's main."""
        return Repository(self.origin).resolve("main")

    def pull(self) -> None:
        """Brings the clone's checkout to where main is."""
        _git(self.root, "fetch", "--quiet", "origin")
        _git(self.root, "reset", "--quiet", "--hard", "origin/main")

    def alone(self) -> None:
        """Takes the remote away; the branches that it had are the clone's own then, with main checked out."""
        _git(self.root, "fetch", "--quiet", "origin")
        self.repository.run("merge", "-q", "--ff-only", "origin/main")
        for branch in ("evidence", "serving"):
            if self.repository.has(f"origin/{branch}"):
                self.repository.run("branch", "--no-track", branch, f"origin/{branch}")
        self.repository.run("remote", "remove", "origin")

    def later(self, hours: float = 1) -> datetime:
        self.now += timedelta(hours=hours)
        return self.now

    def commit(self, files: Mapping[str, str | None], message: str = "Change", author: Author = ADA) -> str:
        """A commit on main, pushed."""
        self.later()
        with at(self.now):
            writer = Writer(self.repository, author=author)
            tip = writer.fetch("main")
            made = writer.commit(tip, encoded(files), message)
            writer.push(made, "main", tip)
        return made

    def propose(
        self,
        files: Mapping[str, str | None],
        title: str = "Promote",
        author: Author = ADA,
        gates: Gates | None = passes,
    ) -> tuple[str, str]:
        """A pull request of one commit by ``author``, a quarter of an hour old: main, and the commit on top of it.

        Its gates say what ``gates`` says, and that is kept; None: nobody asked them.
        """
        self._merges += 1
        self.later()
        with at(self.now - timedelta(minutes=15)):
            writer = Writer(self.repository, author=author)
            tip = writer.fetch("main")
            assert tip is not None
            branch = writer.commit(tip, encoded(files), title)
        if gates is not None:
            self.publish_evidence(*check(self.repository, tip, branch, self.now - timedelta(minutes=10), gates))
        return tip, branch

    def merge(
        self,
        files: Mapping[str, str | None],
        title: str = "Promote",
        author: Author = ADA,
        gates: Gates | None = passes,
    ) -> str:
        """A pull request as ``propose`` makes it, merged by Grace, pushed."""
        tip, branch = self.propose(files, title, author, gates)
        message = f"Merge pull request #{self._merges} from acme/promote/it\n\n{title}\n"
        env = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _identity(GRACE)}
        with at(self.now):
            tree = self.repository.run("rev-parse", f"{branch}^{{tree}}")
            made = self.repository.run("commit-tree", tree, "-p", tip, "-p", branch, data=message.encode(), env=env)
            Writer(self.repository).push(made, "main", tip)
        return made

    def promote(self, slot: Slot, pin: Pin | None, *, gates: Gates | None = passes, **traffic: str) -> str:
        """A merged pull request that pins a version, or with None takes the file away; ``gates`` as for ``merge``."""
        title = f"Promote {slot} to {pin}" if pin else f"Withdraw {slot}"
        return self.merge({slot.path: promotion(pin, **traffic) if pin else None}, title, gates=gates)

    def stage_and_promote(self, model: str, pin: Pin) -> str:
        """Through staging into production; a day apart, which is longer than any soak in these tests."""
        self.promote(Slot(model, "staging"), pin)
        self.later(24)
        return self.promote(Slot(model, "production"), pin)

    def publish_evidence(self, *results: Result) -> None:
        """What ``gatehouse report`` leaves on the evidence branch."""
        with at(self.now):
            shelve(self.repository, results)

    def tamper(self, files: Mapping[str, bytes | None], message: str = "Tamper") -> str:
        """A commit on the evidence branch by somebody who should not be able to push there."""
        writer = Writer(self.repository, author=MALLORY)
        tip = writer.fetch("evidence")
        made = writer.commit(tip, files, message)
        writer.push(made, "evidence", tip)
        return made

    def remote_files(self, branch: str) -> dict[str, str]:
        """Path to text of everything on one of the remote's branches; empty where there is no such branch."""
        remote = Repository(self.origin)
        if not remote.has(branch):
            return {}
        return {path: (remote.read(branch, path) or b"").decode() for path in remote.blobs(branch)}


def promotions(
    folder: Path,
    registry: str,
    *,
    soak: str = "0s",
    models: tuple[str, ...] = ("credit-risk",),
    review: str = "required",
) -> Promotions:
    """A remote and a clone with stages and policies on main, and nothing promoted yet; ``review`` is production's."""
    origin, root = folder / "origin.git", folder / "clone"
    _git(folder, "init", "-q", "--bare", "-b", "main", str(origin))
    _git(folder, "init", "-q", "-b", "main", str(root))
    _git(root, "remote", "add", "origin", str(origin))
    for key, value in (("user.name", ADA.name), ("user.email", ADA.email)):
        _git(root, "config", key, value)
    made = Promotions(origin, root)
    files = {f"promotions/{model}/policy.yaml": POLICY.format(soak=soak) for model in models}
    stages = STAGES.format(registry=registry).replace("    serving:", f"    review: {review}\n    serving:")
    made.commit({"promotions/stages.yaml": stages, **files}, "Set up")
    return made


def encoded(files: Mapping[str, str | None]) -> dict[str, bytes | None]:
    return {path: None if text is None else text.encode() for path, text in files.items()}


class at:  # noqa: N801, reads as a word: ``with at(noon):``
    """Commits inside are made at this time."""

    def __init__(self, when: datetime) -> None:
        self.when = when.strftime("%Y-%m-%dT%H:%M:%S+0000")
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
            self._before[name] = os.environ.get(name)
            os.environ[name] = self.when

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _identity(author: Author) -> tuple[tuple[str, str], ...]:
    return ("NAME", author.name), ("EMAIL", author.email)


def _git(folder: Path, *args: str) -> None:
    subprocess.run(("git", *args), cwd=folder, check=True, capture_output=True)
