"""What is answered to people who gave a command that cannot be followed, and what a proposer is to change after a
rejection: all of it in one comment, which is written anew each time.

Everything that somebody wrote is escaped: whoever is named was told by their own comment, and is not called again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gatehouse.report.outlook import Answer
from gatehouse.report.text import code, link, markdown
from gatehouse.review import unasked
from gatehouse.review.attempts import in_force, spoken
from gatehouse.review.commands import USAGE, Command, Verb, commands
from gatehouse.review.facts import Facts, Said, Standing
from gatehouse.review.judgement import Judgement
from gatehouse.review.reading import why
from gatehouse.review.telling import advice
from gatehouse.review.who import Who, bot
from gatehouse.review.words import moment, seconds

Proposed = Sequence[Answer]
NOTHING = "Nothing is open: every command was followed, or taken back."
_VERBS = {Standing.APPROVED: Verb.APPROVE, Standing.REJECTED: Verb.REJECT, Standing.EMERGENCY: Verb.EMERGENCY}
_MOST = 20
_REASON, _FAULT = 1000, 500


@dataclass(frozen=True, slots=True)
class Reply:
    """To a command of ``said``: each fault, and what to do about it ("": see the usage)."""

    said: Said
    verb: Verb
    faults: tuple[tuple[str, str], ...]


def replies(facts: Facts, judgement: Judgement, proposed: Proposed) -> tuple[Reply, ...]:
    """One for each person and kind of command whose last one cannot be followed, or does not count."""
    who, last = Who(facts), dict[tuple[str, Verb], Reply]()
    for said in sorted(facts.said, key=lambda each: seconds(facts.pushed_at, each.at)):
        verb = _VERBS.get(said.standing)
        if verb is None or bot(said.author):
            continue
        person = who.of(said.author.login), verb
        last.pop(person, None)
        found = tuple(_faults(said, verb, judgement, proposed, who)) if said.by_comment else ()
        if found:
            last[person] = Reply(said, verb, found)
    return tuple(last.values())


def _faults(said: Said, verb: Verb, judgement: Judgement, proposed: Proposed, who: Who) -> Iterator[tuple[str, str]]:
    mine = [command for command in commands(said.body) if command.verb is verb]
    for command in mine:
        if command.fault:
            yield command.fault, ""
        elif not any(_names(command, pin) for pin in proposed):
            yield f"{command.model} version {command.version} is not promoted here: {_list(proposed)}", ""
    if verb is Verb.REJECT:
        if who.writes(said.author.login) is False:
            yield "only people who may write to this repository stop a promotion", "tell one of them, or a code owner"
    elif not any(command.fault for command in mine):
        broken = (ruled for place in judgement.places for ruled in place.rules if ruled.review == said.id)
        yield from dict.fromkeys((ruled.said, ruled.fix) for ruled in broken if not ruled.ok)


def _names(command: Command, pin: Answer) -> bool:
    return (command.model, command.version) == (pin.slot.model, pin.candidate.version)


def _list(proposed: Proposed) -> str:
    return ", ".join(f"{pin.slot} version {pin.candidate.version}" for pin in proposed[:5]) or "no pin changes"


def standing(facts: Facts, pins: Proposed, now: datetime) -> tuple[Said, ...]:
    """The rejections in force, oldest first, by people who may write here and those of whom nobody knows that."""
    if not facts.asked:
        return unasked.in_force(facts, pins)
    who = Who(facts)
    found = {id(said): said for asked in facts.asked for said in in_force(spoken(facts, who, asked, now), who)}
    return tuple(sorted(found.values(), key=lambda said: seconds(facts.pushed_at, said.at)))


def comment(facts: Facts, rejections: Sequence[Said], found: Sequence[Reply]) -> str:
    """The Markdown of the comment; "" where there is nothing to say."""
    parts = [*_rejected(facts, rejections), *_answered(found)]
    return "\n".join(parts).rstrip() + "\n" if parts else ""


def _rejected(facts: Facts, rejections: Sequence[Said]) -> Iterator[str]:
    if not rejections:
        return
    author = markdown(f"@{facts.author.login}")
    yield from ("### ❌ Rejected", "", f"{author}, this is what to change before it can be merged:", "")
    for said in rejections[:_MOST]:
        reason = why(said).removeprefix(": ") or "no reason was given: ask"
        told = markdown(f"@{said.author.login}, {moment(said.at)}")
        yield f"- {markdown(reason, _REASON)} ({_linked(told, said)})"
    yield from _more(len(rejections))
    yield from (
        "",
        "Push the change, or close this pull request. A rejection stands until whoever gave it approves, or",
    )
    yield from ("it is dismissed or deleted. Nothing else happened: what serves still serves.", "")


def _answered(found: Sequence[Reply]) -> Iterator[str]:
    if not found:
        return
    yield from ("### Commands that do not count as they stand", "")
    for reply in found[:_MOST]:
        told = markdown(f"@{reply.said.author.login}, {moment(reply.said.at)}")
        yield f"- {code('/' + reply.verb)} ({_linked(told, reply.said)})"
        for fault, fix in reply.faults[:_MOST]:
            yield f"  - {markdown(fault, _FAULT)}" + (f"; {advice(fix, _FAULT)}" if fix else "")
        yield f"  - usage: {code(USAGE[reply.verb])}"
    yield from _more(len(found))
    yield from ("", "Write another comment: one that was edited does not count. This answer is written anew then.", "")


def _more(count: int) -> Iterator[str]:
    if count > _MOST:
        yield f"- … and {count - _MOST:,} more"


def _linked(told: str, said: Said) -> str:
    return link(told, said.url)
