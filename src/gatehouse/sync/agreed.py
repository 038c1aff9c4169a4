"""Who agreed to a pin and who did not, as events. Pure.

The audit record comes first: it says what counted when sync let a pin in. What it does not have yet, or never will have
because nothing was merged, is told from the reviews on the evidence branch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gatehouse.audit.record import Approval, Record, Rejection
from gatehouse.pin import Pin, Role, Slot
from gatehouse.report.text import clean
from gatehouse.review.record import Reviewed, ReviewedPlace
from gatehouse.review.words import span
from gatehouse.sync.event import Event, What

EMERGENCY = "emergency"
"""The answer that is an emergency's reason."""
# A reason is shown on one line; the event has all of it.
_LINE = 2_000


@dataclass(frozen=True, slots=True)
class _About:
    """What a word is about, and the pull request that it was said in."""

    slot: Slot
    role: Role
    pin: Pin | None
    pull_request: int | None


def spoken(model: str, records: Sequence[Record], reviewed: Sequence[Reviewed]) -> Iterator[Event]:
    """Every word once, whoever remembers it; the record's where there are two. ``reviewed`` oldest first."""
    told: dict[tuple[object, ...], Event] = {}
    for event in (*_recorded(records), *_kept(model, records, reviewed)):
        told.setdefault((event.what, event.slot, event.role, event.after, event.who, event.time), event)
    yield from told.values()


def emergency(approval: Approval) -> str | None:
    """Why somebody called an emergency; None of a plain approval, though a policy may ask a question of that name."""
    return approval.answers.get(EMERGENCY) if approval.flagged else None


def heard(approval: Approval) -> str:
    """How somebody agreed: how long they had, or why they called an emergency; on one line."""
    reason, flag = emergency(approval), "; flagged for the auditor" if approval.flagged else ""
    return f"{_took(approval.seconds) if reason is None else f'called an emergency: {clean(reason, _LINE)}'}{flag}"


def _took(seconds: float | None) -> str:
    if seconds is None:
        return "how long after it could be reviewed is not known"
    if seconds < 0:
        return f"{span(-seconds)} before it could be reviewed"
    return f"{span(seconds)} after it could be reviewed"


def answers(approval: Approval) -> Iterator[str]:
    """What was answered, a line a question, and the known limitations that were acknowledged."""
    for question, answer in approval.answers.items():
        if question != EMERGENCY or emergency(approval) is None:
            yield f"{clean(question, 60)}: {clean(answer, _LINE)}"
    if approval.acknowledged:
        yield f"acknowledged: {', '.join(clean(each) for each in approval.acknowledged)}"


def _recorded(records: Sequence[Record]) -> Iterator[Event]:
    for record in records:
        about = _About(record.slot, record.role, record.pin, record.pull_request)
        yield from (_approved(about, one) for one in record.approvals if _when(one.when))
        yield from (_rejected(about, one) for one in record.rejections if _when(one.when))


def _kept(model: str, records: Sequence[Record], reviewed: Sequence[Reviewed]) -> Iterator[Event]:
    """Every rejection; of approvals the last that counted, where the record does not say which did."""
    settled = {(record.slot, record.role, record.pin) for record in records if record.approvals}
    last: dict[tuple[int, Slot, Role], tuple[_About, ReviewedPlace]] = {}
    for one in reviewed:
        for place in one.places:
            if place.slot.model != model:
                continue
            about = _About(place.slot, place.role, place.candidate, one.number)
            yield from (_rejected(about, each) for each in place.rejections)
            last[one.number, place.slot, place.role] = about, place
    for about, place in last.values():
        if (about.slot, about.role, about.pin) not in settled:
            yield from (_approved(about, each) for each in place.approvals)


def _approved(about: _About, said: Approval) -> Event:
    return Event(
        said.when, What.APPROVED, heard(said), about.slot, about.role, after=about.pin,
        who=clean(said.who, 100), pull_request=about.pull_request, approval=said,
    )  # fmt: skip


def _rejected(about: _About, said: Rejection) -> Event:
    reason = clean(said.reason, _LINE) or "no reason given"
    return Event(
        said.when, What.REJECTED, reason, about.slot, about.role, after=about.pin,
        who=clean(said.who, 100), pull_request=about.pull_request, rejection=said,
    )  # fmt: skip


def _when(moment: datetime) -> bool:
    """A moment without a zone cannot stand among the others."""
    return moment.utcoffset() is not None
