"""One measure in a line of a table: value and interval beside the limit, the side that passes shaded."""

from __future__ import annotations

from gatehouse.report.figures import limit_of, value_of
from gatehouse.report.plots.axes import Kind, over
from gatehouse.report.plots.marks import LOOKS, diamond, dot
from gatehouse.report.plots.svg import Svg, canvas, line, rectangle
from gatehouse.report.text import clean
from gatehouse.verdict import Measure, Relation

WIDTH, HEIGHT = 150, 22


def draw(measure: Measure) -> Svg | None:
    """None where the value or the limit cannot be drawn, or the limit has no side."""
    kind = Kind.LINEAR
    value, limit = measure.value, measure.limit
    if (
        value is None
        or limit is None
        or measure.relation is None
        or not (kind.drawable(value) and kind.drawable(limit))
    ):
        return None
    ends = (measure.interval.low, measure.interval.high) if measure.interval else ()
    held = [value, limit, measure.champion, *ends]
    # A ceiling on figures that cannot be negative is read from zero, so that rows of a table compare.
    from_zero = measure.relation is Relation.AT_MOST and all(figure is None or figure >= 0 for figure in held)
    scale = over(held, 6, WIDTH - 6, zero=from_zero)
    if scale is None:
        return None
    at, y = scale.at(limit), HEIGHT / 2
    inside = (0.0, at) if measure.relation is Relation.AT_MOST else (at, float(WIDTH))
    wrong = LOOKS[measure.outcome]
    parts = [
        rectangle(inside[0], y - 7, inside[1] - inside[0], 14, "inside"),
        line(0, y, WIDTH, y, "grid"),
        line(at, y - 9, at, y + 9, "limit solid"),
    ]
    if ends and all(kind.drawable(end) for end in ends):
        parts.append(line(scale.at(ends[0]), y, scale.at(ends[1]), y, f"whisker candidate{wrong}"))
    if measure.champion is not None and kind.drawable(measure.champion):
        parts.append(diamond(scale.at(measure.champion), y))
    parts.append(dot(scale.at(value), y, f"candidate{wrong}"))
    return canvas(WIDTH, HEIGHT, f"{clean(measure.name, 80)}: {value_of(measure)}, limit {limit_of(measure)}", parts)
