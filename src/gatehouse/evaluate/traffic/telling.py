"""A version's time in the shadow in words and pictures."""

from __future__ import annotations

from datetime import datetime, timedelta

from gatehouse.evaluate.statistics.pairs import Divergence
from gatehouse.evaluate.traffic.held import bounded
from gatehouse.evaluate.traffic.shadowed import Coverage, Shadowed
from gatehouse.verdict import Curve, Outcome, Row, Rows

_MOST_POINTS = 500


def summary(found: Shadowed) -> str:
    counted = found.counted
    said = f"{counted.asked:,} requests over {found.coverage.hours:.1f} h, {counted.failed / counted.asked:.2%} errors"
    if not found.divergences:
        return f"{said}; none answered by both"
    everyone = found.divergences[0]
    if everyone.disagreement is None:
        return f"{said}; {everyone.difference:.4g} from the champion on average"
    return f"{said}; decides otherwise than the champion in {everyone.disagreement:.2%}"


def notes(found: Shadowed, now: datetime) -> list[str]:
    """What a person should know of the log; ``now`` is the moment of the check."""
    counted, coverage = found.counted, found.coverage
    gaps = [f"{start:%d %b %H:%M} to {end:%d %b %H:%M}" for start, end in coverage.gaps[:3]]
    said = [f"from {coverage.first:%Y-%m-%d %H:%M} to {coverage.last:%Y-%m-%d %H:%M} UTC"]
    if (quiet := now - coverage.last) > timedelta(days=1):
        said.append(f"the last request was {quiet / timedelta(days=1):.1f} days before this check")
    if gaps:
        more = " and more" if len(coverage.gaps) > 3 else ""
        said.append(f"no requests from {', '.join(gaps)}{more} (UTC)")
    if counted.mistimed:
        said.append(f"{counted.mistimed:,} latencies are missing or impossible, and count as slow")
    return said


def requests(coverage: Coverage) -> Curve:
    """Requests an hour since the first; long spans in steps of several hours."""
    hours = coverage.series[-1][0] + 1
    step = -(-hours // _MOST_POINTS)
    totals = [0] * -(-hours // step)
    for hour, n in coverage.series:
        totals[hour // step] += n
    points = [(float(place * step), total / step) for place, total in enumerate(totals)]
    return Curve("Requests in the shadow", "hours since the first", "requests an hour", {"shadow": points})


def groups(found: Shadowed, limit: float | None) -> list[Rows]:
    """How far apart by group, all requests first; ``limit`` is that of the disagreement."""
    if not found.divergences:
        return []
    decides = found.divergences[0].disagreement is not None
    rows = [_row(one, limit) for one in found.divergences]
    x = "share of other decisions" if decides else "mean absolute difference"
    return [Rows("Divergence from the champion", x, tuple(rows), limits={} if limit is None else {"limit": limit})]


def _row(one: Divergence, limit: float | None) -> Row:
    outcome, value = Outcome.PASS, one.difference if one.disagreement is None else one.disagreement
    if one.interval is not None and limit is not None:
        outcome = bounded("", value, one.interval, limit).outcome
    note = f"PSI {one.psi:.3f}"
    return Row(name(one), value, one.interval, rows=one.n, outcome=outcome, note=note)


def name(one: Divergence) -> str:
    return f"{one.column} = {one.group}" if one.column else "all requests"
