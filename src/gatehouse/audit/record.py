"""One thing that happened to one slot, with everything known about it at that moment.

A record must be readable for years: fields are only ever added, each with a default, and a default is not written
down. So an old record keeps its bytes, and with them its place in the hash chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from gatehouse.pin import Pin, Role, Slot
from gatehouse.verdict import Outcome, Relation


class Kind(StrEnum):
    """What happened."""

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"  # to a pin that held the slot before
    WITHDRAWN = "withdrawn"  # the role is empty now
    HELD = "held"  # a version that nobody may promote
    REFUSED = "refused"  # the files asked for it, a rule said no
    REJECTED = "rejected"  # a reviewer said no, and nothing else happened
    SYNCED = "synced"  # the registry had been changed by hand, and was put back


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One measured figure of a gate, beside its limit, its interval and the champion's figure on the same rows."""

    name: str
    value: float | None
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    champion: float | None = None
    unit: str = ""
    relation: Relation | None = None


class Gate(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one gate returned."""

    name: str
    outcome: Outcome
    summary: str = ""
    figures: tuple[Figure, ...] = ()


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the gates found, and on what.

    ``source`` is ``branch`` for the whole result from the evidence branch, ``tags`` when only the tags of the model
    version were left. ``metrics`` are those of the training run, ``champion_metrics`` the champion's at that moment;
    ``data`` maps each table that was read to its digest; ``isolation`` is the sandbox level the model ran under.
    ``document`` is the sha256 of the document on the branch, byte for byte.
    """

    source: str
    gates: tuple[Gate, ...]
    key: str = ""
    evaluated: datetime | None = None
    champion: Pin | None = None
    metrics: Mapping[str, float | None] = {}
    champion_metrics: Mapping[str, float | None] = {}
    data: Mapping[str, str] = {}
    rows: int = 0
    isolation: str = ""
    engine: str = ""
    document: str = ""

    @property
    def outcome(self) -> Outcome:
        """The verdict that decided; ERROR where no gate ran."""
        return Outcome.worst(gate.outcome for gate in self.gates)


class Approval(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who agreed, when, and what they answered to each question.

    ``seconds`` are those from when it could be reviewed to when it was (None: not known); ``flagged``: it counted, and
    an auditor should look at it. An emergency's reason is the answer to ``emergency``. ``url`` is its page,
    ``acknowledged`` the known limitations that were ticked.
    """

    who: str
    when: datetime
    answers: Mapping[str, str] = {}
    seconds: float | None = None
    flagged: bool = False
    url: str = ""
    acknowledged: tuple[str, ...] = ()


class Rejection(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who said no, when, and why; ``seconds`` and ``url`` as of an approval."""

    who: str
    when: datetime
    reason: str = ""
    seconds: float | None = None
    url: str = ""


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who did what to which slot, when, why, and what was known.

    ``key`` names the event: appending the same key twice writes one record. ``when`` is when gatehouse acted (UTC);
    ``who`` wrote ``commit``, which asked for it, at ``committed``. ``before`` and ``after`` are the pins of the slot's
    ``role``; ``percent`` and ``experiment`` its share of the traffic where it has one. No ``evidence``: none was found,
    and that is on record too. ``engine`` is gatehouse's own version. A hold concerns a model: its slot has no stage.
    ``approvals`` are those that counted, ``rejections`` all that there were, ``remarks`` what an auditor should look at
    in the review as a whole, a sentence each.
    """

    key: str
    kind: Kind
    when: datetime
    who: str
    slot: Slot
    engine: str
    role: Role = Role.CHAMPION
    before: Pin | None = None
    after: Pin | None = None
    percent: float | None = None
    experiment: str = ""
    commit: str = ""
    committed: datetime | None = None
    pull_request: int | None = None
    reason: str = ""
    evidence: Evidence | None = None
    approvals: tuple[Approval, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether it changed what the slot may hold."""
        return self.kind in (Kind.PROMOTED, Kind.ROLLED_BACK, Kind.WITHDRAWN)

    @property
    def pin(self) -> Pin | None:
        """The pin that the record is about."""
        return self.after or self.before

    def __str__(self) -> str:
        if self.kind is Kind.HELD:
            return f"held {self.slot.model} {self.reason}"
        part = "" if self.role is Role.CHAMPION else f" as {self.role}"
        return f"{self.kind.replace('_', ' ')} {self.slot} {self.pin}{part}"
