"""Desired and actual make a plan. Pure: the same input gives the same plan, and nothing is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from gatehouse.audit.chain import GENESIS
from gatehouse.declare.history import Change, Lifecycle, lifecycle
from gatehouse.sync.actions import Action, Append, DropAlias, Plan, Publish, SetAlias, SetLegacyStage, SetTags
from gatehouse.sync.actual import ANCHOR, Actual, Branch, registries
from gatehouse.sync.desired import Desired
from gatehouse.sync.records import APPROVED_TAG, approved_by, records
from gatehouse.sync.render import Placement, render
from gatehouse.sync.rules import frozen
from gatehouse.sync.settle import DIGEST_TAG, STAGE_TAG, Findings, Settled, promotions, settle
from gatehouse.sync.standing import standings

# Where the files of a version are: by registry address, model, and number.
Artifacts = Mapping[tuple[str, str, int], str]


def diff(desired: Desired, actual: Actual, findings: Findings, artifacts: Artifacts, now: datetime) -> Plan:
    """What has to change, in an order in which a crash anywhere is mended by the next run.

    Records come first, so that nothing changes without a trace; aliases before tags, so that no version is called
    Production before it is champion; what serves comes last, when everything it names is in place.
    """
    settled = settle(desired, actual, findings, now)
    told = tuple(records(desired, actual, settled, findings, now))
    on_registry = (*_aliases(desired, actual, settled), *_tags(desired, actual, settled, findings))
    published = tuple(_publish(desired, actual, settled, artifacts, anchor=bool(told)))
    actions: tuple[Action, ...] = (*map(Append, told), *on_registry, *published)
    return Plan(
        commit=desired.commit,
        source=desired.source,
        actions=actions,
        refusals=settled.refusals,
        standings=tuple(standings(desired, actual, settled, actions)),
        warnings=tuple(_warnings(desired, actual, settled, artifacts, now)),
    )


def _aliases(desired: Desired, actual: Actual, settled: Settled) -> Iterator[SetAlias | DropAlias]:
    for want in desired.wants:
        stage = desired.declared.stages.get(want.slot.stage)
        if stage is None:
            continue
        model, alias = want.slot.model, want.slot.alias(want.role)
        found = actual.shelf(stage.registry, model).aliases.get(alias)
        placed = settled.placements.get((want.slot, want.role))
        if placed is not None and found != placed.pin.version:
            yield SetAlias(stage.registry, model, alias, placed.pin.version, found)
        elif (want.slot, want.role) in settled.empty and found is not None:
            yield DropAlias(stage.registry, model, alias, found)


def _tags(desired: Desired, actual: Actual, settled: Settled, findings: Findings) -> Iterator[SetTags | SetLegacyStage]:
    unclear = {slot.model for slot, _ in settled.left}
    agreed = approved_by(desired, actual, settled, findings)
    history = _let_in(desired, settled)
    for registry, model in sorted(registries(desired.declared, desired.wants)):
        # Where a role's contents cannot be said, neither can the stage of its version.
        if model in unclear:
            continue
        placed = settled.of_model.get(model, ())
        stages = lifecycle(promotions(placed), history.get(model, ()))
        digests = {at.pin.version: at.pin.digest for at in placed}
        for number, version in sorted(actual.shelf(registry, model).versions.items()):
            tags = _tags_of(number, stages, digests, agreed.get((model, number)), version.tags)
            if tags:
                yield SetTags(registry, model, number, tags)
            legacy = _legacy(stages.get(number, Lifecycle.NONE), _legacy_stages(desired, registry), version.stage)
            if legacy != version.stage:
                yield SetLegacyStage(registry, model, number, legacy)


def _let_in(desired: Desired, settled: Settled) -> Mapping[str, list[Change]]:
    """Each model's history without what the rules refused: a version that was never let in is not archived."""
    commits = {(want.slot, want.role): want.commit.id for want in desired.wants}
    refused = {(refusal.slot, commits[refusal.slot, refusal.role]) for refusal in settled.refusals}
    found: dict[str, list[Change]] = {}
    for change in desired.changes:
        if (change.slot, change.commit) not in refused:
            found.setdefault(change.slot.model, []).append(change)
    return found


