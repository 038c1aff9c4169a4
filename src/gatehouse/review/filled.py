"""Reads a filled-in questionnaire line by line, as it comes back from GitHub, from an editor, or from a hand."""

from __future__ import annotations

import re

from gatehouse.pin import Role
from gatehouse.review import quoting
from gatehouse.review.sheet import Decision, Sheet

_HEAD = re.compile(
    r"(?i) {0,3}#{1,6}\s+(?P<decision>approval|rejection) of\s+`?(?P<promotion>[^\s`,]{1,300})`?"
    r"(?:\s+as\s+(?P<role>champion|canary|challenger|shadow))?,?\s+version\s+v?(?P<version>[0-9]{1,9})\s*#*"
)
_COMMAND = re.compile(
    r"/approve-model\s+`?(?P<model>[^\s`]{1,200})`?\s+`?v?(?P<version>[0-9]{1,9})`?\s+`?(?P<token>[0-9a-f]{12})`?"
)
_TOKEN = re.compile(r"(?i) {0,3}\*{0,3}token\*{0,3}:?\*{0,3}\s*`?(?P<token>[0-9a-f]{12})`?")
_QUESTION = re.compile(r" {0,3}\*\*(?P<id>[A-Za-z0-9][A-Za-z0-9_-]{0,63})\*\*(?::.*)?")
_ITEM = re.compile(r"\s*[-*+]\s+\[[ \t\u00a0]{0,3}(?P<tick>[xX✓✔]?)[ \t\u00a0]{0,3}\](?:\s+(?P<text>.*))?")
# What stands below the head, before the first question.
_REASON = ""
# Under this name boxes are ticked that are no answers.
LIMITATIONS = "limitations"


class Filled:
    """Takes the lines in order with ``add``, and has the ``sheets`` after the last."""

    def __init__(self) -> None:
        self._open: list[_Open] = []

    def add(self, line: str, *, structure: bool) -> None:
        """A line; without ``structure`` (code, raw HTML) it is part of an answer whatever it looks like."""
        line = line.rstrip()
        if not (structure and self._begun(line)) and self._open:
            self._open[-1].add(line, structure)

    def sheets(self) -> tuple[Sheet, ...]:
        return tuple(each.sheet() for each in self._open)

    def _begun(self, line: str) -> bool:
        """Whether the line opens a sheet or a part of one."""
        if head := _HEAD.fullmatch(line):
            role, decision = (head["role"] or "champion").lower(), head["decision"].lower()
            kind = Decision.APPROVE if decision == "approval" else Decision.REJECT
            self._open.append(_Open(head["promotion"], int(head["version"]), "", Role(role), kind))
        elif command := _COMMAND.fullmatch(line):
            self._open.append(_Open(command["model"], int(command["version"]), command["token"]))
        elif token := _TOKEN.fullmatch(line):
            self._named(token["token"].lower())
        elif self._open and (question := _QUESTION.fullmatch(line)):
            self._open[-1].turn(question["id"].lower())
        else:
            return False
        return True

    def _named(self, token: str) -> None:
        """A token belongs to the head above it; without one it is a head of its own."""
        if self._open and not self._open[-1].token:
            self._open[-1].token = token
        else:
            self._open.append(_Open("", 0, token))


class _Open:
    """A sheet that is being read: the lines and the ticked boxes of each of its parts, in order."""

    def __init__(
        self, promotion: str, version: int, token: str, role: Role = Role.CHAMPION, kind: Decision = Decision.APPROVE
    ) -> None:
        self.promotion, self.version, self.token, self.role, self.kind = promotion, version, token, role, kind
        self._parts: list[tuple[str, list[str], list[str]]] = [(_REASON, [], [])]

    def turn(self, part: str) -> None:
        self._parts.append((part, [], []))

    def add(self, line: str, structure: bool) -> None:
        name, text, ticked = self._parts[-1]
        item = _ITEM.fullmatch(line) if structure and name != _REASON else None
        if item is None:
            text.append(line)
        elif item["tick"]:
            ticked.append(quoting.read(item["text"] or ""))

    def sheet(self) -> Sheet:
        answers: dict[str, str] = {}
        acknowledged: list[str] = []
        twice: set[str] = set()
        for name, text, ticked in self._parts:
            said = quoting.unquoted(text)
            if name == LIMITATIONS:
                acknowledged += ticked
                ticked = []
            answer = "\n".join([*ticked, *([said] if said else [])])
            if not answer:
                continue
            if answers.setdefault(name, answer) != answer:
                twice.add(name)
        reason = answers.pop(_REASON, "")
        return Sheet(
            self.promotion,
            self.version,
            self.token,
            self.role,
            self.kind,
            answers,
            frozenset(acknowledged),
            reason,
            frozenset(twice),
        )
