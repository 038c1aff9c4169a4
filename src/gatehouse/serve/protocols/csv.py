"""CSV as MLflow's server reads it, which is as pandas does: a header, then one line a row.

A cell that is empty, or one of pandas' words for nothing, is missing; blank lines are passed over; a byte order mark is
too. A row must have as many cells as the header, where pandas would fill it up or take its first cells for names. Where
no signature gives a type, a column is of integers, floats or booleans if all its cells are, else of text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from gatehouse.registry.signature import Column, Scalar
from gatehouse.serve.protocols import values
from gatehouse.serve.protocols.errors import Limits, Refused, Unfit, check_extent

_MISSING = frozenset(("", "#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"))
_MISSING |= frozenset(("-NaN", "-nan", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN"))
_TRUTHS: dict[str | None, bool] = {"True": True, "TRUE": True, "true": True}
_TRUTHS |= {"False": False, "FALSE": False, "false": False}


def parse(body: bytes, limits: Limits) -> tuple[list[str], list[list[str | None]]]:
    """The header and the rows. Raises Refused."""
    try:
        # Line ends inside quotes stay as they are, so the reader must see them.
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        header = next((line for line in lines if line), None)
        if header is None:
            raise _unreadable("No columns to parse from file")
        rows: list[list[str | None]] = []
        for line in lines:
            if line:
                if len(line) != len(header):
                    raise _unreadable(f"Expected {len(header)} fields in line {lines.line_num}, saw {len(line)}")
                rows.append([None if cell in _MISSING else cell for cell in line])
                check_extent(len(rows), len(header), limits)
    except UnicodeDecodeError as error:
        raise Refused(
            f"Invalid input. Ensure that input is a valid UTF-8 encoded string. Error: byte {error.start}"
        ) from error
    except csv.Error as error:
        raise _unreadable(f"{error}, in line {lines.line_num}") from error
    # As pandas calls a column without a name; to_csv writes the index under one.
    return [name or f"Unnamed: {place}" for place, name in enumerate(header)], rows


def typed(header: list[str], rows: list[list[str | None]], columns: tuple[Column, ...] | None) -> list[list[Any]]:
    """The rows with booleans made of their words, and every column that has no type given one."""
    types = {column.name: column.type for column in columns or () if column.name is not None}
    ordered = [column.type for column in columns or ()] if not types else []
    converted = {}
    for place, name in enumerate(header):
        kind = types.get(name) if types else ordered[place] if place < len(ordered) else None
        if kind is None and columns is None:
            converted[place] = _guessed([row[place] for row in rows])
        elif isinstance(kind, Scalar) and kind.name == "boolean":
            converted[place] = [_TRUTHS.get(row[place], row[place]) for row in rows]
            if None in converted[place]:
                raise _unreadable(f"Bool column has NA values in column {place}")
    if not converted:
        return rows
    return [
        [converted[place][at] if place in converted else cell for place, cell in enumerate(row)]
        for at, row in enumerate(rows)
    ]


def _guessed(cells: list[str | None]) -> list[Any]:
    found = [cell for cell in cells if cell is not None]
    if found and all(cell in _TRUTHS for cell in found):
        return [None if cell is None else _TRUTHS[cell] for cell in cells]
    whole: list[Callable[[str], Any]] = [] if len(found) < len(cells) else [lambda cell: values.whole(cell, 64)]
    for convert in (*whole, values.number):
        try:
            return [None if cell is None else convert(cell) for cell in cells]
        except Unfit:
            continue
    return cells


def _unreadable(said: str) -> Refused:
    return Refused(
        "Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid CSV-formatted Pandas DataFrame "
        f"produced using the `pandas.DataFrame.to_csv()` method. Error: '{said}'"
    )
