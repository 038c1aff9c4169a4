"""``gatehouse rollback``: the last known good version back in seconds, and the bad one on hold."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import planned
from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb
from gatehouse.errors import GatehouseError
from gatehouse.pin import Pin, Slot

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gatehouse.sync.actions import Plan
    from gatehouse.sync.desired import Desired
    from gatehouse.sync.revert import Move, Revert
    from gatehouse.sync.rollback import Protected
    from gatehouse.sync.run import Scene
    from gatehouse.sync.trunk import Trunk

_ATTEMPTS = 3


class RolledBack(msgspec.Struct, frozen=True):
    """What --format json prints.

    ``bad`` was champion of ``slot``, ``good`` is. ``commit`` is on main, unless ``pull_request`` (its address, or just
    the branch) says where it waits; it is None when the slot was at that version already. ``also`` is what else the
    commit does, ``remaining`` are slots that still hold the bad version. ``plan`` is what sync then did (None: main
    does not say so yet).
    """

    slot: str
    bad: Pin
    good: Pin
    commit: str | None
    seconds: float
    also: Sequence[str] = ()
    remaining: Sequence[str] = ()
    pull_request: str | None = None
    plan: Plan | None = None


@verb
@click.argument("model")
@click.option("--stage", default="production", show_default=True, help="The stage to roll back.")
@click.option("--segment", help="The segment, where the stage has several files.")
@click.option("--to", "version", type=click.IntRange(1), metavar="VERSION", help="The version to go back to.")
@click.option("--reason", default="", help="Why, for the hold and for whoever asks later.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(settings: Settings, model: str, stage: str, segment: str | None, **asked: object) -> int:
    """Put the last known good version of MODEL back, and hold the bad one.

    One commit on main, without touching the working tree, then a sync. Without --to it goes back to the last champion
    that is not on hold; --to names any earlier one. Where main is protected, the commit becomes a pull request.
    """
    started = time.monotonic()
    slot = Slot(model, stage, segment)
    version = asked["version"] if isinstance(asked["version"], int) else None
    with progress(settings) as say:
        # What serves again needs nobody's word, and whatever else arrives may wait: no roll-back waits for GitHub.
        scene = replace(planned.scene(settings, say), reviews=None)
        trunk, desired = _look(scene)
        move = _move(scene, desired, slot, version, str(asked["reason"]))
    if move.good != move.bad and not _agreed(settings, move, asked=not asked["yes"]):
        raise click.Abort
    with progress(settings) as say:
        return _carry_out(settings, replace(scene, say=say), (trunk, desired), move, started)


def _look(scene: Scene) -> tuple[Trunk, Desired]:
    from gatehouse.sync.desired import desired
    from gatehouse.sync.trunk import locate

    scene.say("fetching main")
    trunk = locate(scene.repository)
    return trunk, desired(trunk, scene.environment, scene.now)


def _move(scene: Scene, desired: Desired, slot: Slot, version: int | None, reason: str) -> Move:
    """From the present champion to the one to go back to; the same twice when it is there already."""
    from gatehouse.sync.revert import Move
    from gatehouse.sync.rollback import current, target

    if slot.model not in desired.declared.policies:
        raise planned.unknown(slot.model, {known.model for known in desired.declared.promotions})
    bad = current(desired, slot)
    good = bad if version == bad.version else target(desired, slot, version, scene.now, _kept_out(scene, desired, slot))
    stage = desired.declared.stages.get(slot.stage)
    if good != bad and stage is not None:
        from gatehouse.registry.reader import RegistryReader

        scene.say(f"looking for version {good.version} in the registry")
        RegistryReader(stage.registry).ready(slot.model, good.version)
    said = " ".join(reason.split()) or f"rolled back on {scene.now:%Y-%m-%d at %H:%M} UTC, no reason given"
    return Move(slot, bad, good, said)


def _kept_out(scene: Scene, desired: Desired, slot: Slot) -> frozenset[Pin]:
    """The pins that sync never let in. A record that cannot be read must not stop a roll-back: sync has its say."""
    from gatehouse.audit.store import open_store
    from gatehouse.sync.rollback import kept_out

    try:
        store = open_store(desired.declared.stages.audit, scene.repository.root)
        return kept_out((link.content for link in store.read(slot.model)), slot)
    except (GatehouseError, msgspec.MsgspecError) as error:
        scene.say(f"the audit record cannot be read, so what sync once refused is not known: {error}")
        return frozenset()


def _agreed(settings: Settings, move: Move, *, asked: bool) -> bool:
    """Asks where somebody can answer; a script that says rollback means it."""
    if not asked or settings.json or not sys.stdin.isatty():
        return True
    question = f"{move.slot}: {move.bad} goes on hold, {move.good} serves again. Do it?"
    return click.confirm(question, default=True, err=True)


def _carry_out(settings: Settings, scene: Scene, start: tuple[Trunk, Desired], move: Move, started: float) -> int:
    from gatehouse.sync.rollback import Protected

    if move.good == move.bad:
        plan = _synced(scene, "")
        answer = RolledBack(str(move.slot), move.bad, move.good, None, time.monotonic() - started, plan=plan)
        emit(
            settings,
            answer,
            [f"{move.slot} is at version {move.good.version} already", *planned.lines(plan, done=True)],
        )
        return BLOCKED if _refused(plan, move.slot) else DONE
    try:
        commit, revert = _pushed(scene, start, move)
    except Protected as error:
        place, said = _proposed(settings, scene, start[0], move, error)
        seconds = round(time.monotonic() - started, 2)
        emit(settings, RolledBack(str(move.slot), move.bad, move.good, error.commit, seconds, pull_request=place), said)
        return BLOCKED
    plan = _synced(scene, commit)
    answer = RolledBack(
        slot=str(move.slot),
        bad=move.bad,
        good=move.good,
        commit=commit,
        seconds=round(time.monotonic() - started, 2),
        also=revert.also,
        remaining=[str(slot) for slot in revert.remaining],
        plan=plan,
    )
    emit(settings, answer, _text(answer, revert, plan, done=not _refused(plan, move.slot)))
    return BLOCKED if _refused(plan, move.slot) else DONE


def _refused(plan: Plan, slot: Slot) -> bool:
    """Whether sync refused anything, but for what only waits somewhere else until somebody can be asked."""
    return any(refusal.slot == slot or not refusal.passing for refusal in plan.refusals)


def _pushed(scene: Scene, start: tuple[Trunk, Desired], move: Move) -> tuple[str, Revert]:
    """The commit on main; made anew when somebody merged in between, as long as the slot still holds the bad pin."""
    from gatehouse.sync.rollback import Moved, push

    for attempt in range(1, _ATTEMPTS + 1):
        trunk, desired = start if attempt == 1 else _look(scene)
        revert = _composed(scene, trunk, desired, move)
        try:
            scene.say("pushing main")
            return push(trunk, revert), revert
        except Moved:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _composed(scene: Scene, trunk: Trunk, desired: Desired, move: Move) -> Revert:
    from gatehouse.sync.revert import compose, texts
    from gatehouse.sync.rollback import current

    now = current(desired, move.slot)
    if now != move.bad:
        raise GatehouseError(
            f"{move.slot} moved to version {now.version} in the meantime; nothing was changed", "see `gatehouse status`"
        )
    return compose(desired.declared, texts(trunk, move.slot.model), move, scene.now.date())


def _synced(scene: Scene, commit: str) -> Plan:
    from gatehouse.sync.run import sync

    try:
        return sync(replace(scene, now=datetime.now(UTC)))
    except GatehouseError as error:
        if not commit:
            raise
        raise GatehouseError(
            f"main says so now ({commit[:12]}), but the sync did not end: {error.message}",
            f"run `gatehouse sync` until it does. {error.fix}".strip(),
        ) from error


def _text(answer: RolledBack, revert: Revert, plan: Plan, *, done: bool) -> list[RenderableType]:
    from rich.text import Text

    verdict = "serves again" if done else "is on main, but sync refused something"
    words = f"{answer.slot}: version {answer.good.version} {verdict}, {answer.seconds:.1f} s after you asked"
    parts: list[RenderableType] = [Text(words, style="bold green" if done else "bold red")]
    parts += [f"  {line}" for line in revert.also]
    for slot in revert.remaining:
        command = f"gatehouse rollback {slot.model} --stage {slot.stage}" + (
            f" --segment {slot.segment}" * bool(slot.segment)
        )
        parts.append(Text(f"! {slot} still serves version {answer.bad.version}: {command}", style="yellow"))
    return [*parts, *planned.lines(plan, done=True)]


def _proposed(settings: Settings, scene: Scene, trunk: Trunk, move: Move, refused: Protected) -> tuple[str, list[str]]:
    """Main is protected: the same commit on a branch, and a pull request where GitHub can be reached.

    Returns where it waits, and what to say.
    """
    from gatehouse.cli import hub

    branch = f"promote/{move.slot.model}-v{move.good.version}-{move.slot.label}"
    writer = trunk.writer()
    writer.push(refused.commit, branch, writer.fetch(branch))
    said = [refused.message, f"  the roll-back waits on branch {branch}"]
    if not settings.environ.get("GITHUB_TOKEN") or not hub.slug(settings):
        return branch, [
            *said,
            "  open a pull request from it and merge it (with GITHUB_TOKEN set, this command opens it)",
        ]
    scene.say("opening the pull request")
    with hub.connect(settings) as github:
        title = f"Roll back {move.slot} to version {move.good.version}"
        opened = github.pulls.open(branch, "main", title, f"{move.reason}\n\nMerging this rolls {move.slot} back.")
    return opened.pull.url, [
        *said,
        f"  merge #{opened.pull.number}, and the sync after it does the rest: {opened.pull.url}",
    ]
