"""Small drawings as inline SVG: no script, no network, colours from the page's stylesheet."""

from __future__ import annotations

from gatehouse.report.plots import curve, points, rows
from gatehouse.report.plots.svg import Svg
from gatehouse.verdict import Curve, Exhibit, Rows

WIDE, NARROW = 900, 342
BROADEST = 760  # two axes read best when they are not much wider than high


def draw(exhibit: Exhibit, width: int) -> Svg:
    """The exhibit at a width in CSS pixels; text keeps its size, so that a phone gets a drawing of its own."""
    if isinstance(exhibit, Rows):
        return rows.draw(exhibit, rows.top(exhibit), width)
    if isinstance(exhibit, Curve):
        return curve.draw(exhibit, min(width, BROADEST))
    return points.draw(exhibit, min(width, BROADEST))
