from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.fairness import Kind, Rule
from gatehouse.evaluate.statistics.planning import Need, hanley_mcneil, needs
from gatehouse.evaluate.statistics.ranking import auc
from gatehouse.verdict import Outcome
from tests.evaluate.statistics.cases import boarded


def _labels(sizes: dict[str, int]) -> dict[str, Any]:
    """Groups of these sizes, half of each positive."""
    groups = [name for name, size in sizes.items() for _ in range(size)]
    return {"label": np.arange(len(groups)) % 2, "g": groups}


def _board(sizes: dict[str, int]) -> Board:
    return boarded("binary", (), _labels(sizes), models=(), groups=("g",))


def test_the_variance_of_an_auc_is_that_of_exponential_scores() -> None:
    # Hanley and McNeil's (1982) formula is exact where both classes' scores are exponential; tried on 4,000 samples,
    # whose standard deviation is known to 1.1 %.
    random = np.random.default_rng(6)
    for area, positives, negatives in ((0.893, 51, 58), (0.7, 20, 90)):
        rate = (1 - area) / area  # P(positive > negative) of exponentials with rates ``rate`` and 1
        areas = [
            auc(
                np.r_[np.ones(positives), np.zeros(negatives)],
                np.r_[random.exponential(1 / rate, positives), random.exponential(1, negatives)],
            )
            for _ in range(4_000)
        ]
        assert np.mean(areas) == pytest.approx(area, abs=0.003)
        assert math.sqrt(hanley_mcneil(area, positives, negatives)) == pytest.approx(np.std(areas), rel=0.035)


def test_an_auc_of_one_class_has_no_variance() -> None:
    assert hanley_mcneil(0.8, 0, 10) == math.inf


def test_large_groups_need_nothing_and_a_small_one_is_named() -> None:
    assert needs(_board({"a": 20_000, "b": 20_000}), ["tpr"], Rule(0.05)) == ()
    (need,) = needs(_board({"a": 20_000, "b": 400}), ["tpr"], Rule(0.05))
    assert (need.group, need.metric, need.limit) == ("g=b", "tpr", 0.05)
    assert str(need) == (
        f"g=b needs about {need.rows:,} more rows ({need.positives:,} of them positives) to decide tpr within 0.05"
    )


def test_a_table_without_models_is_enough() -> None:
    assert isinstance(needs(_board({"a": 100, "b": 100}), ["roc_auc"], Rule(0.05))[0], Need)


@pytest.mark.parametrize("kind", [Kind.BETWEEN, Kind.RATIO])
def test_the_rows_that_are_asked_for_decide_between_groups_that_are_alike(kind: Kind) -> None:
    rule = Rule(0.9 if kind is Kind.RATIO else 0.05, kind)
    sizes = {"a": 50_000, "b": 100}
    (need,) = needs(_board(sizes), ["demographic_parity"], rule)

    def alike(extra: int) -> Outcome:
        columns = _labels(sizes | {"b": 100 + extra})
        decided = np.arange(len(columns["label"])) % 2
        board = boarded("binary", (), columns | {"candidate": decided.astype(float)}, groups=("g",))
        return board.disparity("demographic_parity", rule).outcome

    assert alike(0) is Outcome.INSUFFICIENT
    assert alike(2 * round(need.rows * 0.55)) is Outcome.PASS
    assert alike(2 * round(need.rows * 0.45)) is Outcome.INSUFFICIENT


def test_two_small_groups_both_need_rows_and_the_neediest_stands_first() -> None:
    found = needs(_board({"a": 300, "b": 200}), ["equalized_odds"], Rule(0.05))
    assert {(need.group, need.metric) for need in found} == {
        ("g=a", "tpr"),
        ("g=a", "fpr"),
        ("g=b", "tpr"),
        ("g=b", "fpr"),
    }
    assert [need.rows for need in found] == sorted((need.rows for need in found), reverse=True)


def test_metrics_whose_width_labels_do_not_tell_need_nothing() -> None:
    assert needs(_board({"a": 10, "b": 10}), ["brier", "precision"], Rule(0.05)) == ()
