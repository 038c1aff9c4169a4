"""Files of outcomes as somebody else wrote them (CSV, JSON lines, Parquet), a few thousand records at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from gatehouse.errors import GatehouseError, NotFound

BATCH = 65_536
# One record of JSON, or one value of CSV, is never as long as this.
LINE_LIMIT = 1 << 20
_UNDECODABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file calls the columns of the log. ``observed`` None: the file does not say, and now is meant."""

    request_id: str = "request_id"
    label: str = "label"
    observed: str | None = "observed"

    @property
    def named(self) -> tuple[str, ...]:
        return (self.request_id, self.label, *([self.observed] if self.observed else []))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records as they came: where each is (line, or row of a table, from 1), and its three values; a value is text, a
    number, true or false, a datetime, or None where it is missing. ``faults`` are places where there was no record."""

    places: Sequence[int]
    request_ids: Sequence[Any]
    labels: Sequence[Any]
    observed: Sequence[Any]
    faults: Sequence[tuple[int, str]] = ()


def chunks(file: Path, columns: Columns) -> Iterator[Chunk]:
    """Reads the file by its ending. Raises GatehouseError for one that cannot be read, and for a missing column."""
    readers: dict[str, Callable[[Path, Columns], Iterator[Chunk]]] = {
        ".csv": _csv,
        ".jsonl": _json,
        ".ndjson": _json,
        ".parquet": _parquet,
        ".pq": _parquet,
    }
    if file.suffix.lower() not in readers:
        raise GatehouseError(f"{file}: not a file of outcomes that can be read", f"use one of {', '.join(readers)}")
    if not file.is_file():
        raise NotFound(f"{file}: no such file", "check the path")
    try:
        yield from readers[file.suffix.lower()](file, columns)
    except OSError as error:
        raise GatehouseError(f"{file}: cannot be read: {error.strerror or error}", "check the file") from error


def _csv(file: Path, columns: Columns) -> Iterator[Chunk]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text, strict=True)
        try:
            header = next(rows, [])
            places = [_place(file, header, name) for name in columns.named]
            yield from _csv_rows(rows, places, len(header))
        except csv.Error as error:
            raise GatehouseError(f"{file}:{rows.line_num}: {error}", "mend the line") from error
        except UnicodeError as error:
            raise GatehouseError(f"{file}: holds text that is no UTF-8", "write the file again, as UTF-8") from error


def _csv_rows(rows: Any, places: Sequence[int], width: int) -> Iterator[Chunk]:
    """An empty field is a missing value; a line without a field is none."""
    kept: list[tuple[Any, ...]] = []
    faults: list[tuple[int, str]] = []
    for row in rows:
        if len(row) == width:
            kept.append((rows.line_num, *(row[place] or None for place in places)))
        elif row:
            faults.append((rows.line_num, f"{len(row)} fields where the header has {width}"))
        if len(kept) + len(faults) >= BATCH:
            yield _chunk(kept, faults)
            kept, faults = [], []
    yield _chunk(kept, faults)


def _json(file: Path, columns: Columns) -> Iterator[Chunk]:
    kept: list[tuple[Any, ...]] = []
    faults: list[tuple[int, str]] = []
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with file.open("rb") as lines:
        for place, line in _lines(file, lines):
            try:
                record = decode(line)
            except _UNDECODABLE as error:
                faults.append((place, f"no JSON object: {str(error)[:100]}"))
            else:
                kept.append((place, *(record.get(name) for name in columns.named)))
            if len(kept) + len(faults) >= BATCH:
                yield _chunk(kept, faults)
                kept, faults = [], []
    yield _chunk(kept, faults)


def _lines(file: Path, lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank, with its number."""
    for place, line in enumerate(iter(lambda: lines.readline(LINE_LIMIT), b""), start=1):
        if len(line) >= LINE_LIMIT:
            raise GatehouseError(f"{file}:{place}: a line of over {LINE_LIMIT:,} bytes", "write one record a line")
        if line.strip():
            yield place, line


def _parquet(file: Path, columns: Columns) -> Iterator[Chunk]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file, pre_buffer=False) as table:
            names = table.schema_arrow.names
            for name in columns.named:
                _place(file, names, name)
            start = 1
            for batch in table.iter_batches(BATCH, columns=list(dict.fromkeys(columns.named)), use_threads=False):
                values = [_values(file, batch.column(name), name) for name in columns.named]
                places = range(start, start + batch.num_rows)
                yield Chunk(places, values[0], values[1], values[2] if columns.observed else [None] * len(places))
                start += batch.num_rows
    except (pa.ArrowException, UnicodeError) as error:
        why = str(error).splitlines()[0]
        raise GatehouseError(f"{file}: cannot be read: {why}", "write the table again") from error


def _values(file: Path, array: Any, name: str) -> list[Any]:
    """Times as microseconds are enough, and Python has no finer ones."""
    import pyarrow as pa

    type_ = array.type
    if pa.types.is_timestamp(type_):
        array = array.cast(pa.timestamp("us", type_.tz), safe=False)
    elif pa.types.is_nested(type_):
        raise GatehouseError(f"{file}: column {name!r} is {type_}", "name a column of plain values")
    try:
        return list(array.to_pylist())
    except (ValueError, OverflowError) as error:
        raise GatehouseError(f"{file}: column {name!r} holds {error}", "write the table again") from error


def _place(file: Path, header: Sequence[str], name: str) -> int:
    if header.count(name) == 1:
        return header.index(name)
    if name in header:
        raise GatehouseError(f"{file}: names the column {name!r} twice", "give each column its own name")
    option = "--request-id, --label, --observed or --observed-now"
    near = get_close_matches(name, header, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(map(repr, header[:20]))[:500] or 'none'};"
    raise GatehouseError(f"{file}: has no column {name!r}", f"{hint} name it with {option}")


def _chunk(kept: list[tuple[Any, ...]], faults: list[tuple[int, str]]) -> Chunk:
    columns = [list(column) for column in zip(*kept, strict=True)] or [[], [], []]
    observed = columns[3] if len(columns) > 3 else [None] * len(columns[0])
    return Chunk(columns[0], columns[1], columns[2], observed, faults)
