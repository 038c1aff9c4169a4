"""What stages.yaml says of serving: a target that is there, and options that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gatehouse.declare.fault import Complaint, Keys, meant
from gatehouse.declare.schema import thresholds


def complaints(value: Mapping[str, Any], targets: Mapping[str, Mapping[str, Any]]) -> Iterator[Complaint]:
    """The faults of every stage's ``serving``; ``targets`` maps a target's name to the JSON Schema of its options.

    The file may have other faults, so nothing is taken for granted. A text with ``${VAR}`` is judged when it is read.
    """
    stages = value.get("stages")
    for at, stage in enumerate(stages if isinstance(stages, list) else ()):
        serving = stage.get("serving") if isinstance(stage, dict) else None
        if isinstance(serving, dict):
            yield from _serving(("stages", at, "serving"), serving, targets)


def _serving(keys: Keys, serving: Mapping[str, Any], targets: Mapping[str, Mapping[str, Any]]) -> Iterator[Complaint]:
    name, options = serving.get("target", "local"), serving.get("options", {})
    if not isinstance(name, str) or not isinstance(options, dict):
        return
    if name not in targets:
        yield Complaint((*keys, "target"), f"there is no target `{name}`", meant(name, targets))
        return
    for said in thresholds(targets[name]).complaints(options):
        if "${" not in str(_at(options, said.keys)):
            yield said._replace(keys=(*keys, "options", *said.keys))


def _at(value: Any, keys: Keys) -> Any:
    """The text that a fault is about; "" for one of a collection, or of what is not there."""
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return ""
    return value if isinstance(value, str) else ""
