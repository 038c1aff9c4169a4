"""Commands in comments: ``/approve-model``, ``/reject-model`` and ``/emergency``.

A command stands at the start of a line, where the writer's own text stands: in code, in a quote, in a list or in what
is struck out or folded away, it is talked about and not given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise

import msgspec

from gatehouse.review import lines, quoting

TOKEN = re.compile(r"[0-9a-f]{12}")
_VERSION = re.compile(r"v?([1-9][0-9]{0,8})")
_COMMAND = re.compile(r"/(approve-model|reject-model|emergency)(?=\s|$)")


class Verb(StrEnum):
    APPROVE = "approve-model"
    REJECT = "reject-model"
    EMERGENCY = "emergency"


USAGE = {
    Verb.APPROVE: "/approve-model MODEL VERSION TOKEN",
    Verb.REJECT: "/reject-model MODEL VERSION reason",
    Verb.EMERGENCY: "/emergency MODEL VERSION TOKEN reason",
}


class Command(msgspec.Struct, frozen=True):
    """A command as it was given. ``fault`` says why it is none that can be followed ("": it can be).

    A reason may go on below, to the end of the comment or the next command. ``line`` counts from 1.
    """

    verb: Verb
    line: int
    model: str = ""
    version: int = 0
    token: str = ""
    reason: str = ""
    fault: str = ""

    @property
    def usage(self) -> str:
        return USAGE[self.verb]


def commands(comment: str) -> tuple[Command, ...]:
    """The commands of a comment, in order, those too that lack something; other words behind a slash are left alone."""
    text = lines.lines(comment)
    if not any(_COMMAND.match(line) for line in text):
        return ()
    plain = lines.plain(text)
    starts = [at for at, line in enumerate(text) if at in plain and _COMMAND.match(line)]
    return tuple(_command(text[at:end], at + 1) for at, end in pairwise([*starts, len(text)]))


def given(comment: str) -> tuple[Command, ...]:
    """The commands of a comment that can be followed."""
    return tuple(command for command in commands(comment) if not command.fault)


def _command(text: list[str], line: int) -> Command:
    found = _COMMAND.match(text[0])
    assert found is not None, "it is by this that the line was chosen"
    verb = Verb(found[1])
    words = _Words(text[0][found.end() :])
    model, version = words.next(), _VERSION.fullmatch(words.next())
    token = "" if verb is Verb.REJECT else words.next()
    below = [] if verb is Verb.APPROVE else text[1:]
    reason = quoting.unquoted([words.rest, *below]).strip()
    command = Command(verb, line, model, int(version[1]) if version else 0, token, reason)
    return msgspec.structs.replace(command, fault=next(_faults(command), ""))


def _faults(command: Command) -> Iterator[str]:
    if not command.model:
        yield "it names no model"
    if not command.version:
        yield "it names no version, a whole number"
    if command.verb is not Verb.REJECT and not TOKEN.fullmatch(command.token):
        yield "it does not repeat the token of the evidence, 12 digits and letters"
    if command.verb is Verb.APPROVE:
        yield from ["more stands behind its token; answers go on the lines below"] if command.reason else []
    elif not quoting.says_something(command.reason):
        yield "it gives no reason"


class _Words:
    """The words of a line one by one, without the marks of code that a copied name may bring; and the ``rest``."""

    def __init__(self, line: str) -> None:
        self.rest = line.strip()

    def next(self) -> str:
        word, *rest = self.rest.split(None, 1) or [""]
        self.rest = rest[0] if rest else ""
        return quoting.read(word.strip("`"))
