"""One request from bytes to bytes: who asks, may they, does GitHub describe it so, what is the answer."""

from __future__ import annotations

import dataclasses
import json
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, unquote

from tests.github import graphql, openapi, routes, rules
from tests.github.faults import Fault
from tests.github.hub import Hub
from tests.github.routes import pulls
from tests.github.state import Repository, Token
from tests.github.wire import PREFIX, ROUTES, Answer, Asked, Refused, Route, find

__all__ = ["Entry", "Service", "routes"]
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Entry:
    """One line of the log: what was asked, by whom, and how it was answered (status 0: the connection was dropped)."""

    method: str
    path: str
    login: str
    status: int


class Service:
    """Answers API requests out of a hub, checked by the description; keeps a log and every violation."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.checker = openapi.load([each.template for each in ROUTES])
        self.faults: list[Fault] = []
        self.log: list[Entry] = []
        self.violations: list[str] = []

    def answer(self, method: str, target: str, headers: Mapping[str, str], sent: bytes) -> Answer | None:
        """The answer to one request; None: hang up."""
        path, _, query = target.partition("?")
        token: Token | None = None
        try:
            token = self._token(headers)
            answer = self._limited(token) or self._routed(method, path, dict(parse_qsl(query)), token, sent)
        except Refused as refusal:
            answer = Answer(refusal.status, refusal.body, refusal.headers)
        login = token.user.login if token else ""
        self.log.append(Entry(method, unquote(path.removeprefix(PREFIX)), login, answer.status if answer else 0))
        return answer and self._with_limits(answer, token)

    def _token(self, headers: Mapping[str, str]) -> Token:
        scheme, _, secret = headers.get("Authorization", "").partition(" ")
        if not secret or scheme.lower() not in ("token", "bearer"):
            raise Refused(401, "Requires authentication")
        if secret not in self.hub.tokens:
            raise Refused(401, "Bad credentials")
        return self.hub.tokens[secret]

    def _limited(self, token: Token) -> Answer | None:
        if token.reset is None or token.reset <= self.hub.now():
            token.reset, token.used = self.hub.now() + timedelta(hours=1), 0
        if not token.remaining:
            body = {"message": f"API rate limit exceeded for user ID {token.user.id}.", "documentation_url": ""}
            return Answer(403, body)
        token.used += 1
        return None

    def _with_limits(self, answer: Answer, token: Token | None) -> Answer:
        if token is None or token.reset is None:
            return answer
        limits = {
            "X-RateLimit-Limit": str(token.limit),
            "X-RateLimit-Remaining": str(token.remaining),
            "X-RateLimit-Used": str(token.used),
            "X-RateLimit-Reset": str(int(token.reset.timestamp())),
        }
        return Answer(answer.status, answer.body, {**limits, **answer.headers})

    def _routed(self, method: str, path: str, query: dict[str, str], token: Token, sent: bytes) -> Answer | None:
        fault = next((each for each in self.faults if each.catches(method, unquote(path))), None)
        if fault is not None and not fault.after:
            return fault.answer()
        if path.endswith("/graphql"):
            answer = self._graphql(token, sent)
        else:
            found, parameters = find(method, path.removeprefix(PREFIX))
            answer = self._checked(found, Asked(method, found.template, parameters, query, sent, token))
        return answer if fault is None else fault.answer()

    def _graphql(self, token: Token, sent: bytes) -> Answer:
        """GitHub's OpenAPI does not describe GraphQL; its schema does."""
        try:
            return Answer(200, graphql.answer(self.hub, token, sent))
        except graphql.Unfit as unfit:
            self._broken(f"GraphQL: {unfit}")
            return Answer(200, {"errors": [{"message": str(unfit)}]})

    def _checked(self, found: Route, asked: Asked) -> Answer:
        """Works the request out, and holds it and its answer against the description."""
        try:
            self.checker.request(self._exchange(asked, Answer(0)))
            try:
                answer = self._worked_out(found, asked)
            except Refused as refusal:
                answer = Answer(refusal.status, refusal.body, refusal.headers)
            self.checker.response(self._exchange(asked, answer))
        except openapi.Violation as violation:
            return self._broken(str(violation))
        except Exception:  # noqa: BLE001  # a fault of the stand-in's own fails the test as well, wherever it is
            return self._broken(f"the stand-in broke at {asked.method} {asked.template}: {traceback.format_exc()}")
        return answer

    def _broken(self, said: str) -> Answer:
        if said not in self.violations:
            self.violations.append(said)
        return Answer(500, {"message": said, "documentation_url": ""})

    def _worked_out(self, found: Route, asked: Asked) -> Answer:
        if "repo" in asked.parameters:
            repo = self._repository(asked)
            _admit(found, asked.token, repo)
            rules.notice_pushes(self.hub, repo)
            asked = dataclasses.replace(asked, repository=repo)
        answer = found.handler(self.hub, asked)
        if asked.repository is not None:
            pulls.merge_what_waits(self.hub, asked.repository)
        return answer

    def _repository(self, asked: Asked) -> Repository:
        repo = self.hub.repositories.get(f"{asked.parameters['owner']}/{asked.parameters['repo']}")
        # What one may not see is not there.
        if repo is None or (repo.private and asked.token.app is None and not repo.may(asked.login, "read")):
            raise Refused(404, "Not Found")
        return repo

    def _exchange(self, asked: Asked, answer: Answer) -> openapi.Exchange:
        return openapi.Exchange(
            method=asked.method,
            template=asked.template,
            parameters=asked.parameters,
            query=asked.query,
            sent=asked.sent,
            status=answer.status,
            answered=encoded(answer),
            headers=answer.headers,
        )


def encoded(answer: Answer) -> bytes:
    return b"" if answer.body is None else json.dumps(answer.body).encode()


def _admit(found: Route, token: Token, repo: Repository) -> None:
    """Refuses what the token's app was not given, or its owner's role does not reach."""
    if token.app is not None:
        level = "write" if found.method in _WRITES else "read"
        if found.grant != "metadata" and token.permissions.get(found.grant) not in (level, "write"):
            raise Refused(403, "Resource not accessible by integration")
    elif not repo.private and found.role == "read":
        return
    elif not repo.may(token.user.login, found.role):
        raise Refused(403, f"Must have {found.role} rights to Repository.")
