"""A cloud of points by series, such as residuals against predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gatehouse.report.plots.axes import Frame, Kind, drawable, grid, kind_of, legend, nothing, over, room_for
from gatehouse.report.plots.svg import Svg, canvas, element, elide, line, text, title
from gatehouse.verdict import Points

MOST_POINTS = 500
TALL = 300.0
CROSS = "m-2.2-2.2l4.4 4.4m0-4.4l-4.4 4.4"


def draw(exhibit: Points, width: int) -> Svg:
    """Dots for the first series, crosses for the champion, so that colour is never the only difference."""
    series = drawable(exhibit.series, Kind.LINEAR, Kind.LINEAR, MOST_POINTS)
    if not series:
        return nothing(exhibit.title, width)
    keys, top = legend([(name, _key(name, i)) for i, name in enumerate(series)], width, 12)
    heights = [y for points in series.values() for _, y in points]
    left = room_for(heights, Kind.LINEAR)
    x = over((x for points in series.values() for x, _ in points), left, width - 20)
    y = over(heights, top + 26 + TALL, top + 26)
    if x is None or y is None:
        return nothing(exhibit.title, width)
    frame = Frame(x, y)
    zero = [line(x.start, y.at(0), x.end, y.at(0), "chance")] if y.low < 0 < y.high else []
    parts = [
        *keys,
        text(0, top + 14, elide(exhibit.y, width), kind="name", full=exhibit.y),
        *grid(frame, width),
        *_clouds(series, frame),
        *zero,
        text(x.end, y.start + 34, elide(exhibit.x, width - left), kind="name", anchor="end", full=exhibit.x),
    ]
    names = ", ".join(series)
    return canvas(width, y.start + 42, f"{exhibit.title}: {exhibit.y} against {exhibit.x} for {names}", parts)


def _clouds(series: Mapping[str, Sequence[tuple[float, float]]], frame: Frame) -> Iterator[Svg]:
    """One path a series: a thousand points stay a small page. The first series is drawn last, on top."""
    for index, (name, points) in reversed(list(enumerate(series.items()))):
        marks = "".join(f"M{frame.x.at(x):.1f} {frame.y.at(y):.1f}{_mark(name)}" for x, y in points)
        yield element("path", title(name), d=marks, class_=f"{_shape(name)} {kind_of(name, index)}")


def _mark(name: str) -> str:
    return CROSS if name == "champion" else "h0"


def _shape(name: str) -> str:
    return "cross" if name == "champion" else "dot"


def _key(name: str, index: int) -> Svg:
    return element("path", d=f"M13 6{_mark(name)}", class_=f"{_shape(name)} solid {kind_of(name, index)}")
