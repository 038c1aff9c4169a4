"""What the stand-in remembers: people, tokens, and a repository's pull requests with all that happened to them.

Plain values; who may do what is ``access``, what GitHub would refuse is ``rules``, and JSON is made in ``shapes``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tests.github.bare import Bare

Role = Literal["none", "read", "triage", "write", "maintain", "admin"]
ROLES: tuple[Role, ...] = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass
class Numbers:
    """Ids, unique over everything, as GitHub's nearly are."""

    _next: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def __call__(self) -> int:
        return next(self._next)


@dataclass
class User:
    """A person, or an app's own account (``bot``, whose login ends in ``[bot]``)."""

    login: str
    id: int
    created: datetime
    name: str = ""
    bot: bool = False
    organization: bool = False

    @property
    def email(self) -> str:
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass
class App:
    slug: str
    id: int
    created: datetime
    bot: User


@dataclass
class Team:
    slug: str
    id: int
    members: list[str]


@dataclass
class Token:
    """A secret and what it stands for: a person, or an app with its permissions (name to ``read`` or ``write``)."""

    secret: str
    user: User
    app: App | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    limit: int = 5000
    used: int = 0
    reset: datetime | None = None

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass
class Comment:
    id: int
    number: int
    author: str
    body: str
    created: datetime
    updated: datetime
    app: App | None = None
    edited: datetime | None = None
    editor: str = ""


@dataclass
class Review:
    """``state``: PENDING, APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED. ``edited``: the body changed since, by
    ``editor``."""

    id: int
    author: str
    state: str
    body: str
    commit: str
    submitted: datetime | None
    edited: datetime | None = None
    editor: str = ""


@dataclass
class Issue:
    """An issue that is no pull request; the two share their numbers."""

    id: int
    number: int
    title: str
    body: str
    author: str
    created: datetime
    updated: datetime
    state: Literal["open", "closed"] = "open"


@dataclass
class Activity:
    """A branch that moved: pushed, made or deleted; ``actor`` "" where nobody is known."""

    id: int
    before: str
    after: str
    ref: str
    at: datetime
    kind: str
    actor: str


@dataclass
class Event:
    """One thing that happened to a pull request, in its timeline: ``kind`` is GitHub's name for it.

    ``more`` holds what GitHub adds for this kind: the reviewer requested, the review dismissed, the label …
    """

    id: int
    kind: str
    actor: str
    at: datetime
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Pull:
    """A pull request inside one repository. ``head_sha`` and ``base_sha`` are where the branches were last seen;
    ``auto_merge``: how it is to be merged as soon as it can be, and who asked for that; ``landed``: what its merge left
    on the base branch, commit by commit."""

    id: int
    number: int
    title: str
    body: str
    author: str
    head: str
    base: str
    head_sha: str
    base_sha: str
    created: datetime
    updated: datetime
    draft: bool = False
    state: Literal["open", "closed"] = "open"
    closed: datetime | None = None
    merged: datetime | None = None
    merged_by: str | None = None
    merge_sha: str | None = None
    landed: list[str] = field(default_factory=list)
    auto_merge: tuple[str, str] | None = None
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


@dataclass
class CheckRun:
    """``sent`` is what its maker last said of it: name, status, conclusion, details_url, external_id, output …"""

    id: int
    app: App
    head_sha: str
    sent: dict[str, Any]
    started: datetime
    completed: datetime | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return str(self.sent.get("status", "queued"))


@dataclass
class Status:
    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: str
    created: datetime


@dataclass
class Environment:
    """``patterns`` are the (name, branch or tag) that it admits by id, None where every branch may use it;
    ``protected``: those with branch protection instead."""

    id: int
    name: str
    created: datetime
    patterns: dict[int, tuple[str, str]] | None = None
    protected: bool = False
    secrets: list[str] = field(default_factory=list)
    wait: int = 0
    reviewers: list[str] = field(default_factory=list)
    no_self_review: bool = False


@dataclass
class Repository:
    """One repository; ``rulesets`` and ``protection`` are held as GitHub would show them. ``token_power``: what
    GITHUB_TOKEN may do by default, and whether it may approve pull requests; ``deploy_keys``: whether each may write.
    ``seen``: where the branches were when ``activities`` was last brought up to date; ``dispatched``: the workflows
    that were started by hand, each a file and a branch.
    """

    owner: str
    name: str
    id: int
    git: Bare
    created: datetime
    private: bool = True
    default: str = "main"
    roles: dict[str, Role] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    rulesets: list[dict[str, Any]] = field(default_factory=list)
    protection: dict[str, dict[str, Any]] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    organization_secrets: list[str] = field(default_factory=list)
    token_power: tuple[str, bool] = ("read", False)
    deploy_keys: dict[str, bool] = field(default_factory=dict)
    has_issues: bool = True
    auto_merge: bool = False
    issues: dict[int, Issue] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    dispatched: list[tuple[str, str]] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def remote(self) -> str:
        """What ``git clone`` takes."""
        return str(self.git.path)

    @property
    def next_number(self) -> int:
        """What the next pull request or issue is called."""
        return max((*self.pulls, *self.issues), default=0) + 1

    def of(self, number: int) -> list[Comment]:
        """A pull request's comments, oldest first."""
        return [comment for comment in self.comments.values() if comment.number == number]

    def role(self, login: str) -> Role:
        return self.roles.get(login, "none")

    def may(self, login: str, least: Role) -> bool:
        return ROLES.index(self.role(login)) >= ROLES.index(least)
