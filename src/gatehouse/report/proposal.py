"""What a proposal says of itself: branch, commit message, title and body of its pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from gatehouse.pin import MODEL, Pin, Role, Slot
from gatehouse.report.text import code

_NAME = r"@[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:/[A-Za-z0-9_.-]{1,100})?"
# The line that is read again, which GitHub does not show, and the one for people below it.
_ASKED = re.compile(
    rf"<!-- gatehouse:asked (?P<model>{MODEL.pattern}) (?P<names>{_NAME}(?: {_NAME}){{0,99}}) -->(?:\r?\n[^\n]*)?"
)


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Whose review was asked for when a model was proposed: ``@login``, or ``@org/team``."""

    model: str
    names: tuple[str, ...]


def asked_for(body: str) -> AskedFor | None:
    """What the body of a pull request says of it; None where it says nothing. Whoever may edit it may say what they
    like: good enough to take turns by, and for nothing else."""
    found = list(_ASKED.finditer(body))
    return AskedFor(found[-1]["model"], tuple(found[-1]["names"].split(" "))) if found else None


def with_asked(body: str, asked: AskedFor) -> str:
    """The body with that at its end, in place of what it said of it before."""
    names: Sequence[str] = asked.names
    shown = ", ".join(code(name) for name in names)
    rest = _ASKED.sub("", body).rstrip()
    return f"{rest}\n\n<!-- gatehouse:asked {asked.model} {' '.join(names)} -->\nAsked to review it, in turn: {shown}\n"


class Proposal(msgspec.Struct, frozen=True):
    """A version on its way into a slot. ``before`` is what the role holds now, ``reason`` the proposer's own words."""

    slot: Slot
    role: Role
    pin: Pin
    before: Pin | None = None
    reason: str = ""

    @property
    def branch(self) -> str:
        """One branch a version, slot and role, so that proposing twice lands on the same one."""
        role = "" if self.role is Role.CHAMPION else f"-{self.role}"
        return f"promote/{self.slot.model}-v{self.pin.version}-{self.slot.label}{role}"

    @property
    def title(self) -> str:
        role = "" if self.role is Role.CHAMPION else f" as {self.role}"
        return f"Promote {self.slot.model} version {self.pin.version} to {self.slot.label}{role}"

    @property
    def message(self) -> str:
        return f"{self.title}\n\n{self.reason}\n" if self.reason else f"{self.title}\n"

    @property
    def body(self) -> str:
        """Markdown. The reason is a person's own text and stays as typed; GitHub escapes what is dangerous in it."""
        before = f"version {self.before.version}, digest {code(self.before.digest)}" if self.before else "nothing"
        lines = [
            self.reason or "_No reason was given: say here what this version is better at, and for whom._",
            "",
            "| | |",
            "| --- | --- |",
            f"| file | {code(self.slot.path)} |",
            f"| now | {before} |",
            f"| proposed | version {self.pin.version}, digest {code(self.pin.digest)} |",
            "",
            "The gates run on this pull request and post their report below.",
        ]
        return "\n".join(lines)
