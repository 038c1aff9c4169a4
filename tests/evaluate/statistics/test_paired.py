from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.paired import Question, mcnemar, proportions_test, tango, tango_interval
from gatehouse.evaluate.statistics.ranked import Ranked
from gatehouse.evaluate.statistics.ranking import roc_auc
from gatehouse.evaluate.statistics.results import Conclusion
from tests.evaluate.statistics.cases import Floats, boarded

BOTH = ("candidate", "champion")

# DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44:837, ovarian cancer: albumin, total protein, Krebs-Goplerud
# score, and whether surgery helped, as printed in the SAS/STAT user's guide, LOGISTIC, "Comparing Receiver Operating
# Characteristic Curves". The expected figures below were computed from these data by two other implementations, areas
# and standard errors by confidenceinterval 1.0.5, p-values and variances of differences by MLstatkit 0.1.91.
_PRINTED = """
    3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1
    3.8 5.7 5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0
    2.3 4.4 6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1
    3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0
    3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1  2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1
    3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""
OVARIAN = np.array(_PRINTED.split(), float).reshape(-1, 4)


def _ovarian() -> Board:
    columns = {"label": OVARIAN[:, 3], "albumin": OVARIAN[:, 0], "protein": OVARIAN[:, 1], "score": 10 - OVARIAN[:, 2]}
    return boarded("binary", ("roc_auc",), columns, models=("albumin", "protein", "score"))


@pytest.mark.parametrize(
    ("test", "area", "sd"),
    [
        ("albumin", 0.73655914, 0.09269435),
        ("protein", 0.64784946, 0.10004738),
        ("score", 0.72580645, 0.10282161),
    ],
)
def test_delong_finds_the_areas_of_the_published_data(test: str, area: float, sd: float) -> None:
    board = _ovarian()
    part = roc_auc(board.scores[0].models[board.model(test)])
    assert part.value == pytest.approx(area, abs=5e-9)
    assert math.sqrt(np.square(part.influence).sum()) == pytest.approx(sd, abs=5e-9)


@pytest.mark.parametrize(
    ("test", "difference", "variance", "p"),
    [("albumin", 0.01075269, 0.00909040544, 0.91020635), ("protein", -0.07795699, 0.01094316607, 0.45613971)],
)
def test_delong_finds_the_contrasts_of_the_published_data(
    test: str, difference: float, variance: float, p: float
) -> None:
    found = _ovarian().compare("roc_auc", models=(test, "score"))
    assert found.difference.value == pytest.approx(difference, abs=5e-9)
    assert found.difference.interval is not None
    half = 1.959963985 * math.sqrt(variance)
    bounds = (found.difference.interval.low, found.difference.interval.high)
    assert bounds == pytest.approx((difference - half, difference + half), abs=1e-7)
    assert found.p_value is not None
    assert 2 * min(found.p_value, 1 - found.p_value) == pytest.approx(p, abs=5e-9)


def _delong_by_pairs(label: Floats, scores: list[Floats]) -> tuple[Floats, Floats]:
    """Areas and their covariance as DeLong defines them, comparing every positive with every negative."""
    above, below = [], []
    for score in scores:
        wins = (score[label == 1][:, None] > score[label == 0][None, :]) + 0.5 * (
            score[label == 1][:, None] == score[label == 0][None, :]
        )
        above.append(wins.mean(axis=1))
        below.append(wins.mean(axis=0))
    positives, negatives = np.array(above), np.array(below)
    return positives.mean(axis=1), np.cov(positives) / positives.shape[1] + np.cov(negatives) / negatives.shape[1]


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 25), st.integers(2, 25), st.integers(1, 12), st.integers(0, 10_000))
def test_midranks_give_what_all_pairs_give(positives: int, negatives: int, levels: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    label = random.permutation(np.r_[np.ones(positives), np.zeros(negatives)])
    scores = [random.integers(0, levels, len(label)) / levels for _ in BOTH]
    areas, covariance = _delong_by_pairs(label.astype(float), [score.astype(float) for score in scores])
    parts = [roc_auc(Ranked(label.astype(np.uint8), score)) for score in scores]
    for one in range(2):
        assert parts[one].value == pytest.approx(areas[one], abs=1e-12)
        for other in range(2):
            product = float((parts[one].influence * parts[other].influence).sum())
            assert product == pytest.approx(covariance[one, other], abs=1e-12)


def _models(n: int, seed: int = 0, gain: float = 0.5) -> dict[str, Floats]:
    random = np.random.default_rng(seed)
    label = random.integers(0, 2, n).astype(float)
    champion = 1 / (1 + np.exp(-random.normal(label, 1)))
    candidate = 1 / (1 + np.exp(-random.normal(label * (1 + gain), 1)))
    return {"label": label, "candidate": candidate, "champion": champion}


@pytest.mark.parametrize("margin", [-0.01, 0.0])
def test_the_same_model_is_no_worse_and_no_better(margin: float) -> None:
    columns = _models(200)
    columns["champion"] = columns["candidate"]
    board = boarded("binary", ("roc_auc", "average_precision", "brier"), columns, models=BOTH)
    for metric in board.plan.metrics:
        found = board.compare(metric, margin)
        assert found.difference.value == 0
        assert found.conclusion is Conclusion.PROVEN, metric
        assert board.compare(metric, 0.001).conclusion is Conclusion.REFUTED, metric


def test_two_perfect_orders_of_few_rows_prove_nothing() -> None:
    columns = {"label": [0, 0, 0, 1, 1, 1], "candidate": [0.1, 0.2, 0.3, 0.7, 0.8, 0.9]}
    columns["champion"] = [0.3, 0.2, 0.1, 0.9, 0.8, 0.7]
    found = boarded("binary", ("roc_auc",), columns, models=BOTH).compare("roc_auc", -0.05)
    assert found.conclusion is Conclusion.UNDECIDED
    assert found.needed_rows is not None
    assert found.needed_rows > 6


def test_a_monotone_change_of_the_scores_changes_nothing() -> None:
    columns = _models(300)
    columns["champion"] = columns["candidate"] ** 3
    found = boarded("binary", ("roc_auc",), columns, models=BOTH).compare("roc_auc")
    assert found.difference.value == 0
    assert found.conclusion is Conclusion.PROVEN


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "log_loss", "brier", "accuracy", "f1", "precision"])
def test_a_clear_gain_is_proven_and_its_opposite_refuted(metric: str) -> None:
    board = boarded("binary", (metric,), _models(4000, gain=1.0), models=BOTH)
    found = board.compare(metric)
    assert found.conclusion is Conclusion.PROVEN
    assert found.p_value is not None
    assert found.p_value < 0.05
    assert found.bound is not None
    assert found.bound > 0
    assert found.improvement is not None
    assert found.improvement > found.bound
    turned = board.compare(metric, models=("champion", "candidate"))
    assert turned.conclusion is Conclusion.REFUTED
    assert turned.improvement == pytest.approx(-found.improvement)


def test_an_undecided_test_names_rows_that_would_decide_it() -> None:
    found = boarded("binary", ("roc_auc",), _models(150, seed=3, gain=0.15), models=BOTH).compare("roc_auc")
    assert found.conclusion is Conclusion.UNDECIDED
    assert found.improvement is not None
    assert found.needed_rows is not None
    more = boarded("binary", ("roc_auc",), _models(4 * found.needed_rows, seed=9, gain=0.15), models=BOTH).compare(
        "roc_auc"
    )
    assert more.conclusion is Conclusion.PROVEN


def test_a_missing_figure_makes_the_comparison_unknown() -> None:
    columns = _models(100)
    columns["candidate"][3] = np.nan
    found = boarded("binary", ("roc_auc", "accuracy"), columns, models=BOTH).compare("roc_auc")
    assert found.conclusion is Conclusion.UNKNOWN
    assert found.p_value is None
    assert found.difference.note == "1 of 100 predictions are not finite numbers"


def test_models_are_not_compared_by_calibration_error() -> None:
    board = boarded("binary", ("expected_calibration_error",), _models(100), models=BOTH)
    with pytest.raises(GatehouseError, match="not compared by expected_calibration_error") as caught:
        board.compare("expected_calibration_error")
    assert "brier" in caught.value.fix


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(b: int, c: int) -> None:
    expected = stats.binomtest(b, b + c, alternative="greater").pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, abs=1e-12)


def test_an_accuracy_is_compared_by_mcnemar() -> None:
    label = np.r_[np.ones(50), np.zeros(50)]
    champion, candidate = label.copy(), label.copy()
    champion[:9] = 0  # nine that only the candidate gets right
    candidate[90:92] = 1  # two that only the champion does
    board = boarded("binary", (), {"label": label, "candidate": candidate, "champion": champion}, models=BOTH)
    found = board.compare("accuracy")
    assert found.test == "exact McNemar"
    assert found.p_value == pytest.approx(stats.binomtest(9, 11, alternative="greater").pvalue, abs=1e-12)
    assert board.compare("tpr").p_value == pytest.approx(0.5**9, abs=1e-12)  # nine to none among the positives
    assert board.compare("fpr").p_value == 1.0  # and the two false alarms count against the candidate
    assert board.compare("precision").test == "paired bootstrap"


def test_tangos_interval_and_mcnemars_test_are_the_published_ones() -> None:
    # Complete response before and after consolidation therapy (Cavo et al. 2012), pairs 59, 6, 16, 80: the tests of the
    # R package contingencytables, which goes with Fagerland, Lydersen and Laake's book, print for Tango's asymptotic
    # score interval -0.1240 to -0.0054, for McNemar's exact conditional test P = 0.052479, two-sided, and Z = -2.132.
    low, high = tango_interval(6, 16, 161, 1.959964)
    assert (low, high) == pytest.approx((-0.1240, -0.0054), abs=5e-5)
    assert 2 * mcnemar(16, 6) == pytest.approx(0.052479, abs=5e-7)
    assert tango(6, 16, 161, 0.0) == pytest.approx(-2.132, abs=5e-4)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 200))
def test_tango_at_no_difference_is_mcnemars_chi(b: int, c: int, rest: int) -> None:
    if b + c:
        assert tango(b, c, b + c + rest, 0.0) == pytest.approx((b - c) / math.sqrt(b + c))
    low, high = tango_interval(b, c, max(b + c + rest, 1), 1.959964)
    assert -1 <= low <= (b - c) / max(b + c + rest, 1) <= high <= 1


def test_a_margin_is_tested_by_score_and_no_discordant_pair_is_no_certainty() -> None:
    few = proportions_test(0, 0, 20, Question(-0.05, 0.95, 1))
    many = proportions_test(0, 0, 2000, Question(-0.05, 0.95, 1))
    assert few.p_value > 0.05
    assert many.p_value < 0.001
    assert few.bound < many.bound < 0


def test_clusters_widen_the_interval_as_much_as_they_repeat_rows() -> None:
    columns = _models(400, seed=5)
    repeated = {name: np.repeat(values, 10) for name, values in columns.items()}
    alone = boarded("binary", ("roc_auc", "brier"), columns, models=BOTH)
    blind = boarded("binary", ("roc_auc", "brier"), repeated, models=BOTH)
    customers = repeated | {"customer": np.repeat(np.arange(400), 10)}
    aware = boarded("binary", ("roc_auc", "brier"), customers, models=BOTH, cluster="customer")
    for metric in ("roc_auc", "brier", "accuracy", "precision"):
        widths = {}
        for name, board in {"alone": alone, "blind": blind, "aware": aware}.items():
            interval = board.compare(metric).difference.interval
            assert interval is not None
            widths[name] = interval.high - interval.low
        assert widths["aware"] == pytest.approx(widths["alone"], rel=0.12), metric
        assert widths["blind"] < widths["alone"] / 2, metric


def test_a_bootstrap_repeats_to_the_last_digit() -> None:
    first, second = (boarded("binary", ("brier",), _models(500), models=BOTH).compare("brier") for _ in range(2))
    assert first == second
