"""What the words of a review or comment say of one pin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from gatehouse.review import body
from gatehouse.review.commands import Command, Verb, commands
from gatehouse.review.facts import Asked, Facts, Said, Standing
from gatehouse.review.questions import unanswered
from gatehouse.review.sheet import Decision, Sheet

_VERBS = {
    Standing.APPROVED: Verb.APPROVE,
    Standing.REJECTED: Verb.REJECT,
    Standing.EMERGENCY: Verb.EMERGENCY,
}
# Each review is held against each pin, and its Markdown takes longest.
_sheets = lru_cache(maxsize=512)(body.read)
_given = lru_cache(maxsize=512)(commands)


@dataclass(frozen=True, slots=True)
class Reading:
    """``token`` is the one that was repeated, "" for none; ``misnamed`` says what else the words name than this pin.

    ``acknowledged`` are the policy's limitations that were ticked, ``unacknowledged`` those that were not;
    ``unanswered`` are sentences, ``reason`` is an emergency's.
    """

    token: str = ""
    misnamed: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    unanswered: tuple[str, ...] = ()
    unacknowledged: tuple[str, ...] = ()
    acknowledged: tuple[str, ...] = ()
    reason: str = ""


def read(said: Said, asked: Asked) -> Reading:
    """What an approval or an emergency says of the pin."""
    command = _command(said, asked)
    if said.standing is Standing.EMERGENCY:
        return Reading(command.token, reason=command.reason) if command else Reading()
    sheets = _sheets(said.body)
    here = [sheet for sheet in sheets if sheet.token == asked.token]
    if command is None:
        token = asked.token if here else next((sheet.token for sheet in sheets if sheet.token), "")
    else:
        token = command.token
    return _filled(token, here, asked)


def concerns(said: Said, asked: Asked, facts: Facts) -> bool:
    """Whether it is about this pin: unless it clearly speaks of others alone, it is.

    A review that rejects is about the whole pull request; words that somebody changed prove nothing.
    """
    given = _commands(said)
    if given:
        return any(_meant(command, asked) for command in given)
    if said.standing is Standing.REJECTED or said.edited is not None:
        return True
    named = {sheet.token for sheet in _sheets(said.body)}
    others = {other.token for other in facts.asked if other.token != asked.token}
    return asked.token in named or not named & others


def why(said: Said) -> str:
    """``: its reason``, on one line, as somebody who rejects gave it; "" where there is none."""
    given = [command.reason for command in _commands(said)] or [body.reason(said.body)]
    reason = " ".join(" ".join(given).split())
    return f": {reason}" if reason else ""


def _filled(token: str, here: Sequence[Sheet], asked: Asked) -> Reading:
    """The questionnaire below a command, or the review itself; without one nothing is answered."""
    limitations = asked.policy.review.limitations
    # A command and the form below it may both be one.
    sheet = max(here, key=lambda each: len(each.answers) + len(each.acknowledged), default=None)
    if sheet is None:
        return Reading(token, unanswered=("there is no questionnaire",), unacknowledged=limitations)
    # Who approves and rejects in one breath has not approved.
    judged = next((each for each in here if each.decision is Decision.REJECT), sheet)
    return Reading(
        token,
        next((fault for each in here if (fault := _misnamed(each, asked))), ""),
        sheet.answers,
        (*unanswered(judged, asked.policy), *_contradictions(sheet, here)),
        tuple(limit for limit in limitations if limit not in sheet.acknowledged),
        tuple(limit for limit in limitations if limit in sheet.acknowledged),
    )


def _contradictions(sheet: Sheet, here: Sequence[Sheet]) -> Iterator[str]:
    for name, answer in sheet.answers.items():
        if any(other.answers.get(name, answer) != answer for other in here):
            yield f"{name}: it is answered twice, and not the same"


def _commands(said: Said) -> tuple[Command, ...]:
    """The commands for which a comment is what it is; those that lack something too, which the rules then say."""
    if not said.by_comment:
        return ()
    return tuple(command for command in _given(said.body) if command.verb is _VERBS.get(said.standing))


def _command(said: Said, asked: Asked) -> Command | None:
    meant = [command for command in _commands(said) if _meant(command, asked)]
    return next((command for command in meant if command.token == asked.token), meant[0] if meant else None)


def _meant(command: Command, asked: Asked) -> bool:
    return command.model in ("", asked.slot.model) and command.version in (0, asked.candidate.version)


def _misnamed(sheet: Sheet, asked: Asked) -> str:
    """The token decides; where the head of the form says another pin, nobody knows which one was looked at."""
    slot = asked.slot
    if sheet.version not in (0, asked.candidate.version):
        return f"version {sheet.version}"
    if sheet.promotion not in ("", slot.model, str(slot)):
        return sheet.promotion
    return f"the {sheet.role}" if sheet.promotion == str(slot) and sheet.role is not asked.role else ""
