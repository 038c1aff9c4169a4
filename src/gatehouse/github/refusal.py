"""What GitHub's answers mean for a person: the one place where PyGithub's and requests' errors become ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gatehouse.errors import GatehouseError, NotFound, Unreachable

if TYPE_CHECKING:
    from github import GithubException


class Refused(GatehouseError):
    """GitHub understood and said no; ``status`` is its HTTP status."""

    def __init__(self, message: str, fix: str, status: int) -> None:
        super().__init__(message, fix)
        self.status = status


class Forbidden(Refused):
    """The token may not do this."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is being asked: ``doing`` completes "GitHub would not …"; ``permission`` is the one that the token needs."""

    doing: str
    permission: str


def errors() -> tuple[type[Exception], ...]:
    """Everything that a call through PyGithub raises: its own, requests', and what it stumbles over in an answer that
    is not GitHub's (a login page, a proxy's apology)."""
    from github import BadAttributeException, GithubException
    from requests import RequestException

    stumbles = (BadAttributeException, AssertionError, AttributeError, KeyError, TypeError, ValueError, RuntimeError)
    return (GithubException, RequestException, *stumbles)


def uncertain(error: Exception) -> bool:
    """Whether the request may have taken effect all the same: a breakdown there, or on the way back."""
    from github import GithubException
    from requests import RequestException

    return isinstance(error, RequestException) or (isinstance(error, GithubException) and error.status >= 500)


def explained(error: Exception, asking: Asking, slug: str, api_url: str) -> GatehouseError:
    """The error that a person can act on, for one of ``errors``."""
    from github import GithubException
    from requests import RequestException

    if isinstance(error, RequestException):
        return Unreachable(
            f"GitHub did not answer at {api_url} when asked to {asking.doing}: {_short(error)}",
            "check GITHUB_API_URL and the network, then run it again: nothing is done twice",
        )
    if not isinstance(error, GithubException):
        return GatehouseError(
            f"what answers at {api_url} is not GitHub's API: asked to {asking.doing}, it made no sense",
            "check GITHUB_API_URL: https://api.github.com, or https://HOST/api/v3 of a GitHub Enterprise Server",
        )
    return _answered(error, asking, slug)


def _answered(error: GithubException, asking: Asking, slug: str) -> GatehouseError:
    """What GitHub's own answer means, by its status."""
    if error.status >= 500:
        return Unreachable(
            f"GitHub broke down when asked to {asking.doing}: {_said(error)}",
            "run it again in a minute (https://www.githubstatus.com tells more): nothing is done twice",
        )
    if error.status == 401:
        return Refused(
            f"GitHub does not know the token it was given to {asking.doing}: {_said(error)}",
            "check GITHUB_TOKEN: it may be empty, expired or revoked",
            401,
        )
    if error.status in (403, 429) or _kinds(error) & {"RATE_LIMITED", "FORBIDDEN"}:
        return _limited(error, asking) or _forbidden(error, asking, slug)
    if error.status == 404:
        return NotFound(
            f"GitHub shows nothing at {slug} to {asking.doing}",
            "check GITHUB_REPOSITORY and the number or name; to a token without access, a private repository looks the "
            f"same (it needs {asking.permission})",
        )
    return Refused(f"GitHub would not {asking.doing}: {_said(error)}", _FIXES.get(error.status, ""), error.status)


_FIXES = {
    410: "switch it on in the repository's settings",
    405: "see the pull request: it is closed, a draft, in conflict with its base, or its branch's rules are not met",
    409: "the branch has moved since it was looked at: run it again",
}


def _limited(error: GithubException, asking: Asking) -> GatehouseError | None:
    """The limit that was hit, if that is why: it passes by itself."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if "retry-after" in headers:
        wait = f"GitHub asks for a pause of {headers['retry-after']} s before it will {asking.doing}"
        return Unreachable(f"{wait} (secondary rate limit)", "wait that long, then run it again")
    said = _said(error).lower()
    if headers.get("x-ratelimit-remaining") == "0" and "rate limit" in said:
        limit = headers.get("x-ratelimit-limit", "?")
        return Unreachable(
            f"GitHub's hourly limit of {limit} requests is used up, until {_reset(headers)}",
            "run it again after that time, or with the token of a GitHub App, whose limit is its own",
        )
    if error.status == 429 or "RATE_LIMITED" in _kinds(error) or "secondary rate limit" in said:
        return Unreachable(
            f"GitHub will not {asking.doing} now: too many requests in a short time (secondary rate limit)",
            "wait a minute, then run it again",
        )
    return None


def _reset(headers: Mapping[str, str]) -> str:
    seconds = headers.get("x-ratelimit-reset", "")
    return f"{datetime.fromtimestamp(int(seconds), UTC):%H:%M} UTC" if seconds.isdigit() else "later"


def _forbidden(error: GithubException, asking: Asking, slug: str) -> Forbidden:
    return Forbidden(
        f"this token may not {asking.doing} in {slug}: {_said(error)}",
        f"give it {asking.permission} (`permissions:` in a workflow, the repository permissions of a GitHub App or "
        "fine-grained token, the scope `repo` of a classic one)",
        error.status,
    )


def _kinds(error: GithubException) -> set[str]:
    """What GraphQL calls its errors, which it sends as a success (PyGithub: 400)."""
    errors = error.data.get("errors") if isinstance(error.data, Mapping) else None
    return {str(each.get("type")) for each in errors or () if isinstance(each, Mapping)}


def _said(error: GithubException) -> str:
    """GitHub's own words, on one line: the message and the errors below it."""
    data: Any = error.data if isinstance(error.data, Mapping) else {}
    words = [str(each) for each in (data.get("message"), *_details(data.get("errors"))) if each] or ["no reason given"]
    return f"{'; '.join(words)[:300]} ({error.status})".replace("\n", " ")


def _details(errors: Any) -> Iterator[str]:
    for each in errors if isinstance(errors, list) else ():
        if not isinstance(each, Mapping):
            yield str(each)
        elif each.get("message"):
            yield str(each["message"])
        else:
            yield f"{each.get('field')} is {each.get('code')}"


def _short(error: Exception) -> str:
    """The innermost reason: what wraps it repeats the address."""
    while (inner := getattr(error, "reason", None) or (error.args and error.args[0])) and isinstance(inner, Exception):
        error = inner
    return f"{type(error).__name__}: {error}"[:200]
