"""What a proposal says of itself: branch, commit message, title and body of its pull request."""

from __future__ import annotations

import msgspec

from gatehouse.pin import Pin, Role, Slot
from gatehouse.report.text import code


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
