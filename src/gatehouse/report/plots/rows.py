"""Named figures one under the other: a forest of groups with intervals, bars per column.

On a wide page a row is label, rows, drawing, value; on a narrow one the label and value stand above the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gatehouse.report.figures import fixed, number
from gatehouse.report.plots.axes import Kind, Scale, labels, legend, nothing, over
from gatehouse.report.plots.marks import LOOKS, diamond, dot
from gatehouse.report.plots.svg import FONT, Svg, canvas, elide, elide_apart, line, rectangle, text, text_width
from gatehouse.report.reading import FACES
from gatehouse.report.text import clean
from gatehouse.verdict import Outcome, Row, Rows

MOST_DRAWN = 300
TOP = 14
WIDE = 560
GAP = 14


def top(exhibit: Rows) -> tuple[Row, ...]:
    """The rows that are shown at first: bars by value, groups as the gate ordered them; those that block come first
    where there are too many for one look."""
    return _ordered(exhibit)[:TOP]


def rest(exhibit: Rows) -> tuple[Row, ...]:
    """The rows that are folded away, at most MOST_DRAWN."""
    return _ordered(exhibit)[TOP : TOP + MOST_DRAWN]


def _ordered(exhibit: Rows) -> tuple[Row, ...]:
    rows = list(exhibit.rows)
    if exhibit.shape == "bars":
        rows.sort(key=lambda row: -row.value if row.value is not None and Kind.LINEAR.drawable(row.value) else 1e300)
    if len(rows) > TOP:
        rows.sort(key=lambda row: -list(Outcome).index(row.outcome))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns are, in pixels; ``size`` is that of the figures, ``stacked``: labels
    above the drawing."""

    width: float
    label: float
    rows: float
    scale: Scale
    size: float
    stacked: bool

    @property
    def step(self) -> float:
        return 44 if self.stacked else 28


def draw(exhibit: Rows, shown: Sequence[Row], width: int) -> Svg:
    """Some rows of the exhibit on the scale of all of them, so that two drawings of it compare."""
    layout = _layout(exhibit, shown, width) if shown else None
    if layout is None:
        return nothing(exhibit.title, width)
    scale = layout.scale
    keys, below = legend(_keys(exhibit, shown), width, 12)
    limits = {name: value for name, value in list(exhibit.limits.items())[:6] if Kind.LINEAR.drawable(value)}
    names, first = _limit_names(limits, scale, width, below + 6)
    last = first + layout.step * len(shown) + 4
    parts = [
        *keys,
        *_floor(exhibit, scale, first, last),
        *_axis(scale, first, last, width),
        *(line(scale.at(value), first - 2, scale.at(value), last, "limit") for value in limits.values()),
        *names,
        *(
            part
            for index, (row, name) in enumerate(zip(shown, _names(shown, layout), strict=True))
            for part in _row(exhibit, row, name, layout, first + layout.step * index)
        ),
        *(
            [text(layout.label + layout.rows - GAP, first - 6, "rows", kind="tick", anchor="end")]
            if layout.rows
            else []
        ),
        text(scale.end, last + 34, elide(exhibit.x, width), kind="name", anchor="end", full=exhibit.x),
    ]
    return canvas(width, last + 42, _told(exhibit, shown, layout), parts)


def _told(exhibit: Rows, shown: Sequence[Row], layout: Layout) -> str:
    """The drawing for those who cannot see it: every row with its figure and its interval, and the limits."""
    rows = [
        f"{clean(row.name, 80)} {_value(row, layout.size)}"
        + (f" ({number(row.interval.low, 3)} to {number(row.interval.high, 3)})" if row.interval else "")
        for row in shown[:TOP]
    ]
    limits = [f"limit {clean(name, 40)} {number(value)}" for name, value in list(exhibit.limits.items())[:6]]
    return f"{clean(exhibit.title, 120)}, {clean(exhibit.x, 60)}: " + "; ".join([*rows, *limits])


def _layout(exhibit: Rows, shown: Sequence[Row], width: int) -> Layout | None:
    stacked = width < WIDE
    # A little more than the widest name: what is added and taken off again is not the same to the last digit.
    widest = max(text_width(row.name[:200]) for row in shown) + 0.1
    label = 0.0 if stacked else min(widest, 0.34 * width) + GAP
    counted = not stacked and any(row.rows is not None for row in shown)
    rows = max(text_width(_count(row)) for row in shown) + GAP if counted else 0.0
    size = _size(exhibit)
    value = 4.0 if stacked else max(text_width(_value(row, size)) for row in shown) + GAP
    start = 6.0 if stacked else label + rows
    scale = over(_figures(exhibit), start, width - min(value, 0.36 * width) - 2, zero=exhibit.shape == "bars")
    return Layout(width, label, rows, scale, size, stacked) if scale else None


def _figures(exhibit: Rows) -> Iterator[float | None]:
    for row in exhibit.rows:
        yield from (row.value, row.champion)
        if row.interval:
            yield from (row.interval.low, row.interval.high)
    yield from exhibit.limits.values()
    if exhibit.shape == "bars":
        yield 0.0


def _keys(exhibit: Rows, shown: Sequence[Row]) -> list[tuple[str, Svg]]:
    keys: list[tuple[str, Svg]] = []
    compared = any(row.champion is not None for row in shown)
    if exhibit.shape != "bars":
        keys.append(("candidate", dot(13, 6, "candidate")))
    elif compared:
        keys.append(("candidate", rectangle(0, 1, 26, 10, "bar candidate")))
    levels = {row.interval.confidence for row in shown if row.interval}
    if levels:
        level = f"{number(levels.pop() * 100, 3)} % interval" if len(levels) == 1 else "interval"
        keys.append((level, line(0, 6, 26, 6, "whisker candidate")))
    if compared:
        keys.append(("champion", diamond(13, 6)))
    if exhibit.floor is not None and Kind.LINEAR.drawable(exhibit.floor) and exhibit.floor > 0:
        keys.append((f"chance alone, up to {number(exhibit.floor, 2)}", rectangle(0, 0, 26, 12, "floor")))
    return keys


