"""Audit records for tests: a few that differ in everything that matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gatehouse.audit.record import Evidence, Figure, Gate, Kind, Record
from gatehouse.pin import Pin, Slot
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
