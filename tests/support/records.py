"""Audit records for tests: a few that differ in everything that matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gatehouse.audit.record import Approval, Evidence, Figure, Gate, Kind, Record, Rejection
from gatehouse.pin import Pin, Role, Slot
from gatehouse.review.record import Reviewed, ReviewedPlace
from gatehouse.verdict import Outcome

START = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def pin(version: int) -> Pin:
    """A pin whose digest tells its version."""
    return Pin(version, f"sha256:{version:064x}")


def record(number: int, model: str = "credit-risk") -> Record:
    """Record number ``number`` of a story in which each version follows the one before it."""
    gate = Gate("accuracy", Outcome.PASS, "good enough", (Figure("roc_auc", 0.8 + number / 1000, 0.8),))
    return Record(
        key=f"promoted:{model}:{number}",
        kind=Kind.PROMOTED,
        when=START + timedelta(days=number),
        who="Ada <ada@example.org>",
        slot=Slot(model, "production"),
        engine="0.1.0",
        before=pin(number - 1) if number > 1 else None,
        after=pin(number),
        commit=f"{number:040x}",
        evidence=Evidence("branch", (gate,), key="sha256:k", metrics={"roc_auc": 0.9, "nan": float("nan")}),
    )


def approval(who: str = "anna", after: float = 600, **changes: Any) -> Approval:
    """One so many seconds after it could be reviewed, which was at START."""
    plain = Approval(
        who=who,
        when=START + timedelta(seconds=after),
        answers={"gain": "it does", "timing": "yes"},
        seconds=float(after),
        url=f"https://github.test/acme/models/pull/12#{who}",
        acknowledged=("thin-file-applicants",),
    )
    return msgspec.structs.replace(plain, **changes)


def rejection(who: str = "chen", after: float = 300, **changes: Any) -> Rejection:
    plain = Rejection(
        who, START + timedelta(seconds=after), "thin files are worse off", float(after), f"https://github.test/12#{who}"
    )
    return msgspec.structs.replace(plain, **changes)


def reviewed(
    slot: Slot, candidate: Pin, *rejections: Rejection, approvals: tuple[Approval, ...] = (), **changes: Any
) -> Reviewed:
    """What people said of one pin in pull request 12, as it lies on the evidence branch."""
    place = ReviewedPlace(
        slot=slot,
        role=changes.pop("role", Role.CHAMPION),
        candidate=candidate,
        evidence=f"sha256:{1:064x}",
        token="3f9a0c1b2d4e",
        passed=not rejections,
        approvals=approvals,
        rejections=rejections,
        rules=(),
    )
    plain = Reviewed(12, "a" * 40, "ada", START + timedelta(hours=1), not rejections, (place,))
    return msgspec.structs.replace(plain, **changes)
