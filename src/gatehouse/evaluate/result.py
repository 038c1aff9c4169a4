"""What a check asks and what it found: the one document that every later step reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from gatehouse.pin import Pin, Role, Slot
from gatehouse.verdict import Outcome, Verdict


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question: may ``candidate`` take ``role`` in ``slot``?

    Gates and policy come from commit ``base``, the pin from commit ``head``. ``previous`` is what the role held at
    base, ``champion`` what serves and is judged against; both are None at a model's first promotion. ``line`` is the
    pin's line in the promotion file at head.
    """

    slot: Slot
    role: Role
    candidate: Pin
    champion: Pin | None
    previous: Pin | None
    base: str
    head: str
    line: int = 1


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the registry knows of one version: who trained it, when, from which run, with which metrics."""

    pin: Pin
    run: str | None = None
    trained_by: str | None = None
    created: datetime | None = None
    flavor: str = ""
    bytes: int = 0
    metrics: Mapping[str, float] = {}
    link: str = ""


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole check: the question, the gates' verdicts, and everything needed to believe or repeat them.

    ``key`` is the evidence key; ``isolation`` the sandbox level that the model ran under; ``data`` maps each table
    that was read to its digest; ``rows`` counts the labelled rows. ``uses`` says how many candidates of this model this
    evaluation table has judged, this one included; 0 where nobody counted. ``undecidable`` says in sentences what the
    table is too small to decide. ``reused`` is when the answer was found, where it is that of an earlier check of the
    same question.
    """

    request: Request
    key: str
    verdicts: tuple[Verdict, ...]
    candidate: Subject
    champion: Subject | None
    evaluated: datetime
    seconds: float
    engine: str
    isolation: str
    data: Mapping[str, str]
    rows: int = 0
    uses: int = 0
    undecidable: tuple[str, ...] = ()
    reused: datetime | None = None
    schema: int = 1

    @property
    def outcome(self) -> Outcome:
        """The verdict that decides; ERROR where no gate ran."""
        return Outcome.worst(verdict.outcome for verdict in self.verdicts)

    @property
    def passed(self) -> bool:
        return self.outcome.lets_through
