"""Makes a YAML text say something else by touching only the places that differ.

A promotion is reviewed as a diff, so a command must not realign or requote what it does not change. Positions come from
the parser; shapes that this cannot edit in place (a key taken out of braces, say) go through ruamel.yaml, which keeps
comments and order but lays the text out its own way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, NamedTuple

import yaml

from gatehouse.declare import scalars
from gatehouse.declare.formats import is_date
from gatehouse.declare.reader import parse

_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./+-]| (?=[A-Za-z0-9])|:(?=[A-Za-z0-9]))*")
# From here on a float skips integers.
_EXACT = 2**53


class _Edit(NamedTuple):
    """Characters ``start`` to ``end`` give way to ``text``."""

    start: int
    end: int
    text: str


class _Unusual(Exception):
    """A shape that is not edited in place."""


def rewritten(text: str, after: Mapping[str, Any]) -> str:
    """The text changed so that it reads as ``after``; it must read as a mapping without a fault before.

    Lists may only grow at their end. Raises ValueError where the text cannot be made to say it.
    """
    before, _, _ = parse("", text)
    for attempt in (_in_place, _round_trip):
        try:
            edited = attempt(text, before, after)
        except _Unusual:
            continue
        value, _, faults = parse("", edited)
        if value == after and not faults:
            return edited
    raise ValueError("the text cannot be made to say this")


def flow(value: Any) -> str:
    """A value on one line, as YAML: texts without quotes where every reader takes them for texts."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _bare(value) else _quoted(value)


def _bare(text: str) -> bool:
    try:
        return is_date(text) or (_PLAIN.fullmatch(text) is not None and scalars.plain(text) == text)
    except scalars.Trap:
        return False


def _quoted(text: str) -> str:
    """JSON's quotes are YAML's; beyond that YAML wants everything unprintable escaped, each character by itself."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in written)


def _in_place(text: str, before: Any, after: Any) -> str:
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert root is not None, "a mapping was read from this text"
    for edit in sorted(_edits(text, root, before, after), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _edits(text: str, node: yaml.Node, before: Any, after: Any) -> Iterator[_Edit]:
    if isinstance(node, yaml.MappingNode) and isinstance(after, Mapping):
        yield from _mapping(text, node, before, after)
    elif isinstance(node, yaml.SequenceNode) and isinstance(after, list) and len(after) >= len(before):
        for item, old, new in zip(node.value, before, after, strict=False):
            yield from _edits(text, item, old, new)
        yield from _added(text, node, [flow(item) for item in after[len(before) :]])
    elif before != after:
        if isinstance(before, dict | list) or isinstance(after, Mapping | list):
            raise _Unusual
        yield _Edit(node.start_mark.index, node.end_mark.index, flow(after))


def _mapping(text: str, node: yaml.MappingNode, before: Any, after: Mapping[str, Any]) -> Iterator[_Edit]:
    for key, value in node.value:
        if key.value in after:
            yield from _edits(text, value, before[key.value], after[key.value])
        else:
            yield _taken(text, node, key, value)
    yield from _added(text, node, [f"{key}: {flow(item)}" for key, item in after.items() if key not in before])


def _taken(text: str, node: yaml.MappingNode, key: yaml.Node, value: yaml.Node) -> _Edit:
    """Takes a key's whole lines away; the comments around them stay."""
    start = _line_start(text, key.start_mark.index)
    if node.flow_style or len(node.value) == 1 or text[start : key.start_mark.index].strip(" "):
        raise _Unusual
    return _Edit(start, _line_end(text, _last(value)), "")


def _added(text: str, node: yaml.CollectionNode, entries: list[str]) -> Iterator[_Edit]:
    """Puts entries behind the last one of a mapping or list, in the style that it is written in."""
    if not entries:
        return
    if node.flow_style:
        at = _last(_final(node)) if node.value else node.end_mark.index - 1
        yield _Edit(at, at, (", " if node.value else "") + ", ".join(entries))
        return
    at = _line_end(text, _last(node))
    margin = " " * node.start_mark.column + ("- " if isinstance(node, yaml.SequenceNode) else "")
    opening = "" if text[:at].endswith("\n") else "\n"
    yield _Edit(at, at, opening + "".join(f"{margin}{entry}\n" for entry in entries))


def _last(node: yaml.Node) -> int:
    """The index behind a node's last character; a block collection's own mark lies behind the comments after it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        node = _final(node)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        raise _Unusual
    index: int = node.end_mark.index
    return index


def _final(node: yaml.CollectionNode) -> yaml.Node:
    """The last value of a collection that has one."""
    last: yaml.Node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return last


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _round_trip(text: str, before: Any, after: Any) -> str:
    from ruamel.yaml import YAML

    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 4096
    document = editor.load(text)
    _apply(document, before, after)
    out = StringIO()
    editor.dump(document, out)
    return out.getvalue()


def _apply(document: Any, before: Any, after: Any) -> None:
    """Turns a mapping into another mapping, or a list into a longer list, leaving alone what is equal."""
    if isinstance(after, list):
        for at, (old, new) in enumerate(zip(before, after, strict=False)):
            _replace(document, at, old, new)
        document.extend(after[len(before) :])
        return
    for key in before.keys() - after.keys():
        del document[key]
    for key, new in after.items():
        _replace(document, key, before.get(key), new)


def _replace(document: Any, key: Any, old: Any, new: Any) -> None:
    if isinstance(new, dict | list) and type(old) is type(new):
        _apply(document[key], old, new)
    elif old != new:
        document[key] = new
