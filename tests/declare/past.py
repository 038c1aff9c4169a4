"""Histories for tests, written by one ``git fast-import``: a hundred merges cost what one process costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from gatehouse.git import Author, Repository
from gatehouse.pin import Pin, Slot
from tests.declare.helpers import POLICY, promotion

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MODEL = "credit-risk"
STAGING = Slot(MODEL, "staging")
PRODUCTION = Slot(MODEL, "production")
EU = Slot(MODEL, "production", "eu")
ADA = Author("Ada", "ada@example.org")
GRACE = Author("Grace", "grace@example.org")
BRANCH_AGE = timedelta(minutes=15)


class Past:
    """A repository whose main begins with a policy; each merge is an hour after the one before, its branch younger."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = START
        self._stream = b""
        self._mark = 0
        self._tip = self._commit("refs/heads/main", {f"promotions/{MODEL}/policy.yaml": POLICY}, START, GRACE, [])

    def merge(self, files: Mapping[str, str | None], author: Author = ADA) -> None:
        """A pull request of one commit by ``author``, merged by Grace."""
        self.now += timedelta(hours=1)
        side = self._commit("refs/heads/side", files, self.now - BRANCH_AGE, author, [self._tip])
        self._tip = self._commit("refs/heads/main", files, self.now, GRACE, [self._tip, side])

    def push(self, files: Mapping[str, str | None], author: Author = ADA, mode: str = "100644") -> None:
        """A commit on main itself, as a squashed pull request leaves it."""
        self.now += timedelta(hours=1)
        self._tip = self._commit("refs/heads/main", files, self.now, author, [self._tip], mode)

    def promote(self, slot: Slot, pin: Pin | None, *roles: str) -> None:
        self.merge({slot.path: promotion(pin.version, pin.digest, *roles) if pin is not None else None})

    @cached_property
    def repository(self) -> Repository:
        """Everything up to now, imported."""
        found = Repository(self.root)
        found.run("init", "-q", "-b", "main")
        found.run("fast-import", "--quiet", data=self._stream)
        return found

    def _commit(
        self,
        branch: str,
        files: Mapping[str, str | None],
        when: datetime,
        author: Author,
        parents: list[int],
        mode: str = "100644",
    ) -> int:
        self._mark += 1
        who = f"{author.name} <{author.email}> {int(when.timestamp())} +0000"
        lines = [f"commit {branch}", f"mark :{self._mark}", f"author {who}", f"committer {who}", "data 6", "change"]
        lines += [f"{word} :{parent}" for word, parent in zip(("from", "merge"), parents, strict=False)]
        for path, text in files.items():
            if text is None:
                lines.append(f"D {path}")
            else:
                lines += [f"M {mode} inline {path}", f"data {len(text.encode())}", text]
        self._stream += "\n".join([*lines, "", ""]).encode()
        return self._mark
