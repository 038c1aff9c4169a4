"""One thing that happened to a model, whoever remembers it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from gatehouse.audit.record import Approval, Evidence, Rejection
from gatehouse.pin import Pin, Role, Slot


class What(StrEnum):
    """The kinds of events, in the order in which they happen to a version."""

    TRAINED = "trained"
    REGISTERED = "registered"
    PROPOSED = "proposed"
    GATES = "gates"
    APPROVED = "approved"
    REJECTED = "rejected"
    MERGED = "merged"
    REFUSED = "refused"
    SYNCED = "synced"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled back"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    RELEASED = "released"


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened: when (aware), what, to which role of which slot, by whom, and in which commit.

    ``before`` and ``after`` are the role's pins, ``version`` what it is about where no role is; ``text`` is one line
    for people; ``evidence`` what the gates found. ``approval`` and ``rejection`` are all that a reviewer said,
    ``remarks`` what an auditor should look at in the review of what sync then let in, or refused.
    """

    time: datetime
    what: What
    text: str
    slot: Slot | None = None
    role: Role | None = None
    before: Pin | None = None
    after: Pin | None = None
    version: int | None = None
    who: str = ""
    commit: str = ""
    pull_request: int | None = None
    evidence: Evidence | None = None
    approval: Approval | None = None
    rejection: Rejection | None = None
    remarks: tuple[str, ...] = ()
