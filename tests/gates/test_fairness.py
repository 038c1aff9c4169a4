from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from gatehouse.declare.types import Data
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.fairness import Rule
from gatehouse.verdict import Outcome, Rows
from tests.evaluate import made
from tests.gates.given import Given, board, fetched, measure, verdict


def selection(**rates: tuple[int, int]) -> dict[str, Any]:
    """Rows by group: so many selected of so many; half of each group's rows are positives."""
    groups = np.concatenate([[name] * rows for name, (_, rows) in rates.items()])
    picked = np.concatenate([(np.arange(rows) < hits).astype(float) for hits, rows in rates.values()])
    return {"label": (np.arange(len(groups)) % 2).astype(float), "candidate": picked, "sex": groups.tolist()}


def judged(columns: dict[str, Any], groups: tuple[str, ...] = ("sex",), **more: Any) -> tuple[Given, Board]:
    found = board("binary", ("selection_rate",), columns, groups=groups)
    return Given(measured=found, **more), found


def say(given: Given, limit: float, **thresholds: Any) -> Any:
    return verdict("fairness", given, metric="demographic_parity", max_disparity=limit, **thresholds)


def test_the_limit_is_held_by_the_upper_bound_and_broken_by_the_lower_one() -> None:
    given, found = judged(selection(women=(300, 1_000), men=(400, 1_000)))
    interval = found.disparity("demographic_parity", Rule(0.1)).interval
    assert interval is not None
    assert 0 < interval.low < 0.1 < interval.high

    assert say(given, interval.high).outcome is Outcome.PASS
    assert say(given, interval.high - 1e-6).outcome is Outcome.INSUFFICIENT
    assert say(given, interval.low + 1e-6).outcome is Outcome.INSUFFICIENT
    assert say(given, interval.low - 1e-6).outcome is Outcome.FAIL


def test_a_failure_names_the_groups_and_the_gap() -> None:
    given, _ = judged(selection(women=(300, 1_000), men=(400, 1_000)))

    said = say(given, 0.03)

    assert said.outcome is Outcome.FAIL
    assert said.summary.endswith("differ by 0.100, beyond 0.03")
    assert measure(said, "largest gap").value == pytest.approx(0.1)
    assert measure(said, "largest gap").rows == 2_000
    assert "look at how the model treats" in said.advice[0]
    assert "stands in for the group" in said.advice[1]


def test_what_too_few_rows_leave_open_is_insufficient_and_says_how_many_more() -> None:
    given, _ = judged(selection(women=(30, 100), men=(32, 100)))

    said = say(given, 0.05)

    assert said.outcome is Outcome.INSUFFICIENT
    assert "not decided whether within 0.05" in said.summary
    assert "more rows" in said.advice[0]


def test_a_small_group_is_named_once_however_many_gaps_it_leaves_open() -> None:
    given, _ = judged(selection(few=(30, 100), many=(3_500, 10_000), more=(3_600, 10_000)))

    said = say(given, 0.1)

    assert said.outcome is Outcome.INSUFFICIENT
    assert sum(measure.outcome is Outcome.INSUFFICIENT for measure in said.measures) > 2
    (advice,) = said.advice
    assert "few needs" in advice


def test_small_groups_are_reported_or_hold_up_a_pass_as_the_policy_says() -> None:
    columns = selection(women=(3_000, 10_000), men=(3_010, 10_000), other=(2, 20))
    given, _ = judged(columns)

    reported = say(given, 0.05)
    held_up = say(given, 0.05, small_groups="insufficient")

    assert reported.outcome is Outcome.PASS
    assert any("other" in note and "too small" in note for note in reported.notes)
    assert held_up.outcome is Outcome.INSUFFICIENT
    assert "other" in held_up.advice[0]
    (forest,) = reported.exhibits
    assert isinstance(forest, Rows)
    assert [row.outcome for row in forest.rows if "other" in row.name] == [Outcome.INSUFFICIENT]


@pytest.mark.parametrize(("size", "small"), [(50, False), (51, True)])
def test_a_group_of_exactly_the_smallest_size_is_judged(size: int, small: bool) -> None:
    given, _ = judged(selection(women=(25, 50), men=(500, 1_000)))

    said = say(given, 0.5, min_group_size=size)

    assert any("too small" in note for note in said.notes) == small
    assert said.outcome is (Outcome.INSUFFICIENT if small else Outcome.PASS)


