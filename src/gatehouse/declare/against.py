"""What a change must not do in one: move a pin and whatever judges it, or lift a hold and promote what was held."""

from __future__ import annotations

from collections.abc import Sequence

from gatehouse.declare.changes import changed_pins
from gatehouse.declare.fault import Fault, dotted
from gatehouse.declare.layout import FREEZE, STAGES, where
from gatehouse.declare.source import Source, Unreadable
from gatehouse.declare.types import Declared
from gatehouse.pin import ROOT, Slot

_OWNERS = ("CODEOWNERS", "docs/CODEOWNERS")
# Where a promotions repository holds gatehouse itself, this is what runs when something is judged.
_ENGINE = ("pyproject.toml", "requirements.lock", "scripts/setup")
_FOLDERS = (str(ROOT), "gates", ".github", "src/gatehouse")
# Every place in which a change can move a pin, or what judges it.
WATCHED = (*_FOLDERS, *_OWNERS, *_ENGINE)
_NAMED = 3


def differing(base: Source, head: Source) -> list[str]:
    """The paths that differ, among the promotions and what judges them; works for uncommitted files too."""
    paths = {path for source in (base, head) for folder in _FOLDERS for path in source.paths(folder)}
    return [path for path in sorted({*paths, *_OWNERS, *_ENGINE}) if _content(base, path) != _content(head, path)]


def mixed(changed: Sequence[str]) -> tuple[Fault, ...]:
    """The faults of a change that moves a pin together with what judges it.

    That is gates, policies, stages, freezes, workflows, code owners and gatehouse itself. A hold may come along: a
    rollback moves a pin and holds the bad version.
    """
    judges = [path for path in changed if _judges(path)]
    if not judges:
        return ()
    named = ", ".join(judges[:_NAMED]) + (f" and {len(judges) - _NAMED} more" if len(judges) > _NAMED else "")
    said = f"a pin changes together with what judges it: {named}"
    fix = "split it in two pull requests: first those files, then, once they are merged, the pin"
    return tuple(Fault(path, 1, "", said, fix) for path in sorted(changed) if Slot.from_path(path) is not None)


def lifted(base: Declared, head: Declared) -> tuple[Fault, ...]:
    """The faults of a change that takes a hold away and pins the version that was held."""
    faults = []
    for change in changed_pins(base, head):
        held = base.held(change.slot.model, change.after) if change.after is not None else None
        if change.after is not None and held is not None and head.held(change.slot.model, change.after) is None:
            said = f"version {change.after.version} was on hold until this very change: {held.reason}"
            fix = "lift the hold in a pull request of its own, then promote"
            faults.append(Fault(change.slot.path, change.line, dotted(where(change.role)), said, fix))
    return tuple(faults)


def _content(source: Source, path: str) -> bytes | str | None:
    try:
        return source.read(path)
    except Unreadable as error:
        return error.message


def _judges(path: str) -> bool:
    parts = path.split("/")
    policy = len(parts) == 3 and parts[0] == str(ROOT) and parts[2] == "policy.yaml"
    named = path in (STAGES, FREEZE, *_OWNERS, *_ENGINE)
    return policy or named or path.startswith(("gates/", ".github/", "src/gatehouse/"))
