"""Which pinned version answers a request, and which sees a copy: decided by the config and the request's unit alone.

The challenger takes the low end of its experiment's line: exactly its percentage of the units, whoever else is there.
The canary takes the low end of its own line among the units that are left, of which it needs a little more to get
exactly its percentage of all; the champion has the rest. So either of them grows by taking units and never gives one
back: from the champion to the canary to the challenger is the only way a unit goes.

The challenger comes first because experiments last for weeks and canaries for hours: a canary that comes, grows and
goes moves no unit into or out of the challenger. Units low enough on the canary's line for it are not enrolled in the
experiment, those that the challenger answers neither; what is left in both arms stays split as the file says, so that
the steps of a canary do not start the experiment over.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from gatehouse.errors import GatehouseError
from gatehouse.pin import Role, Slot
from gatehouse.runtime.failures import harmless
from gatehouse.serve.bucket import NOBODY, Share, key, part
from gatehouse.serve.config import Arm, Route, ServingConfig

_AGAIN = "let `gatehouse sync` render the config again from promotions/ on main"
_dice = struct.Struct(">d").pack


class NoRoute(GatehouseError):
    """Nothing is pinned for the segment that a request names, nor for requests without one."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one request, in the words of the exposure log.

    ``arm`` answers; ``shadow`` sees a copy. ``segment`` is that of the file that pins them, which is None where the
    request's own has no file. ``experiment`` is what the unit is enrolled in, in either arm, and ``share`` (0 to 1) is
    the part of the enrolled units that this arm is to get; both are None for a unit that is not enrolled.
    """

    arm: Arm
    shadow: Arm | None = None
    segment: str | None = None
    experiment: str | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """One route, ready to decide. ``decisions`` has one for each answer to: is the unit in the challenger's share, in
    the canary's, in the shadow's; see ``at``."""

    challenger: Share
    canary: Share
    shadow: Share
    decisions: tuple[Decision, ...]

    def of(self, key: bytes) -> Decision:
        """What becomes of a request with this key."""
        return self.at(self.challenger.takes(key), self.canary.takes(key), self.shadow.takes(key))

    def at(self, challenger: bool, canary: bool, shadow: bool) -> Decision:
        """What becomes of a request that stands so on the three lines."""
        return self.decisions[4 * challenger + 2 * canary + shadow]

    @property
    def shares(self) -> Mapping[Role, Fraction]:
        """What each arm gets of the route's units, and the shadow of its requests; exact to 2**-63."""
        challenger = self.challenger.part
        canary = (1 - challenger) * self.canary.part
        return {
            Role.CHAMPION: 1 - challenger - canary,
            Role.CANARY: canary,
            Role.CHALLENGER: challenger,
            Role.SHADOW: self.shadow.part,
        }

    @property
    def enrolled(self) -> Fraction:
        """What part of the route's units its experiment counts; 0 where there is none."""
        return 1 - self.canary.part if self.challenger.limit else Fraction(0)


@dataclass(frozen=True, slots=True)
class Routing:
    """A serving config, ready to decide: the same config, unit and segment give the same decision anywhere."""

    model: str
    splits: Mapping[str | None, Split]

    @classmethod
    def of(cls, config: ServingConfig, stage: str | None = None) -> Routing:
        """Of the routes of a stage, which has to be named where the config holds several.

        Raises GatehouseError for a config that does not say who answers: no champion, shares beyond 100 % or without a
        salt of their own, a role or a segment twice.
        """
        routes = [route for route in config.routes if stage in (None, route.stage)]
        stages = sorted({route.stage for route in routes})
        if not routes:
            raise GatehouseError(f"{config.model}: nothing is pinned in {stage or 'any stage'}", _AGAIN)
        if len(stages) > 1:
            raise GatehouseError(
                f"{config.model}: the config serves {' and '.join(stages)}", "say which of these stages is asked for"
            )
        if len({route.segment for route in routes}) < len(routes):
            raise GatehouseError(f"{config.model}: two routes for one segment of {stages[0]}", _AGAIN)
        return cls(config.model, {route.segment: split(config.model, route) for route in routes})

    def decide(self, unit: str | None, dice: float, segment: str | None = None) -> Decision:
        """What becomes of a request of this unit, whose text ``segments.text`` has checked.

        A request without one is decided by ``dice``, a random number of its own in [0, 1). A segment that has no
        route takes the route without a segment. Raises NoRoute where there is none either.
        """
        found = self.splits.get(segment) or self.splits.get(None)
        if found is None:
            raise self._nowhere(segment)
        return found.of(_dice(dice) if unit is None else key(unit))

    def _nowhere(self, segment: str | None) -> NoRoute:
        asked = "a request without a segment" if segment is None else f"segment `{harmless(segment, 63)}`"
        known = ", ".join(sorted(name for name in self.splits if name is not None))
        return NoRoute(
            f"{self.model}: nothing is pinned for {asked}",
            f"name one of these segments: {known}; or promote a version without a segment, which serves all others",
        )


