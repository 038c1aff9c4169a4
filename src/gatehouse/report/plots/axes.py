"""Scales and their ticks: nice numbers and decades; and the frame that curves and clouds share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gatehouse.report.figures import MINUS, number
from gatehouse.report.plots.svg import FONT, Svg, canvas, element, elide, line, text, text_width

# Figures beyond this are not drawn: spans over it overflow, and no scale would show them beside others.
HUGE = 1e15


class Kind(StrEnum):
    """How values spread over a scale."""

    LINEAR = "linear"
    LOG = "log"

    def drawable(self, value: float | None) -> bool:
        if value is None or not math.isfinite(value) or abs(value) > HUGE:
            return False
        return self is Kind.LINEAR or value > 1 / HUGE

    def spread(self, value: float) -> float:
        return math.log10(value) if self is Kind.LOG else value


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from ``low`` to ``high`` on pixels from ``start`` to ``end``; values outside land on the nearer end."""

    low: float
    high: float
    start: float
    end: float
    kind: Kind = Kind.LINEAR

    def at(self, value: float) -> float:
        low, high = self.kind.spread(self.low), self.kind.spread(self.high)
        share = (self.kind.spread(min(max(value, self.low), self.high)) - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """At most ``most`` values at which people like to read a scale, rising."""
        if self.kind is Kind.LOG:
            return _decades(self.low, self.high, most)
        return _nice(self.low, self.high, most)


def over(
    values: Iterable[float | None], start: float, end: float, *, kind: Kind = Kind.LINEAR, zero: bool = False
) -> Scale | None:
    """The scale that holds all drawable values with a little air; None where there are none. ``zero``: from there."""
    held = [value for value in values if value is not None and kind.drawable(value)]
    if not held:
        return None
    low, high = min(held), max(held)
    if kind is Kind.LOG:
        low, high = low / 1.1, high * 1.1
    else:
        air = 0.04 * (high - low) or 0.05 * abs(high) or 0.5
        low, high = (min(low, 0.0) if zero else low - air), high + air
    if kind.spread(high) - kind.spread(low) <= 1e-9 * max(abs(kind.spread(high)), 1e-9):
        low, high = (low - abs(low) / 2 - 1e-6, high + abs(high) / 2 + 1e-6)
    return Scale(low, high, start, end, kind)


def _nice(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10, 20) if (high - low) / (factor * power) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 12 - math.floor(math.log10(step))) for index in range(first, last + 1)]


def _decades(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, with 2 and 5 between them while there is room, thinned where there is none."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1, 2, 5), (1, 3), (1,)):
        ticks = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) <= most:
            break
    thinned = inside[:: max(1, math.ceil(len(inside) / most))]
    return thinned if len(thinned) > 1 else _nice(low, high, most)


@dataclass(frozen=True, slots=True)
class Frame:
    """The inside of a drawing with two axes, in pixels of the canvas."""

    x: Scale
    y: Scale


def labels(scale: Scale, ticks: Sequence[float]) -> list[str]:
    """One label a tick, with as many decimals as the step between them needs."""
    if scale.kind is not Kind.LINEAR or len(ticks) < 2:
        return [number(tick) for tick in ticks]
    step = ticks[1] - ticks[0]
    largest = max(abs(tick) for tick in ticks)
    if largest >= 1e7 or step < 1e-5:
        return [number(tick, 3) for tick in ticks]
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{tick:,.{places}f}".replace("-", MINUS) for tick in ticks]


def grid(frame: Frame, width: float) -> Iterator[Svg]:
    """Light lines at the ticks of both axes, and their labels; labels that would touch their neighbour are left out."""
    x, y = frame.x, frame.y
    ticks = y.ticks(6)
    for tick, label in zip(ticks, labels(y, ticks), strict=True):
        yield line(x.start, y.at(tick), x.end, y.at(tick), "grid")
        yield text(x.start - 6, y.at(tick) + 4, label, kind="tick", anchor="end")
    ticks = x.ticks(max(2, int((x.end - x.start) / 60)))
    free = -math.inf
    for tick, label in zip(ticks, labels(x, ticks), strict=True):
        at, half = x.at(tick), text_width(label, FONT - 1) / 2
        yield line(at, y.end, at, y.start, "grid")
        if at - half > free and at + half <= width:
            yield text(at, y.start + 16, label, kind="tick", anchor="middle")
            free = at + half + 6
    yield line(x.start, y.start, x.end, y.start, "axis")


def room_for(values: Iterable[float | None], kind: Kind) -> float:
    """How many pixels the labels of a vertical axis need at its left."""
    scale = over(values, 100, 0, kind=kind)
    ticks = scale.ticks(6) if scale else []
    widest = max((text_width(label, FONT - 1) for label in labels(scale, ticks)), default=0.0) if scale else 0.0
    return min(max(widest + 10, 30), 110)


def kind_of(series: str, number_of: int) -> str:
    """The stylesheet's class of a series: candidate and champion look the same on every plot."""
    return series if series in ("candidate", "champion") else f"other{number_of % 4}"


def legend(series: Sequence[tuple[str, Svg]], width: float, y: float) -> tuple[list[Svg], float]:
    """Names beside their marks (each drawn in a box 26 x 12), wrapped to the width; and the y below them."""
    parts, x = [], 0.0
    for name, mark in series:
        shown = elide(name, min(260, width - 40))
        needed = 32 + text_width(shown)
        if x and x + needed > width:
            x, y = 0.0, y + 20
        parts.append(element("g", mark, transform=f"translate({x:.0f} {y - 10:.0f})"))
        parts.append(text(x + 32, y, shown, kind="key", full=name))
        x += needed + 18
    return parts, y + 8


def thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most about ``most`` points, evenly taken, the last one among them."""
    step = max(1, math.ceil(len(points) / most))
    kept = list(points[::step])
    return kept if not points or kept[-1] == points[-1] else [*kept, points[-1]]


def drawable(
    series: Mapping[str, Sequence[tuple[float, float]]], x: Kind, y: Kind, most: int
) -> dict[str, list[tuple[float, float]]]:
    """Per series (at most eight of them) the points that both scales can show, thinned; empty series are dropped.

    The candidate comes first and the champion second, whatever the order they came in.
    """
    order = sorted(series, key=lambda name: (name != "candidate", name != "champion"))
    kept = {
        name: thinned([(a, b) for a, b in series[name] if x.drawable(a) and y.drawable(b)], most) for name in order[:8]
    }
    return {name: points for name, points in kept.items() if points}


def nothing(title: str, width: float) -> Svg:
    """The drawing of an exhibit without a single figure that could be drawn."""
    words = text(width / 2, 32, "no figures to draw", kind="muted", anchor="middle")
    return canvas(width, 56, f"{title}: no figures to draw", [words])
