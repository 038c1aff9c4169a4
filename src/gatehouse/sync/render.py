"""From what is in force to the files of the serving branches, through each stage's target."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from gatehouse.declare.types import Stages
from gatehouse.errors import GatehouseError
from gatehouse.pin import Pin, Role, Slot
from gatehouse.serve import targets
from gatehouse.serve.config import Arm, Route, ServingConfig


@dataclass(frozen=True, slots=True)
class Placement:
    """A pin in force: what one role of one slot holds once the plan is carried out.

    ``commit`` on main put it there, at ``since``; ``artifact`` is where its files are ("" where nobody can say).
    """

    slot: Slot
    role: Role
    pin: Pin
    commit: str
    since: datetime
    percent: float | None = None
    experiment: str = ""
    artifact: str = ""


def render(placements: Iterable[Placement], stages: Stages) -> Mapping[str, Mapping[str, str]]:
    """For each serving branch its files, path to text; branches without a model to serve are there, and empty.

    Raises GatehouseError when two targets write one file, or one outside its folder.
    """
    files: dict[str, dict[str, str]] = {stage.serving.branch: {} for stage in stages.stages if stage.serving}
    served = {stage.name: stage.serving for stage in stages.stages if stage.serving}

    def place(placement: Placement) -> tuple[str, str, str, str]:
        serving = served[placement.slot.stage]
        # Stages that ask the target for different things are rendered apart.
        asked = json.dumps(serving.options, sort_keys=True)
        return serving.branch, serving.target, asked, placement.slot.model

    chosen = sorted((placement for placement in placements if placement.slot.stage in served), key=place)
    for (branch, target, asked, model), of_model in groupby(chosen, key=place):
        config = _config(model, list(of_model), [stage.name for stage in stages.stages])
        if config is not None:
            _add(files[branch], targets.render(target, config, json.loads(asked)), target)
    return files


def _config(model: str, placements: list[Placement], order: list[str]) -> ServingConfig | None:
    champions = {placement.slot for placement in placements if placement.role is Role.CHAMPION}
    # Nobody can take a share of a champion's traffic where there is no champion.
    placed = [placement for placement in placements if placement.slot in champions]
    if not placed:
        return None
    newest = max(placed, key=lambda placement: (placement.since, placement.commit))
    slots = sorted(champions, key=lambda slot: (order.index(slot.stage), slot.segment or ""))
    routes = tuple(Route(slot.stage, slot.segment, _arms(placed, slot)) for slot in slots)
    return ServingConfig(model, newest.commit, routes)


def _arms(placed: list[Placement], slot: Slot) -> tuple[Arm, ...]:
    mine = {placement.role: placement for placement in placed if placement.slot == slot}
    return tuple(_arm(mine[role]) for role in Role if role in mine)


def _arm(placement: Placement) -> Arm:
    shares = placement.role is not Role.CHAMPION
    return Arm(
        role=placement.role,
        version=placement.pin.version,
        digest=placement.pin.digest,
        artifact=placement.artifact,
        commit=placement.commit,
        since=placement.since,
        percent=placement.percent,
        experiment=placement.experiment or None,
        salt=_salt(placement) if shares else "",
    )


def _salt(placement: Placement) -> str:
    """Another experiment, or another version on its way in, draws other users; a growing share keeps those it has."""
    return f"{placement.slot}/{placement.role}/{placement.experiment or placement.pin.digest}"


def _add(files: dict[str, str], rendered: Mapping[str, bytes], target: str) -> None:
    for path, data in rendered.items():
        if not path.startswith(targets.FOLDER) or ".." in path.split("/"):
            raise GatehouseError(f"target {target!r} writes {path}", f"write below {targets.FOLDER}")
        if path in files:
            raise GatehouseError(f"two targets write {path}", "give the stages branches of their own in stages.yaml")
        files[path] = data.decode()
