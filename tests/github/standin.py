"""The stand-in as a test uses it: ``with GitHub(tmp_path) as github``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.github import openapi, page, rules, shapes
from tests.github.faults import Fault
from tests.github.hub import Hub
from tests.github.server import Server
from tests.github.service import Entry
from tests.github.state import Comment, Environment, Pull, Repository, Review, Role, Team


class GitHub:
    """A GitHub of one's own on a loopback port, empty at first; its git repositories live in ``folder``.

    ``api_url`` is what GITHUB_API_URL is to be, ``Repository.remote`` what git clones and pushes to. On leaving the
    context, or at ``stop``, it raises openapi.Violation if any exchange was not as GitHub describes it.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.hub = Hub(folder)
        self._server = Server(self.hub, port)

    def __enter__(self) -> GitHub:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        if not self.violations:
            return
        said = "\n".join(self.violations)
        if error is not None:
            error.add_note(f"against GitHub's description:\n{said}")
            return
        raise openapi.Violation(said)

    @property
    def api_url(self) -> str:
        return self.hub.api

    @property
    def url(self) -> str:
        """Where a person's browser starts: every repository and pull request."""
        return self.hub.web

    @property
    def log(self) -> list[Entry]:
        """Every API request so far, oldest first."""
        return self._server.service.log

    @property
    def violations(self) -> list[str]:
        return self._server.service.violations

    def writes(self) -> list[Entry]:
        """The requests that may have changed something."""
        return [entry for entry in self.log if entry.method != "GET" and not entry.path.endswith("/graphql")]

    def repository(self, slug: str, roles: Mapping[str, Role] | None = None, *, private: bool = True) -> Repository:
        """A new repository with one commit on main; ``roles`` maps logins to what they may do in it."""
        return self.hub.repository(slug, roles, private=private)

    def team(self, repo: Repository, slug: str, members: list[str]) -> Team:
        return self.hub.team(repo, slug, members)

    def token(self, login: str, *, limit: int = 5000) -> str:
        """A personal access token; ``limit`` requests an hour."""
        return self.hub.token(login, limit=limit)

    def app_token(self, slug: str, permissions: Mapping[str, str] | None = None, *, limit: int = 5000) -> str:
        """An installation token, of an app that may do what gatehouse's workflows need unless told otherwise."""
        usual = dict.fromkeys(("checks", "contents", "issues", "pull_requests", "statuses"), "write")
        return self.hub.app_token(slug, usual if permissions is None else permissions, limit=limit)

    def push(
        self,
        repo: Repository,
        branch: str,
        files: Mapping[str, str | bytes | None],
        message: str = "Change files",
        *,
        by: str | None = None,
        start: str | None = None,
    ) -> str:
        """A commit pushed past the API, by a person; a new branch leaves from ``start`` (default: main). Its id."""
        if repo.git.resolve(f"refs/heads/{branch}") is None:
            repo.git.move(f"refs/heads/{branch}", repo.git.resolve(start or repo.default) or "")
        made = repo.git.write(branch, files, message, self.hub.signature(by or repo.owner))
        rules.notice_moves(self.hub, repo, repo.git.refs(), by or repo.owner)
        return made

    def pull(self, repo: Repository, branch: str, *, by: str, title: str = "A change", body: str = "") -> Pull:
        """An open pull request from a branch to main, as if opened in the browser."""
        head, base = (repo.git.resolve(f"refs/heads/{name}") or "" for name in (branch, repo.default))
        number, now = repo.next_number, self.hub.now()
        pull = Pull(self.hub.number(), number, title, body, by, branch, repo.default, head, base, now, now)
        repo.pulls[number] = pull
        repo.git.move(f"refs/pull/{number}/head", head)
        return pull

    def comment(self, repo: Repository, number: int, body: str, *, by: str) -> Comment:
        """A comment, as if written in the browser."""
        self.hub.user(by)
        now = self.hub.now()
        made = Comment(self.hub.number(), number, by, body, now, now)
        repo.comments[made.id] = made
        return made

    def review(self, repo: Repository, number: int, state: str, body: str = "", *, by: str) -> Review:
        """A review of the current head, as if submitted in the browser; ``state`` as GitHub lists it: APPROVED …"""
        self.hub.user(by)
        pull = repo.pulls[number]
        head = repo.git.resolve(f"refs/heads/{pull.head}") or pull.head_sha
        made = Review(self.hub.number(), by, state, body, head, self.hub.now())
        pull.reviews.append(made)
        return made

    def edit(self, said: Review | Comment, body: str, *, by: str) -> None:
        """Other words in a review or a comment, as if changed in the browser, where whoever may write can do so."""
        said.body, said.edited, said.editor = body, self.hub.now(), by
        if isinstance(said, Comment):
            said.updated = self.hub.now()

    def request(self, repo: Repository, number: int, login: str, *, by: str) -> None:
        """Asks somebody for a review, as if in the browser."""
        repo.pulls[number].reviewers.append(login)
        people = {
            name: shapes.author(self.hub, who)
            for name, who in (("review_requester", by), ("requested_reviewer", login))
        }
        rules.record(self.hub, repo.pulls[number], "review_requested", by, **people)

    def ready(self, repo: Repository, number: int, *, by: str) -> None:
        """Takes a pull request out of draft."""
        repo.pulls[number].draft = False
        rules.record(self.hub, repo.pulls[number], "ready_for_review", by)

    def label(self, repo: Repository, number: int, name: str) -> None:
        """A label on a pull request, made where the repository has none of this name."""
        repo.labels.setdefault(name, self.hub.number())
        repo.pulls[number].labels.append(name)

    def ruleset(
        self,
        repo: Repository,
        *rules: dict[str, Any],
        branch: str = "~DEFAULT_BRANCH",
        name: str = "main",
        organization: bool = False,
    ) -> dict[str, Any]:
        """An active ruleset on a branch, of rules as GitHub's API shows them; change the dict to change the setting.

        ``organization``: it is the owner's, for all repositories, not this one's.
        """
        made: dict[str, Any] = {
            "id": self.hub.number(),
            "name": name,
            "target": "branch",
            "source_type": "Organization" if organization else "Repository",
            "source": repo.owner if organization else repo.slug,
            "enforcement": "active",
            "bypass_actors": [],
            "conditions": {"ref_name": {"include": [branch], "exclude": []}},
            "rules": list(rules),
        }
        repo.rulesets.append(made)
        return made

    def environment(
        self, repo: Repository, name: str, *secrets: str, branches: tuple[str, ...] | None = ("main",)
    ) -> Environment:
        """An environment that these branches may use (None: every branch), with secrets by name."""
        admitted = None if branches is None else {self.hub.number(): (branch, "branch") for branch in branches}
        made = Environment(self.hub.number(), name, self.hub.now(), admitted, secrets=list(secrets))
        repo.environments[name] = made
        return made

    def fail(
        self,
        method: str,
        path: str,
        status: int | None = 502,
        *,
        after: bool = False,
        times: int = 1,
        retry_after: int | None = None,
    ) -> Fault:
        """Trouble for the next requests that match; see Fault. ``status`` None drops the connection."""
        fault = Fault(method, path, status, after, times, retry_after)
        self._server.service.faults.append(fault)
        return fault

    def advance(self, **span: float) -> None:
        """Time passes here: ``advance(minutes=3)``."""
        self.hub.advance(timedelta(**span))

    def export(self, folder: Path) -> Path:
        """Every page as a file that opens without a server; the index's path."""
        return page.export(self.hub, folder)
