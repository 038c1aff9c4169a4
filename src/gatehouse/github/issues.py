"""Issues, each opened once: found again by its marker and its author."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gatehouse.github import text
from gatehouse.github.line import Line
from gatehouse.github.refusal import Asking
from gatehouse.github.values import Issue

_READ = "read access to issues"
_WRITE = "write access to issues"


class IssueWriter:
    """Opens issues as the token's own account."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def open(self, name: str, title: str, body: str, since: datetime) -> Issue:
        """Our one issue under ``name``, open or closed again by somebody: opened now, or by an earlier call.

        ``name`` is a word such as ``emergency-12`` (ValueError for odd characters); it becomes an invisible first line.
        No earlier call was before ``since``, from where the issues are looked through. Raises Refused where the
        repository has no issues.
        """
        whole = text.body(f"{text.marker(name)}\n{body}")
        found = self._find(name, since)
        if found is not None:
            return found

        def send() -> Issue:
            made = self._line.repository.create_issue(text.line(title), whole)
            return Issue(made.number, made.html_url, new=True)

        return self._line.write(
            Asking(f"open the issue {text.line(title, 60)!r}", _WRITE), send, lambda: self._find(name, since)
        )

    def _find(self, name: str, since: datetime) -> Issue | None:
        asking = Asking("list the issues", _READ)
        path = f"{self._line.repository.url}/issues"
        moment = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

        def ask() -> Issue | None:
            query = {"state": "all", "since": moment, "sort": "created", "direction": "asc"}
            found = (one for one in self._line.items(path, asking, **query) if self._ours(one, name))
            first = next(found, None)
            return None if first is None else Issue(first["number"], first["html_url"], new=False)

        return self._line.read(asking, ask)

    def _ours(self, told: dict[str, Any], name: str) -> bool:
        """Whether it is an issue of ours under the name, not a pull request, which GitHub lists as one too."""
        author = (told["user"] or {}).get("login", "")
        ours = author.lower() == self._line.login.lower() and "pull_request" not in told
        return ours and text.marked(told["body"] or "", name)
