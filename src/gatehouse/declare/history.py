"""What the slots of a model held, and when.

Read from the first-parent history of a branch, where a merge is one change, in force from its commit's time. A file
that does not read as a promotion pinned nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from gatehouse.declare import build
from gatehouse.declare.fault import printable
from gatehouse.declare.reader import read
from gatehouse.declare.schema import schema
from gatehouse.declare.types import Held, Promotion
from gatehouse.errors import NotFound
from gatehouse.git import Commit, Repository
from gatehouse.git.repository import SIZE_LIMIT
from gatehouse.pin import ROOT, Pin, Role, Slot

PRODUCTION = "production"


class Lifecycle(StrEnum):
    """Where a version stands; the values are those of the tag ``gatehouse.stage``."""

    NONE = "None"
    STAGING = "Staging"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"


class Change(msgspec.Struct, frozen=True):
    """One commit on the branch that gave one slot other contents. None: the slot was, or became, empty."""

    commit: str
    time: datetime
    author: str
    slot: Slot
    before: Promotion | None
    after: Promotion | None


class Stay(msgspec.Struct, frozen=True):
    """A span in which a pin was in a stage without a break; ``until`` is None while it lasts."""

    since: datetime
    until: datetime | None = None

    def lasted(self, now: datetime) -> timedelta:
        return (self.until or now) - self.since


def history(repository: Repository, revision: str, model: str | None = None) -> tuple[Change, ...]:
    """Every change of a model's slots (of every model's where None), newest first.

    ``revision`` is the branch that is in force, such as ``main``. A handful of git processes, however long it is.
    """
    edits = list(_edits(repository, revision, f"{ROOT}/{model}" if model is not None else str(ROOT)))
    wanted = {(edit.slot, blob) for edit in edits for blob in (edit.before, edit.after) if blob is not None}
    texts = _texts(repository, sorted({blob for _, blob in wanted}))
    held = {(slot, blob): _promotion(slot, texts.get(blob)) for slot, blob in wanted}
    changes = (
        Change(
            edit.commit,
            edit.time,
            edit.author,
            edit.slot,
            held[edit.slot, edit.before] if edit.before is not None else None,
            held[edit.slot, edit.after] if edit.after is not None else None,
        )
        for edit in edits
    )
    return tuple(change for change in changes if change.before != change.after)


def declared_at(repository: Repository, revision: str, time: datetime) -> Commit:
    """The commit that was in force at a moment: the branch's newest one from then or before.

    Raises NotFound for a moment before the first one. ``time`` needs its zone.
    """
    before = f"--before={time.isoformat(timespec='seconds')}"
    found = repository.run("rev-list", "--first-parent", "-1", before, repository.resolve(revision))
    if not found:
        raise NotFound(f"{revision} has no commit from {time.isoformat()} or before", "ask for a later moment")
    return repository.log(found, limit=1)[0]


def stays(changes: Sequence[Change], stage: str, pin: Pin, segment: str | None = None) -> tuple[Stay, ...]:
    """When the pin, version and digest, was in the stage in any role, newest first.

    ``changes`` are newest first. The stage's own file counts for every segment, a segment's file only for that one.
    """
    found: list[Stay] = []
    inside: set[Slot] = set()
    for change in reversed(changes):
        if change.slot.stage != stage or change.slot.segment not in (None, segment):
            continue
        was = bool(inside)
        (inside.add if _holds(change.after, pin) else inside.discard)(change.slot)
        if inside and not was:
            found.append(Stay(change.time))
        elif was and not inside:
            found[-1] = Stay(found[-1].since, change.time)
    return tuple(reversed(found))


def staged_since(changes: Sequence[Change], stage: str, pin: Pin, segment: str | None = None) -> datetime | None:
    """When the pin last came into the stage, whether it still is there or not; None where it never was."""
    found = stays(changes, stage, pin, segment)
    return found[0].since if found else None


def soaked(changes: Sequence[Change], stage: str, pin: Pin, now: datetime, segment: str | None = None) -> timedelta:
    """The longest the pin has been in the stage without a break; zero where it never was."""
    found = (stay.lasted(now) for stay in stays(changes, stage, pin, segment))
    return max(found, default=timedelta())


def lifecycle(promotions: Iterable[Promotion], changes: Sequence[Change]) -> Mapping[int, Lifecycle]:
    """The stage of every version that a model's files pin or once pinned; a version not named is None's.

    Champion in a production file: Production. Pinned anywhere else: Staging. Pinned nowhere, and once production's
    champion: Archived. Pinned nowhere and never that: None again.
    """
    found: dict[int, Lifecycle] = {}
    for change in changes:
        for promotion in (change.before, change.after):
            for role, pin in promotion.pins() if promotion is not None else ():
                past = Lifecycle.ARCHIVED if _serves(promotion, role) else Lifecycle.NONE
                if found.get(pin.version) is not Lifecycle.ARCHIVED:
                    found[pin.version] = past
    pinned = [(promotion, role, pin) for promotion in promotions for role, pin in promotion.pins()]
    found.update({pin.version: Lifecycle.STAGING for _, _, pin in pinned})
    found.update({pin.version: Lifecycle.PRODUCTION for promotion, role, pin in pinned if _serves(promotion, role)})
    return found


def known_good(changes: Sequence[Change], slot: Slot, holds: Sequence[Held] = ()) -> Pin | None:
    """The last champion of the slot before the present one that no hold catches; ``changes`` newest first."""
    champions = [change for change in changes if change.slot == slot]
    present = champions[0].after.pin if champions and champions[0].after is not None else None
    for change in champions:
        pin = change.before.pin if change.before is not None else None
        if pin is not None and pin != present and not any(held.catches(pin) for held in holds):
            return pin
    return None


@dataclass(frozen=True, slots=True)
class _Edit:
    """A commit's edit of one promotion file: the file's blob before and after, None where there was no regular file."""

    commit: str
    time: datetime
    author: str
    slot: Slot
    before: str | None
    after: str | None


def _edits(repository: Repository, revision: str, folder: str) -> Iterator[_Edit]:
    # The author's name goes last: it is the one field that its owner may fill with anything but a NUL.
    said = repository.run_bytes(
        "log", "-z", "--first-parent", "-m", "--raw", "--no-abbrev", "--no-renames", "--format=%H%x1f%cI%x1f%an",
        "--end-of-options", repository.resolve(revision), "--", f":(literal){folder}",
    )  # fmt: skip
    fields = iter(said.decode(errors="surrogateescape").split("\0"))
    commit, time, author = "", "", ""
    for entry in fields:
        line = entry.lstrip("\n")
        if line.startswith(":"):
            slot = Slot.from_path(next(fields))
            old, new, before, after, _ = line[1:].split(" ")
            if slot is not None:
                moment = datetime.fromisoformat(time)
                yield _Edit(commit, moment, printable(author), slot, _regular(old, before), _regular(new, after))
        elif line:
            commit, time, author = line.split("\x1f", 2)


def _regular(mode: str, blob: str) -> str | None:
    """The blob of a regular file. Links and submodules pin nothing."""
    return blob if mode.startswith("100") else None


def _texts(repository: Repository, blobs: Sequence[str]) -> Mapping[str, bytes]:
    """The blobs' bytes, without those too large to be a promotion: one such commit must not end the history."""
    if not blobs:
        return {}
    sizes = repository.run("cat-file", "--batch-check=%(objectname) %(objectsize)", data="\n".join(blobs).encode())
    small = [blob for blob, size in map(str.split, sizes.splitlines()) if int(size) <= SIZE_LIMIT]
    return repository.read_blobs(small)


def _promotion(slot: Slot, data: bytes | None) -> Promotion | None:
    document, faults = read(slot.path, data) if data is not None else (None, [])
    if document is None or faults or any(schema("promotion").complaints(document.value)):
        return None
    return build.promotion(slot, document.value)


def _holds(promotion: Promotion | None, pin: Pin) -> bool:
    return promotion is not None and any(held == pin for _, held in promotion.pins())


def _serves(promotion: Promotion | None, role: Role) -> bool:
    return promotion is not None and promotion.slot.stage == PRODUCTION and role is Role.CHAMPION
