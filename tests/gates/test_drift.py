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


def still(feature: Any = "income", p: Any = 0.001, **figures: Any) -> ColumnDrift:
    """A column that has not moved by any measure but those that are given; ``kind`` may be among them."""
    nothing = dict.fromkeys(("psi", "kl", "js", "cramers_v", "ks", "wasserstein_sd"), 0.0)
    return msgspec.structs.replace(column(0.0, p, feature), **{**nothing, **figures})


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

    assert measure(said, "PSI of income").outcome is outcome
    assert said.outcome is outcome
    assert bool(said.advice) == (outcome is not Outcome.PASS)


OTHERS = [
    ("kl", "kl", "KL divergence"),
    ("js", "js", "JS divergence"),
    ("cramers_v", "cramers_v", "Cramér's V"),
    ("ks", "ks", "KS distance"),
    ("wasserstein", "wasserstein_sd", "Wasserstein distance"),
]


@pytest.mark.parametrize(("key", "field", "name"), OTHERS)
@pytest.mark.parametrize(
    ("value", "p", "outcome"),
    [
        (0.1 - 1e-6, 0.001, Outcome.PASS),
        (0.1, 0.001, Outcome.WARN),
        (0.2 + 1e-12, 0.001, Outcome.WARN),
        (0.2 + 1e-6, 0.001, Outcome.FAIL),
        (0.2 + 1e-6, 0.05, Outcome.INSUFFICIENT),
        (None, 0.001, Outcome.FAIL),
        (float("nan"), 0.001, Outcome.FAIL),
        (float("inf"), 0.001, Outcome.FAIL),
        (float("inf"), 0.05, Outcome.INSUFFICIENT),
    ],
)
def test_every_divergence_can_have_limits(
    key: str, field: str, name: str, value: float | None, p: float, outcome: Outcome
) -> None:
    limits = {f"max_{key}": 0.2, f"warn_{key}": 0.1}

    said = verdict("drift", drifted(still(p=p, **{field: value})), **limits)

    assert measure(said, f"{name} of income").outcome is outcome
    assert said.outcome is outcome
    assert measure(said, "PSI of income").outcome is Outcome.PASS


@pytest.mark.parametrize(("key", "field", "name"), OTHERS)
def test_a_divergence_without_limits_is_not_in_the_way(key: str, field: str, name: str) -> None:
    said = verdict("drift", drifted(still(**{field: 9.0})))

    assert said.outcome is Outcome.PASS
    assert [one.name for one in said.measures[2:]] == ["PSI of income"]


def test_a_warning_limit_alone_never_blocks() -> None:
    said = verdict("drift", drifted(still(ks=0.9)), warn_ks=0.1)

    found = measure(said, "KS distance of income")
    assert (found.outcome, found.limit) == (Outcome.WARN, None)
    assert found.note.endswith("worth a look from 0.1")
    assert said.summary == "largest KS distance 0.900 (income); 1 of 1 features moved"


def test_figures_stand_a_divergence_at_a_time_and_the_worst_first() -> None:
    given = drifted(still("age", psi=0.3, ks=0.1), still("income", psi=0.2, ks=0.4))

    said = verdict("drift", given, max_psi=0.4, max_ks=0.3)

    names = ["PSI of age", "PSI of income", "KS distance of income", "KS distance of age"]
    assert [one.name for one in said.measures[2:]] == names
    assert said.summary == "largest KS distance 0.400 (income); 2 of 2 features moved"
    assert said.advice[0] == "find out what changed in income"


def test_what_chance_alone_would_show_stands_beside_each_divergence() -> None:
    said = verdict("drift", drifted(still()), max_js=0.1, max_ks=0.1, max_cramers_v=0.1, max_wasserstein=1)

    notes = {one.name.split(" of ")[0]: one.note for one in said.measures[2:]}
    assert notes == {
        "PSI": "chance alone: 0.030, p 0.001",
        "JS divergence": "chance alone: 0.004, p 0.001",
        "Cramér's V": "chance alone: 0.087, p 0.001",
        "KS distance": "chance alone: 0.064, p 0.001",
        "Wasserstein distance": "p 0.001",
    }


def test_a_limit_for_numbers_is_not_asked_of_categories() -> None:
    given = drifted(still("region", kind="categorical", ks=None), still("blob", kind="opaque", ks=None))

    said = verdict("drift", given, max_ks=0.1)

    assert said.outcome is Outcome.PASS
    assert [one.name for one in said.measures[2:]] == ["PSI of region", "PSI of blob"]


