"""Pull requests against a promotions repository on the stand-in for GitHub, with gates that say what a test wants.

Git, GitHub's API and the evidence are real; only the models are not run: their results are made as ``gated`` makes
them, and go the way that ``gatehouse report`` sends them.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from gatehouse.cli import posting, steps
from gatehouse.cli.checkrun import NAME
from gatehouse.cli.frame import Settings
from gatehouse.cli.notary import Notary
from gatehouse.cli.scene import between
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision
from gatehouse.evaluate.result import Result
from gatehouse.git import Repository
from gatehouse.pin import Pin, Slot
from gatehouse.sync.shelve import shelve
from tests.github import GitHub
from tests.github.raw import Raw
from tests.github.state import Pull
from tests.github.state import Repository as Remote
from tests.support import gated
from tests.support.repo import POLICY, STAGES, promotion

SLUG = "acme/models"
MODEL = "credit-risk"
STAGING, PRODUCTION = Slot(MODEL, "staging"), Slot(MODEL, "production")


def pin(version: int) -> Pin:
    """A pin whose digest tells its version."""
    return Pin(version, f"sha256:{version:064x}")


@dataclass
class Desk:
    """dana opens pull requests, ravi merges them, and the app ``gatehouse`` speaks for the workflows.

    ``root`` is a clone that the commands run in; nothing here touches its working tree.
    """

    github: GitHub
    remote: Remote
    root: Path
    token: str
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(self.root, {**self.environ, "GITHUB_TOKEN": self.token}, json=False)

    @property
    def repository(self) -> Repository:
        return Repository(self.root)

    @property
    def main(self) -> str:
        return self.remote.git.resolve("main") or ""

    def push(self, files: Mapping[str, str | None], message: str = "Change main") -> str:
        """A commit on main, past every rule."""
        return self.github.push(self.remote, "main", files, message, by="ravi")

    def open(self, files: Mapping[str, str | None], branch: str = "", start: str = "main") -> Pull:
        """dana's pull request of one commit."""
        name = branch or f"branch-{len(self.remote.pulls) + 1}"
        self.github.push(self.remote, name, files, f"Change of {name}", by="dana", start=start)
        return self.github.pull(self.remote, name, by="dana", title=f"Change of {name}")

    def promote(self, slot: Slot, version: int, branch: str = "", start: str = "main") -> Pull:
        """dana's pull request that pins a version."""
        return self.open({slot.path: promotion(pin(version))}, branch, start)

    def change(self, pull: Pull, files: Mapping[str, str | None]) -> str:
        """A further commit on a pull request's branch, noticed by GitHub."""
        made = self.github.push(self.remote, pull.head, files, "Change again", by="dana")
        self.raw().get("/pulls")
        return made

    def judge(self, pull: Pull, says: gated.Gates = gated.passes, base: str = "") -> bool:
        """What the gates workflow does: judged by ``base`` (main as it is), kept, and posted; whether it is green."""
        self.fetch()
        trusted = base or self.main
        asked = between(self.settings, trusted, self.head(pull)).requests
        found = [gated.judged(self.repository, request, datetime.now(UTC), says) for request in asked]
        stages = require(Revision(self.repository, trusted), {}).stages
        shelve(self.repository, found, seal=Notary.of(self.settings).sealer(stages))
        return self.post(pull, found, trusted)

    def post(self, pull: Pull, found: Sequence[Result], base: str = "") -> bool:
        """What ``gatehouse report --pr`` does with results."""
        trusted = Revision(self.repository, base or self.main)
        context = steps.context(self.settings, trusted, require(trusted, {}), pull.number, found)
        return posting.post(self.settings, found, context, pull.number)

    def elsewhere(self) -> Desk:
        """The same desk, in another clone."""
        root = Path(tempfile.mkdtemp(dir=self.root.parent)) / "clone"
        return replace(self, root=_clone(self.remote, root))

    def merge(self, pull: Pull) -> str:
        """Merged through the API by ravi; the commit that main is at then."""
        status, body = self.raw("ravi").call("PUT", f"/pulls/{pull.number}/merge")
        assert status == 200, body
        return str(body["sha"])

    def close(self, pull: Pull) -> None:
        status, body = self.raw("dana").call("PATCH", f"/pulls/{pull.number}", {"state": "closed"})
        assert status == 200, body

    def group(self, *pulls: Pull, method: str = "merge") -> tuple[str, str]:
        """A merge group as GitHub's queue builds it: base and head of ``gh-readonly-queue/main/pr-N``."""
        git, tip = self.remote.git, self.main
        for pull in pulls:
            who = self.github.hub.signature("ravi")
            title = f"Merge pull request #{pull.number} from acme/{pull.head}\n\n{pull.title}\n"
            made = git.merge(tip, self.head(pull), method, title, who)
            assert made is not None, f"#{pull.number} is in conflict"
            tip = made
        git.move(f"refs/heads/gh-readonly-queue/main/pr-{pulls[-1].number}-{self.main}", tip)
        return self.main, tip

    def head(self, pull: Pull) -> str:
        return self.remote.git.resolve(f"refs/heads/{pull.head}") or pull.head_sha

    def check(self, commit: str | Pull) -> tuple[str, str] | None:
        """How the app's check stands on a commit, as GitHub shows it: conclusion and title."""
        sha = commit if isinstance(commit, str) else self.head(commit)
        runs = [run for run in self.remote.checks.values() if run.head_sha == sha and run.app.slug == "gatehouse"]
        return (str(runs[-1].sent.get("conclusion")), str(runs[-1].sent["output"]["title"])) if runs else None

    def summary(self, pull: Pull) -> str:
        runs = [run for run in self.remote.checks.values() if run.head_sha == self.head(pull)]
        return str(runs[-1].sent["output"]["summary"])

    def color(self, pull: Pull) -> str | None:
        found = self.check(pull)
        return None if found is None else {"success": "green", "failure": "red"}[found[0]]

    def raw(self, who: str = "ravi") -> Raw:
        return Raw(self.github, self.github.token(who), SLUG)

    def raw_app(self, method: str, path: str, body: Mapping[str, object]) -> None:
        """A call as the app that the workflows speak as."""
        status, answer = Raw(self.github, self.token, SLUG).call(method, path, body)
        assert status < 300, answer

    def spoof(self, pull: Pull, app: str, conclusion: str, title: str = "All is well") -> None:
        """A check of the same name that another app sets."""
        body = {"name": NAME, "head_sha": self.head(pull), "status": "completed", "conclusion": conclusion}
        token = self.github.app_token(app)
        status, answer = Raw(self.github, token, SLUG).call(
            "POST", "/check-runs", {**body, "output": {"title": title, "summary": title}}
        )
        assert status == 201, answer

    def fetch(self) -> None:
        """What a workflow's checkout has: every branch and every pull request."""
        subprocess.run(
            ("git", "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", "refs/pull/*:refs/pull/*"),
            cwd=self.root, check=True, capture_output=True, env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )  # fmt: skip


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """A promotions repository with two models' policies and version 1 in both stages of the first."""
    with GitHub(folder / "github") as github:
        remote = github.repository(SLUG, {"dana": "write", "ravi": "maintain"})
        files = {
            "promotions/stages.yaml": STAGES.format(registry="sqlite:///mlflow.db"),
            **{f"promotions/{model}/policy.yaml": POLICY.format(soak="0s") for model in (MODEL, "churn")},
            STAGING.path: promotion(pin(1)),
            PRODUCTION.path: promotion(pin(1)),
        }
        github.push(remote, "main", files, "Set up")
        root = _clone(remote, folder / "clone")
        token = github.app_token("gatehouse")
        yield Desk(github, remote, root, token, {"GITHUB_API_URL": github.api_url, "GITHUB_REPOSITORY": SLUG})


def _clone(remote: Remote, root: Path) -> Path:
    subprocess.run(("git", "clone", "-q", remote.remote, str(root)), check=True, capture_output=True)
    for key, value in (("user.name", "Runner"), ("user.email", "runner@example.org")):
        subprocess.run(("git", "config", key, value), cwd=root, check=True)
    return root
