"""The versions that a serving config pins, each once whatever roles it plays, and what is said of each on a cluster."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gatehouse.errors import GatehouseError
from gatehouse.pin import DIGEST, Role
from gatehouse.serve.config import Arm, Route, ServingConfig
from gatehouse.serve.manifests import names

# Addresses that name whatever is there now, in a registry, are no pins.
_MOVING = frozenset({"models", "runs"})
# Only the machine that wrote these has them.
_LOCAL = frozenset({"", "file"})


@dataclass(frozen=True, slots=True)
class Pinned:
    """One version on a cluster: ``arm`` is the role that it has played longest, which says since when it is pinned."""

    model: str
    stage: str
    arm: Arm

    @property
    def name(self) -> str:
        return names.of_version(self.model, self.arm.version)

    @property
    def labels(self) -> dict[str, str]:
        """What selects this version's pods, and no other's."""
        return {"gatehouse.model": names.base(self.model), "gatehouse.version": str(self.arm.version)}


def pinned(config: ServingConfig, schemes: Collection[str] = ()) -> tuple[Pinned, ...]:
    """Every version of the config by number.

    Raises GatehouseError for a version with two digests, and for an artifact that a cluster cannot fetch; with
    ``schemes``, for one at any other kind of address.
    """
    placed = [Pinned(config.model, route.stage, arm) for route in config.routes for arm in route.arms]
    found: dict[int, Pinned] = {}
    for pin in sorted(placed, key=lambda pin: (pin.arm.version, pin.arm.since, pin.arm.commit)):
        arm, known = pin.arm, found.setdefault(pin.arm.version, pin).arm
        if known.digest != arm.digest:
            raise GatehouseError(
                f"{config.model}: version {arm.version} is pinned with two digests, {known.digest} and {arm.digest}",
                "pin one of them everywhere: a version serves once on a cluster",
            )
        _check(config.model, arm, schemes)
    return tuple(pin for _, pin in sorted(found.items()))


def _check(model: str, arm: Arm, schemes: Collection[str]) -> None:
    if not DIGEST.fullmatch(arm.digest):
        raise GatehouseError(f"{model}: version {arm.version} has no digest", "pin it with `gatehouse propose`")
    scheme = urlsplit(arm.artifact).scheme
    if scheme in _MOVING:
        raise GatehouseError(
            f"{model}: the artifact of version {arm.version} is {arm.artifact}, which pins nothing",
            "register the model from a run or a logged model",
        )
    if schemes and scheme not in schemes:
        said = "is on one machine alone" if scheme in _LOCAL else f"is behind {scheme}:, which this target cannot fetch"
        raise GatehouseError(
            f"{model}: the artifact of version {arm.version} {said}: {arm.artifact}",
            f"keep this registry's artifacts in a store that a cluster reaches: {', '.join(sorted(schemes))}",
        )


def metadata(
    config: ServingConfig, name: str, namespace: str | None, *, wave: int, pin: Pinned | None = None
) -> dict[str, Any]:
    """An object's name, labels and annotations, which say what is pinned by which commit, and since when.

    ``wave`` is Argo CD's: it applies a wave when the one before is healthy, and so routes after what they lead to.
    """
    said: dict[str, str] = {"gatehouse.commit": pin.arm.commit if pin else config.commit}
    labels: dict[str, str] = {"app.kubernetes.io/managed-by": "gatehouse", "gatehouse.model": names.base(config.model)}
    if pin is not None:
        labels |= pin.labels
        said |= {"gatehouse.digest": pin.arm.digest, "gatehouse.since": pin.arm.since.isoformat()}
    said |= {"gatehouse.model": config.model, "argocd.argoproj.io/sync-wave": str(wave)}
    if wave == 0:
        # What is gone from here leaves the cluster only when no route leads to it any more.
        said["argocd.argoproj.io/sync-options"] = "PruneLast=true"
    placed = {"namespace": names.label(namespace, "the namespace")} if namespace else {}
    checked = names.label(name, "the name")
    return {"name": checked, **placed, "labels": labels, "annotations": dict(sorted(said.items()))}


def alone(config: ServingConfig, pin: Pinned, folder: str) -> ServingConfig:
    """What a server of one version is told: it answers everything, with the artifact that lies in ``folder``."""
    arm = pin.arm
    served = Arm(Role.CHAMPION, arm.version, arm.digest, folder, arm.commit, arm.since)
    return ServingConfig(config.model, arm.commit, (Route(pin.stage, None, (served,)),))
