"""What GitHub says and is told, as frozen values; no object of PyGithub leaves this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Account:
    """Who did something. ``bot``: an app or a machine account. A deleted account is called ``ghost``."""

    login: str
    bot: bool = False

    def __str__(self) -> str:
        return f"@{self.login}"


GHOST = Account("ghost")


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull request as it stood when it was asked for.

    ``head`` and ``base`` are branches, the ``_sha`` fields their commits; ``head_slug`` is the repository that the head
    branch lives in (None: deleted), so that a fork is told from a branch. ``base_sha`` is where the base branch was at
    the last push to the head, not where it is now. ``mergeable`` is None while GitHub does not know;
    ``node`` is its name in GraphQL.
    """

    number: int
    title: str
    body: str
    url: str
    author: Account
    head: str
    head_sha: str
    head_slug: str | None
    base: str
    base_sha: str
    state: str
    draft: bool
    created: datetime
    merged: datetime | None = None
    merge_sha: str | None = None
    mergeable: bool | None = None
    labels: tuple[str, ...] = ()
    node: str = ""

    @property
    def open(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Opened:
    """A pull request that is open now; ``new`` tells whether this call opened it."""

    pull: Pull
    new: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a pull request; ``status`` as GitHub says it: added, removed, modified, renamed …"""

    path: str
    status: str
    previous: str | None = None

    def touches(self, path: str) -> bool:
        return path in (self.path, self.previous)


@dataclass(frozen=True, slots=True)
class Comment:
    """``node`` is its name in GraphQL."""

    id: int
    author: Account
    body: str
    created: datetime
    updated: datetime
    url: str
    node: str = ""


class ReviewState(StrEnum):
    """What a submitted review says now."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    COMMENTED = "COMMENTED"
    DISMISSED = "DISMISSED"
    PENDING = "PENDING"


@dataclass(frozen=True, slots=True)
class Review:
    """One review; ``commit`` is the head that was reviewed (None: it is gone), ``submitted`` None while pending.

    ``node`` is its name in GraphQL. Nothing here tells whether the body is still what was submitted: see Edit.
    """

    id: int
    author: Account
    state: ReviewState
    body: str
    commit: str | None
    submitted: datetime | None
    url: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """The last change of a review's or comment's words. Whoever may write to a repository can change what others said;
    ``by`` is the login of who did (``ghost`` where the account is gone)."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Push:
    """A branch was moved to ``commit``; ``by`` None where GitHub does not say who did it."""

    commit: str
    at: datetime
    by: Account | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened to a pull request. Reviews and comments are oldest first, as they read now.

    ``requested``: when the review of a login, or of ``owner/team``, was last asked for; ``ready``: when it was last
    taken out of draft; ``forced``: the pushes that rewrote its branch (ordinary ones are not in a timeline).
    """

    reviews: tuple[Review, ...]
    comments: tuple[Comment, ...]
    requested: Mapping[str, datetime]
    ready: datetime | None
    forced: tuple[Push, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """Who made a commit: by the e-mail address in it, and the account that GitHub knows it by ("": none)."""

    email: str
    login: str


@dataclass(frozen=True, slots=True)
class Authored:
    """One commit of a pull request, and what its message says."""

    commit: str
    author: Signed
    committer: Signed
    message: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue; ``new`` tells whether this call opened it."""

    number: int
    url: str
    new: bool


@dataclass(frozen=True, slots=True)
class Requested:
    """Whose review is awaited: logins, and slugs of teams."""

    accounts: tuple[str, ...]
    teams: tuple[str, ...]


class Conclusion(StrEnum):
    """How a check ended, in GitHub's words."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    ACTION_REQUIRED = "action_required"

    @property
    def passed(self) -> bool:
        return self in (Conclusion.SUCCESS, Conclusion.NEUTRAL)


class Level(StrEnum):
    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark on a line of a file, shown beside it in the pull request."""

    path: str
    line: int
    message: str
    title: str = ""
    level: Level = Level.FAILURE


@dataclass(frozen=True, slots=True)
class Check:
    """What a check has to say. ``summary`` and ``text`` are Markdown; ``link`` opens what stands behind it."""

    name: str
    conclusion: Conclusion
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a check stands on a commit: its title, whether it has ended, and whether GitHub takes it for a pass.

    ``summary``: what it says below; None for a commit status, which has only a title.
    """

    title: str
    ended: bool
    passed: bool
    summary: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a check was put: ``kind`` is ``check``, or ``status`` where the token may not make check runs."""

    kind: str
    url: str
