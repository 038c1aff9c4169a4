"""What the log says of one experiment: which unit saw which arm first, and what became of it within the window.

The first exposure of a unit decides its arm for good. A unit counts when its window has passed (it is *matured*) and
at least one of its requests has an outcome that was observed within it; its value is the mean over these requests, so
that one busy user is one unit. A missing outcome is missing, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.sequential import Moments
from gatehouse.evaluate.traffic.desk import DAY, MICROSECONDS, Desk
from gatehouse.evaluate.traffic.shadowed import micros, moment
from gatehouse.pin import Pin

NOTHING = Moments()
Value = Literal["outcome", "correct", "absolute_error", "squared_error"]


@dataclass(frozen=True, slots=True)
class Tried:
    """Which experiment is asked for: the one in which ``challenger`` was tried against ``champion``; ``name`` where
    there were several. ``window`` is how long after a unit's first exposure outcomes count."""

    challenger: Pin
    champion: Pin
    segment: str | None
    now: datetime
    window: timedelta
    value: Value = "outcome"
    task: str = "binary"
    threshold: float = 0.5
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm's units by first exposure: ``units`` in all, ``matured`` of them with their window passed, and of those
    with an outcome the ``values``. ``requests`` are those that its version answered, ``failed`` of them without a
    usable answer."""

    units: int = 0
    matured: int = 0
    values: Moments = NOTHING
    requests: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """Both arms' values of the units first exposed up to the end of this day of the experiment, counted from 1."""

    day: int
    challenger: Moments
    champion: Moments


@dataclass(frozen=True, slots=True)
class Experiment:
    """``share`` is the challenger's part of the units since ``start``, when both pins were there and the split was last
    changed. ``matured_until`` is the last first exposure whose window has passed.

    Left out, and counted: units ``earlier`` than the start or in neither arm; rows ``repeated`` or from the
    ``future``. ``crossed`` units saw both arms (their first counts); ``unidentified`` requests had no unit and are
    each one of their own; ``contradictory`` outcomes were two at once.
    """

    name: str
    share: float
    start: datetime
    last: datetime
    matured_until: datetime | None
    challenger: Arm
    champion: Arm
    days: tuple[Day, ...]
    earlier: int = 0
    repeated: int = 0
    future: int = 0
    crossed: int = 0
    unidentified: int = 0
    contradictory: int = 0

    @property
    def span(self) -> timedelta:
        """How long exposures have been matured for."""
        return self.matured_until - self.start if self.matured_until else timedelta()


def experiment(desk: Desk, tried: Tried) -> Experiment | None:
    """What the log says, or None where this pin was no challenger in any experiment.

    Raises GatehouseError where it was one in several and none is named, and where rows do not say their split.
    """
    name = _named(desk, tried)
    if name is None:
        return None
    repeated, future = _keep(desk, tried, name)
    found = desk.row("SELECT count(*) FROM seen WHERE arm = 'challenger'")
    if not found[0]:
        return None
    start, last, share = _window(desk)
    _units(desk, tried, start)
    contradictory = _values(desk, tried)
    counts = desk.row(
        "SELECT (SELECT count(*) FROM units WHERE first < $start OR arm IS NULL), "
        "(SELECT count(*) FROM units WHERE taken AND crossed), "
        "(SELECT count(*) FROM seen WHERE unidentified AND ts >= $start)",
        start=start,
    )
    until = desk.row("SELECT max(first) FROM units WHERE taken AND matured")[0]
    return Experiment(
        name=name,
        share=share,
        start=moment(start),
        last=moment(last),
        matured_until=None if until is None else moment(until),
        challenger=_arm(desk, "challenger", start),
        champion=_arm(desk, "champion", start),
        days=_days(desk, start),
        earlier=counts[0],
        repeated=repeated,
        future=future,
        crossed=counts[1],
        unidentified=counts[2],
        contradictory=contradictory,
    )


def _named(desk: Desk, tried: Tried) -> str | None:
    found = desk.rows(
        "SELECT DISTINCT experiment FROM exposures WHERE arm = 'challenger' AND version = $version "
        "AND digest = $digest AND segment IS NOT DISTINCT FROM $segment AND experiment IS NOT NULL ORDER BY 1",
        version=tried.challenger.version,
        digest=tried.challenger.digest,
        segment=tried.segment,
    )
    names = [row[0] for row in found]
    if tried.name is not None:
        return tried.name if tried.name in names else None
    if len(names) > 1:
        raise GatehouseError(
            f"version {tried.challenger.version} was the challenger in {', '.join(names[:5])}: trying until one wins "
            "is no test",
            "name the one that counts: gates.challenger.experiment in policy.yaml",
        )
    return names[0] if names else None


