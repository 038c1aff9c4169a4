"""Rows, records or columns of a request as one Arrow batch with the columns that a model's signature asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from gatehouse.registry.signature import Column, Scalar
from gatehouse.serve.protocols import nested, packed, values
from gatehouse.serve.protocols.errors import TOO_LARGE, Limits, Refused, Unfit, check_extent, quoted
from gatehouse.serve.protocols.values import Fill

_QUOTED_NAMES = 20


class _Slot(NamedTuple):
    """A column of the batch: its name, how it is filled, and its place in a row; None where the rows lack it."""

    name: str
    fill: Fill
    place: int | None


class Frame:
    """Compiled from a signature's columns, then used often, by several threads at a time.

    Columns with names are picked by name and put in the signature's order; further ones are left out; an optional one
    that nobody sent is no part of the batch. Columns without names go by position. Without columns (None) the values
    themselves give the types. Batches of equal schema may be merged. All methods raise Refused.
    """

    mergeable = True

    def __init__(self, columns: tuple[Column, ...] | None, limits: Limits, *, base64: bool = True) -> None:
        self._limits = limits
        self._columns = columns
        self._fills = tuple(_fill(column, base64) or self._inferred for column in columns or ())
        self.names = [column.name for column in columns or () if column.name is not None]
        self.nested = any(not isinstance(column.type, Scalar) for column in columns or ())
        self._named = bool(self.names)
        self._required = {column.name for column in columns or () if column.required}
        self._pack = packed.packer(schema) if (schema := self._schema()) is not None else None
        self._seen: tuple[list[str], list[_Slot], bool] = ([], [], False)

    def from_rows(self, names: list[Any] | None, rows: Sequence[Any]) -> pa.RecordBatch:
        """A batch of lists of equal length, one a row; ``names`` are those of their columns, if they have any."""
        width = len(rows[0]) if names is None and rows and isinstance(rows[0], list) else len(names or ())
        _check_rows(rows, width, self._limits)
        slots, in_order = self._slots(names, width)
        if in_order and self._pack is not None and len(rows) == 1:
            row = rows[0]
            batch = self._pack(row if len(slots) == width else row[: len(slots)])
            if batch is not None:
                return batch
        columns = list(zip(*rows, strict=True))
        return _batch([(slot.name, slot.fill, list(columns[slot.place])) for slot in slots if slot.place is not None])

    def from_records(self, records: Sequence[Any]) -> pa.RecordBatch:
        """A batch of objects, one a row; what one of them lacks and another has is missing there."""
        if len(records) == 1 and self._pack is not None and isinstance(records[0], dict):
            record = records[0]
            try:
                batch = self._pack([record[name] for name in self.names])
            except KeyError:
                batch = None
            if batch is not None:
                return batch
        names = self._names_of(records)
        check_extent(len(records), len(names), self._limits)
        slots, _ = self._slots(names, len(names))
        return _batch(
            [
                (slot.name, slot.fill, [record.get(names[slot.place]) for record in records])
                for slot in slots
                if slot.place is not None
            ]
        )

    def from_columns(self, columns: Mapping[str, list[Any]]) -> pa.RecordBatch:
        """A batch of one list a column. Those that the signature does not ask for may have any length."""
        if self._pack is not None:
            try:
                filled = [columns[name] for name in self.names]
            except KeyError:
                filled = []
            if filled and all(len(column) == 1 for column in filled):
                batch = self._pack([column[0] for column in filled])
                if batch is not None:
                    return batch
        names = list(columns)
        slots, _ = self._slots(names, len(names))
        given = [(slot.name, slot.fill, columns[names[slot.place]]) for slot in slots if slot.place is not None]
        if len({len(filled) for _, _, filled in given}) > 1:
            raise Refused("The length of values for each input/column name are not the same")
        check_extent(len(given[0][2]) if given else 0, len(names), self._limits)
        return _batch(given)

    def _slots(self, names: list[Any] | None, width: int) -> tuple[list[_Slot], bool]:
        """Where in a row each column of the batch is found, and whether they are all there, first and in order."""
        seen = self._seen
        if names is not None and names and names == seen[0]:
            return seen[1], seen[2]
        if names is not None:
            _check_names(names)
        slots = self._picked(names or []) if self._named else self._counted(names, width)
        in_order = len(slots) == len(self._fills) and [slot.place for slot in slots] == list(range(len(slots)))
        # One layout is remembered, that of the last request: callers mostly repeat themselves, and memory is bounded.
        if names is not None and self._named:
            self._seen = (list(names), slots, in_order)
        return slots, in_order

    def _picked(self, names: list[str]) -> list[_Slot]:
        places = {name: place for place, name in enumerate(names)}
        slots = [_Slot(name, fill, places.get(name)) for name, fill in zip(self.names, self._fills, strict=True)]
        if lacking := [slot.name for slot in slots if slot.place is None and slot.name in self._required]:
            known = set(self.names)
            raise _missing(lacking, [name for name in names if name not in known])
        if all(slot.place is None for slot in slots):
            raise _missing(self.names, names)
        return [slot for slot in slots if slot.place is not None]

    def _counted(self, names: list[str] | None, width: int) -> list[_Slot]:
        named = names if names is not None else [str(place) for place in range(width)]
        if self._columns is None:
            return [_Slot(name, self._inferred, place) for place, name in enumerate(named)]
        if width < len(self._fills):
            raise Refused(
                "Model inference is missing inputs. The model signature declares "
                f"{len(self._fills)} inputs but the provided value only has {width} inputs",
                schema=True,
            )
        return [_Slot(named[place], fill, place) for place, fill in enumerate(self._fills)]

    def _names_of(self, records: Sequence[Any]) -> list[str]:
        """The columns of all records, in the order in which they first appear."""
        names: dict[str, None] = {}
        for place, record in enumerate(records):
            if not isinstance(record, dict):
                raise Refused(f"record {place} is {quoted(record)}, not an object")
            if record.keys() - names.keys():
                names.update(dict.fromkeys(record))
                check_extent(1, len(names), self._limits)
        return list(names)

    def _inferred(self, given: list[Any]) -> pa.Array:
        check_nesting(given, self._limits)
        return values.inferred(given)

    def _schema(self) -> pa.Schema | None:
        """That of a whole batch whose columns all have a name and a plain type; None for any other."""
        columns = self._columns or ()
        types = [values.TYPES.get(column.type.name) for column in columns if isinstance(column.type, Scalar)]
        if not self._named or len(types) != len(columns) or None in types:
            return None
        return pa.schema(list(zip(self.names, types, strict=True)))


def check_nesting(given: list[Any], limits: Limits) -> None:
    """Raises Refused for values whose lists and objects lie too deep in one another, or hold too many names.

    Arrow gives every object of a column all the names that any of them has.
    """
    level: list[Any] = [given]
    names: set[str] = set()
    depth, objects = 0, 0
    while level := [item for outer in level for item in _items(outer) if isinstance(item, list | dict)]:
        depth += 1
        if depth > limits.depth:
            raise Refused(f"lists and objects lie more than {limits.depth} deep in one another")
        found = [item for item in level if isinstance(item, dict)]
        objects += len(found)
        names.update(*found)
        if len(names) > limits.columns or len(names) * objects > limits.cells:
            raise Refused(f"{objects:,} objects of {len(names):,} names", status=TOO_LARGE)


def _items(outer: Any) -> Any:
    return outer.values() if isinstance(outer, dict) else outer


def _fill(column: Column, base64: bool) -> Fill | None:
    if isinstance(column.type, Scalar):
        return values.filler(column.type.name, base64=base64)
    return nested.filler(column.type, column.required)


def _check_rows(rows: Sequence[Any], width: int, limits: Limits) -> None:
    check_extent(len(rows), width, limits)
    if not rows:
        raise _no_rows()
    for place, row in enumerate(rows):
        if not isinstance(row, list | tuple):
            raise Refused(f"row {place} is {quoted(row)}, not a list")
        if len(row) != width:
            raise Refused(f"row {place} has {len(row)} values where there are {width} columns")


def _check_names(names: list[Any]) -> None:
    if odd := [name for name in names if not isinstance(name, str)]:
        raise Refused(f"the column name {quoted(odd[0])} is no text")
    if len(set(names)) != len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise Refused(f"the column {quoted(twice)} is there twice")
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        raise Refused("a column name holds half a character") from error


def _missing(lacking: Sequence[str], extra: Sequence[str]) -> Refused:
    said = f"Model is missing inputs {list(lacking[:_QUOTED_NAMES])}."
    if extra:
        said += f" Note that there were extra inputs: {quoted(list(extra[:_QUOTED_NAMES]), 400)}."
    return Refused(said, schema=True)


def _no_rows() -> Refused:
    return Refused("there are no rows to predict", "send at least one row")


def _batch(columns: Sequence[tuple[str, Fill, list[Any]]]) -> pa.RecordBatch:
    if not columns or not columns[0][2]:
        raise _no_rows()
    arrays = []
    for name, fill, given in columns:
        try:
            arrays.append(fill(given))
        except Unfit as error:
            raise Refused(f"Data is not compatible with model signature: column {quoted(name)}: {error}") from error
    return pa.RecordBatch.from_arrays(arrays, names=[name for name, _, _ in columns])
