"""What sync would do, as values: a plan that can be printed, compared and carried out.

As JSON a plan is the document that ``gatehouse plan``, ``sync`` and ``status`` print; ``action`` names each action.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from gatehouse.audit.record import Kind, Record
from gatehouse.pin import Pin, Role, Slot


class Append(msgspec.Struct, frozen=True, tag_field="action", tag="append"):
    """Write a record, before anything that it speaks of is changed."""

    record: Record

    @property
    def rejection(self) -> bool:
        """Whether it only tells that a reviewer said no."""
        return self.record.kind is Kind.REJECTED

    def __str__(self) -> str:
        return f"record: {self.record}"


class SetTags(msgspec.Struct, frozen=True, tag_field="action", tag="set_tags"):
    """Set tags on a model version; others stay."""

    registry: str
    model: str
    version: int
    tags: Mapping[str, str]

    def __str__(self) -> str:
        said = ", ".join(f"{key} = {value}" for key, value in sorted(self.tags.items()))
        return f"tag {self.model} version {self.version}: {said}"


class SetAlias(msgspec.Struct, frozen=True, tag_field="action", tag="set_alias"):
    """Point an alias at a version, if it still points at ``expect`` (None: it is not there)."""

    registry: str
    model: str
    alias: str
    version: int
    expect: int | None

    def __str__(self) -> str:
        was = f"version {self.expect}" if self.expect else "nothing"
        return f"point @{self.alias} of {self.model} at version {self.version} (now at {was})"


class DropAlias(msgspec.Struct, frozen=True, tag_field="action", tag="drop_alias"):
    """Take an alias away, if it still points at ``expect``."""

    registry: str
    model: str
    alias: str
    expect: int

    def __str__(self) -> str:
        return f"take @{self.alias} of {self.model} away (now at version {self.expect})"


class SetLegacyStage(msgspec.Struct, frozen=True, tag_field="action", tag="set_legacy_stage"):
    """Set MLflow's old stage of a version."""

    registry: str
    model: str
    version: int
    stage: str

    def __str__(self) -> str:
        return f"set the old MLflow stage of {self.model} version {self.version} to {self.stage}"


class Publish(msgspec.Struct, frozen=True, tag_field="action", tag="publish"):
    """Commit files (None: delete) to a branch, if it still is at ``parent`` (None: there is no such branch).

    With ``anchor`` the commit also carries the audit store's head as a file, so that it is never empty.
    """

    branch: str
    parent: str | None
    files: Mapping[str, str | None]
    anchor: bool

    def __str__(self) -> str:
        names = [f"{path}{' (deleted)' if text is None else ''}" for path, text in sorted(self.files.items())]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return f"publish {shown or 'the head of the audit record'} on the branch {self.branch}"


Action = Append | SetTags | SetAlias | DropAlias | SetLegacyStage | Publish


class Refusal(msgspec.Struct, frozen=True):
    """A pin that the files ask for and a rule forbids; the slot keeps what it had.

    ``passing``: only because somebody cannot be asked now. That is no answer, and does not go on record.
    """

    slot: Slot
    role: Role
    pin: Pin
    rule: str
    message: str
    fix: str
    passing: bool = False

    def __str__(self) -> str:
        verdict = "has to wait" if self.passing else "is refused"
        return f"{self.slot} {self.role}: {self.pin} {verdict} ({self.rule}): {self.message}"


class State(StrEnum):
    """How a role of a slot stands."""

    IN_SYNC = "in sync"
    OUT_OF_SYNC = "out of sync"
    HELD = "held"
    FROZEN = "frozen"
    REFUSED = "refused"
    WAITING = "waiting"


class Standing(msgspec.Struct, frozen=True):
    """Desired beside actual, for one role of one slot.

    ``desired`` is what the file says, ``actual`` the version that the alias points at; ``note`` says what differs.
    """

    slot: Slot
    role: Role
    alias: str
    desired: Pin | None
    actual: int | None
    state: State
    note: str = ""


class Plan(msgspec.Struct, frozen=True):
    """Everything between what main says and what is.

    ``commit`` is the commit of main it was made from, ``source`` says where main was read. ``actions`` are in the
    order in which they are safe to carry out; ``warnings`` need a person, and stop nothing.
    """

    commit: str
    source: str
    actions: tuple[Action, ...]
    refusals: tuple[Refusal, ...]
    standings: tuple[Standing, ...]
    warnings: tuple[str, ...] = ()

    @property
    def in_sync(self) -> bool:
        """Nothing to change, and nothing that the files ask for was refused.

        That somebody rejected a pull request goes on record with the next sync, and puts nothing out of sync.
        """
        rejections = [action for action in self.actions if isinstance(action, Append) and action.rejection]
        changes = [action for action in self.actions if not (isinstance(action, Append) and action.rejection)]
        if rejections:
            changes = [action for action in changes if not (isinstance(action, Publish) and not action.files)]
        return not changes and not self.refusals
