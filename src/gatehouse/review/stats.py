"""Numbers about reviewing, from the audit records: how long it takes, how often it says no, and who carries it. Pure.

Approvals are on record of what was merged; rejections of whatever was rejected. A review of several pins counts for
each of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import msgspec

from gatehouse.audit.record import Approval, Record, Rejection
from gatehouse.review.who import Names
from gatehouse.review.words import seconds

ENOUGH = 10
"""With fewer, the 90 % point is just the slowest one, and nothing is said."""


class Times(msgspec.Struct, frozen=True):
    """Seconds that ``count`` of something took: half of them at most ``median``, 90 % at most ``p90`` (the nearest
    rank). None where there are too few to say."""

    count: int = 0
    median: float | None = None
    p90: float | None = None


class Figures(msgspec.Struct, frozen=True):
    """What is on record of one model's reviews, or of all (``model`` None).

    ``promotions`` were let in after a review, ``emergencies`` of them by an emergency. ``rejected`` is the share of the
    rejections among all that was decided, ``flagged`` that of the flagged among the approvals, each 0 to 1 (None:
    nothing was). ``to_approve`` runs from when it could be reviewed to the approval, ``to_merge`` from the first commit
    of the proposal to the merge, where that is known.
    """

    model: str | None = None
    promotions: int = 0
    approvals: int = 0
    rejections: int = 0
    rejected: float | None = None
    flagged: float | None = None
    emergencies: int = 0
    to_approve: Times = Times()
    to_merge: Times = Times()


class Load(msgspec.Struct, frozen=True):
    """What one person did: ``share`` of everything that was decided, ``flagged`` of their approvals."""

    who: str
    approvals: int
    rejections: int
    share: float
    flagged: int
    to_approve: Times


class Numbers(msgspec.Struct, frozen=True):
    """All of it, of what was decided since ``since`` (None: ever); models by name, who carried most first."""

    since: datetime | None
    total: Figures
    models: tuple[Figures, ...]
    reviewers: tuple[Load, ...]


@dataclass(frozen=True, slots=True)
class _Decided:
    """One person's word about one pin."""

    model: str
    person: str
    said: Approval | Rejection


def numbers(
    records: Iterable[Record],
    names: Names,
    since: datetime | None = None,
    proposed: Mapping[str, datetime] | None = None,
) -> Numbers:
    """The numbers of all records; ``proposed`` says of a merge when its proposal began."""
    told = [record for record in records if record.approvals or record.rejections]
    decided = _decided(told, names, since)
    let_in = [record for record in told if record.accepted and any(_in(since, each.when) for each in record.approvals)]
    models = sorted({*(each.model for each in decided), *(record.slot.model for record in let_in)})

    def figures(model: str | None) -> Figures:
        return _figures(
            model,
            [each for each in decided if model in (None, each.model)],
            [record for record in let_in if model in (None, record.slot.model)],
            proposed or {},
        )

    return Numbers(since, figures(None), tuple(map(figures, models)), _loads(decided))


def _decided(records: Sequence[Record], names: Names, since: datetime | None) -> list[_Decided]:
    """Each word once: a rejection has a record of its own, and is on that of the promotion which came all the same."""
    found: dict[object, _Decided] = {}
    for record in records:
        # What was refused after people approved is asked for again, and on record then.
        said: tuple[Approval | Rejection, ...] = (*(record.approvals if record.accepted else ()), *record.rejections)
        for each in said:
            if _in(since, each.when):
                person = names.of(each.who)
                key = (record.slot, record.role, record.pin, isinstance(each, Approval), person, each.when)
                found.setdefault(key, _Decided(record.slot.model, person, each))
    return list(found.values())


def _in(since: datetime | None, when: datetime) -> bool:
    """Whether it was since then; without a zone nobody knows."""
    return since is None or (when.utcoffset() is not None and seconds(since, when) >= 0)


def _figures(
    model: str | None, decided: Sequence[_Decided], let_in: Sequence[Record], proposed: Mapping[str, datetime]
) -> Figures:
    approvals = [each.said for each in decided if isinstance(each.said, Approval)]
    merged = [
        seconds(proposed[record.commit], record.committed)
        for record in let_in
        if record.committed is not None and record.commit in proposed
    ]
    return Figures(
        model=model,
        promotions=len(let_in),
        approvals=len(approvals),
        rejections=len(decided) - len(approvals),
        rejected=(len(decided) - len(approvals)) / len(decided) if decided else None,
        flagged=sum(each.flagged for each in approvals) / len(approvals) if approvals else None,
        emergencies=sum(any("emergency" in each.answers for each in record.approvals) for record in let_in),
        to_approve=_times(each.seconds for each in approvals),
        to_merge=_times(merged),
    )


def _loads(decided: Sequence[_Decided]) -> tuple[Load, ...]:
    people: dict[str, list[_Decided]] = {}
    for each in decided:
        people.setdefault(each.person, []).append(each)
    loads = [_load(mine, len(decided)) for mine in people.values()]
    return tuple(sorted(loads, key=lambda load: (-load.approvals - load.rejections, load.who.lower())))


def _load(mine: Sequence[_Decided], of: int) -> Load:
    approvals = [each.said for each in mine if isinstance(each.said, Approval)]
    return Load(
        who=mine[0].said.who,
        approvals=len(approvals),
        rejections=len(mine) - len(approvals),
        share=len(mine) / of,
        flagged=sum(each.flagged for each in approvals),
        to_approve=_times(each.seconds for each in approvals),
    )


def _times(taken: Iterable[float | None]) -> Times:
    """Of what is known; time does not run backwards, but clocks do."""
    known = sorted(each for each in taken if each is not None and math.isfinite(each) and each >= 0)
    if not known:
        return Times()
    rank = math.ceil(0.9 * len(known))
    return Times(len(known), round(median(known), 1), round(known[rank - 1], 1) if len(known) >= ENOUGH else None)
