from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from gatehouse.evaluate.statistics.divergence import psi, smoothed
from gatehouse.evaluate.statistics.pairs import MOST_GROUPS, OTHER, Divergence, Pairs

EDGES = np.array([0.25, 0.5, 0.75])


def paired(n: int = 1_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray, pa.Array]:
    random = np.random.default_rng(seed)
    champion = random.random(n)
    region = pa.array([None if place % 10 == 0 else "north" if place % 2 else "south" for place in range(n)])
    return champion, np.clip(champion + random.normal(0.02, 0.1, n), 0, 1), region


def whole(found: tuple[Divergence, ...]) -> Divergence:
    assert (found[0].column, found[0].group) == ("", "")
    return found[0]


def test_difference_disagreement_and_psi_are_what_they_are_called() -> None:
    champion, shadow, region = paired()
    kernel = Pairs(EDGES, 0.5)
    kernel.update(champion, shadow, {"region": region})

    found = whole(kernel.finish())

    assert found.n == 1_000
    assert found.difference == pytest.approx(np.abs(champion - shadow).mean())
    assert found.disagreement == pytest.approx(((champion >= 0.5) != (shadow >= 0.5)).mean())
    assert found.interval is not None
    assert found.interval.low < (found.disagreement or 0) < found.interval.high
    shares = [smoothed(np.bincount(np.searchsorted(EDGES, side), minlength=4)) for side in (champion, shadow)]
    assert found.psi == pytest.approx(psi(shares[0], shares[1]).sum())


def test_a_group_has_its_own_figures_and_unknown_is_one() -> None:
    champion, shadow, region = paired()
    kernel = Pairs(EDGES, 0.5)
    kernel.update(champion, shadow, {"region": region})
    north = np.array([name == "north" for name in region.to_pylist()])

    found = {one.group: one for one in kernel.finish() if one.column == "region"}

    assert set(found) == {"missing", "north", "south"}
    assert found["missing"].n == 100
    assert found["north"].n == north.sum()
    assert found["north"].difference == pytest.approx(np.abs(champion - shadow)[north].mean())


def test_the_bounds_of_all_groups_hold_together() -> None:
    champion, shadow, region = paired()
    kernel = Pairs(EDGES, 0.5)
    kernel.update(champion, shadow, {"region": region})

    everyone, *groups = kernel.finish(0.95)

    assert everyone.interval is not None
    assert everyone.interval.confidence == pytest.approx(0.9)
    for one in groups:
        assert one.interval is not None
        assert one.interval.confidence == pytest.approx(1 - 2 * 0.05 / 3)


def test_parts_merge_to_the_whole() -> None:
    champion, shadow, region = paired()
    one, other, both = (Pairs(EDGES, 0.5) for _ in range(3))
    one.update(champion[:300], shadow[:300], {"region": region[:300]})
    other.update(champion[300:], shadow[300:], {"region": region[300:]})
    both.update(champion, shadow, {"region": region})
    one.merge(other)

    for merged, found in zip(one.finish(), both.finish(), strict=True):
        assert merged.n == found.n
        assert merged.difference == pytest.approx(found.difference)
        assert (merged.disagreement, merged.psi) == pytest.approx((found.disagreement, found.psi))


def test_the_same_answers_are_not_apart() -> None:
    champion, _, _ = paired()
    kernel = Pairs(EDGES, 0.5)
    kernel.update(champion, champion, {})

    found = whole(kernel.finish())

    assert (found.difference, found.psi, found.disagreement) == (0, 0, 0)
    assert found.interval is not None
    assert found.interval.high > 0


def test_one_constant_answer_has_no_bins_to_differ_in() -> None:
    kernel = Pairs(np.zeros(0), 0.5)
    kernel.update(np.full(50, 0.3), np.full(50, 0.3), {})

    assert whole(kernel.finish()).psi == 0


def test_a_regression_decides_nothing() -> None:
    champion, shadow, _ = paired()
    kernel = Pairs(EDGES, None)
    kernel.update(champion, shadow, {})

    found = whole(kernel.finish())

    assert (found.disagreement, found.interval) == (None, None)
    assert found.difference > 0


def test_several_classes_differ_by_total_variation_and_by_the_decided_class() -> None:
    champion = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    shadow = np.array([[0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])
    kernel = Pairs(None, 0.5, 3)
    kernel.update(champion, shadow, {})

    found = whole(kernel.finish())

    assert found.difference == pytest.approx(0.25)
    assert found.disagreement == 0.5


def test_nothing_seen_is_nothing_found() -> None:
    assert Pairs(EDGES, 0.5).finish() == ()


def test_a_column_with_too_many_values_is_counted_together() -> None:
    n = MOST_GROUPS + 50
    kernel = Pairs(EDGES, 0.5)
    kernel.update(np.full(n, 0.3), np.full(n, 0.4), {"id": pa.array([f"{place:04}" for place in range(n)])})

    found = kernel.finish()

    assert sum(one.column == "id" for one in found) == MOST_GROUPS + 1
    assert next(one.n for one in found if one.group == OTHER) == 50
