"""Lines over two axes: the ROC of both models, how slow the slowest request in a thousand is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gatehouse.report.figures import number
from gatehouse.report.plots.axes import Frame, Kind, Scale, drawable, grid, kind_of, legend, nothing, over, room_for
from gatehouse.report.plots.svg import FONT, Svg, canvas, element, elide, line, text, text_width, title
from gatehouse.report.text import clean
from gatehouse.verdict import Curve

MOST_POINTS = 240
SQUARE, TALL, RIGHT = 440.0, 300.0, 20.0


def draw(exhibit: Curve, width: int) -> Svg:
    """The curves with their legend, limits as dashed lines with their names on them."""
    x_kind, y_kind = _kinds(exhibit)
    series = drawable(exhibit.series, x_kind, y_kind, MOST_POINTS)
    if not series:
        return nothing(exhibit.title, width)
    limits = {name: value for name, value in list(exhibit.limits.items())[:6] if y_kind.drawable(value)}
    if exhibit.diagonal:
        width = min(width, int(SQUARE))
    heights = [*(y for points in series.values() for _, y in points), *limits.values()]
    keys, top = legend([(name, _key(kind_of(name, i))) for i, name in enumerate(series)], width, 12)
    left = room_for(heights, y_kind)
    tall = width - left - RIGHT if exhibit.diagonal else TALL
    widths = [x for points in series.values() for x, _ in points]
    x = over(widths, left, width - RIGHT, kind=x_kind)
    y = over(heights, top + 26 + tall, top + 26, kind=y_kind)
    if exhibit.diagonal and all(0 <= value <= 1 for value in [*widths, *heights]):
        x, y = Scale(0, 1, left, width - RIGHT), Scale(0, 1, top + 26 + tall, top + 26)
    if x is None or y is None:
        return nothing(exhibit.title, width)
    frame = Frame(x, y)
    parts = [
        *keys,
        text(0, top + 14, elide(exhibit.y, width), kind="name", full=exhibit.y),
        *grid(frame, width),
        *_diagonal(exhibit, frame),
        *_lines(series, frame),
        *_limits(limits, frame),
        text(x.end, y.start + 34, elide(exhibit.x, width - left), kind="name", anchor="end", full=exhibit.x),
    ]
    return canvas(width, y.start + 42, _told(exhibit, series, limits), parts)


def _told(exhibit: Curve, series: Mapping[str, Sequence[tuple[float, float]]], limits: Mapping[str, float]) -> str:
    """The drawing for those who cannot see it: where each line ends, and the limits."""
    ends = [
        f"{clean(name, 60)} up to {number(points[-1][1])} at {number(points[-1][0])}" for name, points in series.items()
    ]
    held = [f"limit {clean(name, 40)} {number(value)}" for name, value in limits.items()]
    return f"{clean(exhibit.title, 120)}, {exhibit.y} against {exhibit.x}: " + "; ".join([*ends, *held])


def _kinds(exhibit: Curve) -> tuple[Kind, Kind]:
    return Kind.LOG if exhibit.x_log else Kind.LINEAR, Kind.LOG if exhibit.y_log else Kind.LINEAR


def _key(kind: str) -> Svg:
    return line(0, 6, 26, 6, f"curve {kind}")


def _diagonal(exhibit: Curve, frame: Frame) -> Iterator[Svg]:
    if exhibit.diagonal:
        x, y = frame.x, frame.y
        low, high = max(x.low, y.low), min(x.high, y.high)
        if low < high:
            yield line(x.at(low), y.at(low), x.at(high), y.at(high), "chance")


def _lines(series: Mapping[str, Sequence[tuple[float, float]]], frame: Frame) -> Iterator[Svg]:
    """The first series is drawn last, so that the candidate lies on top."""
    for index, (name, points) in reversed(list(enumerate(series.items()))):
        path = " ".join(f"{frame.x.at(x):.1f},{frame.y.at(y):.1f}" for x, y in points)
        if len(points) == 1:
            path = f"{path} {path}"
        yield element("polyline", title(name), points=path, class_=f"curve {kind_of(name, index)}")


def _limits(limits: Mapping[str, float], frame: Frame) -> Iterator[Svg]:
    """Each label sits on its line at the left, or below it where the one above already takes the room."""
    taken = float("-inf")
    for name, value in sorted(limits.items(), key=lambda item: -item[1]):
        y = frame.y.at(value)
        label = elide(f"{name}: {number(value)}", frame.x.end - frame.x.start - 12, FONT - 1)
        at = y - 5 if y - 5 - FONT >= max(taken, frame.y.end - 6) else max(y, taken) + FONT + 1
        taken = max(at, y)
        yield line(frame.x.start, y, frame.x.end, y, "limit")
        yield element(
            "g",
            element(
                "rect", x=frame.x.start + 4, y=at - 10, width=text_width(label, FONT - 1) + 6, height=13, class_="halo"
            ),
            text(frame.x.start + 7, at, label, kind="limit-name", full=f"{name}: {number(value)}"),
        )
