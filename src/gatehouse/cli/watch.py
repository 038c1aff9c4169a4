"""The check of open pull requests: may it be green, given main as it is now and the other pull requests?

A green check is an answer to the question of its moment. Merges, and pull requests that are opened beside it, change
the question; whoever notices says so on the check. A check that failed for another reason is left as it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import msgspec

from gatehouse.cli import rivals, steps
from gatehouse.cli.checkrun import NAME, failure, judged
from gatehouse.cli.frame import Settings
from gatehouse.cli.outlook import Look, Outlook
from gatehouse.cli.rivals import Rival
from gatehouse.declare.source import Revision
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.github import Check, Conclusion, GitHubWriter
from gatehouse.pin import Slot
from gatehouse.report import outlook
from gatehouse.report.outlook import Answer, Word


class State(msgspec.Struct, frozen=True):
    """How the check of one open pull request stands.

    ``state`` is ``good``, ``outdated`` or ``taken``; ``waiting`` where the gates have not ended; ``failed`` where they
    said no, or where nothing could be checked. ``changed``: it was set just now.
    """

    pull: int
    head: str
    state: str
    title: str
    changed: bool = False
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Watch:
    """GitHub, main and the evidence branch at one moment."""

    settings: Settings
    github: GitHubWriter
    outlook: Outlook

    @classmethod
    def now(cls, settings: Settings, github: GitHubWriter) -> Watch:
        return cls(settings, github, Outlook.now(settings))

    @cached_property
    def rivals(self) -> tuple[Rival, ...]:
        return rivals.rivals(self.outlook.trunk, self.github.reader)

    def slots(self, number: int) -> frozenset[Slot]:
        """The slots that an open pull request changes."""
        return next((rival.slots for rival in self.rivals if rival.pull.number == number), frozenset())

    def word(self, number: int, head: str, slots: Collection[Slot]) -> tuple[Word | None, Look]:
        """What keeps a pull request's check from being green at ``head``, whose gates have passed; None: nothing."""
        try:
            rivals.bring(self.outlook.trunk, head)
            look = self.outlook.proposed(head)
        except Unreachable:
            raise
        except GatehouseError as error:
            return outlook.unread(error.message, error.fix), Look()
        # Nobody waits for a promotion when production is to go back to what served before.
        contested = {*slots} - {answer.slot for answer in look.answers if answer.returning}
        first = rivals.older(self._beside(head), number, contested) if contested else None
        if first is not None:
            return outlook.taken(first[1], first[0].pull.number), look
        return (None if look.good else outlook.outdated(look.answers)), look

    def _beside(self, head: str) -> list[Rival]:
        """The others. Two pull requests from one commit share its check, and merging one merges both."""
        return [rival for rival in self.rivals if rival.pull.head_sha != head]

    def settle(self, rival: Rival) -> State:
        """Sets the check of one open pull request where it says what does not hold any more."""
        number, head = rival.pull.number, rival.pull.head_sha
        standing = self.github.reader.checks.standing(head, NAME)
        if standing is None or not standing.ended:
            return State(number, head, "waiting", standing.title if standing else "")
        if not standing.passed and not outlook.ours(standing.title):
            return State(number, head, "failed", standing.title)
        word, look = self.word(number, head, rival.slots)
        if word is None and standing.passed:
            return State(number, head, "good", standing.title, answers=look.answers)
        check = failure(word) if word is not None else self._again(number, look)
        changed = standing.passed is not check.conclusion.passed or standing.title != check.title
        if changed:
            self.github.checks.report(head, check)
        state = "good" if word is None else "taken" if word.title.startswith(outlook.TAKEN) else "outdated"
        return State(number, head, state, check.title, changed, look.answers)

    def _again(self, number: int, look: Look) -> Check:
        """The check of a pull request whose evidence is good again: its gates' own report."""
        if not look.results:
            word = outlook.holds(look.answers)
            return Check(NAME, Conclusion.SUCCESS, word.title, word.summary)
        base = Revision(self.outlook.trunk.repository, self.outlook.trunk.commit)
        context = steps.context(self.settings, base, self.outlook.declared, number, look.results)
        return judged(look.results, context)