def _keep(desk: Desk, tried: Tried, name: str) -> tuple[int, int]:
    """Makes the table ``seen``: rows of the experiment, ``arm`` null for another pin's. How many were repeated, and
    how many from the future."""
    desk.keep(
        "seen",
        """
        SELECT request_id AS id, epoch_us(time) AS ts, coalesce(unit, 'request ' || request_id) AS unit,
            unit IS NULL AS unidentified,
            CASE WHEN log.arm = 'challenger' AND version = $challenger AND digest = $ours THEN 'challenger'
                WHEN log.arm = 'champion' AND version = $champion AND digest = $theirs THEN 'champion' END AS arm,
            round(CASE WHEN log.arm = 'challenger' THEN share ELSE 1 - share END, 6) AS share,
            prediction AS p,
            error IS NOT NULL OR status >= 400 OR NOT coalesce(len(prediction) > 0 AND isfinite(list_sum(prediction))
                AND list_count(prediction) = len(prediction), false) AS failed
        FROM exposures AS log
        WHERE experiment = $name AND segment IS NOT DISTINCT FROM $segment
            AND log.arm IN ('challenger', 'champion')
        """,
        name=name,
        challenger=tried.challenger.version,
        ours=tried.challenger.digest,
        champion=tried.champion.version,
        theirs=tried.champion.digest,
        segment=tried.segment,
    )
    repeated = desk.once("seen")
    future = desk.row("SELECT count(*) FROM seen WHERE ts > $now", now=micros(tried.now))[0]
    desk.rows("DELETE FROM seen WHERE ts > $now", now=micros(tried.now))
    unsaid = desk.row("SELECT count(*) FROM seen WHERE share IS NULL OR NOT share BETWEEN 0 AND 1")[0]
    if unsaid:
        raise GatehouseError(
            f"experiment {name!r}: {unsaid:,} exposures do not say the share of their arm, 0 to 1",
            "let the router write `share` into every exposure of an experiment, see docs/traffic.md",
        )
    return repeated, future


def _window(desk: Desk) -> tuple[int, int, float]:
    """From when on both pins were there under the split of today; the last row; the challenger's share of today."""
    last, share = desk.row("SELECT max(ts), arg_max(share, ts) FROM seen")
    start = desk.row(
        "SELECT greatest((SELECT min(ts) FROM seen WHERE arm = 'challenger'), "
        "(SELECT min(ts) FROM seen WHERE arm = 'champion'), "
        "(SELECT min(ts) FROM seen WHERE ts > (SELECT coalesce(max(ts), -1) FROM seen WHERE share <> $share)))",
        share=share,
    )[0]
    return start, last, share


def _units(desk: Desk, tried: Tried, start: int) -> None:
    """Makes the table ``units``: each unit's first exposure. ``taken`` are those that count, ``due`` their window's
    end."""
    window = round(tried.window.total_seconds() * MICROSECONDS)
    desk.keep(
        "units",
        """
        SELECT unit, min(ts) AS first, count(DISTINCT seen.arm) > 1 AS crossed,
            nullif(arg_min(coalesce(seen.arm, ''), ts), '') AS arm,
            min(ts) >= $start AND nullif(arg_min(coalesce(seen.arm, ''), ts), '') IS NOT NULL AS taken,
            min(ts) + $window AS due, due <= $now AS matured
        FROM seen GROUP BY unit
        """,
        start=start,
        window=window,
        now=micros(tried.now),
    )


def _values(desk: Desk, tried: Tried) -> int:
    """Makes the table ``valued``: one value for each matured unit with an outcome. How many outcomes were
    contradictory."""
    desk.keep(
        "asked",
        "SELECT seen.id, unit, p, failed, due FROM seen JOIN units USING (unit) WHERE taken AND matured AND ts <= due",
    )
    desk.latest(
        "SELECT asked.id, epoch_us(observed) AS ts, label FROM outcomes JOIN asked ON outcomes.request_id = asked.id "
        "WHERE ts <= due"
    )
    desk.keep(
        "valued",
        f"SELECT unit, avg(value) AS value FROM (SELECT unit, {_value(tried)} AS value FROM asked "  # noqa: S608
        "JOIN labels USING (id) WHERE lo = hi AND isfinite(lo)) WHERE isfinite(value) GROUP BY unit",
        **({"threshold": tried.threshold} if tried.value == "correct" and tried.task == "binary" else {}),
    )
    return int(desk.row("SELECT count(*) FROM labels WHERE lo <> hi")[0])


def _value(tried: Tried) -> str:
    """SQL for one request's value. An answer that failed is not correct; its error is nobody knows how large."""
    if tried.value == "outcome":
        return "lo"
    if tried.value == "absolute_error":
        return "CASE WHEN NOT failed THEN abs(p[1] - lo) END"
    if tried.value == "squared_error":
        return "CASE WHEN NOT failed THEN (p[1] - lo) * (p[1] - lo) END"
    decided = "list_position(p, list_max(p)) - 1 = lo"
    if tried.task == "binary":
        decided = "(p[1] >= $threshold) = (lo >= 0.5)"
    return f"CASE WHEN failed THEN 0.0 WHEN {decided} THEN 1.0 ELSE 0.0 END"


def _arm(desk: Desk, arm: str, start: int) -> Arm:
    units, matured = desk.row(
        "SELECT count(*), count(*) FILTER (matured) FROM units WHERE taken AND arm = $arm", arm=arm
    )
    requests, failed = desk.row(
        "SELECT count(*), count(*) FILTER (failed) FROM seen WHERE arm = $arm AND ts >= $start", arm=arm, start=start
    )
    n, mean, variance = desk.row(
        "SELECT count(*), avg(value), var_pop(value) FROM valued JOIN units USING (unit) WHERE arm = $arm", arm=arm
    )
    values = Moments(n, mean, variance * n) if n else Moments()
    return Arm(units, matured, values, requests, failed)


def _days(desk: Desk, start: int) -> tuple[Day, ...]:
    found = desk.rows(
        "SELECT (first - $start) // $day AS d, arm, count(*), avg(value), var_pop(value) "
        "FROM valued JOIN units USING (unit) GROUP BY ALL ORDER BY d",
        start=start,
        day=DAY,
    )
    arms = {"challenger": Moments(), "champion": Moments()}
    days: dict[int, Day] = {}
    for day, arm, n, mean, variance in found:
        arms[arm] = arms[arm].merge(Moments(n, mean, variance * n))
        days[day] = Day(day + 1, arms["challenger"], arms["champion"])
    return tuple(days.values())
