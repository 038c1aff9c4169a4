"""Trouble on demand: refusals, breakdowns and dropped connections, before or after a request took effect."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.github.wire import Answer

_WORDS = {
    403: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    429: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    500: "Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "We couldn't respond to your request in time. Sorry about that.",
}


@dataclass
class Fault:
    """Catches the next ``times`` requests whose method and path match.

    ``status`` None drops the connection without an answer. With ``after`` the request does its work first: what the
    client is told, and what happened, differ.
    """

    method: str
    path: str
    status: int | None = 502
    after: bool = False
    times: int = 1
    retry_after: int | None = None

    def catches(self, method: str, path: str) -> bool:
        return self.times > 0 and method == self.method and re.search(self.path, path) is not None

    def answer(self) -> Answer | None:
        """The trouble itself, used up once; None: hang up."""
        self.times -= 1
        if self.status is None:
            return None
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        message = _WORDS.get(self.status, "Not now")
        return Answer(self.status, {"message": message, "documentation_url": "https://docs.github.com/rest"}, headers)
