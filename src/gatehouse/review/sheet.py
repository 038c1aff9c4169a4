"""One filled-in questionnaire: what one reviewer says of one pin."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from gatehouse.pin import Role
from gatehouse.review.facts import Asked


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


class Sheet(msgspec.Struct, frozen=True):
    """``promotion`` is the slot as text (``credit-risk/production.eu``), ``token`` names the evidence.

    ``answers`` maps a question's id to the answer; from a list, its first line is the choice, and a remark may follow.
    ``acknowledged`` are the known limitations that were ticked, ``reason`` why (of a rejection), ``twice`` the ids of
    questions that were given two answers. Empty answers are left out.
    """

    promotion: str
    version: int
    token: str
    role: Role = Role.CHAMPION
    decision: Decision = Decision.APPROVE
    answers: Mapping[str, str] = {}
    acknowledged: frozenset[str] = frozenset()
    reason: str = ""
    twice: frozenset[str] = frozenset()


def blank(asked: Asked, decision: Decision = Decision.APPROVE) -> Sheet:
    """The sheet of one pin, with nothing filled in."""
    return Sheet(str(asked.slot), asked.candidate.version, asked.token, asked.role, decision)
