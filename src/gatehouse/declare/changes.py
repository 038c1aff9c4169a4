"""What changed between two states, pin by pin."""

from __future__ import annotations

import msgspec

from gatehouse.declare.types import Declared
from gatehouse.pin import Pin, Role, Slot


class PinChange(msgspec.Struct, frozen=True):
    """One role of one slot that holds another pin than before. ``line`` is the pin's line at head (1 where it left)."""

    slot: Slot
    role: Role
    before: Pin | None
    after: Pin | None
    line: int


def changed_pins(base: Declared | None, head: Declared) -> tuple[PinChange, ...]:
    """Every pin that differs, by slot and role; without a base, every pin that there is.

    Shares of traffic and comments are no pins: changing them changes nothing here.
    """
    slots = {*head.promotions, *(base.promotions if base is not None else ())}
    return tuple(
        PinChange(slot, role, before, after, head.line(slot, role))
        for slot in sorted(slots, key=lambda slot: slot.path)
        for role in Role
        if (before := _pin(base, slot, role)) != (after := _pin(head, slot, role))
    )


def _pin(declared: Declared | None, slot: Slot, role: Role) -> Pin | None:
    promotion = declared.promotions.get(slot) if declared is not None else None
    return promotion.get(role) if promotion is not None else None
