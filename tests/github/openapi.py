"""Exchanges held against GitHub's own description of its API, in both directions.

Where the description cannot be had (npm or its network is missing) the stand-in runs unchecked and says so loudly
(``pytest_terminal_summary``); with GATEHOUSE_REQUIRE_ALL=1 it does not run at all.
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from tests.github import description
from tests.github.description import METHODS, Unavailable

ANYWHERE = frozenset({400, 401, 403, 404, 422, 429, 500, 502, 503, 504})
"""Errors that any request may be answered with, in the operation's own list or not: GitHub's guides say so."""


class Violation(AssertionError):
    """An exchange that GitHub's description does not allow."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as they went over the wire; bodies are JSON text, ``template`` the described path."""

    method: str
    template: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    sent: bytes
    status: int
    answered: bytes
    headers: Mapping[str, str]


class Checker(Protocol):
    """Holds one half of an exchange against the description; raises Violation."""

    def request(self, exchange: Exchange) -> None: ...

    def response(self, exchange: Exchange) -> None: ...


class Unchecked:
    """The checker of last resort: allows everything."""

    def request(self, exchange: Exchange) -> None: ...

    def response(self, exchange: Exchange) -> None: ...


class Described:
    """Checks against the description, through openapi-core."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        from openapi_core import Config, OpenAPI

        # Checking the description itself would take 25 s, and it is GitHub's.
        self._api = OpenAPI.from_dict(dict(told), config=Config(spec_validator_cls=None))
        self._answers, self._queries = {}, {}
        for path, item in told["paths"].items():
            for method in item.keys() & METHODS:
                self._answers[method, path] = set(item[method]["responses"])
                self._queries[method, path] = set(_query_names(told, item, item[method]))

    def request(self, exchange: Exchange) -> None:
        known = self._queries[exchange.method.lower(), exchange.template]
        # PyGithub asks every list for pages, also the few that have none; GitHub ignores that.
        unknown = exchange.query.keys() - known - {"per_page", "page"}
        if unknown:
            raise Violation(f"{exchange.method} {exchange.template}: GitHub has no query parameter {sorted(unknown)}")
        self._held(exchange, lambda: self._api.validate_request(_Request(exchange)), "request")

    def response(self, exchange: Exchange) -> None:
        listed = self._answers[exchange.method.lower(), exchange.template]
        if str(exchange.status) not in listed and exchange.status in ANYWHERE:
            self._plain_error(exchange)
            return
        check = functools.partial(self._api.validate_response, _Request(exchange), _Response(exchange))
        self._held(exchange, check, "response")

    def _held(self, exchange: Exchange, check: Any, half: str) -> None:
        from openapi_core.exceptions import OpenAPIError

        try:
            check()
        except OpenAPIError as error:
            said = "; ".join(dict.fromkeys(_reasons(error)))
            name = f"{exchange.method} {exchange.template} ({exchange.status})"
            raise Violation(f"{name}: {half} against GitHub's description: {said}") from error

    def _plain_error(self, exchange: Exchange) -> None:
        body = json.loads(exchange.answered) if exchange.answered else {}
        if exchange.answered and not isinstance(body.get("message"), str):
            raise Violation(f"{exchange.method} {exchange.template} ({exchange.status}): an error without a message")


def _query_names(told: Mapping[str, Any], *owners: Mapping[str, Any]) -> Iterator[str]:
    for owner in owners:
        for each in owner.get("parameters", []):
            found = told["components"]["parameters"][each["$ref"].split("/")[-1]] if "$ref" in each else each
            if found["in"] == "query":
                yield found["name"]


def _reasons(error: BaseException) -> list[str]:
    """Each fault with its place in the body; where there is no body to blame, the error's own words."""
    from jsonschema.exceptions import ValidationError, best_match

    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    faults = [fault for cause in causes for fault in getattr(cause, "schema_errors", ())]
    # Where a value fits none of several shapes, the fault inside the nearest shape says more.
    nearest = [best_match([fault]) if isinstance(fault, ValidationError) else fault for fault in faults]
    return [_reason(fault) for fault in nearest] or [str(causes[-1])[:300]]


def _reason(fault: Any) -> str:
    place = ".".join(str(part) for part in getattr(fault, "absolute_path", ()))
    said = str(getattr(fault, "message", fault))
    # The value comes first in the sentence, however long; what is wrong with it comes last.
    return f"{place or 'body'}: {said if len(said) <= 240 else f'{said[:80]} … {said[-160:]}'}"


class _Request:
    """An exchange's request, as openapi-core wants to see it."""

    def __init__(self, exchange: Exchange) -> None:
        from openapi_core.datatypes import RequestParameters
        from werkzeug.datastructures import ImmutableMultiDict

        self.host_url = "https://api.github.com"
        # A parameter matches one segment there, so a slash inside it travels encoded.
        self.path = exchange.template.format_map({k: quote(v, safe="") for k, v in exchange.parameters.items()})
        self.method = exchange.method.lower()
        self.parameters = RequestParameters(query=ImmutableMultiDict(exchange.query), path=dict(exchange.parameters))
        self.body = exchange.sent or None
        self.content_type = "application/json"


class _Response:
    def __init__(self, exchange: Exchange) -> None:
        self.data = exchange.answered or None
        self.status_code = exchange.status
        self.content_type = "application/json"
        self.headers = exchange.headers


def load(paths: Sequence[str]) -> Checker:
    """The checker for these paths; Unchecked where the description cannot be had, unless GATEHOUSE_REQUIRE_ALL=1."""
    found = _tried(tuple(sorted(paths)))
    if isinstance(found, Described):
        return found
    if os.environ.get("GATEHOUSE_REQUIRE_ALL") == "1":
        raise found
    description.write(_note(), str(found).encode())
    return Unchecked()


@functools.cache
def _tried(paths: tuple[str, ...]) -> Described | Unavailable:
    """Tries once in a process: a network that is not there costs its timeout once."""
    try:
        return Described(description.description(paths))
    except Unavailable as error:
        return error


_IMPORTED = time.time()


def _note() -> Path:
    """Why exchanges went unchecked, as a file: with pytest-xdist a worker knows it, and another process prints it."""
    return description.CACHE / "unchecked"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A hook for the root conftest: says at the end of a test run that exchanges went unchecked, and why."""
    if _note().exists() and _note().stat().st_mtime >= _IMPORTED:
        terminalreporter.section("GitHub's API: NOT CHECKED", yellow=True)
        terminalreporter.line(
            f"exchanges with the stand-in were not held against GitHub's description: {_note().read_text()}",
            yellow=True,
        )