def _tags_of(
    number: int,
    stages: Mapping[int, Lifecycle],
    digests: Mapping[int, str],
    agreed: str | None,
    now: Mapping[str, str],
) -> dict[str, str]:
    wanted = {STAGE_TAG: str(stages.get(number, Lifecycle.NONE))}
    if wanted[STAGE_TAG] == Lifecycle.NONE and STAGE_TAG not in now:
        wanted = {}
    if number in digests:
        wanted[DIGEST_TAG] = digests[number]
    if agreed is not None:
        wanted[APPROVED_TAG] = agreed
    return {key: value for key, value in wanted.items() if now.get(key) != value}


def _legacy_stages(desired: Desired, registry: str) -> frozenset[str]:
    """MLflow's old stages that a registry's readers still ask for."""
    asked = {
        stage.name.title()
        for stage in desired.declared.stages.stages
        if stage.legacy_stages and stage.registry == registry
    }
    return frozenset(asked | {Lifecycle.ARCHIVED} if Lifecycle.PRODUCTION in asked else asked)


def _legacy(stage: Lifecycle, kept: frozenset[str], now: str) -> str:
    """The old stage that a version should have; where none is kept for its stage, it only leaves those that are."""
    if stage in kept:
        return str(stage)
    return "None" if now in kept else now


def _publish(
    desired: Desired, actual: Actual, settled: Settled, artifacts: Artifacts, *, anchor: bool
) -> Iterator[Publish]:
    placed = list(_located(desired, settled, artifacts))
    left = _left(settled, placed)
    wanted = render((at for at in placed if at.slot.model not in left), desired.declared.stages)
    anchored = _anchor_branch(desired)
    for name, rendered in sorted(wanted.items()):
        branch = actual.branches[name]
        files: dict[str, str | None] = {path: text for path, text in rendered.items() if branch.files.get(path) != text}
        if not left:
            # What nobody renders any more goes; while some model has to stay as it is found, it may be its.
            files |= {path: None for path in branch.files if path not in rendered and path != ANCHOR}
        vouches = name == anchored and (anchor or _vouched(branch) != actual.audit.head)
        if files or vouches:
            yield Publish(name, branch.commit, files, anchor=name == anchored)


def _located(desired: Desired, settled: Settled, artifacts: Artifacts) -> Iterator[Placement]:
    """What is to serve, with the address of its files."""
    for placed in settled.placements.values():
        stage = desired.declared.stages.get(placed.slot.stage)
        if stage is not None and stage.serving is not None:
            place = artifacts.get((stage.registry, placed.slot.model, placed.pin.version), "")
            yield replace(placed, artifact=place)


def _left(settled: Settled, placed: Iterable[Placement]) -> frozenset[str]:
    """The models whose serving config stays as it is found: nobody can say what it should be."""
    return frozenset({slot.model for slot, _ in settled.left} | {at.slot.model for at in placed if not at.artifact})


def _vouched(branch: Branch) -> str:
    """The head of the audit record that a serving branch vouches for."""
    return branch.files.get(ANCHOR, GENESIS).strip()


def _anchor_branch(desired: Desired) -> str | None:
    """The branch that vouches for the audit record: the one that serves the last stage."""
    serving = [stage.serving.branch for stage in desired.declared.stages.stages if stage.serving]
    return serving[-1] if serving else None


def _warnings(desired: Desired, actual: Actual, settled: Settled, artifacts: Artifacts, now: datetime) -> Iterator[str]:
    freeze = frozen(desired.declared.freeze, "", now)
    if freeze is not None:
        yield freeze
    for model in sorted(_left(settled, _located(desired, settled, artifacts))):
        yield f"{model} keeps serving what it serves: what it should serve was refused, or its files cannot be found"
    name = _anchor_branch(desired)
    head = _vouched(actual.branches[name]) if name else GENESIS
    if head not in actual.audit.heads:
        yield f"the audit record was cut off or replaced: it lacks {head[:12]}, which was published as its head"
