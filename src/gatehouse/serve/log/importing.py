"""Outcomes from a file into the log: judged record by record, written as one whole file or none.

Nothing is looked up or replaced: a label that comes late or again is one more observation, and whoever reads the log
takes the latest (docs/traffic.md). Memory stays the same however long the file is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.traffic.columns import EXPOSURES, OUTCOMES, SHADOW
from gatehouse.serve.log import files
from gatehouse.serve.log.names import Names
from gatehouse.serve.log.outcomes import ID_LIMIT, Refused, moment
from gatehouse.serve.log.rows import Outcome as OutcomeRow
from gatehouse.serve.log.rows import batch, schema
from gatehouse.serve.log.sources import Chunk, Columns, chunks

if TYPE_CHECKING:
    import pyarrow.parquet as pq

# How many refused records are named; all are counted.
MOST_NAMED = 1_000
_TRUTH = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True, slots=True)
class Asked:
    """What to import: ``labels`` says which number a text stands for, ``utc`` that times without a zone are in UTC."""

    file: Path
    model: str
    now: datetime
    columns: Columns = field(default_factory=Columns)
    labels: Mapping[str, float] = field(default_factory=dict)
    utc: bool = False


class Imported(msgspec.Struct, frozen=True):
    """Counts of one import, as ``--format json`` prints them.

    Of ``read`` records ``written`` went into ``file`` (would have, in a dry run: then ``file`` is null) and ``refused``
    did not; ``errors`` names the first of those. ``repeated`` records name a request that an earlier record of the file
    names too, ``known_before`` requests already had an outcome in the log, ``unknown`` requests are in neither
    exposures nor shadow, null where nothing was logged yet.
    """

    model: str
    read: int
    written: int
    refused: int
    repeated: int
    known_before: int
    unknown: int | None
    file: str | None
    errors: tuple[Refused, ...] = ()


def run(asked: Asked, folder: Path, say: Callable[[int], None], *, dry: bool = False) -> Imported:
    """Imports into a model's ``folder`` of logs; ``say`` hears how many records were read, now and then.

    Raises GatehouseError for a file that cannot be read as a whole, for a log that does not read, and for a disk that
    cannot be written; nothing is written then.
    """
    counted: tuple[int, int, int | None] = (0, 0, None)
    written: str | None = None
    try:
        with TemporaryDirectory(prefix="gatehouse-") as spare, _target(folder, Path(spare), dry) as (path, file):
            tally = _write(asked, file, say)
            if not tally.written:
                raise _Nothing
            counted = _count(folder, path)
            written = path.name.removeprefix(".").removesuffix(files.PARTIAL)
    except _Nothing:
        pass
    except OSError as error:
        raise GatehouseError(
            f"{folder / OUTCOMES.name}: cannot be written: {error.strerror or error}", "make room, or let it be written"
        ) from error
    place = folder / OUTCOMES.name / f"{written}{files.WHOLE}"
    return Imported(
        model=asked.model,
        read=tally.written + tally.refused,
        written=tally.written,
        refused=tally.refused,
        repeated=counted[0],
        known_before=counted[1],
        unknown=counted[2],
        file=None if dry or written is None else place.as_posix(),
        errors=tuple(tally.errors),
    )


class _Nothing(Exception):
    """No record was good: a file without rows helps nobody."""


@dataclass
class _Tally:
    written: int = 0
    refused: int = 0
    errors: list[Refused] = field(default_factory=list)

    def refuse(self, place: int, why: str) -> None:
        self.refused += 1
        if len(self.errors) < MOST_NAMED:
            self.errors.append(Refused(place, why))


@contextmanager
def _target(folder: Path, spare: Path, dry: bool) -> Iterator[tuple[Path, BinaryIO]]:
    """Where to write, and what that is called meanwhile: in the log itself, or in a folder that goes away."""
    name, place = Names().next(), spare if dry else folder / OUTCOMES.name
    with files.whole(place, name) as file:
        yield place / f".{name}{files.PARTIAL}", file


def _write(asked: Asked, file: BinaryIO, say: Callable[[int], None]) -> _Tally:
    import pyarrow.parquet as pq

    tally = _Tally()
    with pq.ParquetWriter(file, schema(OUTCOMES), compression="zstd") as writer:
        for chunk in chunks(asked.file, asked.columns):
            _add(asked, chunk, writer, tally)
            say(tally.written + tally.refused)
    file.flush()
    return tally


def _add(asked: Asked, chunk: Chunk, writer: pq.ParquetWriter, tally: _Tally) -> None:
    for place, why in chunk.faults:
        tally.refuse(place, why)
    rows = []
    values = zip(chunk.places, chunk.request_ids, chunk.labels, chunk.observed, strict=True)
    for place, request, label, observed in values:
        try:
            rows.append(OutcomeRow(_request(request), _label(label, asked.labels), _observed(observed, asked)))
        except ValueError as error:
            tally.refuse(place, str(error))
    if rows:
        made, failed = batch(asked.model, rows)
        assert not failed  # each value was just looked at
        writer.write_batch(made)
        tally.written += len(rows)


def _request(value: Any) -> str:
    """A request's id; whole numbers count as the text that they are. Raises ValueError for anything else."""
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise ValueError("the request id is missing" if value is None else "the request id is no text")
    if not 0 < len(value) <= ID_LIMIT:
        raise ValueError(f"the request id has {len(value):,} characters; 1 to {ID_LIMIT:,} are read")
    try:
        value.encode()
    except UnicodeError:
        raise ValueError("the request id is no UTF-8") from None
    return value


