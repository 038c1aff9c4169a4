"""All of the stand-in's memory: people, tokens and repositories, the clock, and the addresses it answers under."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.github.bare import Bare, Signature
from tests.github.state import App, Numbers, Repository, Role, Team, Token, User
from tests.github.wire import PREFIX

ACTIONS = 15368


class Hub:
    """Everything behind the HTTP server. Not safe for threads by itself: the server takes one request at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web = ""
        self.number = Numbers()
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[str, Repository] = {}
        self._offset = timedelta()

    @property
    def api(self) -> str:
        """What GITHUB_API_URL is to be."""
        return self.web + PREFIX

    def now(self) -> datetime:
        """The time here, to the second, as GitHub tells it."""
        return (datetime.now(UTC) + self._offset).replace(microsecond=0)

    def advance(self, by: timedelta) -> None:
        """Time passes: for rules about how long something took."""
        self._offset += by

    def user(self, login: str, name: str = "", *, bot: bool = False) -> User:
        """The account of this login, made where it is not there."""
        if login not in self.users:
            self.users[login] = User(login, self.number(), self.now(), name or login, bot)
        return self.users[login]

    def remove_user(self, login: str) -> None:
        """Deletes an account: what it wrote stays, under nobody's name."""
        del self.users[login]
        self.tokens = {secret: token for secret, token in self.tokens.items() if token.user.login != login}

    def token(self, login: str, *, limit: int = 5000) -> str:
        """A personal access token; may do what its owner's role allows, except check runs."""
        return self._keep(Token(_secret("ghp_"), self.user(login), limit=limit))

    def app_token(self, slug: str, permissions: Mapping[str, str], *, limit: int = 5000) -> str:
        """An installation token of an app: ``{"checks": "write", "pull_requests": "write"}`` and the like."""
        app = self.app(slug)
        return self._keep(Token(_secret("ghs_"), app.bot, app, dict(permissions), limit))

    def app(self, slug: str) -> App:
        """The app of this name, made where it is not there."""
        if slug not in self.apps:
            # GitHub Actions has the same number everywhere on github.com.
            number = ACTIONS if slug == "github-actions" else self.number()
            self.apps[slug] = App(slug, number, self.now(), self.user(f"{slug}[bot]", bot=True))
        return self.apps[slug]

    def _keep(self, token: Token) -> str:
        self.tokens[token.secret] = token
        return token.secret

    def repository(self, slug: str, roles: Mapping[str, Role] | None = None, *, private: bool = True) -> Repository:
        """A new repository with a bare git repository in the folder and one commit on ``main``."""
        owner, _, name = slug.partition("/")
        self.user(owner)
        git = Bare.create(self.folder / f"{owner}-{name}.git")
        made = Repository(owner, name, self.number(), git, self.now(), private)
        git.write(made.default, {"README.md": f"# {name}\n"}, "Initial commit", self.signature(owner))
        self.repositories[slug] = made
        for login, role in {owner: "admin", **(roles or {})}.items():
            self.user(login)
            made.roles[login] = role
        return made

    def team(self, repo: Repository, slug: str, members: list[str]) -> Team:
        """A team of the repository's owner; its members get at least to read."""
        for login in members:
            self.user(login)
            repo.roles.setdefault(login, "read")
        repo.teams[slug] = Team(slug, self.number(), members)
        return repo.teams[slug]

    def signature(self, login: str) -> Signature:
        user = self.users[login]
        return Signature(user.name, user.email, self.now())

    def by_email(self, email: str) -> User | None:
        return next((user for user in self.users.values() if user.email == email), None)


def _secret(prefix: str) -> str:
    return prefix + secrets.token_hex(18)
