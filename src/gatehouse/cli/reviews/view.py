"""A pull request as one reviewer faces it: what it asks of people, who the reviewer is, and what time it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gatehouse.cli.frame import Settings
from gatehouse.cli.outlook import Look, Outlook
from gatehouse.cli.reviews.facts import gathered
from gatehouse.cli.reviews.pins import pins
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.report.text import clean
from gatehouse.review.facts import Account, Asked, Facts
from gatehouse.review.words import moment

if TYPE_CHECKING:
    from gatehouse.evaluate.result import Result
    from gatehouse.github import GitHubWriter, Pull

Say = Callable[[str], None]
_NEAR = 6


@dataclass(frozen=True, slots=True)
class View:
    """``now`` is the time by GitHub's clock, ``look`` what the evidence says of every pin of the pull request."""

    outlook: Outlook
    pull: Pull
    facts: Facts
    look: Look
    me: Account
    now: datetime

    def result(self, asked: Asked) -> Result | None:
        """The check that the token of a pin stands for."""
        return next((result for result in self.look.results if result.key == asked.evidence), None)

    @property
    def mine(self) -> bool:
        """Whether the reviewer opened it: GitHub takes no verdict on one's own pull request."""
        return self.pull.author.login.lower() == self.me.login.lower()


def view(settings: Settings, github: GitHubWriter, number: int, say: Say, *, ended: bool = False) -> View:
    """Raises GatehouseError for a number that is none, and for what is closed unless it may have ``ended``."""
    pull = github.reader.pulls.get(number) if ended else find(github, number, say)
    say("reading main and the evidence")
    outlook = Outlook.now(settings)
    found = pins(outlook, pull)
    say("reading what was said so far")
    reviewer = me(github)
    facts = gathered(github.reader, pull, found, reviewer.login)
    return View(outlook, pull, facts, found.look, reviewer, github.now())


def me(github: GitHubWriter) -> Account:
    """Who the token speaks for."""
    return Account(github.login)


def find(github: GitHubWriter, number: int, say: Say) -> Pull:
    """An open pull request; raises GatehouseError for any other number, naming those that are open."""
    say(f"reading pull request #{number}")
    try:
        pull = github.reader.pulls.get(number)
    except NotFound as error:
        raise NotFound(f"{github.slug} has no pull request #{number}", _near(github) or error.fix) from error
    if pull.merged is not None:
        raise GatehouseError(
            f"#{number} was merged on {moment(pull.merged)}: it is decided",
            "`gatehouse why MODEL VERSION` tells who agreed to it; `gatehouse rollback MODEL` takes it back",
        )
    if not pull.open:
        raise GatehouseError(
            f"#{number} is closed: there is nothing to decide", "reopen it first, if it is wanted after all"
        )
    return pull


def _near(github: GitHubWriter) -> str:
    """The pull requests that may have been meant; "" where there is none, or this token sees none."""
    try:
        pulls = github.reader.pulls.open()
    except GatehouseError:
        return ""
    named = ", ".join(f"#{pull.number} {clean(pull.title, 60)}" for pull in pulls[-_NEAR:])
    return f"open ones are: {named}" if named else ""
