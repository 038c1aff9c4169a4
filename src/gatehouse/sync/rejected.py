"""The rejections that lie on the evidence branch, as records. Pure.

Whoever may write to the repository may write to that branch. So nothing that is read there may stop a sync, and what
cannot be true is left out.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

import msgspec

from gatehouse import __version__
from gatehouse.audit.record import Approval, Kind, Record, Rejection
from gatehouse.pin import MODEL, NAME, Slot
from gatehouse.report.text import SAFE_LINK, clean
from gatehouse.review.record import Reviewed, ReviewedPlace

# What one sync puts on record; the next one goes on.
MOST = 1_000
# As much as GitHub lets anybody say at once.
_WORDS = 65_536
Said = TypeVar("Said", Approval, Rejection)
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
# Before there was GitHub nobody reviewed on it, and a clock that is a day ahead is a wrong one.
_FIRST = datetime(2008, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
_LONGEST_S = 1e10


def rejections(reviewed: Iterable[Reviewed], known: Container[str], now: datetime) -> Iterator[Record]:
    """A record for each rejection that has none yet, the oldest first.

    One rejection of a pin is one record, however many commits it stood through.
    """
    told: dict[str, Record] = {}
    for one in credible(reviewed, now):
        for place in one.places:
            for said in place.rejections:
                key = _key(one, place, said)
                if key not in known and key not in told:
                    told[key] = _record(key, one, place, said, now)
    yield from islice(told.values(), MOST)


def credible(reviewed: Iterable[Reviewed], now: datetime) -> Iterator[Reviewed]:
    """The reviews without what cannot be: places with no such name, words of a time that was not or is not yet."""
    for one in reviewed:
        if one.number > 0 and _COMMIT.fullmatch(one.head) and _happened(one.judged, now):
            places = tuple(_place(place, now) for place in one.places if _named(place.slot))
            yield msgspec.structs.replace(one, places=places)


def _place(place: ReviewedPlace, now: datetime) -> ReviewedPlace:
    return msgspec.structs.replace(
        place,
        approvals=tuple(_sober(each) for each in place.approvals if _happened(each.when, now)),
        rejections=tuple(_sober(each) for each in place.rejections if _happened(each.when, now)),
    )


def _named(slot: Slot) -> bool:
    names = [slot.stage, *([] if slot.segment is None else [slot.segment])]
    return MODEL.fullmatch(slot.model) is not None and all(NAME.fullmatch(name) for name in names)


def _happened(when: datetime, now: datetime) -> bool:
    return when.tzinfo is not None and _FIRST <= when <= now + _AHEAD


def _sober(said: Said) -> Said:
    """Who is called by a name, a page that is a link, and a number of seconds that a person can have taken."""
    taken = said.seconds
    plain = msgspec.structs.replace(
        said,
        who=clean(said.who, 100),
        when=said.when.astimezone(UTC),
        seconds=taken if taken is not None and abs(taken) < _LONGEST_S else None,
        url=said.url if SAFE_LINK.fullmatch(said.url) else "",
    )
    if isinstance(plain, Rejection):
        return msgspec.structs.replace(plain, reason=plain.reason[:_WORDS])
    return plain


def _key(one: Reviewed, place: ReviewedPlace, said: Rejection) -> str:
    pin = f"version {place.candidate.version} {place.candidate.digest}"
    where = said.url or said.when.isoformat(timespec="seconds")
    return f"rejected #{one.number} {place.slot} {place.role}: {pin} by {said.who}, {where}"


def _record(key: str, one: Reviewed, place: ReviewedPlace, said: Rejection, now: datetime) -> Record:
    return Record(
        key=key,
        kind=Kind.REJECTED,
        when=now,
        who=said.who,
        slot=place.slot,
        role=place.role,
        engine=__version__,
        after=place.candidate,
        commit=one.head,
        pull_request=one.number,
        reason=said.reason,
        rejections=(said,),
    )
