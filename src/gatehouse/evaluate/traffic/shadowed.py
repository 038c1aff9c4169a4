"""What the log says of one pin in the shadow: when it was asked, how it answered, how far it is from the champion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.traffic.columns import DROPPED, GROUP
from gatehouse.evaluate.traffic.desk import HOUR, MICROSECONDS, Desk
from gatehouse.pin import Pin

if TYPE_CHECKING:
    import pyarrow as pa

    from gatehouse.evaluate.statistics.board import Board
    from gatehouse.evaluate.statistics.drift import ColumnDrift
    from gatehouse.evaluate.statistics.latency import Latency
    from gatehouse.evaluate.statistics.pairs import Divergence
    from gatehouse.evaluate.statistics.rows import Plan


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose shadow is asked for. ``now`` is the cut-off: later rows and labels do not count. ``width`` is how many
    numbers an answer has, None to take the champion's (one probability a class)."""

    shadow: Pin
    champion: Pin
    segment: str | None
    now: datetime
    warmup: timedelta
    width: int | None = 1
    threshold: float | None = 0.5
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Coverage:
    """When the shadow was asked, after its warm-up; times in UTC.

    ``hours`` counts hours since the first request in which there was one, and is never more than passed from first to
    last. ``series`` has the requests of each of these hours, by its number; ``of_day`` those by hour of the day,
    ``weekdays`` by weekday from Monday. ``gaps`` are spans of more than an hour without a request, the longest first.
    """

    first: datetime
    last: datetime
    hours: float
    series: tuple[tuple[int, int], ...]
    of_day: tuple[int, ...]
    weekdays: tuple[int, ...]
    gaps: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def span(self) -> timedelta:
        return self.last - self.first


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of the log. ``asked`` are requests after the warm-up, ``failed`` of them without a usable answer (an error,
    no number, another number of numbers); ``dropped`` were never asked. ``compared`` are those that this champion
    answered too. ``warmup``, ``repeated`` and ``future`` rows were left out; ``mistimed`` have no possible latency."""

    asked: int
    failed: int
    dropped: int
    compared: int
    warmup: int
    repeated: int
    future: int
    mistimed: int


@dataclass(frozen=True, slots=True)
class Shadowed:
    """``latency`` is that of shadow and champion on the requests that both were asked. ``scores`` is the shadow's
    distribution against the champion's; None with no pair, or with several classes. ``divergences`` starts with all
    requests. ``outcomes`` counts pairs whose outcome is known; ``board`` measures on them, where it was asked for."""

    counted: Counted
    coverage: Coverage
    latency: Mapping[str, Latency]
    scores: ColumnDrift | None
    divergences: tuple[Divergence, ...]
    outcomes: int = 0
    board: Board | None = None


def shadowed(desk: Desk, asked: Asked, groups: tuple[str, ...], plan: Plan | None = None) -> Shadowed | None:
    """What the log says, or None where this pin has no request after its warm-up. ``plan`` is measured on the pairs
    with outcomes, as ``candidate`` and ``champion``."""
    width = _width(desk, asked)
    repeated, warmup, future = _keep(desk, asked, groups, width)
    counts = desk.row(
        "SELECT count(*) FILTER (NOT dropped), count(*) FILTER (failed), count(*) FILTER (dropped), "
        "count(*) FILTER (paired), count(*) FILTER (NOT dropped AND s_ms IS NULL) FROM seen"
    )
    if not counts[0]:
        return None
    counted = Counted(counts[0], counts[1], counts[2], counts[3], warmup, repeated, future, mistimed=counts[4])
    outcomes, board = _measured(desk, asked, plan) if plan else (0, None)
    scores, divergences = _compared(desk, asked, groups, width) if counted.compared else (None, ())
    return Shadowed(counted, _coverage(desk), _latency(desk), scores, divergences, outcomes, board)


def _width(desk: Desk, asked: Asked) -> int:
    if asked.width is not None:
        return asked.width
    found = desk.row("SELECT max(len(champion_prediction)) FROM shadow")[0]
    return int(found or 1)


def _keep(desk: Desk, asked: Asked, groups: tuple[str, ...], width: int) -> tuple[int, int, int]:
    """Makes the table ``seen``; how many rows were repeated, within the warm-up, and from the future."""
    named = "".join(f', "{GROUP}{name}"' for name in (group.replace('"', '""') for group in groups))
    desk.keep(
        "seen",
        f"""
        SELECT request_id AS id, epoch_us(time) AS ts, champion_prediction AS c, shadow_prediction AS s,
            CASE WHEN champion_latency_ms >= 0 AND isfinite(champion_latency_ms) THEN champion_latency_ms END AS c_ms,
            CASE WHEN shadow_latency_ms >= 0 AND isfinite(shadow_latency_ms) THEN shadow_latency_ms END AS s_ms,
            coalesce(shadow_error = $dropped, false) AS dropped,
            NOT dropped AND (shadow_error IS NOT NULL OR NOT ({_usable("shadow_prediction")})) AS failed,
            NOT dropped AND champion_version = $champion AND champion_digest = $theirs
                AND ({_usable("champion_prediction")}) AS current,
            current AND NOT failed AS paired{named}
        FROM shadow
        WHERE shadow_version = $version AND shadow_digest = $digest AND segment IS NOT DISTINCT FROM $segment
        """,  # noqa: S608  (quoted names of columns, and this package's own words)
        dropped=DROPPED,
        champion=asked.champion.version,
        theirs=asked.champion.digest,
        version=asked.shadow.version,
        digest=asked.shadow.digest,
        segment=asked.segment,
        width=width,
    )
    repeated = desk.once("seen")
    future = desk.row("SELECT count(*) FROM seen WHERE ts > $now", now=micros(asked.now))[0]
    desk.rows("DELETE FROM seen WHERE ts > $now", now=micros(asked.now))
    first = desk.row("SELECT min(ts) FROM seen")[0]
    started = (first or 0) + round(asked.warmup.total_seconds() * MICROSECONDS)
    warmup = desk.row("SELECT count(*) FROM seen WHERE ts < $started", started=started)[0]
    desk.rows("DELETE FROM seen WHERE ts < $started", started=started)
    return repeated, warmup, future


def _usable(column: str) -> str:
    """SQL for "this answer has as many numbers as it must, all of them finite"."""
    # The sum of finite numbers that are probabilities or scores is finite, and of others it is not.
    return f"coalesce(len({column}) = $width AND list_count({column}) = $width AND isfinite(list_sum({column})), false)"


def _coverage(desk: Desk) -> Coverage:
    """Only requests that the shadow was asked count."""
    first, last = desk.row("SELECT min(ts), max(ts) FROM seen WHERE NOT dropped")
    series = desk.rows(
        "SELECT (ts - $first) // $hour AS h, count(*) FROM seen WHERE NOT dropped GROUP BY h ORDER BY h",
        first=first,
        hour=HOUR,
    )
    # 1 January 1970 was a Thursday.
    by_hour = desk.rows(
        "SELECT (ts // $hour) % 24, (ts // (24 * $hour) + 3) % 7, count(*) FROM seen WHERE NOT dropped GROUP BY 1, 2",
        hour=HOUR,
    )
    of_day, weekdays = [0] * 24, [0] * 7
    for hour, weekday, n in by_hour:
        of_day[hour] += n
        weekdays[weekday] += n
    gaps = desk.rows(
        "SELECT before, ts FROM (SELECT ts, lag(ts) OVER (ORDER BY ts) AS before FROM seen WHERE NOT dropped) "
        "WHERE ts - before > $hour ORDER BY ts - before DESC, ts LIMIT 20",
        hour=HOUR,
    )
    return Coverage(
        first=moment(first),
        last=moment(last),
        hours=min(float(len(series)), (last - first) / HOUR),
        series=tuple((int(hour), int(n)) for hour, n in series),
        of_day=tuple(of_day),
        weekdays=tuple(weekdays),
        gaps=tuple((moment(start), moment(end)) for start, end in gaps),
    )


def _latency(desk: Desk) -> dict[str, Latency]:
    """A request that failed is never quick, and one with an impossible latency neither."""
    from gatehouse.evaluate.statistics.latency import LatencyKernel

    kernels = {"candidate": LatencyKernel(), "champion": LatencyKernel()}
    query = "SELECT CASE WHEN NOT failed THEN s_ms END AS candidate, c_ms AS champion FROM seen WHERE current"
    for batch in desk.batches(query):
        for name, kernel in kernels.items():
            kernel.update(_numbers(batch.column(name)))
    return {name: kernel.finish() for name, kernel in kernels.items()}


def _compared(
    desk: Desk, asked: Asked, groups: tuple[str, ...], width: int
) -> tuple[ColumnDrift | None, tuple[Divergence, ...]]:
    import numpy as np

    from gatehouse.evaluate.statistics.drift import drift
    from gatehouse.evaluate.statistics.numeric import Numeric
    from gatehouse.evaluate.statistics.pairs import Pairs
    from gatehouse.evaluate.statistics.profile import Profile

    scores, edges = None, None
    if width == 1:
        profile = Profile.of(desk.batches("SELECT c[1] AS prediction FROM seen WHERE paired"))
        scores = drift(profile, desk.batches("SELECT s[1] AS prediction FROM seen WHERE paired")).columns[0]
        feature = profile.features["prediction"]
        assert isinstance(feature, Numeric)
        edges = np.array([feature.edges[cut] for cut in feature.cuts], float)
    kernel = Pairs(edges, asked.threshold, width)
    for batch in desk.batches("SELECT * FROM seen WHERE paired"):
        named = {name: batch.column(f"{GROUP}{name}") for name in groups}
        kernel.update(_matrix(batch.column("c"), width), _matrix(batch.column("s"), width), named)
    return scores, kernel.finish(asked.confidence)


def _measured(desk: Desk, asked: Asked, plan: Plan) -> tuple[int, Board | None]:
    """The plan's metrics on the pairs whose latest outcome is known."""
    from gatehouse.evaluate.statistics.scoreboard import score

    desk.latest(
        "SELECT request_id AS id, epoch_us(observed) AS ts, label FROM outcomes "
        "WHERE ts <= $now AND request_id IN (SELECT id FROM seen WHERE paired)",
        now=micros(asked.now),
    )
    known = desk.row("SELECT count(*) FROM labels WHERE lo = hi AND isfinite(lo)")[0]
    if not known:
        return 0, None
    query = "SELECT lo AS label, c, s FROM seen JOIN labels USING (id) WHERE paired AND lo = hi AND isfinite(lo)"
    return known, score(plan, _labelled(desk.batches(query)))


def _labelled(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    from gatehouse.evaluate.statistics.scoreboard import batch_of

    for batch in batches:
        width = len(batch.column("c")[0])
        models = {"candidate": _matrix(batch.column("s"), width), "champion": _matrix(batch.column("c"), width)}
        yield batch_of({"label": batch.column("label").to_numpy(zero_copy_only=False), **models})


def _numbers(column: pa.Array) -> Any:
    """(n,) numbers, NaN for null."""
    return column.to_numpy(zero_copy_only=False)


def _matrix(column: pa.Array, width: int) -> Any:
    """(n,) scores of lists of one number, (n, width) of longer ones."""
    values = column.flatten().to_numpy(zero_copy_only=False)
    return values if width == 1 else values.reshape(-1, width)


def micros(moment: datetime) -> int:
    """Microseconds since 1970. Raises GatehouseError for a time without a zone, which could be any of 26 hours."""
    if moment.tzinfo is None:
        raise GatehouseError(f"the time {moment} has no zone", "give it in UTC")
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
