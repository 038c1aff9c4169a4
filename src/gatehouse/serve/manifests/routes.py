"""An Istio VirtualService a stage: which version answers which request.

Istio cannot hash users into weights. A router before it assigns the unit and says so in a header; a request with that
header goes to the arm that it names, whatever the weights. Only requests without it are split by weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.serve.config import Arm, Route, ServingConfig
from gatehouse.serve.manifests import names
from gatehouse.serve.manifests.documents import Document
from gatehouse.serve.manifests.pins import metadata

ARM_HEADER = "x-gatehouse-arm"
VERSION_HEADER = "x-gatehouse-version"
MODEL_HEADER = "x-gatehouse-model"
PORT = 80
# Weights are whole numbers; a percent has at most this many digits behind the point.
_FINEST = 4

# The Service that a version is behind.
Backend = Callable[[Arm], str]


def stages(config: ServingConfig) -> Iterator[tuple[str, tuple[Route, ...]]]:
    """The routes of each stage, the one without a segment last: a route matches what those before it did not."""
    for stage, found in groupby(config.routes, key=lambda route: route.stage):
        yield stage, tuple(sorted(found, key=lambda route: (route.segment is None, route.segment or "")))


def virtual_service(
    config: ServingConfig, stage: str, routes: tuple[Route, ...], backend: Backend, options: Mapping[str, Any]
) -> Document:
    """The VirtualService of one stage. Raises GatehouseError for percentages that cannot be."""
    name = names.of_stage(config.model, stage)
    hosts, gateways = [name], ["mesh"]
    if ("gateway" in options) != ("domain" in options):
        raise GatehouseError(
            "promotions/stages.yaml: serving.options: gateway and domain go together",
            "set both, or neither for callers in the mesh alone",
        )
    if "gateway" in options:
        hosts.append(f"{name}.{options['domain']}")
        gateways.insert(0, options["gateway"])
    rules = [rule for route in routes for rule in _rules(config.model, route, backend, options)]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": metadata(config, name, options.get("namespace"), wave=1),
        "spec": {"hosts": hosts, "gateways": gateways, "http": rules},
    }


def weights(route: Route) -> dict[Role, int]:
    """Whole numbers in the ratio of the arms' shares; the champion has what the others leave.

    Their sum is 100, or the power of ten above it that makes every share whole. Raises GatehouseError for a share that
    is no percentage, or too fine, and for shares that are over 100 % together.
    """
    beside = [arm for arm in route.arms if arm.role in (Role.CANARY, Role.CHALLENGER)]
    shares: dict[Role, Decimal] = {arm.role: _share(route, arm) for arm in beside}
    left = 100 - sum(shares.values(), Decimal(0))
    if left < 0:
        said = " and ".join(f"{role} {share:f}" for role, share in shares.items())
        raise GatehouseError(f"{_shown(route)}: {said} are over 100 % together", "leave the champion its share")
    digits = max((max(0, -int(share.normalize().as_tuple().exponent)) for share in shares.values()), default=0)
    found = {Role.CHAMPION: left, **shares}
    return {role: int(share.scaleb(digits)) for role, share in found.items()}


def _share(route: Route, arm: Arm) -> Decimal:
    percent = arm.percent
    if percent is None or not math.isfinite(percent) or not 0 <= percent <= 100:
        raise GatehouseError(f"{_shown(route)}: the {arm.role} has {percent} percent", "give it 0 to 100")
    share = Decimal(repr(percent))
    if share != round(share, _FINEST):
        raise GatehouseError(
            f"{_shown(route)}: {percent} percent of the {arm.role} is finer than weights are",
            f"round it to {_FINEST} digits behind the point",
        )
    return share


def _shown(route: Route) -> str:
    return route.stage if route.segment is None else f"{route.stage}.{route.segment}"


def _rules(model: str, route: Route, backend: Backend, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The route's rules, the first that matches counts: one an arm that a router can name, then one by weight."""
    arms = {arm.role: arm for arm in route.arms}
    if Role.CHAMPION not in arms or len(arms) < len(route.arms):
        raise GatehouseError(f"{_shown(route)} has no champion, or one role twice", "let `gatehouse sync` render again")
    shares, segment = weights(route), _segment(route, options["segment"])
    mirror = _mirror(route, arms.get(Role.SHADOW), backend)
    if len(shares) > 1:
        for role in shares:
            match = [{"headers": {**of, ARM_HEADER: {"exact": str(role)}}} for of in segment]
            to = [_destination(model, arms[role], backend)]
            yield {"name": f"{_shown(route)}.{role}", "match": match, "route": to, **mirror}
    split = {role: weight for role, weight in shares.items() if weight}
    to = [
        {**_destination(model, arms[role], backend), **({"weight": weight} if len(split) > 1 else {})}
        for role, weight in split.items()
    ]
    match = [{"headers": of} for of in segment if of]
    yield {"name": _shown(route), **({"match": match} if match else {}), "route": to, **mirror}


def _segment(route: Route, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The headers, one set or another, of requests of the route's segment; a set of none where it has no segment."""
    if route.segment is None:
        return [{}]
    values = asked.get("values", {route.segment: route.segment})
    mine = sorted(value for value, segment in values.items() if segment == route.segment)
    if not mine:
        raise GatehouseError(
            f"{_shown(route)}: no value of the header {asked['header']} means the segment {route.segment}",
            "name one in serving.options.segment.values in promotions/stages.yaml",
        )
    return [{asked["header"]: {"exact": value}} for value in mine]


def _destination(model: str, arm: Arm, backend: Backend) -> dict[str, Any]:
    """A version, and the headers by which its answers say what they are."""
    said = {MODEL_HEADER: model, VERSION_HEADER: str(arm.version), ARM_HEADER: str(arm.role)}
    return {
        "destination": {"host": backend(arm), "port": {"number": PORT}},
        "headers": {"response": {"set": said}},
    }


def _mirror(route: Route, shadow: Arm | None, backend: Backend) -> dict[str, Any]:
    if shadow is None:
        return {}
    return {
        "mirror": {"host": backend(shadow), "port": {"number": PORT}},
        "mirrorPercentage": {"value": float(_share(route, shadow))},
    }
