"""A promotion before its reviewers: pull requests whose gates have passed, people who say something, and the verb that
judges what they said. GitHub is the stand-in, git and the evidence are real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatehouse.cli.checkrun import REVIEW
from gatehouse.cli.main import main
from gatehouse.cli.reviews.facts import gather
from gatehouse.git import Writer
from gatehouse.github import GitHubReader
from gatehouse.pin import Slot
from gatehouse.review import body
from gatehouse.review.facts import Asked
from gatehouse.review.questions import questions, wanted
from gatehouse.review.record import Reviewed
from gatehouse.review.sheet import blank
from gatehouse.sync.reviews import kept
from tests.github.state import Comment, Pull, Review
from tests.support.company import Ran
from tests.support.desk import MODEL, SLUG, Desk, desk
from tests.support.repo import STAGES

OWNERS = ("olga", "nils")
POWERS = {
    **dict.fromkeys(("actions", "checks", "contents", "issues", "pull_requests", "statuses"), "write"),
    "members": "read",
}
WORKFLOWS = {f".github/workflows/{file}": "on: {workflow_dispatch: }\n" for file in ("sync.yml", "evidence.yml")}


@dataclass
class Panel:
    """dana proposes, olga and nils own the promotions, ada trains, mallory may read."""

    at: Desk
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def promoted(self, slot: Slot, version: int = 2) -> Pull:
        """A pull request whose gates have passed, two minutes ago."""
        pull = self.at.promote(slot, version)
        self.at.judge(pull)
        self.at.github.advance(minutes=2)
        return pull

    def verify(self, pull: Pull | None, *args: str, token: str = "", code: int | None = None) -> Ran:
        """The verb as a workflow runs it."""
        self.capsys.readouterr()
        for name, value in {**self.at.environ, "GITHUB_TOKEN": token or self.at.token}.items():
            self.monkeypatch.setenv(name, value)
        number = [] if pull is None else [str(pull.number)]
        with pytest.raises(SystemExit) as ended:
            main(["review", *number, "--verify", *args, "--repo", str(self.at.root)])
        out, err = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        assert code is None or ended.value.code == code, out + err
        return Ran(ended.value.code, out, err)

    def json(self, pull: Pull | None, *args: str, code: int | None = None) -> Any:
        return json.loads(self.verify(pull, *args, "--format", "json", code=code).out)

    def set(self, pull: Pull, *args: str) -> tuple[str, str]:
        """Sets the check; how it stands then, and its title."""
        self.verify(pull, "--set-check", *args, code=0)
        found = self.check(pull)
        assert found is not None
        return found

    def check(self, commit: Pull | str) -> tuple[str, str] | None:
        """How the check of the reviews stands: conclusion and title."""
        runs = self.runs(commit)
        return (runs[-1]["conclusion"], runs[-1]["output"]["title"]) if runs else None

    def summary(self, pull: Pull) -> str:
        return str(self.runs(pull)[-1]["output"]["summary"])

    def runs(self, commit: Pull | str) -> list[dict[str, Any]]:
        sha = commit if isinstance(commit, str) else self.at.head(commit)
        found = (run for run in self.at.remote.checks.values() if run.app.slug == "gatehouse" and run.head_sha == sha)
        return [run.sent for run in found if run.sent["name"] == REVIEW]

    def asked(self, pull: Pull) -> Asked:
        with GitHubReader(self.at.token, self.at.github.api_url, SLUG) as reader:
            (asked,) = gather(self.at.settings, reader, pull.number).asked
        return asked

    def form(self, pull: Pull) -> str:
        """A whole approval of its pin."""
        asked = self.asked(pull)
        asks = questions(asked.policy)
        answers = {each.id: wanted(each) or (each.answers[0] if each.answers else "fine") for each in asks}
        return body.write([(msgspec.structs.replace(blank(asked), answers=answers), asked.policy)])

    def approve(self, pull: Pull, *logins: str) -> list[Review]:
        text = self.form(pull)
        return [self.review(pull, login, text) for login in logins or OWNERS]

    def review(self, pull: Pull, login: str, text: str, state: str = "APPROVED") -> Review:
        return self.at.github.review(self.at.remote, pull.number, state, text, by=login)

    def say(self, pull: Pull, login: str, text: str) -> Comment:
        """A comment, a minute later."""
        self.at.github.advance(minutes=1)
        return self.at.github.comment(self.at.remote, pull.number, text, by=login)

    def reject(self, pull: Pull, login: str, reason: str = "small businesses lose") -> Comment:
        return self.say(pull, login, f"/reject-model {MODEL} 2 {reason}")

    def ours(self, pull: Pull) -> list[str]:
        """Our comments about the reviews."""
        said = self.at.remote.of(pull.number)
        return [each.body for each in said if each.app is not None and "gatehouse:review" in each.body]

    def records(self) -> tuple[Reviewed, ...]:
        tip = Writer(self.at.repository).fetch("evidence")
        return kept(self.at.repository, tip) if tip is not None else ()

    def freeze(self, text: str) -> None:
        self.at.push({"promotions/freeze.yaml": text})

    def emergency(self, pull: Pull, login: str, reason: str = "version 1 refuses everybody") -> Comment:
        return self.say(pull, login, f"/emergency {MODEL} 2 {self.asked(pull).token} {reason}")


@contextmanager
def panel(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    with desk(folder) as at:
        at.token = at.github.app_token("gatehouse", POWERS)
        at.remote.roles |= {"olga": "write", "nils": "write", "mallory": "read"}
        for login in ("olga", "nils", "mallory"):
            at.github.hub.user(login)
        at.github.team(at.remote, "risk", list(OWNERS))
        stages = STAGES.format(registry="sqlite:///mlflow.db") + "people:\n  ada: [ada.l]\n"
        at.push({".github/CODEOWNERS": "/promotions/ @acme/risk\n", "promotions/stages.yaml": stages, **WORKFLOWS})
        yield Panel(at, capsys, monkeypatch)
