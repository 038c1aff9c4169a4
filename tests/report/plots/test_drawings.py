"""Curves, clouds, forests, bars and bullets, as shapes on a canvas."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from gatehouse.report import plots
from gatehouse.report.plots import bullet, rows
from gatehouse.verdict import (
    Curve,
    Exhibit,
    Interval,
    Measure,
    Outcome,
    Points,
    Relation,
    Row,
    Rows,
    at_least,
    at_most,
)
from tests.support import hostile, results

WIDTHS = (plots.WIDE, plots.NARROW)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def _parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def _texts(svg: str) -> list[str]:
    return [(node.text or "") + "".join(child.tail or "" for child in node) for node in _parsed(svg).iter("text")]


def _assert_inside(svg: str) -> None:
    """Every coordinate lies on the canvas; lines and marks may touch its edge."""
    root = _parsed(svg)
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    for node in root.iter():
        for name, most in (("x", width), ("x1", width), ("x2", width), ("cx", width), ("y1", height), ("y2", height)):
            if name in node.attrib and node.tag != "rect":
                assert -1 <= float(node.attrib[name]) <= most + 1, (node.tag, name, node.attrib)
        if node.tag == "polyline":
            numbers = [float(number) for number in NUMBER.findall(node.attrib["points"])]
            assert all(-1 <= x <= width + 1 for x in numbers[::2])
            assert all(-1 <= y <= height + 1 for y in numbers[1::2])


@settings(max_examples=150, deadline=None)
@given(hostile.exhibits)
def test_any_exhibit_is_drawn_on_its_canvas(exhibit: Exhibit) -> None:
    for width in WIDTHS:
        svg = plots.draw(exhibit, width)
        _assert_inside(svg)
        assert not re.search(r'"[^"]*\b(?:nan|inf)\b[^"]*"', re.sub(r'(?:aria-label|class)="[^"]*"', "", svg))


@pytest.mark.parametrize(
    "exhibit",
    [
        Curve("t", "x", "y", {}),
        Curve("t", "x", "y", {"candidate": [(math.nan, 1), (1, math.inf)]}),
        Curve("t", "x", "y", {"candidate": [(-1, 1)]}, x_log=True),
        Rows("t", "x", ()),
        Rows("t", "x", (Row("a", None), Row("b", math.nan))),
        Points("t", "x", "y", {"candidate": []}),
    ],
)
def test_an_exhibit_without_a_drawable_figure_says_so(exhibit: Exhibit) -> None:
    assert "no figures to draw" in plots.draw(exhibit, plots.WIDE)


def test_a_roc_is_square_from_zero_to_one_with_both_models_and_the_diagonal() -> None:
    curve = results.accuracy().exhibits[0]
    svg = plots.draw(curve, plots.WIDE)
    assert svg.count("<polyline") == 2
    assert 'class="chance"' in svg
    assert {"0.0", "1.0", "candidate", "champion"} <= set(_texts(svg))
    ends = [float(number) for number in NUMBER.findall(re.findall(r'points="([^"]*)"', svg)[1])]
    assert ends[-2] - ends[0] == pytest.approx(ends[1] - ends[-1])


def test_the_candidate_lies_on_top() -> None:
    drawn = re.findall(r'<polyline points="[^"]*" class="curve (\w+)"', plots.draw(results.accuracy().exhibits[0], 700))
    assert drawn == ["champion", "candidate"]


def test_a_latency_curve_reaches_p999_with_its_budget_named() -> None:
    svg = plots.draw(results.latency().exhibits[0], plots.WIDE)
    assert {"1", "10", "100", "1,000", "p95 budget: 50"} <= set(_texts(svg))
    assert 'class="limit"' in svg


def test_limits_that_lie_together_keep_their_names_apart() -> None:
    limits = {"one": 50.0, "two": 50.2, "three": 50.4}
    svg = plots.draw(Curve("t", "x", "y", {"candidate": [(0, 0), (1, 100)]}, limits=limits), 700)
    heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)" class="limit-name"', svg))
    assert len(heights) == 3
    assert all(after - before >= 11 for before, after in pairwise(heights))


def test_a_forest_shows_groups_intervals_champion_and_limits() -> None:
    exhibit = results.fairness().exhibits[0]
    for width in WIDTHS:
        svg = plots.draw(exhibit, width)
        told = set(_texts(svg))
        assert {"business_size = small", "95 % interval", "champion", "overall 0.8412"} <= told
        assert svg.count('class="mark champion"') == 7 + 1
        assert svg.count("<circle") == 7 + 1


def test_a_group_that_failed_says_so_in_words() -> None:
    svg = plots.draw(Rows("t", "auc", (Row("a", 0.9), Row("b", 0.701, outcome=Outcome.FAIL))), plots.NARROW)
    assert "0.701 failed" in _texts(svg)


def test_a_group_that_could_not_be_judged_says_so_and_looks_faint_not_wrong() -> None:
    svg = plots.draw(results.fairness().exhibits[0], plots.WIDE)
    assert "0.702 not enough data" in _texts(svg)
    assert "mark candidate unsure" in svg
    assert "wrong" not in svg


def test_bars_start_at_zero_and_shade_what_chance_alone_gives() -> None:
    svg = plots.draw(results.drift().exhibits[0], plots.WIDE)
    starts = set(re.findall(r'<rect x="([\d.]+)"[^>]*class="bar candidate', svg))
    assert len(starts) == 1
    assert 'class="floor"' in svg
    assert any("chance alone" in told for told in _texts(svg))


def test_many_bars_are_ordered_by_value_and_the_rest_is_folded() -> None:
    exhibit = results.wide().verdicts[3].exhibits[0]
    assert isinstance(exhibit, Rows)
    shown, folded = rows.top(exhibit), rows.rest(exhibit)
    assert (len(shown), len(folded)) == (rows.TOP, 60 - rows.TOP)
    values = [row.value or 0 for row in (*shown, *folded)]
    assert values == sorted(values, reverse=True)


def test_a_failed_group_is_never_folded_away() -> None:
    many = (*(Row(f"g{i}", 0.9) for i in range(40)), Row("bad", 0.1, outcome=Outcome.FAIL))
    assert rows.top(Rows("t", "auc", many))[0].name == "bad"


def test_both_drawings_of_a_folded_exhibit_share_their_scale() -> None:
    exhibit = results.wide().verdicts[3].exhibits[0]
    assert isinstance(exhibit, Rows)
    first, second = (rows.draw(exhibit, part, plots.NARROW) for part in (rows.top(exhibit), rows.rest(exhibit)))
    limit = re.compile(r'<line x1="([\d.]+)"[^>]*class="limit"')
    assert limit.findall(first) == limit.findall(second)


def test_a_long_name_is_elided_in_the_middle_and_told_in_full_where_the_pointer_rests() -> None:
    name = "bureau_attribute_07_utilisation_of_revolving_credit_over_the_last_twelve_months"
    for width in WIDTHS:
        svg = plots.draw(Rows("t", "PSI", (Row(name, 0.1),), "bars"), width)
        assert f"<title>{name}</title>" in svg
        assert any("…" in told for told in _texts(svg))


def test_a_bullet_shades_the_side_that_passes() -> None:
    below = bullet.draw(at_most("p95", 40, 50, champion=30, interval=Interval(35, 45)))
    above = bullet.draw(at_least("auc", 0.9, 0.8))
    assert below is not None
    assert above is not None
    assert '<rect x="0"' in below
    assert '<rect x="0"' not in above
    assert 'aria-label="p95: 40, limit ≤\u00a050"' in below


def test_a_ceiling_is_read_from_zero_so_that_rows_compare() -> None:
    places = []
    for value in (0.01, 0.19):
        svg = bullet.draw(at_most("psi", value, 0.2))
        assert svg is not None
        places.append(float(re.findall(r'cx="([\d.]+)"', svg)[0]))
    assert places[1] - places[0] > bullet.WIDTH / 2


@pytest.mark.parametrize(
    "measure",
    [
        Measure("x", None, Outcome.FAIL, 1.0, Relation.AT_MOST),
        Measure("x", math.nan, Outcome.FAIL, 1.0, Relation.AT_MOST),
        Measure("x", 1.0, Outcome.FAIL, math.inf, Relation.AT_MOST),
        Measure("x", 1.0, Outcome.PASS),
        Measure("x", 1.0, Outcome.PASS, 2.0),
    ],
)
def test_what_has_no_limit_or_no_value_has_no_bullet(measure: Measure) -> None:
    assert bullet.draw(measure) is None


@given(hostile.measures)
def test_any_measure_has_a_bullet_on_its_canvas_or_none(measure: Measure) -> None:
    svg = bullet.draw(measure)
    if svg is not None:
        _assert_inside(svg)


def test_a_drawing_tells_its_figures_to_those_who_cannot_see_it() -> None:
    (forest,), (curve,) = results.fairness().exhibits, results.latency().exhibits
    told = re.search(r'aria-label="([^"]*)"', plots.draw(forest, plots.WIDE))
    assert told is not None
    for row in ("business_size = small 0.794 (0.759 to 0.829)", "0.702 not enough data", "limit overall 0.8412"):
        assert row in told[1]
    assert "limit p95 budget 50" in plots.draw(curve, plots.WIDE)
