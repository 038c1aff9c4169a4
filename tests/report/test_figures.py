"""Numbers as people read them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.report import figures
from gatehouse.verdict import Interval, Measure, Outcome, Relation, at_least, at_most


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.84125, "0.8413"),
        (0.5, "0.5"),
        (12.0, "12"),
        (1234.5678, "1,235"),
        (-0.0123, "−0.0123"),
        (0.0, "0"),
        (-0.0, "0"),
        (1e-9, "1.000e−09"),
        (5e13, "5.000e+13"),
        (math.nan, "n/a"),
        (None, "n/a"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_a_number_has_four_significant_digits(value: float | None, shown: str) -> None:
    assert figures.number(value) == shown


def test_a_small_number_has_no_more_decimals_than_the_limit_beside_it_would_have() -> None:
    assert figures.beside(0.00005435, 0.2) == "0.0001"


def test_a_small_number_beside_a_large_limit_keeps_two_decimals() -> None:
    assert figures.beside(0.7134, 2000.0) == "0.71"


def test_an_interval_names_its_confidence_where_those_of_a_table_differ() -> None:
    measure = at_most("p95", 31, 50, interval=Interval(29, 34, 0.9))
    assert figures.interval_of(measure, levels=True) == "29 to 34 (90\u00a0%)"
    assert figures.interval_of(measure, levels=False) == "29 to 34"


def test_a_value_just_beyond_its_limit_is_shown_to_be_beyond_it() -> None:
    assert figures.beside(0.05000004, 0.05) == "0.05000004"
    assert figures.beside(0.81999, 0.82) == "0.81999"


def test_a_value_on_its_limit_reads_like_the_limit() -> None:
    assert figures.beside(0.8 + 0.05, 0.85) == "0.85"


@given(st.floats(), st.floats())
def test_any_two_numbers_can_be_shown_beside_each_other(value: float, limit: float) -> None:
    assert figures.beside(value, limit)
    assert figures.fixed(value, limit)


@given(st.floats(-1e9, 1e9), st.sampled_from([0.82, 0.05, 50.0, 1000.0]), st.sampled_from(list(Relation)))
def test_a_value_that_breaks_its_limit_never_reads_like_it(value: float, limit: float, relation: Relation) -> None:
    make = at_most if relation is Relation.AT_MOST else at_least
    measure = make("x", value, limit)
    if measure.outcome is Outcome.FAIL and abs(value - limit) > 1e-7 * limit:
        assert figures.value_of(measure) != figures.number(limit)


def test_columns_of_figures_keep_their_zeros() -> None:
    assert [figures.fixed(value, 0.2) for value in (0.143, 0.02, 0.0, -0.00001)] == ["0.143", "0.020", "0.000", "0.000"]


def test_a_figure_and_its_unit_stay_on_one_line() -> None:
    measure = at_most("p95", 31.44, 50, unit="ms", champion=28.0)
    assert figures.value_of(measure) == "31.44\u00a0ms"
    assert figures.limit_of(measure) == "≤\u00a050\u00a0ms"
    assert figures.champion_of(measure) == "28\u00a0ms"


def test_what_is_not_there_is_a_dash() -> None:
    measure = Measure("x", 1.0, Outcome.PASS)
    assert figures.limit_of(measure) == figures.champion_of(measure) == figures.span(None) == "—"


def test_intervals_say_from_where_to_where() -> None:
    assert figures.span(Interval(-0.002, 0.0151), 0.005) == "−0.002 to 0.0151"
    assert figures.confidence(Interval(0, 1, 0.99)) == "99 %"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0841, "84 ms"), (18.44, "18.4 s"), (250, "4 min 10 s"), (math.nan, "n/a"), (-1, "n/a")],
)
def test_durations_are_said_in_the_unit_that_fits(seconds: float, shown: str) -> None:
    assert figures.duration(seconds) == shown


def test_moments_name_their_zone() -> None:
    when = datetime(2026, 11, 24, 3, 49)  # noqa: DTZ001  (a moment without a zone is what is tested)
    assert figures.moment(when) == "2026-11-24 03:49 UTC"
    assert figures.moment(when.replace(tzinfo=UTC)) == "2026-11-24 03:49 UTC"
    assert figures.moment(when.replace(tzinfo=timezone(timedelta(hours=2)))) == "2026-11-24 03:49 +0200"


def test_nouns_follow_their_number() -> None:
    assert [figures.count(amount, "gate") for amount in (0, 1, 2, 1200)] == [
        "0 gates",
        "1 gate",
        "2 gates",
        "1,200 gates",
    ]
