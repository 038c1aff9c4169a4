"""What a router on Ray goes by, and the step between two config files: decisions alone, without Ray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.serve.arms import Decision, Routing
from gatehouse.serve.config import ServingConfig
from gatehouse.serve.segments import RequestKeys, Said, read

_AGAIN = "deploy what `gatehouse sync` rendered"


@dataclass(frozen=True, slots=True)
class Guide:
    """One set of routes: who answers a request, and the application in which each version is."""

    routing: Routing
    keys: RequestKeys
    versions: Mapping[int, str]
    commit: str

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Guide:
        """From the router's ``user_config``. Raises GatehouseError for one that does not say who answers."""
        try:
            config = msgspec.convert(told["config"], ServingConfig)
            versions = msgspec.convert(told["versions"], dict[int, str], strict=False)
        except (msgspec.ValidationError, KeyError) as error:
            raise GatehouseError(f"the router's user_config: {error}", _AGAIN) from error
        missing = {arm.version for arm in config.arms()} - versions.keys()
        if missing:
            raise GatehouseError(f"no application has version {min(missing)}", _AGAIN)
        return cls(Routing.of(config), read(told["requests"], "requests"), versions, config.commit)

    def decide(self, headers: Mapping[str, str], dice: float) -> Decision:
        """Who answers a request with these headers, named in lower case. Raises Unreadable and NoRoute."""
        said = Said(headers, host=headers.get("host", ""))
        return self.routing.decide(self.keys.unit_of(said), dice, self.keys.segment_of(said))


def union(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The new config with the versions of the old one beside its own: what is deployed first, and waited for.

    Ray takes away whatever a config does not name, at once. With this one in between no version goes before the
    routers have left it.
    """
    named = {app["name"] for app in new["applications"]}
    kept = [app for app in old["applications"] if app["name"] not in named and app["import_path"].endswith(":version")]
    return {**new, "applications": [*new["applications"], *kept]}
