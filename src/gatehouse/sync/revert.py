"""The one commit of a roll-back: the good pin, the bad version on hold, and no other file that still waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gatehouse.declare import edit
from gatehouse.declare.types import Declared, Promotion
from gatehouse.pin import ROOT, Pin, Role, Slot
from gatehouse.sync.trunk import Trunk

TRAILER = "Gatehouse-Rollback"
_BESIDE = (Role.CANARY, Role.CHALLENGER, Role.SHADOW)


@dataclass(frozen=True, slots=True)
class Move:
    """Out of ``bad`` and back to ``good``, both pins of ``slot``'s champion; ``reason`` is one line."""

    slot: Slot
    bad: Pin
    good: Pin
    reason: str


@dataclass(frozen=True, slots=True)
class Revert:
    """A commit: its files (None: deleted) and its message.

    ``also`` says what it does besides moving the pin; ``remaining`` are slots that still hold the bad version, since
    only a person can say what they should hold.
    """

    move: Move
    files: Mapping[str, bytes | None]
    message: str
    also: tuple[str, ...]
    remaining: tuple[Slot, ...]


def compose(declared: Declared, texts: Mapping[str, str], move: Move, today: date) -> Revert:
    """The commit for a move; ``texts`` are the model's files on main.

    The bad version leaves the other roles, and the stages before, where it would wait for a promotion that nobody may
    make. Raises GatehouseError for a file that cannot be edited.
    """
    draft = _Draft(dict(texts))
    draft.edit(move.slot.path, edit.set_pin(texts[move.slot.path], Role.CHAMPION, move.good))
    if declared.held(move.slot.model, move.bad) is None:
        _hold(draft, move, today)
    remaining = []
    for slot, promotion in declared.promotions.items():
        if slot.model != move.slot.model:
            continue
        if slot != move.slot and promotion.pin == move.bad:
            if not _before(declared, slot, move.slot):
                remaining.append(slot)
            else:
                draft.edit(slot.path, None, f"{slot.label} is empty; it held version {move.bad.version}")
                continue
        _clear(draft, promotion, move)
    files = {path: None if text is None else text.encode() for path, text in draft.changed.items()}
    return Revert(move, files, _message(move, draft.also), tuple(draft.also), tuple(remaining))


def texts(trunk: Trunk, model: str) -> Mapping[str, str]:
    """A model's files on main, path to text."""
    blobs = trunk.repository.blobs(trunk.commit, f"{ROOT}/{model}/")
    contents = trunk.repository.read_blobs(sorted(set(blobs.values())))
    return {path: contents[blob].decode() for path, blob in blobs.items()}


class _Draft:
    """Files being edited, several times where need be."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts: dict[str, str | None] = {**texts}
        self.changed: dict[str, str | None] = {}
        self.also: list[str] = []

    def edit(self, path: str, text: str | None, said: str = "") -> None:
        self.texts[path] = self.changed[path] = text
        self.also += [said] if said else []


def _hold(draft: _Draft, move: Move, today: date) -> None:
    path = f"{ROOT}/{move.slot.model}/hold.yaml"
    # By digest, which also catches the same bytes under another number; unless these are what we go back to.
    digest = move.bad.digest if move.bad.digest != move.good.digest else None
    text = edit.add_hold(draft.texts.get(path), move.bad.version, move.reason, today, digest)
    draft.edit(path, text, f"version {move.bad.version} is on hold")


def _clear(draft: _Draft, promotion: Promotion, move: Move) -> None:
    """Takes the bad pin out of the roles beside the champion, and the good one where it is champion now."""
    slot = promotion.slot
    gone = {move.bad, move.good} if slot == move.slot else {move.bad}
    for role in _BESIDE:
        pin, text = promotion.get(role), draft.texts[slot.path]
        if pin in gone and text is not None:
            draft.edit(slot.path, edit.clear(text, role), f"{slot.label} has no {role}; it was {pin}")


def _before(declared: Declared, one: Slot, other: Slot) -> bool:
    order = [stage.name for stage in declared.stages.stages]
    return order.index(one.stage) < order.index(other.stage)


def _message(move: Move, also: list[str]) -> str:
    said = "".join(f"- {line}\n" for line in also)
    trailer = f"{TRAILER}: {move.slot} from version {move.bad.version} to version {move.good.version}"
    return f"Roll back {move.slot} to version {move.good.version}: {move.reason}\n\n{said}\n{trailer}\n"
