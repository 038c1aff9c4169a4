"""Desired beside actual, one line for each role of each slot: what ``gatehouse status`` shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gatehouse.declare.types import Stage
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
    notes = _notes(actions)
    refusals: dict[Place, list[Refusal]] = {}
    for refusal in settled.refusals:
        refusals.setdefault((refusal.slot, refusal.role), []).append(refusal)
    for want in desired.wants:
        stage = desired.declared.stages.get(want.slot.stage)
        alias = want.slot.alias(want.role)
        found = actual.shelf(stage.registry, want.slot.model).aliases.get(alias) if stage else None
        if want.pin is None and found is None:
            continue
        refused = refusals.get((want.slot, want.role), [])
        different = [note for place in _places(want, stage) if (note := notes.get(place))]
        state, note = _state(desired, want, refused, different)
        yield Standing(want.slot, want.role, alias, want.pin, found, state, note)


def _state(desired: Desired, want: Want, refused: list[Refusal], different: list[str]) -> tuple[State, str]:
    if refused and all(refusal.passing for refusal in refused):
        return State.WAITING, "; ".join(f"waiting for people's word: {refusal.message}" for refusal in refused)
    if refused:
        return _OF_RULE.get(refused[0].rule, State.REFUSED), "; ".join(refusal.message for refusal in refused)
    if different:
        return State.OUT_OF_SYNC, "; ".join(different)
    held = desired.declared.held(want.slot.model, want.pin) if want.pin else None
    if held is not None:
        return State.HELD, f"on hold since {held.since}: {held.reason}; pin another version"
    return State.IN_SYNC, ""


# What an action is about, so that thousands of roles find theirs among thousands of actions.
Place = tuple[object, ...]


def _places(want: Want, stage: Stage | None) -> Iterator[Place]:
    """Everything that an action about this role could be about."""
    model = want.slot.model
    yield "record", want.key
    yield "alias", model, want.slot.alias(want.role)
    if want.pin is not None:
        yield "version", model, want.pin.version
    if stage is not None and stage.serving is not None:
        yield "serving", model


def _notes(actions: Iterable[Action]) -> Mapping[Place, str]:
    """What every action says about what it changes."""
    notes: dict[Place, str] = {}
    for action in actions:
        match action:
            case Append(record):
                notes["record", record.key] = "not on record yet"
            case SetAlias(model=model, alias=alias, expect=expect) | DropAlias(model=model, alias=alias, expect=expect):
                notes["alias", model, alias] = f"@{alias} is at {f'version {expect}' if expect else 'nothing'}"
            case SetTags(model=model, version=version) | SetLegacyStage(model=model, version=version):
                notes["version", model, version] = "tags differ"
            case Publish(files=files):
                notes |= {("serving", word): "serving config differs" for path in files for word in _words(path)}
    return notes


def _words(path: str) -> Iterator[str]:
    """Every part of a path that could be a model's name: ``a.b.yaml`` may be of a.b, or of a."""
    for part in path.split("/"):
        while part:
            yield part
            part = part.rpartition(".")[0]