def test_one_group_alone_cannot_be_compared() -> None:
    given, _ = judged(selection(everybody=(300, 1_000)))

    said = say(given, 0.05)

    assert said.outcome is Outcome.INSUFFICIENT
    assert said.summary == "fewer than two groups can be judged"
    assert said.advice


def test_people_whose_group_is_not_recorded_are_a_group() -> None:
    columns = selection(women=(300, 1_000), men=(300, 1_000), unknown=(700, 1_000))
    columns["sex"] = [None if name == "unknown" else name for name in columns["sex"]]
    given, _ = judged(columns)

    said = say(given, 0.1)

    assert said.outcome is Outcome.FAIL
    assert "missing" in said.summary


def test_intersections_are_judged_to_the_depth_that_is_asked_for() -> None:
    """Selection is even by sex and by age, and reversed in their intersections."""
    cells = {("f", "old"): 0.8, ("f", "young"): 0.2, ("m", "old"): 0.2, ("m", "young"): 0.8}
    sex = np.repeat([one for one, _ in cells], 1_000).tolist()
    age = np.repeat([other for _, other in cells], 1_000).tolist()
    picked = np.concatenate([(np.arange(1_000) < 1_000 * rate).astype(float) for rate in cells.values()])
    columns = {"label": np.tile([0.0, 1.0], 2_000), "candidate": picked, "sex": sex, "age": age}
    given, _ = judged(columns, ("sex", "age"))

    assert say(given, 0.1, depth=1).outcome is Outcome.PASS
    crossed = say(given, 0.1, depth=2)
    assert crossed.outcome is Outcome.FAIL
    # The rows of the table, however often the partitions count them.
    assert measure(crossed, "largest gap").rows == 4_000


def test_the_champions_disparity_stands_beside_and_does_not_decide() -> None:
    columns = selection(women=(400, 1_000), men=(400, 1_000))
    columns["champion"] = selection(women=(100, 1_000), men=(900, 1_000))["candidate"]
    given, _ = judged(columns, champion=fetched())

    said = say(given, 0.1)

    assert said.outcome is Outcome.PASS
    assert measure(said, "largest gap").champion == pytest.approx(0.8)
    (forest,) = said.exhibits
    assert isinstance(forest, Rows)
    assert sorted(row.champion or 0 for row in forest.rows) == [0.1, 0.9]


def test_a_ratio_is_held_from_below() -> None:
    given, _ = judged(selection(women=(4_000, 10_000), men=(5_000, 10_000)))

    assert say(given, 0.75, compare="ratio").outcome is Outcome.PASS
    said = say(given, 0.85, compare="ratio")
    assert said.outcome is Outcome.FAIL
    assert measure(said, "smallest ratio").value == pytest.approx(0.8)


def test_a_policy_without_groups_is_an_error_that_says_where_they_go(bench: made.Bench) -> None:
    alone = msgspec.structs.replace(made.EVALUATION, groups=())
    evidence = bench.evidence(bench.case(bench.model("good")), made.policy(data=Data(alone)))

    said = verdict("fairness", evidence, max_disparity=0.1)

    assert said.outcome is Outcome.ERROR
    assert said.summary == "the policy names no groups"
    assert said.advice == ("add data.evaluation.groups to policy.yaml",)


def test_groups_and_bands_of_a_real_table_are_judged_for_real_models(real: Evidence) -> None:
    fair = verdict("fairness", real, metric="roc_auc", max_disparity=0.4)
    strict = verdict("fairness", real, metric="demographic_parity", max_disparity=0.02)

    assert fair.outcome is Outcome.PASS
    assert measure(fair, "largest gap").champion == 0
    (forest,) = fair.exhibits
    assert isinstance(forest, Rows)
    names = " ".join(row.name for row in forest.rows)
    assert all(group in names for group in ("north", "south", "west", "< 40", ">= 40"))
    # Incomes are alike everywhere, and the south defaults more often: it is declined more often.
    assert strict.outcome is Outcome.FAIL
    assert "south" in strict.summary
