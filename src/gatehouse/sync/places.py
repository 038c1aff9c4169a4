"""Where a check lies on the evidence branch: by model and evidence key, numbered, and never written twice.

``evidence/<model>/<key>.json`` is the first check of a question, ``<key>.2.json`` the second; the signed statement lies
beside its document: ``.intoto.json`` in place of ``.json``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gatehouse.pin import MODEL

BRANCH = "evidence"
_PATH = re.compile(
    rf"{BRANCH}/(?P<model>{MODEL.pattern})/(?P<key>[0-9a-f]{{64}})(?:\.(?P<number>[1-9][0-9]{{0,8}}))?"
    r"(?P<sealed>\.intoto)?\.json"
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One check's place: ``key`` is the evidence key with ``sha256:`` before it, ``number`` counts from 1."""

    model: str
    key: str
    number: int = 1

    @property
    def document(self) -> str:
        """The path of the result's document."""
        return f"{self._stem}.json"

    @property
    def envelope(self) -> str:
        """The path of the signed statement on it, where there is one."""
        return f"{self._stem}.intoto.json"

    @property
    def statement(self) -> str:
        """The path of the statement alone, in a report's folder; the branch has it only signed."""
        return f"{self._stem}.statement.json"

    @property
    def further(self) -> Place:
        """The place of the next check of the same question."""
        return replace(self, number=self.number + 1)

    @classmethod
    def of(cls, path: str) -> Place | None:
        """The place that a path names, be it of a document or of an envelope; None for any other path."""
        found = _PATH.fullmatch(path)
        if found is None or found["number"] == "1":
            return None
        return cls(found["model"], f"sha256:{found['key']}", int(found["number"] or 1))

    @property
    def _stem(self) -> str:
        digits = self.key.removeprefix("sha256:")
        return f"{BRANCH}/{self.model}/{digits}" + (f".{self.number}" if self.number > 1 else "")