def _limit_names(limits: Mapping[str, float], scale: Scale, width: float, y: float) -> tuple[list[Svg], float]:
    """Labels above their lines, in as many lanes as it takes for none to touch another; and the y below them."""
    lanes: list[float] = []
    placed: list[tuple[str, float, int]] = []
    for name, value in sorted(limits.items(), key=lambda item: item[1]):
        label = elide(f"{name} {number(value)}", min(240, width - scale.start - 4), FONT - 1)
        half = text_width(label, FONT - 1) / 2
        middle = min(max(scale.at(value), scale.start + half), width - half - 2)
        lane = next((i for i, end in enumerate(lanes) if middle - half > end + 8), len(lanes))
        lanes[lane : lane + 1] = [middle + half]
        placed.append((label, middle, lane))
    parts = [
        text(middle, y + 10 + 15 * lane, label, kind="limit-name", anchor="middle") for label, middle, lane in placed
    ]
    return parts, y + 15 * max(len(lanes), 1) + 6


def _floor(exhibit: Rows, scale: Scale, first: float, last: float) -> Iterator[Svg]:
    if exhibit.floor is not None and Kind.LINEAR.drawable(exhibit.floor) and exhibit.floor > 0:
        start = scale.at(0.0)
        yield rectangle(start, first, max(scale.at(exhibit.floor) - start, 2.0), last - first, "floor")


def _axis(scale: Scale, first: float, last: float, width: float) -> Iterator[Svg]:
    ticks = scale.ticks(max(2, int((scale.end - scale.start) / 60)))
    free = float("-inf")
    for tick, label in zip(ticks, labels(scale, ticks), strict=True):
        at, half = scale.at(tick), text_width(label, FONT - 1) / 2
        yield line(at, first, at, last, "grid")
        if at - half > max(free, 0) and at + half <= width:
            yield text(at, last + 16, label, kind="tick", anchor="middle")
            free = at + half + 6
    yield line(scale.start, last, scale.end, last, "axis")


def _names(shown: Sequence[Row], layout: Layout) -> list[str]:
    """Each row's name in the room that there is for it."""
    values = max(text_width(_value(row, layout.size)) for row in shown)
    room = layout.width - values - GAP if layout.stacked else layout.label - GAP
    return elide_apart([row.name for row in shown], room)


def _row(exhibit: Rows, row: Row, name: str, layout: Layout, y: float) -> Iterator[Svg]:
    wrong = LOOKS[row.outcome]
    value = _value(row, layout.size)
    if layout.stacked:
        yield text(0, y + 15, name, kind=f"label{wrong}", full=row.name)
        yield text(layout.width, y + 15, value, kind=f"value{wrong}", anchor="end")
        middle = y + 29
    else:
        middle = y + layout.step / 2
        yield text(0, middle + 4, name, kind=f"label{wrong}", full=row.name)
        if layout.rows and row.rows is not None:
            yield text(layout.label + layout.rows - GAP, middle + 4, _count(row), kind="tick", anchor="end")
        yield text(layout.width, middle + 4, value, kind=f"value{wrong}", anchor="end")
    yield from (_bar if exhibit.shape == "bars" else _point)(row, layout.scale, middle, wrong)


def _bar(row: Row, scale: Scale, y: float, wrong: str) -> Iterator[Svg]:
    if row.value is not None and Kind.LINEAR.drawable(row.value):
        zero, end = sorted((scale.at(0.0), scale.at(row.value)))
        yield rectangle(zero, y - 6, max(end - zero, 1.0), 12, f"bar candidate{wrong}")
    if row.champion is not None and Kind.LINEAR.drawable(row.champion):
        yield diamond(scale.at(row.champion), y)


def _point(row: Row, scale: Scale, y: float, wrong: str) -> Iterator[Svg]:
    """The champion's mark a little lower, so that equal figures do not hide each other."""
    beside = row.champion is not None and Kind.LINEAR.drawable(row.champion)
    at = y - 3 if beside else y
    if row.interval and all(Kind.LINEAR.drawable(end) for end in (row.interval.low, row.interval.high)):
        low, high = scale.at(row.interval.low), scale.at(row.interval.high)
        yield line(low, at, high, at, f"whisker candidate{wrong}")
        yield line(low, at - 4, low, at + 4, f"whisker candidate{wrong}")
        yield line(high, at - 4, high, at + 4, f"whisker candidate{wrong}")
    if row.value is not None and Kind.LINEAR.drawable(row.value):
        yield dot(scale.at(row.value), at, f"candidate{wrong}")
    if beside and row.champion is not None:
        yield diamond(scale.at(row.champion), y + 6)


def _size(exhibit: Rows) -> float:
    """What the figures are compared with: the largest limit, else the largest of them."""
    held = [abs(limit) for limit in exhibit.limits.values() if Kind.LINEAR.drawable(limit)]
    figures = [abs(row.value) for row in exhibit.rows if row.value is not None and Kind.LINEAR.drawable(row.value)]
    return max(held or figures, default=1.0)


def _value(row: Row, size: float) -> str:
    """``0.71 failed``: what went wrong is said in words, never by colour alone."""
    word = "" if row.outcome is Outcome.PASS else f" {FACES[row.outcome].word}"
    return fixed(row.value, size) + word


def _count(row: Row) -> str:
    return "" if row.rows is None else f"{row.rows:,}"
