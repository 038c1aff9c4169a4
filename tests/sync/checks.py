"""Small results of checks, as the evidence branch holds them."""

from __future__ import annotations

from datetime import UTC, datetime

from gatehouse.evaluate.result import Request, Result, Subject
from gatehouse.pin import Pin, Role, Slot
from gatehouse.verdict import Outcome, Verdict, at_least

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def passed(value: float = 0.84) -> tuple[Verdict, ...]:
    """One gate that passes, when the value is 0.82 or more."""
    measure = at_least("roc_auc", value, 0.82, rows=5000)
    return (
        Verdict("accuracy", measure.outcome, f"roc_auc {value}", (measure,)),
        Verdict("artifact", Outcome.PASS, "ok"),
    )


def check(
    slot: Slot,
    candidate: Pin,
    *,
    champion: Pin | None = None,
    role: Role = Role.CHAMPION,
    verdicts: tuple[Verdict, ...] = passed(),
    evaluated: datetime = NOON,
) -> Result:
    """What the gates said of ``candidate`` for ``role`` in ``slot``."""
    beside = Subject(champion, metrics={"roc_auc": 0.81}) if champion else None
    return Result(
        request=Request(slot, role, candidate, champion, champion, "b" * 40, "h" * 40),
        key=f"sha256:{abs(hash((slot, candidate, role, evaluated))):064x}",
        verdicts=verdicts,
        candidate=Subject(candidate, trained_by="ada", created=evaluated, metrics={"roc_auc": 0.84}),
        champion=beside,
        evaluated=evaluated,
        seconds=1.5,
        engine="0.1.0",
        isolation="bwrap",
        data={"evaluation": "sha256:d"},
        rows=5000,
    )
