"""A pickle's instructions followed without carrying any of them out, to learn which names it would import.

Names are tracked through the stack and the memo as the unpickler moves them: a scanner that only looks at the last two
strings is told whatever the author wants it to hear. Where a name cannot be followed, that itself is reported.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

# Arrays of objects inside arrays of objects.
_MAX_DEPTH = 8
_MEMO_IN = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_MEMO_OUT = frozenset({"GET", "BINGET", "LONG_BINGET"})
_LONGEST = 1_000
_CALLS = frozenset({"REDUCE", "NEWOBJ"})
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_ITEM = re.compile(r"[<>|=]?([biufcSUVmM])(\d{1,9})")


class Broken(Exception):
    """The instructions end or make no sense before they say STOP."""


class Import(NamedTuple):
    """A name that would be imported. ``module`` is empty for one that cannot be told from the instructions."""

    module: str
    name: str


class _Made(NamedTuple):
    """What a call would return: of whom, with what. ``instance`` where it is a new object of a class."""

    of: Any
    arguments: Any
    instance: bool = False

    @property
    def is_no_text(self) -> bool:
        """Only ``str`` makes a text that the unpickler takes for a name."""
        return self.instance and isinstance(self.of, Import) and self.of.name != "str"


# Instructions that put their own argument on the stack. What a persistent id stands for is another matter.
_CONSTANTS = frozenset(
    one.name
    for one in pickletools.opcodes
    if one.arg is not None and not one.stack_before and len(one.stack_after) == 1
) - {"PERSID", "GLOBAL", "EXT1", "EXT2", "EXT4", *_MEMO_OUT}
_MARK = object()
# What an import or a call gives can be a text, what is one of these cannot.
_NO_NAME = frozenset({int, dict, tuple})
UNTOLD = Import("", "a name that is put together while loading")


@dataclass
class Follower:
    """Follows one pickle. ``left`` is how many instructions it still may read.

    ``arrays``: whether what joblib writes amidst the instructions is passed over, as joblib does; Python's own
    unpickler would take it for instructions. ``passed`` tells whether there was such a thing.
    """

    left: int
    arrays: bool = True
    found: dict[Import, None] = field(default_factory=dict)
    passed: bool = False

    def follow(self, stream: IO[bytes], depth: int = 0) -> None:
        """Reads one pickle, from where the stream is to its STOP; the imports are in ``found``, also of a broken one.

        Raises Broken, for whatever reason the instructions cannot be read to their end.
        """
        if depth > _MAX_DEPTH:
            raise Broken(f"pickles within pickles, more than {_MAX_DEPTH} deep")
        machine = _Machine(self.found)
        try:
            for opcode, argument, _ in pickletools.genops(stream):
                self.left -= 1
                if self.left < 0:
                    raise Broken("more instructions than are read")
                machine.step(opcode, argument)
                if opcode.name == "BUILD" and machine.array is not None:
                    self.passed = True
                    if self.arrays:
                        self._array(stream, machine, depth)
        except (ValueError, IndexError, KeyError, TypeError, OverflowError, MemoryError) as error:
            raise Broken(str(error) or type(error).__name__) from error

    def _array(self, stream: IO[bytes], machine: _Machine, depth: int) -> None:
        """Passes over what joblib writes amidst the instructions: an array's own bytes, or its objects' pickle."""
        state, machine.array = machine.array or {}, None
        size = _bytes(state)
        if size is None:
            self.follow(stream, depth + 1)
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            size += stream.read(1)[0]
        stream.seek(size, 1)


class _Machine:
    """The unpickler's stack and memo, holding what can be told of each value, and None for the rest."""

    def __init__(self, found: dict[Import, None]) -> None:
        self.found = found
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.array: dict[Any, Any] | None = None

    def step(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        name = opcode.name
        if name in _CONSTANTS:
            self.stack.append(argument if _short(argument) else None)
            return
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self, argument)
        elif name in _MEMO_OUT:
            # One that is not there stops the unpickler too: a KeyError here.
            self.stack.append(self.memo[int(argument)])
        elif name in _MEMO_IN:
            self.memo[int(argument)] = self.stack[-1]
        elif name in _TUPLES:
            self.stack.append(tuple(self._take(_TUPLES[name])))
        elif name in _CALLS:
            arguments, of = self.stack.pop(), self.stack.pop()
            self.stack.append(_Made(of, arguments, name == "NEWOBJ"))
        else:
            self._usual(opcode, argument)

    def _usual(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        """Any other instruction: so many values go, so many come, of which nothing can be told."""
        if pickletools.markobject in opcode.stack_before:
            self.to_mark()
            below = opcode.stack_before.index(pickletools.markobject)
            self._take(below)
        else:
            self._take(len(opcode.stack_before))
        self.stack.extend(_MARK if kind is pickletools.markobject else None for kind in opcode.stack_after)

    def _take(self, count: int) -> list[Any]:
        if count > len(self.stack):
            raise ValueError("takes more from the stack than there is")
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def to_mark(self) -> list[Any]:
        taken: list[Any] = []
        while (value := self.stack.pop()) is not _MARK:
            taken.append(value)
        return taken[::-1]

    def take_import(self, module: Any, name: Any) -> None:
        told = Import(module, name) if isinstance(module, str) and isinstance(name, str) else UNTOLD
        self.found[told] = None
        self.stack.append(told)

    # --- instructions that matter

    def named(self, argument: str) -> None:
        self.take_import(*argument.split(" ", 1))

    def instance(self, argument: str) -> None:
        self.to_mark()
        self.named(argument)

    def stacked(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if _no_name(name) or _no_name(module):
            # Here every unpickler stops.
            raise ValueError("imports by what is no text")
        self.take_import(module, name)

    def extension(self, _: Any) -> None:
        self.take_import(None, None)

    def memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def double(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def drop(self, _: Any) -> None:
        self.stack.pop()

    def several(self, _: Any) -> None:
        self.stack.append(tuple(self.to_mark()))

    def empty(self, _: Any) -> None:
        self.stack.append({})

    def items(self, _: Any) -> None:
        self._into(self.to_mark())

    def item(self, _: Any) -> None:
        self._into(self._take(2))

    def _into(self, pairs: list[Any]) -> None:
        if isinstance(self.stack[-1], dict):
            keys = [key if isinstance(key, str) else None for key in pairs[::2]]
            self.stack[-1].update(zip(keys, pairs[1::2], strict=False))

    def build(self, _: Any) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if isinstance(made, _Made) and isinstance(state, dict) and _WRAPPER in (made.of, _first(made.arguments)):
            self.array = state


_HANDLERS: dict[str, Callable[[_Machine, Any], None]] = {
    "GLOBAL": _Machine.named,
    "INST": _Machine.instance,
    "STACK_GLOBAL": _Machine.stacked,
    "EXT1": _Machine.extension,
    "EXT2": _Machine.extension,
    "EXT4": _Machine.extension,
    "MEMOIZE": _Machine.memoize,
    "DUP": _Machine.double,
    "POP": _Machine.drop,
    "TUPLE": _Machine.several,
    "EMPTY_DICT": _Machine.empty,
    "SETITEMS": _Machine.items,
    "SETITEM": _Machine.item,
    "BUILD": _Machine.build,
}


def _no_name(value: Any) -> bool:
    return value.is_no_text if isinstance(value, _Made) else type(value) in _NO_NAME


def _short(value: Any) -> bool:
    """Whether a constant could be a name or a length; others are not kept, or a scan would hold the whole model."""
    return len(value) <= _LONGEST if isinstance(value, str) else isinstance(value, int) and abs(value) < 1 << 63


def _first(arguments: Any) -> Any:
    return arguments[0] if isinstance(arguments, tuple) and arguments else None


def _bytes(state: dict[Any, Any]) -> int | None:
    """How many bytes joblib wrote for the array that this state describes; None where it pickled its objects."""
    shape, kind = state.get("shape"), state.get("dtype")
    code = _first(kind.arguments) if isinstance(kind, _Made) else None
    if not isinstance(shape, tuple) or not isinstance(code, str):
        raise ValueError("an array whose size cannot be told")
    if code.lstrip("<>|=").startswith("O"):
        return None
    item = _ITEM.fullmatch(code)
    if item is None or not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError("an array whose size cannot be told")
    size = int(item[2]) * (4 if item[1] == "U" else 1)
    for length in shape:
        size *= length
    return size


def starts(head: bytes) -> bool:
    """Whether these bytes begin a pickle that says which protocol it has."""
    return len(head) >= 2 and head[0] == 0x80 and head[1] <= 5
