"""What ``gatehouse review PR`` answers with, as data and as text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from gatehouse.pin import Role
from gatehouse.report.text import clean
from gatehouse.review.facts import Facts
from gatehouse.review.judgement import Judgement, Place, Ruled
from gatehouse.review.would import counts, hindered, lacking

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gatehouse.github import Pull


class Did(StrEnum):
    """What was sent to GitHub."""

    APPROVED = "approved"
    REJECTED = "rejected"
    EMERGENCY = "emergency"
    ALREADY = "already"  # nothing: there was no need to
    NOTHING = "nothing"


class PinTold(msgspec.Struct, frozen=True):
    """One pin. ``promotion`` is model/stage, ``token`` names the evidence ("": there is none).

    ``counted``: what was sent counts for this pin; ``flagged``: it does, and an auditor should look. ``hindered`` are
    the rules for which it does not, or would not. ``lacking`` are the rules that the pin still breaks as a whole, each
    with what to do. ``open`` says what the questionnaire lacks, a sentence each.
    """

    promotion: str
    role: Role
    version: int
    token: str
    counted: bool = False
    flagged: bool = False
    hindered: tuple[Ruled, ...] = ()
    lacking: tuple[Ruled, ...] = ()
    open: tuple[str, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """What --format json prints, of every way to answer for a pull request.

    ``by`` is who the token speaks for, ``did`` what was sent, ``said`` how it ended, in a sentence; ``url`` is where
    what was sent is (None: nothing was), and ``body`` its text. ``passed``: nothing more is needed of people (None:
    that could not be asked). ``counts_from`` is when an approval begins to count, where only the time is against it.
    ``kept`` is the file that holds the answers that were not sent.
    """

    number: int
    head: str
    by: str
    did: Did
    said: str
    url: str | None = None
    body: str | None = None
    passed: bool | None = None
    counts_from: datetime | None = None
    kept: str | None = None
    pins: tuple[PinTold, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether it counts for some pin."""
        return any(pin.counted for pin in self.pins)


class Form(msgspec.Struct, frozen=True):
    """One blank questionnaire, as ``--template --format json`` prints it."""

    promotion: str
    role: Role
    version: int
    token: str
    markdown: str


class Forms(msgspec.Struct, frozen=True):
    """What ``--template --format json`` prints. Without a form nobody has to agree, or there is no evidence yet."""

    number: int
    head: str
    forms: tuple[Form, ...] = ()


def nothing(pull: Pull, login: str, said: str, **more: Any) -> Told:
    """How it ended for this reviewer; unless ``more`` says otherwise nothing was sent."""
    plain = {"number": pull.number, "head": pull.head_sha, "by": login, "did": Did.NOTHING, "said": said}
    return Told(**{**plain, **more})


def but(told: Told, words: str) -> Told:
    """The same, with a reservation."""
    return msgspec.structs.replace(told, said=f"{told.said}; {words}")


def judged(told: Told, found: tuple[PinTold, ...], judgement: Judgement) -> Told:
    """The same, with what came of it."""
    return msgspec.structs.replace(told, pins=found, passed=judgement.passed)


def pins(judgement: Judgement, facts: Facts, login: str, review: int) -> tuple[PinTold, ...]:
    """Each pin as it stands with the review ``review`` of ``login``."""
    return tuple(_pin(place, facts, login, review) for place in judgement.places)


def _pin(place: Place, facts: Facts, login: str, review: int) -> PinTold:
    asked, against = place.asked, hindered(place, review)
    # A call counts before there is the second one that it takes.
    heard = any(ruled.review == review for ruled in place.rules) or counts(place, login, facts)
    counted = heard and not against
    flagged = any(ruled.flag for ruled in place.rules if ruled.review == review)
    return PinTold(
        promotion=str(asked.slot),
        role=asked.role,
        version=asked.candidate.version,
        token=asked.token,
        counted=counted,
        flagged=counted and flagged,
        hindered=against,
        lacking=lacking(place),
    )


def text(told: Told) -> Iterator[RenderableType]:
    """The same for people."""
    from rich.text import Text

    yield Text(clean(told.said, 2000), style="bold" if told.did is Did.NOTHING else "bold green")
    if told.url:
        yield Text(clean(told.url, 300), style="dim")
    if told.body and told.did is not Did.APPROVED:
        yield from (Text(f"  {clean(line, 1000)}") for line in told.body.splitlines())
    for pin in told.pins:
        yield from _pin_text(pin, told, several=len(told.pins) > 1)
    if told.kept:
        yield Text.assemble("Your answers are kept in ", (told.kept, "bold"))


def _pin_text(pin: PinTold, told: Told, *, several: bool) -> Iterator[RenderableType]:
    from rich.text import Text

    if several:
        yield Text(f"{clean(pin.promotion, 200)}, version {pin.version}", style="bold")
    if told.did in (Did.APPROVED, Did.EMERGENCY):
        what = "approval" if told.did is Did.APPROVED else "call"
        if pin.counted:
            yield Text(
                f"✓ your {what} counts" + (", and is flagged for the auditor" if pin.flagged else ""), style="green"
            )
        elif not pin.hindered:
            yield Text(f"✗ your {what} does not count yet", style="red")
    yield from (ruled("✗", "red", rule) for rule in pin.hindered)
    yield from (Text(f"✗ {clean(fault, 400)}", style="red") for fault in pin.open)
    if told.did not in (Did.APPROVED, Did.EMERGENCY):
        return
    left = [rule for rule in pin.lacking if rule not in pin.hindered]
    yield from (ruled("still needed:", "yellow", rule) for rule in left)
    if not pin.lacking:
        yield Text("✓ nothing more is needed of people", style="green")


def ruled(sign: str, colour: str, rule: Ruled) -> RenderableType:
    """A rule's outcome on a line, and what to do."""
    from rich.text import Text

    fix = f" → {clean(rule.fix, 400)}" if rule.fix else ""
    return Text.assemble((f"{sign} ", colour), clean(rule.said, 500), fix)
