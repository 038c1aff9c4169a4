from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from gatehouse.evaluate.statistics.results import Conclusion
from gatehouse.evaluate.statistics.sequential import (
    Design,
    Moments,
    Plan,
    boundary,
    power_table,
    proportion_bounds,
    rule,
    sample_ratio,
    standard_error,
    tuned,
    units_needed,
)

Floats = npt.NDArray[np.float64]
RUNS, LOOKS = 2_000, 200


def arm(mean: float, n: int, variance: float = 0.25) -> Moments:
    return Moments(n, mean, variance * (n - 1))


# --- the bounds themselves


def test_the_mixture_is_tuned_and_bounded_as_the_authors_package_has_it() -> None:
    # confseq's own test: v = v_opt = 100, alpha 0.05; two-sided rho 12.60056, one-sided bound 27.66071 by root finding.
    assert tuned(100, 0.025) == pytest.approx(12.60056, abs=1e-5)
    closed = float(boundary(100, 0.05, tuned(100, 0.05))) * math.sqrt(100)
    # The closed form is never below the root, and hardly above.
    assert 27.66071 <= closed < 27.66071 * 1.01


@pytest.mark.parametrize("planned", [1_000, 20_000])
def test_the_bound_is_narrowest_for_the_planned_number_of_units(planned: int) -> None:
    at = [float(boundary(planned, 0.05, tuned(planned * factor, 0.05))) for factor in (0.5, 1, 2)]

    assert at[1] <= min(at[0], at[2])


def test_a_bound_for_all_looks_is_wider_than_one_for_a_single_look_and_not_by_much() -> None:
    assert 1.645 < float(boundary(20_000, 0.05, tuned(20_000, 0.05))) < 2 * 1.645


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (0, 10), (10, 10), (3, 10), (300, 1_000)])
def test_exact_bounds_hold_the_rate_between_them(hits: int, n: int) -> None:
    low, high = proportion_bounds(hits, n, 0.05)

    assert 0 <= float(low) <= (hits / n if n else 0.5) <= float(high) <= 1
    # Each is where the mixture reaches 1 / alpha, or the end of the scale.
    for p in (float(low), float(high)):
        if 0 < p < 1:
            mixture = stats.betabinom.logpmf(hits, n, 1, 1) - stats.binom.logpmf(hits, n, p)
            assert mixture == pytest.approx(math.log(1 / 0.05), abs=1e-6)


def test_exact_bounds_are_wider_than_a_single_looks_and_symmetric() -> None:
    low, high = (float(end) for end in proportion_bounds(300, 1_000, 0.05))
    flipped = [float(end) for end in proportion_bounds(700, 1_000, 0.05)]

    interval = stats.binomtest(300, 1_000).proportion_ci(0.95)
    assert low < interval.low < interval.high < high
    assert (1 - flipped[1], 1 - flipped[0]) == pytest.approx((low, high))


# --- verdicts at their limits


def test_a_margin_is_proven_up_to_the_bound_and_refuted_beyond_the_other() -> None:
    first = rule(arm(0.55, 5_000), arm(0.50, 5_000), Design())
    assert first.interval is not None
    low, high = first.interval.low, first.interval.high
    assert first.improvement == pytest.approx(0.05)
    assert 0 < low < 0.05 < high

    for margin, conclusion in (
        (low - 1e-6, Conclusion.PROVEN),
        (low, Conclusion.PROVEN),
        (low + 1e-6, Conclusion.UNDECIDED),
        (high, Conclusion.UNDECIDED),
        (high + 1e-6, Conclusion.REFUTED),
    ):
        said = rule(arm(0.55, 5_000), arm(0.50, 5_000), Design(margin=margin))
        assert (margin, said.conclusion) == (margin, conclusion)
        assert (said.needed is not None) == (conclusion is Conclusion.UNDECIDED)


def test_no_worse_than_by_a_margin_is_easier_than_better() -> None:
    same = arm(0.5, 20_000), arm(0.5, 20_000)

    assert rule(*same, Design(margin=0.0)).conclusion is Conclusion.UNDECIDED
    assert rule(*same, Design(margin=-0.03)).conclusion is Conclusion.PROVEN
    assert rule(*same, Design(margin=0.03)).conclusion is Conclusion.REFUTED


