"""What a plan puts on record. Pure; every record has a key that the same event always gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from gatehouse import __version__
from gatehouse.audit.record import Approval, Kind, Record
from gatehouse.declare.history import PRODUCTION, Lifecycle
from gatehouse.git import Commit
from gatehouse.pin import Pin, Role, Slot
from gatehouse.report.tags import LIMIT
from gatehouse.report.text import clean
from gatehouse.sync.actual import Actual
from gatehouse.sync.desired import Desired, Want
from gatehouse.sync.rejected import rejections
from gatehouse.sync.settle import STAGE_TAG, Findings, Settled

APPROVED_TAG = "gatehouse.approved_by"
APPROVED = "approved"
"""The rule of ``sync.rules`` that asks what people said."""


def records(desired: Desired, actual: Actual, settled: Settled, findings: Findings, now: datetime) -> Iterator[Record]:
    """Everything that is not on record yet, in the order in which a person would tell it."""
    for found in (
        rejections(actual.reviewed, actual.audit.keys, now),
        _holds(desired, now),
        _refusals(desired, settled, findings, now),
        _settings(desired, actual, settled, findings, now),
        _healed(desired, actual, settled, now),
    ):
        yield from (record for record in found if record.key not in actual.audit.keys)


def approved_by(
    desired: Desired, actual: Actual, settled: Settled, findings: Findings
) -> Mapping[tuple[str, int], str]:
    """Who agreed to each version that is placed, by model and number, in short, as its tag says it.

    The same before it is on record and after; nothing of a version that needed nobody's word.
    """
    found: dict[tuple[str, int], list[str]] = {}
    for want in desired.wants:
        placed = settled.placements.get((want.slot, want.role))
        approvals = _approvals(want, placed.pin, actual, findings) if placed is not None else ()
        if placed is not None and approvals:
            role = "" if want.role is Role.CHAMPION else f" as {want.role}"
            names = ", ".join(f"{one.who}{' (flagged)' if one.flagged else ''}" for one in approvals)
            found.setdefault((want.slot.model, placed.pin.version), []).append(f"{names} for {want.slot.label}{role}")
    return {version: clean("; ".join(told), LIMIT) for version, told in found.items()}


def _approvals(want: Want, placed: Pin, actual: Actual, findings: Findings) -> tuple[Approval, ...]:
    said = findings.reviews.get(want.key)
    if said is not None and placed == want.pin:
        return said.approvals
    record = actual.audit.accepted.get((want.slot, want.role))
    return record.approvals if record is not None and record.after == placed else ()


def _settings(
    desired: Desired, actual: Actual, settled: Settled, findings: Findings, now: datetime
) -> Iterator[Record]:
    """Each role that was let in, or emptied."""
    refused = {(refusal.slot, refusal.role) for refusal in settled.refusals}
    for want in desired.wants:
        held = actual.accepted(want)
        if (want.slot, want.role) in refused or (want.pin is None and held is None):
            continue
        yield _record(
            want, _kind(want), want.key, now,
            before=held if held is not None else want.previous,
            after=want.pin,
            percent=want.percent,
            experiment=want.experiment,
            evidence=findings.evidence.get(want.key),
            **_reviewed(want, findings),
        )  # fmt: skip


def _kind(want: Want) -> Kind:
    if want.pin is None:
        return Kind.WITHDRAWN
    back = want.returning and want.previous is not None and want.previous.version > want.pin.version
    return Kind.ROLLED_BACK if back else Kind.PROMOTED


def _reviewed(want: Want, findings: Findings) -> Mapping[str, Any]:
    """What people said of it; the pull request is the one that GitHub names, where somebody asked."""
    said = findings.reviews.get(want.key)
    if said is None:
        return {}
    named = {"pull_request": said.number} if said.number is not None or said.denied else {}
    return {"approvals": said.approvals, "rejections": said.rejections, "remarks": said.remarks, **named}


def _refusals(desired: Desired, settled: Settled, findings: Findings, now: datetime) -> Iterator[Record]:
    wants = {(want.slot, want.role): want for want in desired.wants}
    for refusal in settled.refusals:
        if refusal.passing:
            continue
        want = wants[refusal.slot, refusal.role]
        key = f"refused ({refusal.rule}) {want.key}"
        said = _reviewed(want, findings) if refusal.rule == APPROVED else {}
        reason = f"{refusal.rule}: {refusal.message}"
        yield _record(want, Kind.REFUSED, key, now, after=want.pin, reason=reason, **said)


def _holds(desired: Desired, now: datetime) -> Iterator[Record]:
    for model, holds in sorted(desired.declared.holds.items()):
        commit = desired.holders[model]
        for held in holds:
            yield Record(
                key=f"held {model}: version {held.version} {held.digest or 'whatever it holds'} since {held.since}",
                kind=Kind.HELD,
                when=now,
                who=_author(commit),
                slot=Slot(model, ""),
                engine=__version__,
                after=Pin(held.version, held.digest) if held.digest else None,
                commit=commit.id,
                committed=commit.time,
                reason=f"version {held.version}: {held.reason}",
            )


def _healed(desired: Desired, actual: Actual, settled: Settled, now: datetime) -> Iterator[Record]:
    """Champions whose alias was moved by hand after sync had set it.

    That sync had finished shows in the version's stage tag, which is written after the alias. The key holds the hour:
    a run that is repeated after a crash tells the same story once.
    """
    for want in desired.wants:
        stage = desired.declared.stages.get(want.slot.stage)
        placed = settled.placements.get((want.slot, want.role))
        if want.role is not Role.CHAMPION or stage is None or placed is None:
            continue
        if placed.pin == want.pin and want.key not in actual.audit.keys:
            continue  # it only arrives now
        shelf, alias = actual.shelf(stage.registry, want.slot.model), want.slot.alias(want.role)
        found, version = shelf.aliases.get(alias), shelf.versions.get(placed.pin.version)
        finished = version is not None and version.tags.get(STAGE_TAG) in _tagged(want.slot)
        if found != placed.pin.version and finished:
            said = f"@{alias} pointed at {f'version {found}' if found else 'nothing'}, and was put back"
            key = f"synced {want.slot} @{alias}: {found} to {placed.pin.version} at {now:%Y-%m-%dT%H}Z"
            yield _record(want, Kind.SYNCED, key, now, after=placed.pin, reason=said)


def _tagged(slot: Slot) -> tuple[str, ...]:
    """The stage tags that a champion of the slot has once sync is through with it."""
    return (Lifecycle.PRODUCTION,) if slot.stage == PRODUCTION else (Lifecycle.STAGING, Lifecycle.PRODUCTION)


def _author(commit: Commit) -> str:
    return f"{commit.author} <{commit.email}>"


def _record(want: Want, kind: Kind, key: str, now: datetime, **more: Any) -> Record:
    commit = want.commit
    return Record(
        key=key,
        kind=kind,
        when=now,
        who=_author(commit),
        slot=want.slot,
        role=want.role,
        engine=__version__,
        commit=commit.id,
        committed=commit.time,
        **{"reason": want.reason, "pull_request": want.pull_request, **more},
    )