def split(model: str, route: Route) -> Split:
    """One route of a model's config. Raises GatehouseError as Routing.of does."""
    where = str(Slot(model, route.stage, route.segment))
    arms = {arm.role: arm for arm in route.arms}
    if len(arms) < len(route.arms):
        raise GatehouseError(f"{where}: one role twice", _AGAIN)
    if Role.CHAMPION not in arms:
        raise GatehouseError(f"{where}: no champion answers", _AGAIN)
    parts = {role: _part(where, arms.get(role)) for role in Role}
    canary, challenger, shadow = parts[Role.CANARY], parts[Role.CHALLENGER], parts[Role.SHADOW]
    if canary + challenger > 1:
        raise GatehouseError(f"{where}: canary and challenger are over 100 % together", _AGAIN)
    # The canary's percentage is of all units, but it takes from those that the challenger leaves.
    low = {
        Role.CHALLENGER: challenger,
        Role.CANARY: canary / (1 - challenger) if canary else canary,
        Role.SHADOW: shadow,
    }
    shares = {role: _share(where, arms.get(role), each) for role, each in low.items()}
    salts = [share.salted for share in shares.values() if share.limit]
    if len(set(salts)) < len(salts):
        raise GatehouseError(f"{where}: two arms with one salt draw the same units", _AGAIN)
    decisions = _decisions(where, route.segment, arms, challenger)
    return Split(shares[Role.CHALLENGER], shares[Role.CANARY], shares[Role.SHADOW], decisions)


def _part(where: str, arm: Arm | None) -> Fraction:
    """The part of the route's units that an arm is to get as the config says; the champion's is what is left."""
    if arm is None or (arm.role is Role.CHAMPION and arm.percent is None):
        return Fraction(0)
    if arm.role is Role.CHAMPION:
        raise GatehouseError(f"{where}: the champion has a percentage, where it takes what is left", _AGAIN)
    if arm.percent is None:
        raise GatehouseError(f"{where}: the {arm.role} has no percentage", _AGAIN)
    try:
        return part(arm.percent)
    except ValueError as error:
        raise GatehouseError(f"{where}: {arm.role}: {error}", _AGAIN) from error


def _share(where: str, arm: Arm | None, low: Fraction) -> Share:
    if arm is None or not low:
        return NOBODY
    try:
        return Share.of(arm.salt, low)
    except ValueError as error:
        raise GatehouseError(f"{where}: {arm.role}: {error}", _AGAIN) from error


def _decisions(where: str, segment: str | None, arms: Mapping[Role, Arm], part: Fraction) -> tuple[Decision, ...]:
    """In the order of Split.at; ``part`` is the challenger's. Those that no unit can come to name the champion."""
    champion, shadow = arms[Role.CHAMPION], arms.get(Role.SHADOW)
    canary, challenger = arms.get(Role.CANARY, champion), arms.get(Role.CHALLENGER, champion)
    # A challenger that gets nobody is no experiment yet.
    experiment = challenger.experiment if part else None
    if part and not experiment:
        raise GatehouseError(f"{where}: the challenger has no experiment", _AGAIN)

    def enrolled(arm: Arm, share: Fraction) -> Decision:
        return Decision(arm, None, segment, experiment, float(share) if experiment else None)

    alone = (
        enrolled(champion, 1 - part),
        Decision(canary, segment=segment),
        enrolled(challenger, part),
        Decision(challenger, segment=segment),
    )
    return tuple(replace(one, shadow=copy) for one in alone for copy in (None, shadow))
