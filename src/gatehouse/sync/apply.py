"""Carries a plan out: the only place where sync writes.

Every step is safe to repeat, and the plan's order is kept, so that whatever a crash leaves undone the next run finds
still to do. Nothing is caught here: the first failure ends the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gatehouse.audit.chain import TRAILER
from gatehouse.audit.store import Store, record_all
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.sync.actions import Action, Append, DropAlias, Plan, Publish, SetAlias, SetLegacyStage, SetTags
from gatehouse.sync.actual import ANCHOR


class Moved(GatehouseError):
    """A branch is not where it was read: somebody published in between. Nothing was changed."""


class Registry(Protocol):
    """The writes of a registry that a plan may ask for; RegistryWriter has them."""

    def set_alias(self, model: str, alias: str, number: int, *, expect: int | None) -> None: ...

    def delete_alias(self, model: str, alias: str, *, expect: int) -> None: ...

    def set_tags(self, model: str, number: int, tags: Mapping[str, str]) -> tuple[str, ...]: ...

    def transition_stage(self, model: str, number: int, stage: str) -> None: ...


class Branches(Protocol):
    """The writes of a git remote that a plan may ask for; git.Writer has them."""

    def fetch(self, branch: str) -> str | None: ...

    def commit(self, parent: str | None, files: Mapping[str, bytes | None], message: str) -> str: ...

    def push(self, commit: str, branch: str, expect: str | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Hands:
    """Everything that a plan may write with: a registry by its address, the branches, and the audit store."""

    registry: Callable[[str], Registry]
    branches: Branches
    store: Store


def apply(plan: Plan, hands: Hands, say: Callable[[str], None]) -> None:
    """Does what the plan says, in its order.

    Raises AliasMoved or Moved when something is not where the plan saw it (plan again), Unreachable when a service
    stops answering, GatehouseError when one refuses.
    """
    for action in plan.actions:
        say(str(action))
        _do(action, plan, hands)


def _do(action: Action, plan: Plan, hands: Hands) -> None:
    match action:
        case Append(record):
            record_all(hands.store, [record])
        case SetAlias(registry, model, alias, version, expect):
            hands.registry(registry).set_alias(model, alias, version, expect=expect)
        case DropAlias(registry, model, alias, found):
            hands.registry(registry).delete_alias(model, alias, expect=found)
        case SetTags(registry, model, version, tags):
            hands.registry(registry).set_tags(model, version, tags)
        case SetLegacyStage(registry, model, version, stage):
            hands.registry(registry).transition_stage(model, version, stage)
        case Publish():
            _publish(action, plan.commit, hands)


def _publish(action: Publish, commit: str, hands: Hands) -> None:
    head = hands.store.head()
    files = {path: None if text is None else text.encode() for path, text in action.files.items()}
    if action.anchor:
        files[ANCHOR] = f"{head}\n".encode()
    message = f"{_title(action)}\n\nGatehouse-Commit: {commit}\n{TRAILER}: {head}\n"
    made = hands.branches.commit(action.parent, files, message)
    if made == action.parent:
        return
    try:
        hands.branches.push(made, action.branch, action.parent)
    except Unreachable:
        raise
    except GatehouseError:
        if hands.branches.fetch(action.branch) == action.parent:
            raise
        raise Moved(f"somebody else published on {action.branch} in the meantime", "run it again") from None


def _title(action: Publish) -> str:
    if not action.files:
        return "Vouch for the audit record"
    names = sorted(path.rpartition("/")[2] for path in action.files)
    return f"Serve what main says: {names[0]}" + (f" and {len(names) - 1} more" if names[1:] else "")
