"""GitHub as the rest of gatehouse sees it: one type that reads, one that writes."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Self

from gatehouse.github.checks import CheckReader, CheckWriter
from gatehouse.github.comments import CommentReader, CommentWriter
from gatehouse.github.issues import IssueWriter
from gatehouse.github.line import Line
from gatehouse.github.patience import USUAL, Patience
from gatehouse.github.people import PeopleReader
from gatehouse.github.pulls import PullReader, PullWriter
from gatehouse.github.reviews import ReviewReader, ReviewWriter
from gatehouse.github.settings import SettingsReader, SettingsWriter
from gatehouse.github.timeline import TimelineReader
from gatehouse.github.workflows import WorkflowWriter


class _Connected:
    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def slug(self) -> str:
        """The repository, ``owner/name``; case does not matter to GitHub."""
        return self._line.slug

    @property
    def login(self) -> str:
        """Who the token speaks for; ``name[bot]`` for an app. Asks GitHub once."""
        return self._line.login

    def now(self) -> datetime:
        """The time by GitHub's clock, which dates reviews: that of this machine may be wrong. One request."""
        return self._line.now()

    def close(self) -> None:
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class GitHubReader(_Connected):
    """Reads pull requests, comments, checks, reviews and people of one repository; cannot change anything.

    ``slug`` is ``owner/name``. Everything below raises GatehouseError with what to do: Unreachable (no answer, a
    breakdown, a rate limit), NotFound, Forbidden (the token's permissions) or Refused. Close it, or use it in a `with`.
    ``teams_token`` is used for the members of teams alone; without one the other is.
    """

    def __init__(self, token: str, api_url: str, slug: str, patience: Patience = USUAL, teams_token: str = "") -> None:
        super().__init__(Line(token, api_url, slug, patience))
        self._teams = Line(teams_token, api_url, slug, patience) if teams_token.strip() else self._line
        self.pulls = PullReader(self._line)
        self.comments = CommentReader(self._line)
        self.checks = CheckReader(self._line)
        self.reviews = ReviewReader(self._line)
        self.timeline = TimelineReader(self._line)
        self.people = PeopleReader(self._line, self._teams)
        self.settings = SettingsReader(self._line)

    def close(self) -> None:
        super().close()
        self._teams.close()


class GitHubWriter(_Connected):
    """Writes pull requests, comments, checks, reviews and issues of one repository, and starts its workflows;
    ``reader`` shares its connection.

    Every write may be repeated: what happened already is found, not done twice.
    """

    def __init__(self, token: str, api_url: str, slug: str, patience: Patience = USUAL, teams_token: str = "") -> None:
        self.reader = GitHubReader(token, api_url, slug, patience, teams_token)
        super().__init__(self.reader._line)
        self.pulls = PullWriter(self._line)
        self.comments = CommentWriter(self._line)
        self.checks = CheckWriter(self._line)
        self.reviews = ReviewWriter(self._line)
        self.issues = IssueWriter(self._line)
        self.workflows = WorkflowWriter(self._line)
        self.settings = SettingsWriter(self._line)

    def close(self) -> None:
        self.reader.close()
