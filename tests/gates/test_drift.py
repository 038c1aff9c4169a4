from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.statistics.drift import ColumnDrift, Drift
from gatehouse.verdict import Outcome, Rows
from tests.evaluate import made
from tests.gates.given import Given, measure, verdict
from tests.support import models


def column(psi: float | None, p: float | None = 0.001, feature: str = "income", note: str = "") -> ColumnDrift:
    return ColumnDrift(feature, "numeric", (1_000, 800), psi=psi, p_value=p, adjusted_p=p, floor=0.03, note=note)


def drifted(*columns: ColumnDrift, absent: tuple[str, ...] = (), unprofiled: tuple[str, ...] = ()) -> Given:
    return Given(drift=Drift(columns, absent, 800), unprofiled=unprofiled)


@pytest.mark.parametrize(
    ("psi", "p", "outcome"),
    [
        (0.099999, 0.001, Outcome.PASS),
        (0.1, 0.001, Outcome.WARN),
        (0.1, 0.05, Outcome.PASS),  # chance alone does that
        (0.2, 0.001, Outcome.WARN),
        (0.2 + 1e-12, 0.001, Outcome.WARN),
        (0.200001, 0.001, Outcome.FAIL),
        (0.200001, 0.0499, Outcome.FAIL),
        (0.200001, 0.05, Outcome.INSUFFICIENT),  # too few rows to rule chance out
        (float("nan"), 0.001, Outcome.FAIL),
    ],
)
def test_a_feature_is_judged_by_size_and_by_chance(psi: float | None, p: float | None, outcome: Outcome) -> None:
    said = verdict("drift", drifted(column(psi, p)), max_psi=0.2, warn_psi=0.1, alpha=0.05)

    assert measure(said, "income").outcome is outcome
    assert said.outcome is outcome
    assert bool(said.advice) == (outcome is not Outcome.PASS)


def test_the_worst_feature_decides_and_is_named() -> None:
    said = verdict("drift", drifted(column(0.5, feature="age"), column(0.12), column(0.01, feature="region")))

    assert said.outcome is Outcome.FAIL
    assert said.summary == "largest PSI 0.500 (age); 2 of 3 features moved"
    assert said.advice[0] == "find out what changed in age"
    (bars,) = said.exhibits
    assert isinstance(bars, Rows)
    assert [row.outcome for row in bars.rows] == [Outcome.FAIL, Outcome.WARN, Outcome.PASS]
    assert bars.floor == 0.03


def test_a_feature_that_production_lacks_blocks() -> None:
    said = verdict("drift", drifted(column(0.01), absent=("age",)))

    assert said.outcome is Outcome.FAIL
    assert said.summary == "production does not have age"
    assert "bring back in the feature pipeline" in said.advice[0]


def test_a_feature_that_the_profile_lacks_blocks_since_nothing_is_known_of_it() -> None:
    said = verdict("drift", drifted(column(0.01), unprofiled=("age",)))

    assert said.outcome is Outcome.FAIL
    assert said.summary == "the training profile does not have age"


def test_ignored_features_are_left_out_and_said_to_be() -> None:
    given = drifted(column(0.9, feature="date"), column(0.01), absent=("month",), unprofiled=("year",))

    said = verdict("drift", given, ignore=["date", "month", "year"])

    assert said.outcome is Outcome.PASS
    assert said.notes == tuple(f"{name} is left out, as the policy asks" for name in ("date", "month", "year"))


def test_nothing_to_compare_is_no_pass() -> None:
    assert verdict("drift", drifted()).outcome is Outcome.ERROR
    assert verdict("drift", drifted(column(0.9)), ignore=["income"]).outcome is Outcome.ERROR


def test_a_column_of_another_type_cannot_be_compared() -> None:
    said = verdict("drift", drifted(column(None, None, note="is numeric in training and string in production")))

    assert said.outcome is Outcome.FAIL
    assert said.summary == "income cannot be compared: is numeric in training and string in production"


def test_production_as_in_training_passes(real: Evidence) -> None:
    said = verdict("drift", real)

    assert said.outcome is Outcome.PASS
    assert {one.name for one in said.measures[2:]} == {"income", "age", "region"}


def _of(bench: made.Bench, name: str, rows: Any) -> Evidence:
    return bench.evidence(bench.case(bench.model("good"), production=bench.table(name, rows)))


def test_incomes_that_fell_by_a_standard_deviation_are_found(bench: made.Bench) -> None:
    rows = models.features(1_000, seed=9).assign(income=lambda table: table["income"] - 15)

    said = verdict("drift", _of(bench, "poor", rows))

    assert said.outcome is Outcome.FAIL
    assert said.summary.endswith("(income); 1 of 3 features moved")


def test_so_few_rows_that_chance_could_have_done_it_decide_nothing(bench: made.Bench) -> None:
    few = models.features(12, seed=9)

    said = verdict("drift", _of(bench, "few", few))

    assert said.outcome is Outcome.INSUFFICIENT
    assert said.advice[0].startswith("take more production rows to decide on")


def test_production_without_any_of_the_features_blocks(bench: made.Bench) -> None:
    import pandas as pd

    said = verdict("drift", _of(bench, "other", pd.DataFrame({"x": np.arange(5.0)})))

    assert said.outcome is Outcome.FAIL
    assert measure(said, "features that production lacks").value == 3


def test_without_a_profile_drift_is_an_error_that_says_how_to_log_one(bench: made.Bench) -> None:
    bare = msgspec.structs.replace(bench.model("good"), profile=None)

    said = verdict("drift", bench.evidence(bench.case(bare)))

    assert said.outcome is Outcome.ERROR
    assert said.summary == "the training run of version 1 logged no feature profile"
    assert "gatehouse/profile.json" in said.advice[0]
