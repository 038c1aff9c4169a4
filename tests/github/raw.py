"""Plain HTTP calls, for what PyGithub has no word for or would never send."""

from __future__ import annotations

from typing import Any

import requests

from tests.github import GitHub


class Raw:
    """One token's calls to one repository; ``call`` returns status and body."""

    def __init__(self, github: GitHub, token: str, slug: str) -> None:
        self._start, self._token = f"{github.api_url}/repos/{slug}", token

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = requests.request(method, self._start + path, json=body, headers=headers, timeout=10)
        return answer.status_code, answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        """The body of a GET that must be answered."""
        status, body = self.call("GET", path)
        assert status == 200, body
        return body
