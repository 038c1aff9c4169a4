"""Which questions a change asks: one for every pin that it sets."""

from __future__ import annotations

from collections.abc import Iterable

from gatehouse.declare.changes import PinChange
from gatehouse.declare.types import Declared
from gatehouse.evaluate.result import Request
from gatehouse.pin import Pin, Slot


def requests(
    changes: Iterable[PinChange], base: Declared | None, base_commit: str, head_commit: str
) -> tuple[Request, ...]:
    """One request a pin that is set or moved; a pin taken away asks nothing, since nothing new would serve."""
    return tuple(
        Request(
            slot=change.slot,
            role=change.role,
            candidate=change.after,
            champion=champion_for(change.slot, base),
            previous=change.before,
            base=base_commit,
            head=head_commit,
            line=change.line,
        )
        for change in changes
        if change.after is not None
    )


def champion_for(slot: Slot, base: Declared | None) -> Pin | None:
    """What serves where this slot would serve: the last stage's pin for the same segment, else for all segments.

    None at a model's first promotion.
    """
    if base is None:
        return None
    last = base.stages.stages[-1].name
    for segment in (slot.segment, None):
        promotion = base.promotions.get(Slot(slot.model, last, segment))
        if promotion is not None:
            return promotion.pin
    return None
