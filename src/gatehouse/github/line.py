"""The line to GitHub: one token, one repository, reads and writes that come back as ours or as errors to act on."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from gatehouse.errors import GatehouseError
from gatehouse.github.patience import Patience
from gatehouse.github.refusal import Asking, Forbidden, errors, explained, uncertain

if TYPE_CHECKING:
    from github.Repository import Repository

T = TypeVar("T")
_SLUG = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
# PyGithub may ask for 100 of anything at once; by default it asks for 30.
_PAGE = 100


class Line:
    """Speaks to GitHub for the facets; they never catch its errors themselves.

    Raises GatehouseError where address, repository or token are missing or malformed. Nothing is sent before the first
    question.
    """

    def __init__(self, token: str, api_url: str, slug: str, patience: Patience) -> None:
        _check(token, api_url, slug)
        # Half a second to import, so only once GitHub is really needed.
        from github import Auth, Github

        from gatehouse.github.retry import Retry

        self.slug = slug
        self.owner = slug.partition("/")[0]
        self._api_url = api_url
        self._patience = patience
        self._github = Github(
            auth=Auth.Token(token),
            base_url=api_url,
            timeout=patience.timeout,
            per_page=_PAGE,
            user_agent="gatehouse",
            retry=Retry.patient(patience),
            # A command makes a handful of writes; when they are too many, GitHub says so, and Retry listens.
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
        )

    def close(self) -> None:
        self._github.close()

    @cached_property
    def repository(self) -> Repository:
        """PyGithub's repository, lazy: reading it asks nothing."""
        return self._github.get_repo(self.slug)

    @cached_property
    def login(self) -> str:
        """Who the token speaks for: a person's login, or ``name[bot]`` of an app."""
        asking = Asking("tell whose token this is", "a valid token")
        try:
            return self.read(asking, lambda: self._github.get_user().login)
        except Forbidden:
            # An app's installation token, as in a workflow: only GraphQL tells it who it is.
            answered = self.read(asking, lambda: self._github.requester.graphql_query("{ viewer { login } }", {}))
            return str(answered[1]["data"]["viewer"]["login"])

    def now(self) -> datetime:
        """The time by the clock that dates reviews, to the second; by this machine's where a proxy hides it."""
        asking = Asking("tell the time", "read access to metadata")
        requester, path = self._github.requester, self.repository.url
        headers = self.read(asking, lambda: requester.requestJsonAndCheck("GET", path)[0])
        with suppress(KeyError, TypeError, ValueError):
            return parsedate_to_datetime(str(headers["date"])).astimezone(UTC)
        return datetime.now(UTC)

    def read(self, asking: Asking, call: Callable[[], T]) -> T:
        """What ``call`` returns; its errors as ours."""
        try:
            return call()
        except errors() as error:
            raise explained(error, asking, self.slug, self._api_url) from error

    def get(self, path: str, asking: Asking, **query: str) -> Any:
        """The JSON at a path of the API, for what PyGithub has no word for: the same connection, retries and errors."""
        requester = self._github.requester
        return self.read(asking, lambda: requester.requestJsonAndCheck("GET", path, parameters=query)[1])

    def items(self, path: str, asking: Asking, key: str = "", **query: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, a page at a time; ``key``: where the list lies in the answer."""
        page = 1
        while True:
            told = self.get(path, asking, per_page=str(_PAGE), page=str(page), **query)
            items = told[key] if key else told
            yield from items
            if len(items) < _PAGE:
                return
            page += 1

    def graphql(self, asking: Asking, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What GraphQL answers to a question. It travels as a POST, which a breakdown does not repeat by itself."""
        requester = self._github.requester
        return self.write(asking, lambda: dict(requester.graphql_query(query, dict(variables))[1]["data"]), again)

    def write(self, asking: Asking, call: Callable[[], T], find: Callable[[], T | None]) -> T:
        """What ``call`` returns. After a breakdown, which may have come after the effect, ``find`` looks for the effect
        before the write is repeated; for a write that may safely happen twice, ``find`` is ``again``."""
        for tried in range(1, self._patience.tries + 1):
            try:
                return call()
            except errors() as error:
                if not uncertain(error) or tried == self._patience.tries:
                    raise explained(error, asking, self.slug, self._api_url) from error
            if (found := find()) is not None:
                return found
            time.sleep(self._patience.pause * 2 ** (tried - 1))
        raise AssertionError("the last try returns or raises")


def again() -> None:
    """For ``Line.write``: nothing to look for, the write may simply be repeated."""


def _check(token: str, api_url: str, slug: str) -> None:
    if not token.strip():
        raise GatehouseError("there is no token for GitHub", "set GITHUB_TOKEN")
    if not api_url.startswith(("https://", "http://")):
        raise GatehouseError(
            f"GITHUB_API_URL is not an address: {api_url!r}",
            "set it to https://api.github.com, or to your server's API",
        )
    if not _SLUG.fullmatch(slug):
        raise GatehouseError(
            f"GITHUB_REPOSITORY is not owner/name: {slug!r}", "set it to owner/name, such as acme/models"
        )
