"""What is thought of the reviews of one pull request now, and what its check says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from gatehouse.cli.checkrun import REVIEW
from gatehouse.cli.frame import Settings
from gatehouse.cli.outlook import Outlook
from gatehouse.cli.reviews.facts import gathered
from gatehouse.cli.reviews.pins import Pins, pins
from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.github import Check, Conclusion, GitHubWriter, Pull
from gatehouse.report.outlook import NOTHING, Answer
from gatehouse.report.text import clean, markdown
from gatehouse.review import replies, telling, unasked
from gatehouse.review.facts import Facts, Person, Said, Standing
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Judgement
from gatehouse.review.reading import why
from gatehouse.review.record import Reviewed, reviewed
from gatehouse.review.who import bot, ghost

_TITLE = 130


def green(title: str, summary: str) -> Check:
    return Check(REVIEW, Conclusion.SUCCESS, title, f"{summary.rstrip()}\n")


def red(title: str, error: GatehouseError) -> Check:
    lines = [f"## ❌ {markdown(title, _TITLE)}", "", markdown(error.message, 2000)]
    fix = ["", f"**Next:** {markdown(error.fix, 1000)}"] if error.fix else []
    return Check(REVIEW, Conclusion.FAILURE, title, "\n".join([*lines, *fix]) + "\n")


UNCONCERNED = green(NOTHING, "No pin under `promotions/` changes here, so no person has to agree.")


@dataclass(frozen=True, slots=True)
class Seen:
    """One pull request at the moment ``now``. ``rejections`` are those in force, also of pins that nobody is asked
    about."""

    pull: Pull
    found: Pins
    facts: Facts
    judgement: Judgement
    rejections: tuple[Said, ...]
    now: datetime

    @property
    def passed(self) -> bool:
        return self.judgement.passed and not self.rejections

    @property
    def record(self) -> Reviewed:
        """What goes on record: of pins that nobody is asked about, who rejected them."""
        made = reviewed(self.facts, self.judgement, self.now)
        if made.places:
            return made
        places = unasked.places(self.facts, proposed(self.found))
        return msgspec.structs.replace(made, passed=self.passed, places=places)

    @property
    def check(self) -> Check:
        if not self.found.look.answers:
            return UNCONCERNED
        if self.judgement.places or not self.rejections:
            conclusion = Conclusion.SUCCESS if self.passed else Conclusion.FAILURE
            return Check(REVIEW, conclusion, self.title, telling.summary(self.facts, self.judgement))
        told = (markdown(f"@{said.author.login}{why(said)}", 1000) for said in self.rejections)
        lines = ["## ❌ Rejected", "", *(f"- {line}" for line in told)]
        return Check(REVIEW, Conclusion.FAILURE, self.title, "\n".join(lines) + "\n")

    @property
    def title(self) -> str:
        if not self.found.look.answers:
            return NOTHING
        if self.judgement.places or not self.rejections:
            return telling.title(self.facts, self.judgement)
        first = self.rejections[0]
        return clean(f"@{first.author.login} rejected it{why(first)}", _TITLE)


@dataclass(frozen=True, slots=True)
class Unread:
    """A pull request whose pins do not read: there is nothing to judge, and nothing to merge."""

    pull: Pull
    error: GatehouseError
    passed = False

    @property
    def check(self) -> Check:
        return red(self.title, self.error)

    @property
    def title(self) -> str:
        return clean(f"The pins cannot be read: {self.error.message}", _TITLE)


@dataclass(frozen=True, slots=True)
class Bench:
    """GitHub, main and the evidence branch at one moment."""

    settings: Settings
    github: GitHubWriter
    outlook: Outlook

    @classmethod
    def now(cls, settings: Settings, github: GitHubWriter) -> Bench:
        """Raises Unreachable when the remote does not answer."""
        return cls(settings, github, Outlook.now(settings))

    def look(self, number: int) -> Seen | Unread:
        """One pull request, open or not; one that was merged as of when it was.

        Raises NotFound for a number that is not there, Unreachable where GitHub or the remote does not answer,
        Forbidden for what the token may not see.
        """
        reader = self.github.reader
        pull = reader.pulls.get(number)
        try:
            found = pins(self.outlook, pull)
        except (Unreachable, NotFound):
            raise
        except GatehouseError as error:
            return Unread(pull, error)
        facts = gathered(reader, pull, found)
        if not facts.asked:
            facts = self._with_people(facts)
        now = pull.merged or self.github.now()
        rejections = replies.standing(facts, proposed(found), now)
        return Seen(pull, found, facts, judge(facts, now), rejections, now)

    def _with_people(self, facts: Facts) -> Facts:
        """Where nobody is asked, what those may do who say no: whoever may not write here stops nothing."""
        authors = (said.author for said in facts.said if said.standing is Standing.REJECTED)
        logins = sorted({author.login for author in authors if not bot(author) and not ghost(author)})
        people = {login: Person(login, self.github.reader.people.permission(login), None) for login in logins}
        return msgspec.structs.replace(facts, people=people)


def proposed(found: Pins) -> tuple[Answer, ...]:
    """The pins that a pull request sets, but for those that only come back."""
    return tuple(answer for answer in found.look.answers if not answer.returning)