@pytest.mark.parametrize("method", ["asymptotic", "exact"])
def test_where_less_is_better_the_sign_turns(method: Any) -> None:
    up = rule(arm(0.55, 5_000), arm(0.50, 5_000), Design(method=method))
    down = rule(arm(0.45, 5_000), arm(0.50, 5_000), Design(sign=-1, method=method))

    assert up.interval is not None
    assert down.interval is not None
    assert down.improvement == pytest.approx(up.improvement)
    assert (down.interval.low, down.interval.high) == pytest.approx((up.interval.low, up.interval.high))


def test_the_exact_bounds_are_wider() -> None:
    narrow = rule(arm(0.55, 5_000), arm(0.50, 5_000), Design()).interval
    wide = rule(arm(0.55, 5_000), arm(0.50, 5_000), Design(method="exact")).interval

    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("method", ["asymptotic", "exact"])
@pytest.mark.parametrize("arms", [(Moments(), arm(0.5, 100)), (arm(0.5, 100), Moments()), (Moments(), Moments())])
def test_an_empty_arm_says_nothing(arms: tuple[Moments, Moments], method: Any) -> None:
    said = rule(*arms, Design(method=method))

    assert said.conclusion is Conclusion.UNKNOWN
    assert (said.improvement, said.interval) == (None, None)


