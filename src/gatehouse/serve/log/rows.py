"""Rows as the router hands them over, plain tuples that cost nothing to make, and the Arrow batches made of them.

Their fields are the columns of docs/traffic.md in its order, less the model, which is the folder's. Times are whole
microseconds since 1970. The log has no column for features: only their hash is written, whatever the policy allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gatehouse.evaluate.traffic.columns import EXPOSURES, GROUP, OUTCOMES, SHADOW, Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from gatehouse.runtime.answer import Answer

# What an error may say, in characters; the rest is cut off.
ERROR_LIMIT = 500
# A row that is larger than this, in bytes and roughly, is refused: it holds what nobody measures by.
ROW_LIMIT = 65_536
# The year 9999, where Python's own times end.
TIME_LIMIT = 253_402_300_800_000_000
# What Python and Arrow raise for a value that is none of a column's.
_UNFIT = (ValueError, TypeError, ArithmeticError, AttributeError, LookupError, RuntimeError)
Numbers = Sequence[float]


class Features(NamedTuple):
    """Row ``at`` of the batch that was scored, in place of its hash: the writer's thread works that out. ``size`` is
    roughly how many bytes the row takes; 0 for plain numbers and short texts."""

    batch: pa.RecordBatch
    at: int
    size: int = 0


class Exposure(NamedTuple):
    """One answer to a caller."""

    request_id: str
    time: int
    unit: str | None
    experiment: str | None
    arm: str
    share: float | None
    version: int
    digest: str
    segment: str | None
    prediction: Numbers | None
    latency_ms: float
    status: int
    error: str | None = None
    features_hash: str | Features | None = None


class Pair(NamedTuple):
    """One request that the shadow saw too, or was too busy for; ``groups`` are names and values."""

    request_id: str
    time: int
    segment: str | None
    champion_version: int
    champion_digest: str
    champion_prediction: Numbers | None
    champion_latency_ms: float
    shadow_version: int
    shadow_digest: str
    shadow_prediction: Numbers | None
    shadow_latency_ms: float | None
    shadow_error: str | None = None
    features_hash: str | Features | None = None
    groups: tuple[tuple[str, str | None], ...] = ()


class Outcome(NamedTuple):
    """What became of a request."""

    request_id: str
    label: float
    observed: int


Row = Exposure | Pair | Outcome
KIND_OF: dict[type[Any], Kind] = {Exposure: EXPOSURES, Pair: SHADOW, Outcome: OUTCOMES}
_TIMES, _ERRORS = ("time", "observed"), ("error", "shadow_error")


def weight(row: Row) -> int:
    """Roughly how many bytes a waiting row takes."""
    total = 300
    for value in row:
        if type(value) is str:
            total += len(value)
        elif type(value) is Features:
            # Arrow would count every buffer, which takes longer than all else here.
            total += value.size or 32 * value.batch.num_columns
        elif value.__class__ in (tuple, list):
            total += 32 * len(value)
    return total


def batch(model: str, rows: Sequence[Row], groups: Sequence[str] = ()) -> tuple[pa.RecordBatch, int]:
    """The rows, all of one type, as one batch of their log, and how many had to be left out because a value is none
    that the log can hold."""
    try:
        return _batch(model, rows, groups), 0
    except _UNFIT:
        fit = [one for one in map(_legible, rows) if _fits(model, one, groups)]
        return _batch(model, fit, groups, type(rows[0])), len(rows) - len(fit)


def group_names(rows: Iterable[Row]) -> set[str]:
    """The groups that any of the rows belongs to."""
    found: set[str] = set()
    for row in rows:
        if isinstance(row, Pair) and row.groups:
            found.update(name for name, _ in row.groups)
    return found


def predictions(answer: Answer) -> list[tuple[float, ...] | None]:
    """A model's answers as the log has them, one a row: a score or number, one probability a class, or the place of
    the predicted class; None for a class that is not among the model's own."""
    if answer.kind == "probabilities":
        return [tuple(row) for row in answer.array.tolist()]
    if answer.kind != "labels":
        return [(value,) for value in answer.array.tolist()]
    places = {label: float(place) for place, label in enumerate(answer.classes or ())}
    return [_place(label, places) for label in answer.array.tolist()]


def _place(label: Any, places: dict[Any, float]) -> tuple[float, ...] | None:
    if label in places:
        return (places[label],)
    return None if places or not isinstance(label, int | float) else (float(label),)


@lru_cache(maxsize=64)
def schema(kind: Kind, groups: tuple[str, ...] = ()) -> pa.Schema:
    """What a file of this kind holds."""
    return kind.schema(groups)


def _batch(model: str, rows: Sequence[Row], groups: Sequence[str], type_: type[Any] | None = None) -> pa.RecordBatch:
    import pyarrow as pa

    type_ = type_ or type(rows[0])
    columns: dict[str, Any] = dict(zip(type_._fields, zip(*rows, strict=True), strict=False)) if rows else {}
    columns["model"] = [model] * len(rows)
    for name in groups:
        columns[f"{GROUP}{name}"] = [dict(value).get(name) for value in columns.get("groups", ())]
    wanted = schema(KIND_OF[type_], tuple(groups))
    return pa.RecordBatch.from_arrays([_array(field, columns.get(field.name, ())) for field in wanted], schema=wanted)


def _array(field: pa.Field, values: Sequence[Any]) -> pa.Array:
    """Raises ValueError, TypeError or OverflowError for a value that is none of this column's."""
    import pyarrow as pa

    if field.name in _TIMES and values and not 0 <= min(values) <= max(values) < TIME_LIMIT:
        raise ValueError("a time that no calendar has")
    if field.name in _ERRORS:
        values = [_cut(value) for value in values]
    if field.name == "features_hash":
        values = _hashed(values)
    array = pa.array(values, field.type)
    if array.null_count and not field.nullable:
        raise ValueError(f"{field.name} is missing")
    return array


def _hashed(values: Sequence[Any]) -> list[str | None]:
    """The hash of each row's features; None where the features are of a kind that has none."""
    batches = {id(value.batch): value.batch for value in values if type(value) is Features}
    found = dict(zip(batches, _hashes(list(batches.values())), strict=True))
    return [found[id(one.batch)][one.at] if type(one) is Features else one for one in values]


def _hashes(batches: Sequence[pa.RecordBatch]) -> list[Sequence[str | None]]:
    """One list a batch. Most hold one row and are alike, so that all are hashed at once: five times quicker."""
    import pyarrow as pa

    from gatehouse.serve.log.hashing import hashes

    try:
        if len(batches) < 2:
            return [hashes(one) for one in batches]
        joined = iter(hashes(pa.Table.from_batches(batches).combine_chunks().to_batches()[0]))
        return [[next(joined) for _ in range(one.num_rows)] for one in batches]
    except _UNFIT:
        return [[None] * batches[0].num_rows] if len(batches) == 1 else [_hashes([one])[0] for one in batches]


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= ERROR_LIMIT else f"{text[: ERROR_LIMIT - 1]}…"


def _legible(row: Row) -> Row:
    """The row with what is half a character in its texts spelt out, because no file takes it."""
    spelt = [value.encode(errors="backslashreplace").decode() if type(value) is str else value for value in row]
    remade: Callable[..., Row] = type(row)
    return remade(*spelt)


def _fits(model: str, row: Row, groups: Sequence[str]) -> bool:
    try:
        _batch(model, [row], groups)
    except _UNFIT:
        return False
    return True
