"""Plain values that their schema accepts, as typed ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

import msgspec

from gatehouse.declare import duration
from gatehouse.declare.freeze import Freeze
from gatehouse.declare.types import WHERES, Held, Policy, Promotion, Stages, Traffic
from gatehouse.pin import Pin, Slot

# High risk needs two people (the policy may ask for more).
_APPROVALS = {"low": 1, "medium": 1, "high": 2}


def promotion(slot: Slot, value: Mapping[str, Any]) -> Promotion:
    return Promotion(slot, _pin(value), *(_traffic(value.get(role)) for role in ("canary", "challenger", "shadow")))


def policy(model: str, value: Mapping[str, Any]) -> Policy:
    review = {"approvals": _APPROVALS[value["risk"]], **_spans(value.get("review", {}), "block_under", "flag_under")}
    filled = {
        **_spans(value, "review_every"),
        "model": model,
        "review": review,
        "stages": {name: _spans(stage, "soak") for name, stage in value["stages"].items()},
    }
    if "data" in value:
        filled["data"] = {kind: _table(table) for kind, table in value["data"].items()}
    if "rollout" in value:
        filled["rollout"] = _spans(value["rollout"], "hold")
    return msgspec.convert(filled, Policy)


def stages(value: Mapping[str, Any]) -> Stages:
    return msgspec.convert({**value, "evidence_keys": value.get("evidence", {}).get("keys", ())}, Stages)


def holds(value: Mapping[str, Any]) -> tuple[Held, ...]:
    return msgspec.convert(value["versions"], tuple[Held, ...])


def freeze(value: Mapping[str, Any]) -> Freeze:
    filled = dict(value)
    if "hours" in value:
        hours = value["hours"]
        days = {"days": hours["days"]} if "days" in hours else {}
        filled["hours"] = {"start": _clock(hours["from"]), "end": _clock(hours["to"]), **days}
    return msgspec.convert(filled, Freeze)


def _clock(text: str) -> time:
    """A time of day. 24:00 is the end of the day, which is its last moment to a clock."""
    return time.max if text == "24:00" else time.fromisoformat(text)


def _pin(value: Mapping[str, Any]) -> Pin:
    return Pin(value["version"], value["digest"])


def _traffic(value: Mapping[str, Any] | None) -> Traffic | None:
    return None if value is None else Traffic(_pin(value), value["percent"], value.get("experiment"))


def _table(value: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping with the one key that says where the table is as a value of its own."""
    (kind,) = (kind for kind in WHERES if kind in value)
    rest = {key: item for key, item in value.items() if key != kind}
    return {**rest, "where": {"text": value[kind], "kind": kind}}


def _spans(value: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The mapping with its durations parsed; msgspec itself reads ISO 8601 (PT30S), which nobody writes by hand."""
    return {key: duration.parse(item) if key in keys else item for key, item in value.items()}
