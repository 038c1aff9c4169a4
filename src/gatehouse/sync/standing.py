"""Desired beside actual, one line for each role of each slot: what ``gatehouse status`` shows. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gatehouse.sync.actions import (
    Action,
    Append,
    DropAlias,
    Publish,
    Refusal,
    SetAlias,
    SetLegacyStage,
    SetTags,
    Standing,
    State,
)
from gatehouse.sync.actual import Actual
from gatehouse.sync.desired import Desired, Want
from gatehouse.sync.settle import Settled

_OF_RULE = {"held": State.HELD, "frozen": State.FROZEN}


def standings(desired: Desired, actual: Actual, settled: Settled, actions: Iterable[Action]) -> Iterator[Standing]:
    """Every role that main fills, and every emptied one that the registry still has."""
    actions = tuple(actions)
    refusals: dict[object, list[Refusal]] = {}
    for refusal in settled.refusals:
        refusals.setdefault((refusal.slot, refusal.role), []).append(refusal)
    for want in desired.wants:
        stage = desired.declared.stages.get(want.slot.stage)
        alias = want.slot.alias(want.role)
        found = actual.shelf(stage.registry, want.slot.model).aliases.get(alias) if stage else None
        if want.pin is None and found is None:
            continue
        state, note = _state(desired, want, refusals.get((want.slot, want.role), []), actions)
        yield Standing(want.slot, want.role, alias, want.pin, found, state, note)


def _state(desired: Desired, want: Want, refusals: list[Refusal], actions: tuple[Action, ...]) -> tuple[State, str]:
    if refusals:
        return _OF_RULE.get(refusals[0].rule, State.REFUSED), "; ".join(refusal.message for refusal in refusals)
    stage = desired.declared.stages.get(want.slot.stage)
    served = stage is not None and stage.serving is not None
    notes = [note for action in actions if (note := _note(action, want, served)) is not None]
    if notes:
        return State.OUT_OF_SYNC, "; ".join(dict.fromkeys(notes))
    held = desired.declared.held(want.slot.model, want.pin) if want.pin else None
    if held is not None:
        return State.HELD, f"on hold since {held.since}: {held.reason}; pin another version"
    return State.IN_SYNC, ""


def _note(action: Action, want: Want, served: bool) -> str | None:
    """What an action says about this role; None when it is about something else."""
    match action:
        case Append(record):
            return "not on record yet" if record.key == want.key else None
        case SetAlias(model=model, alias=alias, expect=expect) | DropAlias(model=model, alias=alias, expect=expect):
            said = f"@{alias} is at {f'version {expect}' if expect else 'nothing'}"
            return said if (model, alias) == (want.slot.model, want.slot.alias(want.role)) else None
        case SetTags(model=model, version=version) | SetLegacyStage(model=model, version=version):
            return "tags differ" if want.pin and (model, version) == (want.slot.model, want.pin.version) else None
        case Publish(files=files):
            return "serving config differs" if served and any(_about(path, want.slot.model) for path in files) else None


def _about(path: str, model: str) -> bool:
    """Whether a rendered file is a model's: its name is a whole word of the path."""
    return re.search(rf"(?<![\w.-]){re.escape(model)}(?![\w-])", path) is not None