@pytest.mark.parametrize("margin", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize(
    "arms",
    [
        (Moments(500, 1.0, 0.0), Moments(500, 0.0, 0.0)),  # all ties
        (Moments(500, 0.0, 0.0), arm(0.2, 500)),
        (Moments(1, 1.0, 0.0), arm(0.2, 500)),
    ],
)
def test_an_arm_without_variance_decides_nothing_asymptotically(arms: tuple[Moments, Moments], margin: float) -> None:
    said = rule(*arms, Design(margin=margin))

    assert said.conclusion is Conclusion.UNDECIDED
    assert said.interval is None
    assert "one and the same value" in said.note


def test_the_exact_bounds_decide_without_variance() -> None:
    assert rule(Moments(500, 1.0, 0.0), Moments(500, 0.0, 0.0), Design(method="exact")).conclusion is Conclusion.PROVEN
    assert rule(Moments(2, 1.0, 0.0), Moments(2, 0.0, 0.0), Design(method="exact")).conclusion is Conclusion.UNDECIDED


def test_the_exact_bounds_refuse_values_outside_0_to_1() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        rule(arm(12.5, 50), arm(0.5, 50), Design(method="exact"))


# --- moments


def test_moments_of_parts_merge_to_those_of_the_whole() -> None:
    values = np.random.default_rng(1).normal(1e6, 1, 1_000)
    whole, parts = Moments.of(values), Moments()
    for part in np.split(values, [1, 40, 40, 700]):
        parts = parts.merge(Moments.of(part))

    assert parts.n == 1_000
    assert parts.mean == pytest.approx(whole.mean)
    assert parts.variance == pytest.approx(np.var(values, ddof=1), rel=1e-9)
    assert math.isnan(Moments.of([1.0]).variance)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_has_no_mean(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Moments.of([1.0, value])


# --- the split


def test_the_sample_ratio_is_scipys_chi_square() -> None:
    for challenger, champion, share in ((520, 9_480, 0.05), (4_900, 5_100, 0.5), (10, 0, 0.5)):
        n = challenger + champion
        wanted = stats.chisquare([challenger, champion], [n * share, n * (1 - share)]).pvalue
        assert sample_ratio(challenger, champion, share) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("challenger", "champion", "share", "p"),
    [(0, 0, 0.5, 1.0), (0, 500, 0.0, 1.0), (1, 500, 0.0, 0.0), (500, 0, 1.0, 1.0), (500, 1, 1.0, 0.0)],
)
def test_an_arm_that_was_to_have_no_units_has_none(challenger: int, champion: int, share: float, p: float) -> None:
    assert sample_ratio(challenger, champion, share) == p


# --- planning


def test_a_smaller_effect_takes_more_units_and_an_uneven_split_too() -> None:
    table = power_table([0.04, 0.02, 0.01], Plan.of_rate(0.2, 0.5), Design(), units_per_day=1_000)
    units = [line.units for line in table]

    assert all(n is not None for n in units)
    assert units == sorted(units, key=lambda n: n or 0)
    assert table[0].days == pytest.approx((units[0] or 0) / 1_000)
    uneven = units_needed(0.02, Plan.of_rate(0.2, 0.05), Design())
    assert uneven is not None
    assert units[1] is not None
    assert uneven > 3 * units[1]


@pytest.mark.parametrize(
    ("distance", "plan"),
    [
        (0.0, Plan.of_rate(0.2, 0.5)),
        (math.nan, Plan.of_rate(0.2, 0.5)),
        (0.1, Plan.of_rate(0.2, 0.0)),
        (0.1, Plan.of_rate(0.2, 1.0)),
        (0.1, Plan.of_rate(0.0, 0.5)),
        (0.1, Plan(math.nan, 0.2, 0.5)),
        (1e-9, Plan.of_rate(0.2, 0.5)),
    ],
)
def test_what_no_number_of_units_decides_has_none(distance: float, plan: Plan) -> None:
    assert units_needed(distance, plan, Design()) is None


def test_no_days_without_a_rate() -> None:
    (line,) = power_table([0.04], Plan.of_rate(0.2, 0.5), Design(), units_per_day=0)

    assert line.units is not None
    assert line.days is None


# --- what the bounds promise, looked at again and again


def _counted(random: np.random.Generator, rate: float, per_look: int, runs: int = RUNS) -> Floats:
    """(runs, looks) hits so far, of yes and no."""
    return random.binomial(per_look, rate, (runs, LOOKS)).cumsum(axis=1).astype(float)


def _bounds(first: Floats, second: Floats, n: Floats, design: Design) -> tuple[Floats, Floats, Floats, Floats]:
    """Lower and upper bound of first minus second, and what a plain z-test would say, at every look."""
    means = first / n, second / n
    error = standard_error(tuple(mean * (1 - mean) * n / (n - 1) for mean in means), (n, n))
    gap, width = means[0] - means[1], error * boundary(2 * n, design.alpha, tuned(design.planned, design.alpha))
    return gap - width, gap + width, gap - 1.645 * error, gap + 1.645 * error


@pytest.mark.parametrize(("rate", "per_look"), [(0.2, 50), (0.02, 500)])
def test_looking_two_hundred_times_finds_no_more_than_chance_where_a_z_test_finds_far_more(
    rate: float, per_look: int
) -> None:
    random = np.random.default_rng(21)
    n = per_look * np.arange(1, LOOKS + 1, dtype=float)
    design = Design(planned=int(n[-1]))
    low, _, naive, _ = _bounds(_counted(random, rate, per_look), _counted(random, rate, per_look), n, design)
    started = 2 * n >= 400  # no gate looks sooner

    false = int((low > 0)[:, started].any(axis=1).sum())
    naively = int((naive > 0)[:, started].any(axis=1).sum())

    # Nominally at most 5 %; chance adds no more than this in 999 of 1,000 simulations.
    assert false <= stats.binom.ppf(0.999, RUNS, 0.05)
    assert naively > 0.2 * RUNS


def test_a_skewed_value_does_not_break_the_promise() -> None:
    random = np.random.default_rng(22)
    per_look, runs = 100, 1_000
    n = per_look * np.arange(1, 101, dtype=float)
    sums = []
    for _ in range(2):
        # Revenue of an hour: many small, few large. A lognormal's sums by look, from its own draws.
        drawn = np.exp(random.normal(0, 1, (runs, 100, per_look)).astype(np.float32)).astype(float)
        sums.append((drawn.sum(axis=2).cumsum(axis=1), np.square(drawn).sum(axis=2).cumsum(axis=1)))
    variances = tuple((squares / n - (total / n) ** 2) * n / (n - 1) for total, squares in sums)
    error = standard_error(variances, (n, n))
    gap = (sums[0][0] - sums[1][0]) / n
    width = error * boundary(2 * n, 0.05, tuned(20_000, 0.05))

    started = n >= 200
    for wrong in (gap > width, gap < -width):
        assert wrong[:, started].any(axis=1).sum() <= stats.binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize(("rate", "first"), [(0.02, 100), (0.01, 100), (0.005, 1_000)])
def test_a_small_arm_with_rare_events_does_not_break_the_promise(rate: float, first: int) -> None:
    random = np.random.default_rng(26)
    small = 50 * np.arange(1, LOOKS + 1, dtype=float)
    n = small, 19 * small
    means = [
        random.binomial(size, rate, (RUNS, LOOKS)).cumsum(axis=1) / units
        for size, units in zip((50, 950), n, strict=True)
    ]
    variances = tuple(mean * (1 - mean) * units / (units - 1) for mean, units in zip(means, n, strict=True))
    gap, width = means[0] - means[1], boundary(n[0] + n[1], 0.05, tuned(20_000, 0.05))
    # As a gate looks: from so many units an arm on, and never at an arm without variance.
    looked = (small >= first) & (variances[0] > 0) & (variances[1] > 0)
    error = standard_error(variances, n)
    naive = np.sqrt(variances[0] / n[0] + variances[1] / n[1])

    most = stats.binom.ppf(0.999, RUNS, 0.05)
    for wrong in (gap > width * error, gap < -width * error):
        assert (wrong & looked).any(axis=1).sum() <= most
    # Each arm's own variance would miss the truth far more often than it says.
    assert ((gap < -width * naive) & looked).any(axis=1).sum() > most


def test_the_error_is_that_of_two_means_where_the_arms_are_alike_and_never_below() -> None:
    alike = standard_error((0.25, 0.25), (100, 300))
    assert float(alike) == pytest.approx(math.sqrt(0.25 / 100 + 0.25 / 300))
    pooled = (0.01 * 99 + 0.25 * 299) / 398
    assert float(standard_error((0.01, 0.25), (100, 300))) == pytest.approx(math.sqrt(pooled / 100 + 0.25 / 300))


def test_what_is_needed_is_told_from_the_error_that_was_seen() -> None:
    said = rule(arm(0.52, 500), arm(0.50, 9_500), Design())

    assert said.conclusion is Conclusion.UNDECIDED
    assert said.needed == units_needed(0.02, Plan(0.25, 0.25, 0.05), Design())


def test_the_bounds_hold_the_truth_at_all_times() -> None:
    random = np.random.default_rng(23)
    n = 50 * np.arange(1, LOOKS + 1, dtype=float)
    low, high, *_ = _bounds(_counted(random, 0.25, 50), _counted(random, 0.2, 50), n, Design(planned=int(n[-1])))
    started = n >= 200

    for missed in ((low > 0.05), (high < 0.05)):
        assert missed[:, started].any(axis=1).sum() <= stats.binom.ppf(0.999, RUNS, 0.05)


def test_the_exact_bounds_hold_from_the_first_unit_on() -> None:
    random = np.random.default_rng(24)
    runs, rate = 1_000, 0.05
    n = np.arange(1, LOOKS + 1, dtype=float)
    hits = (random.random((runs, LOOKS)) < rate).cumsum(axis=1).astype(float)

    low, high = proportion_bounds(hits, n, 0.05)

    assert ((low > rate) | (high < rate)).any(axis=1).sum() <= stats.binom.ppf(0.999, runs, 0.05)


def test_the_power_at_the_units_that_were_said_is_what_was_said() -> None:
    random = np.random.default_rng(25)
    design, plan = Design(planned=20_000), Plan(0.23 * 0.77, 0.20 * 0.80, 0.5)
    units = units_needed(0.03, plan, design)
    assert units is not None
    per_look = math.ceil(units / 2 / LOOKS)
    n = per_look * np.arange(1, LOOKS + 1, dtype=float)

    low, *_ = _bounds(_counted(random, 0.23, per_look), _counted(random, 0.20, per_look), n, design)

    last = (low > 0)[:, -1].mean()
    ever = (low > 0)[:, n >= 200].any(axis=1).mean()
    assert last == pytest.approx(0.8, abs=0.03)
    assert last <= ever <= 0.9
