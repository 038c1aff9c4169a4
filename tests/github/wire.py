"""Requests and answers of the stand-in, and the table of paths it answers, written as GitHub describes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.github.state import Repository, Role, Token

if TYPE_CHECKING:
    from tests.github.hub import Hub

PREFIX = "/api/v3"
LIMIT = 65_535
"""Characters in one text that GitHub takes."""


class Refused(Exception):
    """GitHub says no: a status and the body it would send."""

    def __init__(
        self, status: int, message: str, *errors: Mapping[str, Any] | str, headers: Mapping[str, str] = {}
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body: dict[str, Any] = {
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(status),
        }
        if errors:
            self.body["errors"] = list(errors)


def invalid(resource: str, name: str, code: str = "invalid", message: str = "") -> Refused:
    """422, as GitHub says it; with a message the code is ``custom``."""
    error = {"resource": resource, "field": name, "code": "custom" if message else code}
    return Refused(422, "Validation Failed", {**error, "message": message} if message else error)


@dataclass(frozen=True)
class Asked:
    """One request, parsed and admitted: ``repo`` is set on paths below a repository."""

    method: str
    template: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    sent: bytes
    token: Token
    repository: Repository | None = None

    @property
    def repo(self) -> Repository:
        assert self.repository is not None, self.template
        return self.repository

    @property
    def login(self) -> str:
        return self.token.user.login

    @property
    def number(self) -> int:
        """The number that the path names: of a pull request, an issue, a comment, a check run …"""
        return int(next(value for name, value in self.parameters.items() if name.endswith(("number", "_id"))))

    def fields(self) -> dict[str, Any]:
        """The JSON body; {} where there is none."""
        try:
            body = json.loads(self.sent) if self.sent else {}
        except ValueError:
            raise Refused(400, "Problems parsing JSON") from None
        return dict(body) if isinstance(body, dict) else {}


@dataclass(frozen=True)
class Answer:
    """``body`` None: no content."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[["Hub", Asked], Answer]


@dataclass(frozen=True)
class Route:
    """``grant``: the permission that an app needs, to write where it writes; ``role``: the least a person needs."""

    method: str
    template: str
    handler: Handler
    grant: str
    role: Role
    pattern: re.Pattern[str]

    @property
    def weight(self) -> int:
        """More literal text in the path wins: ``/git/refs/{ref}`` before ``/{anything}``."""
        return len(re.sub(r"\{\w+\}", "", self.template))


ROUTES: list[Route] = []
# Parameters whose value may hold slashes.
_DEEP = frozenset({"path", "ref", "basehead", "branch", "environment_name"})


def route(method: str, template: str, *, grant: str = "metadata", role: Role = "read") -> Callable[[Handler], Handler]:
    """Registers the function that answers a path."""

    def register(handler: Handler) -> Handler:
        body = re.sub(
            r"\\{(\w+)\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[1] in _DEEP else '[^/]+'})", re.escape(template)
        )
        ROUTES.append(Route(method, template, handler, grant, role, re.compile(body)))
        return handler

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a path (still encoded) and its parameters. Refuses with 404."""
    from urllib.parse import unquote

    matches = [(each, each.pattern.fullmatch(unquote(path))) for each in ROUTES if each.method == method]
    found = sorted(((each, match) for each, match in matches if match), key=lambda pair: pair[0].weight)
    if not found:
        raise Refused(404, "Not Found")
    return found[-1][0], found[-1][1].groupdict()


def paged(hub: Hub, asked: Asked, items: Sequence[Any], wrap: str = "") -> Answer:
    """One page of a list, with GitHub's Link header; under the key ``wrap``, beside a total, where it comes so."""
    size = min(int(asked.query.get("per_page", 30)), 100)
    page = int(asked.query.get("page", 1))
    last = max(1, -(-len(items) // size))
    part = list(items[(page - 1) * size : page * size])
    body = {"total_count": len(items), wrap: part} if wrap else part
    return Answer(200, body, {"Link": links} if (links := _links(hub, asked, page, last)) else {})


def _links(hub: Hub, asked: Asked, page: int, last: int) -> str:
    from urllib.parse import quote, urlencode

    path = asked.template.format_map({name: quote(value) for name, value in asked.parameters.items()})
    named: dict[str, int] = {}
    if page > 1:
        named |= {"prev": page - 1, "first": 1}
    if page < last:
        named |= {"next": page + 1, "last": last}
    return ", ".join(
        f'<{hub.api}{path}?{urlencode({**asked.query, "page": number})}>; rel="{name}"'
        for name, number in named.items()
    )
