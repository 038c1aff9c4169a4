"""Routes with the salts that sync gives them."""

from __future__ import annotations

from datetime import UTC, datetime

from gatehouse.pin import Role
from gatehouse.serve.arms import Split, split
from gatehouse.serve.config import Arm, Route, ServingConfig
from tests.support.records import pin

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
MODEL = "credit-risk"
CANARY = f"{MODEL}/production/canary/{pin(2).digest}"
CHALLENGER = f"{MODEL}/production/challenger/gbm-q4"
SHADOW = f"{MODEL}/production/shadow/{pin(4).digest}"
_GIVEN = {Role.CANARY: (2, CANARY), Role.CHALLENGER: (3, CHALLENGER), Role.SHADOW: (4, SHADOW)}


def champion(version: int = 1, percent: float | None = None) -> Arm:
    return Arm(Role.CHAMPION, version, pin(version).digest, "", "c" * 40, NOON, percent)


def beside(role: Role, percent: float | None, salt: str | None = None) -> Arm:
    version, given = _GIVEN[role]
    experiment = "gbm-q4" if role is Role.CHALLENGER else None
    salt = given if salt is None else salt
    return Arm(role, version, pin(version).digest, "", "c" * 40, NOON, percent, experiment, salt)


def route(
    canary: float | None = None,
    challenger: float | None = None,
    shadow: float | None = None,
    segment: str | None = None,
    stage: str = "production",
) -> Route:
    """A champion, and beside it what has a percentage."""
    asked = {Role.CANARY: canary, Role.CHALLENGER: challenger, Role.SHADOW: shadow}
    others = (beside(role, percent) for role, percent in asked.items() if percent is not None)
    return Route(stage, segment, (champion(), *others))


def ready(canary: float | None = None, challenger: float | None = None, shadow: float | None = None) -> Split:
    return split(MODEL, route(canary, challenger, shadow))


def config(*routes: Route) -> ServingConfig:
    return ServingConfig(MODEL, "c" * 40, routes)
