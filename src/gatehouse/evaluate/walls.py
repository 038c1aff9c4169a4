"""How the models of a check are walled off: decided for every model before the first one is started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from gatehouse.declare.levels import Level, reaches
from gatehouse.declare.tables import is_spark
from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError
from gatehouse.pin import ROOT
from gatehouse.runtime.isolation import launcher
from gatehouse.runtime.launch import Launcher
from gatehouse.runtime.limits import Limits

# What Spark's workers reach: the cluster answers for them, whatever this machine has.
CLUSTER: Literal["cluster"] = "cluster"


def walls(
    policies: Iterable[Policy], given: Launcher | None = None, accepted: Level | None = None
) -> Mapping[str, Launcher]:
    """Each model's launcher: the strongest that works here, or the one that is ``given``.

    Raises GatehouseError where a model's policy asks for more; ``accepted`` is the minimum instead of every policy's.
    """
    return {policy.model: _launcher(policy, given, accepted or policy.sandbox.minimum) for policy in policies}


def _launcher(policy: Policy, given: Launcher | None, minimum: Level) -> Launcher:
    if is_spark(policy.engine) and not reaches(CLUSTER, minimum):
        raise GatehouseError(
            f"{policy.model}: its models run in Spark's workers, which reach what the cluster may ({CLUSTER!r}), and"
            f" its policy asks for at least {minimum!r}",
            f"for models whose code you would run on that cluster anyway, write `sandbox: {{minimum: {CLUSTER}}}` in"
            f" {ROOT}/{policy.model}/policy.yaml",
        )
    if given is None:
        limits = Limits(policy.sandbox.memory_mb, policy.sandbox.processes, policy.sandbox.seconds)
        return _named(policy, limits, minimum)
    if not reaches(given.level, minimum):
        raise GatehouseError(
            f"{policy.model}: its models would be started with isolation {given.level!r}, and its policy asks for at"
            f" least {minimum!r}",
            "start them behind stronger walls",
        )
    return given


def _named(policy: Policy, limits: Limits, minimum: Level) -> Launcher:
    try:
        return launcher(limits, minimum)
    except GatehouseError as error:
        raise GatehouseError(f"{policy.model}: {error.message}", error.fix) from error
