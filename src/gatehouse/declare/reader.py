"""YAML text to plain values, for text that a stranger may have written.

One pass over the parser's events, so that nothing is built before it was allowed: no anchors or aliases (a few lines of
them expand to gigabytes), no tags, no duplicate keys, one document, bounded size, depth and width. Every key's line is
kept on the way, since a fault without its line costs a person minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from gatehouse.declare import scalars
from gatehouse.declare.fault import Complaint, Fault, Keys, dotted, quoted
from gatehouse.declare.syntax import complaint

# The deepest declared file nests five levels, and the longest list holds holds.
DEPTH_LIMIT = 20
WIDTH_LIMIT = 1_000
# Nobody mends more at a time, and a stranger's file can hold a fault in every line.
FAULT_LIMIT = 100
# The one loader whose parser is libyaml; stubs know it only where libyaml is there.
_Loader = yaml.CSafeLoader


@dataclass(frozen=True, slots=True)
class Document:
    """A file that could be read: its top-level mapping, and the line of every key and list item."""

    path: str
    value: Mapping[str, Any]
    lines: Mapping[Keys, int]

    def line(self, keys: Keys) -> int:
        """The line of a key, or of the nearest thing around it that is there."""
        return nearest(self.lines, keys)

    def fault(self, said: Complaint) -> Fault:
        return Fault(self.path, self.line(said.keys), dotted(said.keys), said.message, said.fix)


def nearest(lines: Mapping[Keys, int], keys: Keys) -> int:
    while keys not in lines and keys:
        keys = keys[:-1]
    return lines.get(keys, 1)


def read(path: str, data: bytes) -> tuple[Document | None, list[Fault]]:
    """The document, where there is a mapping to look at, and every fault of the text as such."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return None, [Fault(path, line, "", "is not UTF-8 text", "save it as UTF-8")]
    value, lines, faults = parse(path, text)
    if faults and value is None:
        return None, faults
    if value is None:
        return None, [*faults, Fault(path, 1, "", "is empty", "write its keys, or delete the file")]
    if not isinstance(value, dict):
        said = f"expected a mapping of keys to values, got {quoted(value)}"
        return None, [*faults, Fault(path, 1, "", said, "write `key: value` lines")]
    return Document(path, value, lines), faults


def parse(path: str, text: str) -> tuple[Any, dict[Keys, int], list[Fault]]:
    """The value, the line of every key, and the faults; what follows a broken line is not looked at."""
    builder = _Builder(path)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.YAMLError as error:
        line, said, fix = complaint(error, text)
        return None, builder.lines, [*builder.faults, Fault(path, line, "", said, fix)]
    except _Stop:
        return None, builder.lines, builder.faults
    return builder.value, builder.lines, builder.faults


class _Stop(Exception):
    """The rest of the text is not worth reading, or not safe to."""


class _Frame:
    """A collection being filled; ``key`` is the mapping key that waits for its value."""

    __slots__ = ("key", "keys", "value")

    def __init__(self, value: dict[str, Any] | list[Any], keys: Keys) -> None:
        self.value = value
        self.keys = keys
        self.key: str | None = None


class _Builder:
    """Puts values together as events arrive, on a stack of its own: hostile depth must not become Python's."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.value: Any = None
        self.lines: dict[Keys, int] = {}
        self.faults: list[Fault] = []
        self._stack: list[_Frame] = []
        self._documents = 0
        # Looked up by exact type: this runs once an event, over every file there is.
        self._handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: Any) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _scalar(self, event: Any) -> None:
        if event.anchor or event.tag is not None:
            self._decorated(event)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.key is None and type(frame.value) is dict:
            self._key(frame, event)
            return
        keys = self._place(frame, event)
        if not event.implicit[0]:
            self._put(frame, event.value)
            return
        try:
            self._put(frame, scalars.plain(event.value))
        except scalars.Trap as trap:
            self._fault(event, keys, trap.message, trap.fix)
            self._put(frame, event.value)

    def _key(self, frame: _Frame, event: Any) -> None:
        keys = (*frame.keys, event.value)
        if event.value in frame.value:
            said = f"is written twice, first on line {self.lines[keys]}"
            self._fault(event, keys, said, "keep one of the two")
        self._count(frame, event)
        frame.key = event.value
        self.lines[keys] = event.start_mark.line + 1

    def _open(self, event: Any) -> None:
        if event.anchor or event.tag is not None:
            self._decorated(event)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.key is None and type(frame.value) is dict:
            self._stop(event, frame.keys, "a key must be a word, not a collection", "write `key: value`")
        if len(self._stack) == DEPTH_LIMIT:
            self._stop(event, (), f"nests deeper than {DEPTH_LIMIT} levels", "no declared file needs that; flatten it")
        keys = self._place(frame, event)
        value: dict[str, Any] | list[Any] = {} if type(event) is yaml.MappingStartEvent else []
        self._put(frame, value)
        self._stack.append(_Frame(value, keys))

    def _close(self, event: Any) -> None:
        self._stack.pop()

    def _alias(self, event: Any) -> None:
        self._stop(event, self._here(), f"`*{event.anchor}` refers to a value elsewhere", "write the value out")

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(event, (), "begins a second document", "keep one document a file, without a second `---`")

    def _decorated(self, event: Any) -> None:
        keys = self._here()
        if event.anchor:
            self._fault(event, keys, f"`&{event.anchor}` names a value for reuse", "take it away; write values out")
        if event.tag is not None:
            self._fault(event, keys, f"the tag `{event.tag}` is not read", "take it away; write the value plainly")

    def _here(self) -> Keys:
        return self._next(self._stack[-1]) if self._stack else ()

    def _next(self, frame: _Frame) -> Keys:
        if type(frame.value) is list:
            return (*frame.keys, len(frame.value))
        return frame.keys if frame.key is None else (*frame.keys, frame.key)

    def _place(self, frame: _Frame | None, event: Any) -> Keys:
        """The keys of the value that begins here; a list's items get their lines now, a mapping's had theirs."""
        if frame is None:
            return ()
        keys = self._next(frame)
        if type(frame.value) is list:
            self._count(frame, event)
            self.lines[keys] = event.start_mark.line + 1
        return keys

    def _put(self, frame: _Frame | None, value: Any) -> None:
        if frame is None:
            self.value = value
        elif isinstance(frame.value, list):
            frame.value.append(value)
        else:
            assert frame.key is not None
            frame.value[frame.key], frame.key = value, None

    def _count(self, frame: _Frame, event: Any) -> None:
        if len(frame.value) >= WIDTH_LIMIT:
            self._stop(event, frame.keys, f"holds more than {WIDTH_LIMIT:,} entries", "no declared file needs that")

    def _fault(self, event: Any, keys: Keys, said: str, fix: str) -> None:
        self.faults.append(Fault(self.path, event.start_mark.line + 1, dotted(keys), said, fix))
        if len(self.faults) >= FAULT_LIMIT:
            raise _Stop

    def _stop(self, event: Any, keys: Keys, said: str, fix: str) -> None:
        self._fault(event, keys, said, fix)
        raise _Stop