def _label(value: Any, labels: Mapping[str, float]) -> float:
    """Raises ValueError for what is no finite number, and no text that ``labels`` or plain truth gives one."""
    if value is None:
        raise ValueError("the label is missing")
    if labels and str(value) in labels:
        return labels[str(value)]
    try:
        number = _TRUTH.get(value.strip().lower()) if isinstance(value, str) else None
        number = float(value) if number is None else number
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"the label {str(value)[:50]!r} is no number; say which it is with --value") from None
    if number - number != 0:
        raise ValueError(f"the label {str(value)[:50]!r} is not finite")
    return number


def _observed(value: Any, asked: Asked) -> int:
    """Raises ValueError for what is no time, or none that counts."""
    if value is None:
        if asked.columns.observed is not None:
            raise ValueError("observed is missing")
        return moment(None, asked.now)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"observed {value[:50]!r} is no time like 2026-03-02T08:00:00Z") from None
    if not isinstance(value, datetime):
        raise ValueError(f"observed {str(value)[:50]!r} is no time like 2026-03-02T08:00:00Z")
    if value.tzinfo is None:
        if not asked.utc:
            raise ValueError("observed has no zone; say --utc if it is UTC")
        value = value.replace(tzinfo=UTC)
    try:
        return moment(value, asked.now)
    except OverflowError:
        raise ValueError("observed is no time that a calendar has") from None


def _count(folder: Path, written: Path) -> tuple[int, int, int | None]:
    """Of the file just written: records that repeat a request, requests that had an outcome before, and requests that
    nobody was answered for (None where nothing was logged). Joins spill to disk rather than fill memory."""
    from gatehouse.evaluate.traffic.desk import desk
    from gatehouse.evaluate.traffic.log import Log, read

    model = folder.name
    given = Log(replace(OUTCOMES, name="given"), (written,), (), ())
    before, exposures, shadow = (read(folder, kind, model) for kind in (OUTCOMES, EXPOSURES, SHADOW))
    with desk([given, before, exposures, shadow]) as opened:
        opened.keep("ids", "SELECT DISTINCT request_id FROM given")
        records, requests = opened.row("SELECT (SELECT count(*) FROM given), (SELECT count(*) FROM ids)")
        known = opened.row("SELECT count(*) FROM ids SEMI JOIN outcomes USING (request_id)")[0]
        unknown = None
        if exposures.files or shadow.files:
            others = "ANTI JOIN exposures USING (request_id) ANTI JOIN shadow USING (request_id)"
            unknown = int(opened.row(f"SELECT count(*) FROM ids {others}")[0])  # noqa: S608
    return records - requests, int(known), unknown


def mapped(values: Sequence[str]) -> dict[str, float]:
    """``yes=1`` and its like. Raises GatehouseError for one that is not written so."""
    found = {}
    for value in values:
        text, equals, number = value.rpartition("=")
        try:
            found[text] = float(number)
        except ValueError:
            equals = ""
        if not equals or found[text] - found[text] != 0:
            raise GatehouseError(f"--value {value}: is not TEXT=NUMBER", "write it like --value defaulted=1")
    return found