@pytest.mark.parametrize(("psi", "outcome"), [(0.4, Outcome.WARN), (0.400001, Outcome.FAIL)])
def test_a_feature_may_have_limits_of_its_own(psi: float, outcome: Outcome) -> None:
    own = {"age": {"max_psi": 0.4, "max_ks": 0.1}}

    said = verdict("drift", drifted(still("age", psi=psi), still("income", ks=0.9)), features=own)

    assert measure(said, "PSI of age").outcome is outcome
    assert measure(said, "PSI of age").limit == 0.4
    assert measure(said, "PSI of income").limit == 0.25
    assert [one.name for one in said.measures if one.name.startswith("KS")] == ["KS distance of age"]
    (bars,) = said.exhibits
    assert isinstance(bars, Rows)
    assert bars.rows[0].note.startswith("its own limit is 0.4")


def test_a_limit_for_a_feature_that_is_not_there_is_an_error_that_guesses_which_is_meant() -> None:
    said = verdict("drift", drifted(still("age")), features={"aeg": {"max_psi": 0.01}})

    assert said.outcome is Outcome.ERROR
    assert said.summary == "gates.drift.features: the candidate takes no 'aeg'"
    assert said.advice == ("did you mean 'age'?",)


def test_a_limit_for_numbers_on_one_category_is_an_error() -> None:
    given = drifted(still("region", kind="categorical"))

    said = verdict("drift", given, features={"region": {"max_ks": 0.1}})

    assert said.outcome is Outcome.ERROR
    assert "gates.drift.features.region.max_ks is for numbers" in said.summary


@pytest.mark.parametrize(
    "limits", [{"max_psi": 0}, {"max_chi_square": 1}, {"features": {"age": {}}}, {"features": {"age": {"max": 1}}}]
)
def test_a_limit_that_is_none_is_an_error(limits: dict[str, Any]) -> None:
    assert verdict("drift", drifted(still("age")), **limits).outcome is Outcome.ERROR


def _predicting(candidate: ColumnDrift, champion: ColumnDrift | None = None) -> Given:
    moved = {"candidate": candidate} | ({} if champion is None else {"champion": champion})
    return Given(drift=Drift((still(),), (), 800), moved=moved)


@pytest.mark.parametrize(("key", "field", "name"), [("psi", "psi", "PSI"), ("ks", "ks", "KS distance")])
@pytest.mark.parametrize(
    ("value", "p", "outcome"),
    [
        (0.2 + 1e-12, 0.001, Outcome.PASS),
        (0.2 + 1e-6, 0.001, Outcome.FAIL),
        (0.2 + 1e-6, 0.05, Outcome.INSUFFICIENT),
        (None, None, Outcome.FAIL),
    ],
)
def test_predictions_can_have_limits(
    key: str, field: str, name: str, value: float | None, p: float | None, outcome: Outcome
) -> None:
    given = _predicting(still("prediction", **{field: value, "adjusted_p": p}), still("prediction", **{field: 0.125}))

    said = verdict("drift", given, **{f"max_prediction_{key}": 0.2})

    found = measure(said, f"{name} of predictions")
    assert (found.outcome, found.champion) == (outcome, 0.125)
    assert said.outcome is outcome


def test_predictions_are_not_asked_for_unless_a_limit_is_set() -> None:
    assert verdict("drift", drifted(still())).outcome is Outcome.PASS  # Given would raise


def test_a_distance_of_numbers_cannot_limit_classes() -> None:
    said = verdict("drift", _predicting(still("prediction", kind="categorical")), max_prediction_ks=0.1)

    assert said.outcome is Outcome.ERROR
    assert said.advice == ("set max_prediction_psi instead",)


def test_predictions_that_cannot_be_had_block_and_say_why() -> None:
    broken = ColumnDrift("prediction", "", (0, 800), note="candidate: no such region")

    said = verdict("drift", _predicting(broken), max_prediction_psi=0.2)

    assert said.outcome is Outcome.FAIL
    assert measure(said, "PSI of predictions").note == "candidate: no such region"
    assert said.summary.endswith("; predictions: PSI not known")


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
    assert {one.name for one in said.measures[2:]} == {"PSI of income", "PSI of age", "PSI of region"}


def _of(bench: made.Bench, name: str, rows: Any) -> Evidence:
    return bench.evidence(bench.case(bench.model("good"), production=bench.table(name, rows)))


def test_predictions_on_rows_like_the_evaluation_table_have_not_moved(real: Evidence) -> None:
    said = verdict("drift", real, max_prediction_psi=0.1, max_prediction_ks=0.1)

    assert said.outcome is Outcome.PASS
    psi = measure(said, "PSI of predictions")
    assert psi.rows == 1_000
    assert psi.champion == pytest.approx(0.0, abs=1e-9)  # it says the same of everybody
    assert psi.note.endswith("against the evaluation table")


def test_poorer_people_are_predicted_to_default_more(bench: made.Bench) -> None:
    rows = models.features(1_000, seed=9).assign(income=lambda table: table["income"] - 15)

    with _of(bench, "poorer", rows) as evidence:
        said = verdict("drift", evidence, max_prediction_psi=0.25)

    assert measure(said, "PSI of predictions").outcome is Outcome.FAIL
    assert "find out what changed in income, predictions" in said.advice


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
