"""A pull request that promotes version 48 of credit-risk, proposed by ada, and honest reviews of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from gatehouse.declare.freeze import Freeze
from gatehouse.declare.types import Policy, Review, StagePolicy
from gatehouse.pin import Pin, Role, Slot
from gatehouse.review import body
from gatehouse.review.facts import Account, Asked, Facts, Person, Said, Standing
from gatehouse.review.questions import questions, wanted
from gatehouse.review.sheet import Sheet
from gatehouse.review.token import token

# A Tuesday.
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=4)
HEAD = "h" * 40
SLOT = Slot("credit-risk", "production")
LIMITATION = "thin-file-applicants"
RISK, RELEASE = "acme/model-risk", "acme/ml-release"


def after(seconds: float) -> datetime:
    """So long after the evidence was posted."""
    return NOON + timedelta(seconds=seconds)


def policy(risk: Any = "medium", **review: Any) -> Policy:
    return Policy(
        model="credit-risk",
        owner=f"@{RISK}",
        risk=risk,
        task="binary",
        reviewed=date(2026, 1, 1),
        stages={"production": StagePolicy(("accuracy",))},
        review=Review(**{"limitations": (LIMITATION,), **review}),
    )


def asked(slot: Slot = SLOT, role: Role = Role.CHAMPION, version: int = 48, **changes: Any) -> Asked:
    evidence = f"sha256:{version:064x}"
    plain = Asked(
        slot=slot,
        role=role,
        candidate=Pin(version, f"sha256:{version:064x}"),
        evidence=evidence,
        token=token(7, HEAD, slot, role, evidence),
        owners=(f"@{RISK}", f"@{RELEASE}"),
        trained_by=("trent@acme.example",),
        policy=policy(),
    )
    return msgspec.structs.replace(plain, **changes)


ASKED = asked()
PEOPLE: Mapping[str, tuple[str, frozenset[str]]] = {
    "anna": ("write", frozenset({RISK})),
    "bob": ("maintain", frozenset({RELEASE})),
    "chen": ("admin", frozenset({RISK, RELEASE})),
    "ada": ("write", frozenset({RISK})),
    "carl": ("write", frozenset({RISK})),
    "paula": ("write", frozenset({RISK})),
    "trent": ("write", frozenset({RISK})),
    "robot": ("write", frozenset({RISK})),
    "robot[bot]": ("write", frozenset({RISK})),
    "nora": ("write", frozenset({"acme/other"})),
    "rita": ("read", frozenset({RISK})),
    "mallory": ("none", frozenset()),
}


def facts(*said: Said, **changes: Any) -> Facts:
    """Ready for review at noon: the evidence is the last thing that happened before people looked."""
    plain = Facts(
        number=7,
        author=Account("ada"),
        head=HEAD,
        draft=False,
        evidence_at=NOON,
        ready_at=NOON - timedelta(minutes=20),
        pushed_at=NOON - timedelta(minutes=10),
        pushed_by=Account("paula"),
        requested={},
        committers=frozenset({"ada", "carl"}),
        said=said,
        people={login: Person(login, *what) for login, what in PEOPLE.items()},
        asked=(ASKED,),
        freeze=Freeze(),
        names={"trent@acme.example": "trent"},
    )
    return msgspec.structs.replace(plain, **changes)


def sheet(pin: Asked = ASKED, **changes: Any) -> Sheet:
    """Every question answered, every limitation acknowledged."""
    answers = {each.id: wanted(each) or (each.answers[0] if each.answers else "fine") for each in questions(pin.policy)}
    plain = Sheet(
        str(pin.slot), pin.candidate.version, pin.token, pin.role, answers=answers,
        acknowledged=frozenset(pin.policy.review.limitations),
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def filled(pin: Asked = ASKED, **changes: Any) -> str:
    """The body of a whole approval."""
    return body.write([(sheet(pin, **changes), pin.policy)])


def said(who: str, standing: Standing, at: float, text: str, **changes: Any) -> Said:
    plain = Said(
        id=int(at * 10) + 1000 + sum(map(ord, who)), author=Account(who), standing=standing, body=text, commit=HEAD,
        at=after(at), url=f"https://github.test/7#{who}-{at}",
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def approval(who: str = "anna", at: float = 600, pin: Asked = ASKED, **changes: Any) -> Said:
    return said(who, Standing.APPROVED, at, filled(pin), **changes)


def rejection(who: str = "anna", at: float = 600, **changes: Any) -> Said:
    return said(who, Standing.REJECTED, at, "the thin files are worse off", **changes)


def dismissed(who: str = "anna", at: float = 600, **changes: Any) -> Said:
    return said(who, Standing.DISMISSED, at, filled(), **changes)


def comment(who: str, at: float, text: str, standing: Standing = Standing.APPROVED, **changes: Any) -> Said:
    return said(who, standing, at, text, **{"commit": None, "by_comment": True, **changes})


def emergency(who: str = "anna", at: float = 600, reason: str = "fraud wave", **changes: Any) -> Said:
    text = f"/emergency credit-risk 48 {ASKED.token} {reason}"
    return comment(who, at, text, Standing.EMERGENCY, **changes)
