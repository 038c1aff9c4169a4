"""The hash chain over the records: every link names the one before it, so that the past cannot be edited quietly.

Canonical form of a record: JSON in UTF-8 without white space, object keys sorted by code point, characters above
ASCII unescaped, fields at their default left out, times as RFC 3339 with ``Z``, not-a-number as null, floats in the
shortest form that reads back equal. This is RFC 8785 (JSON Canonicalization Scheme) but for two points: a whole float
is written ``1.0``, and keys are compared by code point, not by UTF-16 unit.

hash(n) = sha256(hash(n - 1) as 32 bytes + canonical form of record n), hash(0) = 32 zero bytes. All in lower-case hex.

A chain proves that nothing in it changed; it cannot prove that its end was not cut off. For that a hash of it has to be
known elsewhere: every commit that sync publishes carries the head of its moment as a ``Gatehouse-Audit-Head`` trailer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import msgspec

from gatehouse.audit.record import Record

GENESIS = "0" * 64
TRAILER = "Gatehouse-Audit-Head"
_ANCHOR = re.compile(rf"^{TRAILER}: ([0-9a-f]{{64}})$", re.MULTILINE)


class Link(msgspec.Struct, frozen=True):
    """A record in its place in the chain. ``sequence`` counts from 1; ``record`` is the canonical form, byte for byte.

    As JSON (``msgspec.json.encode``) it is one line of an export.
    """

    sequence: int
    previous: str
    hash: str
    record: msgspec.Raw

    @property
    def content(self) -> Record:
        """The record; raises msgspec.ValidationError where somebody made it unreadable."""
        return msgspec.json.decode(self.record, type=Record)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first record that is not what was written. ``record`` says which one in words, where it is readable."""

    sequence: int
    reason: str
    record: str = ""

    def __str__(self) -> str:
        what = f" ({self.record})" if self.record else ""
        return f"record {self.sequence}{what}: {self.reason}"


def canonical(record: Record) -> bytes:
    """The bytes that are hashed and stored."""
    return msgspec.json.encode(record, order="sorted")


def digest(previous: str, body: bytes) -> str:
    """The hash of a record's canonical form that follows ``previous``."""
    return hashlib.sha256(bytes.fromhex(previous) + body).hexdigest()


def link(record: Record, sequence: int, previous: str) -> Link:
    """The record as the chain's link number ``sequence``."""
    body = canonical(record)
    return Link(sequence, previous, digest(previous, body), msgspec.Raw(body))


def anchors(message: str) -> list[str]:
    """The heads that a commit message vouches for."""
    return _ANCHOR.findall(message)


def verify(links: Iterable[Link], anchored: Collection[str] = ()) -> Broken | None:
    """The first record that was edited, removed, moved or cut off; None when the chain holds.

    ``anchored`` are heads known from elsewhere; each must be a hash of this chain.
    """
    previous, seen, count = GENESIS, {GENESIS}, 0
    for count, found in enumerate(links, start=1):
        broken = _broken(found, count, previous)
        if broken is not None:
            return broken
        previous = found.hash
        seen.add(previous)
    lost = [head for head in anchored if head not in seen]
    if not lost:
        return None
    return Broken(
        count + 1,
        f"missing: head {lost[0][:12]} was published, but the chain ends at record {count} without it; "
        "records were cut off, or the chain was written anew",
    )


def _broken(found: Link, expected: int, previous: str) -> Broken | None:
    what = _words(found)
    if found.sequence != expected:
        return Broken(expected, f"missing or moved: record {found.sequence} stands in its place", what)
    if found.previous != previous:
        return Broken(expected, "does not follow the record before it: one of the two was replaced, or moved", what)
    if digest(previous, bytes(found.record)) != found.hash:
        return Broken(expected, "edited: its content does not give its hash", what)
    return None


def _words(found: Link) -> str:
    try:
        return str(found.content)
    except msgspec.MsgspecError:
        return "unreadable"
