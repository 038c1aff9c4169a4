"""Why a version is where it is, in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gatehouse.pin import Role, Slot
from gatehouse.review.words import people
from gatehouse.sync.agreed import emergency
from gatehouse.sync.event import Event, What

Key = tuple[Slot, Role]
_MOVES = (What.MERGED, What.ROLLED_BACK, What.WITHDRAWN, What.SUPERSEDED)


def answer(model: str, version: int, events: Sequence[Event]) -> str:
    """One sentence, or two; ``events`` are those of ``story.about``, oldest first."""
    name = f"Version {version} of {model}"
    came, left = _stays(version, events)
    here = _foremost({key: event for key, event in came.items() if key not in left})
    if here is not None:
        event = came[here]
        proof = f"{_proof(event, events)}{_agreed(event, events)}"
        return f"{name} {_is(*here)} since {_time(event.time)}: {_how(event)}, {proof}."
    past = _foremost(came)
    if past is not None:
        span = f"from {_time(came[past].time)} to {_time(left[past].time)}"
        return f"{name} {_was(*past)} {span}, then {_end(left[past])}.{_held(events)}"
    return f"{name} was never promoted{_because(events)}.{_held(events)}"


def _stays(version: int, events: Sequence[Event]) -> tuple[dict[Key, Event], dict[Key, Event]]:
    """How the version last came into each role, and, where it is not there any more, how it left."""
    came: dict[Key, Event] = {}
    left: dict[Key, Event] = {}
    for event in events:
        if event.what not in _MOVES or event.slot is None or event.role is None:
            continue
        key = event.slot, event.role
        if event.after is not None and event.after.version == version:
            came[key] = event
            left.pop(key, None)
        else:
            left[key] = event
    return came, left


def _foremost(stays: dict[Key, Event]) -> Key | None:
    """The role that matters most: champion in production before all others, then the latest."""

    def weight(key: Key) -> tuple[bool, bool, datetime]:
        slot, role = key
        return slot.stage == "production", role is Role.CHAMPION, stays[key].time

    return max(stays, key=weight, default=None)


def _is(slot: Slot, role: Role) -> str:
    if role is not Role.CHAMPION:
        return f"is {role} in {slot.label}"
    return f"serves {slot.label}" if slot.stage == "production" else f"is in {slot.label}"


def _was(slot: Slot, role: Role) -> str:
    if role is not Role.CHAMPION:
        return f"was {role} in {slot.label}"
    return f"served {slot.label}" if slot.stage == "production" else f"was in {slot.label}"


def _how(event: Event) -> str:
    pull = f"#{event.pull_request}" if event.pull_request else event.commit[:12]
    if event.what is What.ROLLED_BACK:
        return f"{event.who} rolled back to it ({event.text})"
    return f"{event.who} merged {pull} ({event.text})"


def _proof(event: Event, events: Sequence[Event]) -> str:
    """What the gates had said of this very place, by then."""
    gates = [check for check in events if check.what is What.GATES and check.time <= event.time]
    checks = [check for check in gates if (check.slot, check.role) == (event.slot, event.role)]
    if not checks:
        return "and no evidence of its gates is left"
    return f"after {checks[-1].text}"


def _agreed(event: Event, events: Sequence[Event]) -> str:
    """Who had agreed to this very place by then, and to how much of it an auditor should look."""
    said = [one for one in events if one.what is What.APPROVED and one.time <= event.time]
    here = [one for one in said if (one.slot, one.role, one.after) == (event.slot, event.role, event.after)]
    if not here:
        return ""
    names = people(list(dict.fromkeys(one.who for one in here)))
    called = any(one.approval is not None and emergency(one.approval) is not None for one in here)
    flagged = any(one.approval is not None and one.approval.flagged for one in here)
    how = f"in an emergency that {names} called" if called else f"approved by {names}"
    return f", {how}{', flagged for the auditor' if flagged and not called else ''}"


def _end(event: Event) -> str:
    if event.what is What.WITHDRAWN:
        return f"{event.who} withdrew it ({event.text})"
    if event.what is What.ROLLED_BACK:
        return f"{event.who} rolled back to {event.after} ({event.text})"
    return f"{event.after} superseded it ({event.text})"


def _held(events: Sequence[Event]) -> str:
    holds = [event for event in events if event.what in (What.HELD, What.RELEASED)]
    if not holds or holds[-1].what is What.RELEASED:
        return ""
    return f" It is on hold: {holds[-1].text}."


def _because(events: Sequence[Event]) -> str:
    """The last thing that stood in its way; not a rejection that was taken back."""
    agreed = set()
    for event in reversed(events):
        if event.what is What.APPROVED:
            agreed.add(event.who)
        if event.what is What.REFUSED:
            return f"; sync refused it ({event.text})"
        if event.what is What.REJECTED and event.who not in agreed:
            return f": @{event.who} rejected it ({event.text})"
        if event.what is What.GATES and event.evidence and not event.evidence.outcome.lets_through:
            return f": {event.text} on {_time(event.time)}"
    if any(event.what is What.GATES for event in events):
        return ", though its gates passed: no pull request of it was merged"
    return ": nobody proposed it"


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
