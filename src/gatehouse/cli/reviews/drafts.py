"""Answers that were typed and not submitted yet, below the git directory: nothing is lost to Ctrl-C or the network.

They are kept as the very form that ``--template`` prints, so that what is there can be finished by hand as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gatehouse.declare.types import Policy
from gatehouse.git import Repository
from gatehouse.review import body
from gatehouse.review.facts import Facts
from gatehouse.review.sheet import Sheet

_FOLDER = "gatehouse/reviews"
_MOST_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Drafts:
    """The one file for the pins of a pull request as they are at one commit, with one evidence."""

    path: Path

    @classmethod
    def of(cls, repository: Repository, facts: Facts) -> Drafts:
        folder = Path(repository.run("rev-parse", "--absolute-git-dir")) / _FOLDER
        tokens = "-".join(asked.token for asked in facts.asked if asked.token) or facts.head[:12]
        return cls(folder / f"{facts.number}-{tokens[:100]}.md")

    def keep(self, sheets: Sequence[tuple[Sheet, Policy]]) -> None:
        """Writes all anew; whole or not at all, and for nobody else to read."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        other = self.path.with_suffix(".new")
        other.touch(mode=0o600)
        text = "\n".join(body.template(sheet, policy) for sheet, policy in sheets)
        other.write_text(text, encoding="utf-8", errors="replace")
        other.replace(self.path)

    def kept(self) -> dict[str, Sheet]:
        """The sheets by token; none where there is no file, or one that does not read."""
        try:
            with self.path.open("rb") as stream:
                text = stream.read(_MOST_BYTES).decode(errors="replace")
        except OSError:
            return {}
        found = {sheet.token: sheet for sheet in body.read(text)}
        return {token: sheet for token, sheet in found.items() if sheet.answers or sheet.acknowledged}

    def drop(self) -> None:
        """What was submitted is on GitHub."""
        self.path.unlink(missing_ok=True)
