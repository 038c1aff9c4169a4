"""What the labels alone tell, said before a model is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gatehouse.declare.types import Data, Evaluation, Policy, Where
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Gate, builtin, foreseen, load
from gatehouse.evaluate.material import Fetched
from gatehouse.evaluate.result import Subject
from gatehouse.runtime.launch import Bare
from gatehouse.runtime.process import ModelProcess
from tests.evaluate import made
from tests.evaluate.made import Bench
from tests.support import models

ROWS = 4_000


@pytest.fixture(autouse=True)
def no_model_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: Any, **__: Any) -> None:
        raise AssertionError("a model was started")

    monkeypatch.setattr(ModelProcess, "start", started)


def evidence(bench: Bench, rows: pd.DataFrame, *, champion: bool = False, **more: Any) -> Evidence:
    data = Data(Evaluation(Where("data/labels.parquet"), models.LABEL, groups=("region",)))
    policy: Policy = made.policy(data=data, **more)
    candidate = Fetched(Subject(made.pin()), "models/nowhere", made.pin().digest)
    case = bench.case(candidate, candidate if champion else None, evaluation=bench.table("labels", rows))
    return Evidence(bench.folder, case, policy, Bare())


def labelled(small: int) -> pd.DataFrame:
    """Labels, half of them positive, of two regions; the south has ``small`` rows."""
    regions = ["south"] * small + ["north"] * (ROWS - small)
    return pd.DataFrame({models.LABEL: [row % 2 for row in range(ROWS)], "region": regions})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return made.bench(tmp_path)


def fairness(found: Evidence, **limits: Any) -> tuple[str, ...]:
    return foreseen(builtin()["fairness"], found, {"metric": "tpr", "max_disparity": 0.1, **limits})


def test_a_group_that_cannot_be_decided_is_named_with_what_it_needs(bench: Bench) -> None:
    (said,) = fairness(evidence(bench, labelled(100)))
    assert said.startswith("region=south needs about ")
    assert said.endswith("to decide tpr within 0.1")


def test_a_table_that_is_large_enough_needs_nothing_said(bench: Bench) -> None:
    assert fairness(evidence(bench, labelled(2_000))) == ()


def test_a_group_that_the_policy_only_reports_needs_nothing(bench: Bench) -> None:
    found = evidence(bench, labelled(48))
    assert fairness(found, min_group_size=49) == ()
    assert len(fairness(found, min_group_size=48)) == 1
    assert len(fairness(found, min_group_size=49, small_groups="insufficient")) == 1


def test_the_gain_that_the_table_can_prove_is_said_where_there_is_a_champion(bench: Bench) -> None:
    limits = {"metric": "roc_auc", "min_improvement": 0.005}
    (said,) = foreseen(builtin()["accuracy"], evidence(bench, labelled(200), champion=True), limits)
    # 2,000 of each class, AUC 0.75: variance 5.89e-5 (Hanley, McNeil 1982); 1.645 * sqrt(2 * 0.2 * 5.89e-5) = 0.0080.
    assert said == "roc_auc has to improve by about 0.013 before this table proves that it does by 0.005"
    assert foreseen(builtin()["accuracy"], evidence(bench, labelled(200)), limits) == ()


@pytest.mark.parametrize(("margin", "lines"), [(-0.0081, 0), (-0.0079, 1)])
def test_no_worse_by_more_than_chance_can_be_proven_of_equals(bench: Bench, margin: float, lines: int) -> None:
    found = evidence(bench, labelled(200), champion=True)
    said = foreseen(builtin()["accuracy"], found, {"metric": "roc_auc", "min_improvement": margin})
    assert len(said) == lines


def test_a_metric_that_the_labels_do_not_tell_is_not_guessed(bench: Bench) -> None:
    found = evidence(bench, labelled(200), champion=True)
    assert foreseen(builtin()["accuracy"], found, {"metric": "log_loss"}) == ()
    assert fairness(found, metric="log_loss") == ()


def test_other_tasks_have_nothing_foreseen(bench: Bench) -> None:
    found = evidence(bench, labelled(200), champion=True, task="regression")
    assert foreseen(builtin()["accuracy"], found, {"metric": "rmse"}) == ()
    assert fairness(found, metric="rmse") == ()


def test_what_stands_in_the_way_is_left_to_the_check(bench: Bench) -> None:
    assert fairness(evidence(bench, labelled(200).rename(columns={"region": "province"}))) == ()
    assert fairness(evidence(bench, labelled(200)), max_disparity="much") == ()


def gate(body: str) -> Gate:
    code = f'"""A gate."""\nTHRESHOLDS = {{}}\ndef check(evidence, thresholds): ...\n{body}'
    return load("own", "gates/own.py", code.encode())


def test_a_gate_need_not_foresee_anything(bench: Bench) -> None:
    assert foreseen(gate(""), evidence(bench, labelled(200)), {}) == ()


def test_a_forecast_that_breaks_stops_nothing_and_is_said(bench: Bench) -> None:
    broken = gate("def foresee(evidence, thresholds): return 1 / 0\n")
    (said,) = foreseen(broken, evidence(bench, labelled(200)), {})
    assert said == "own: what the table can decide is not known: ZeroDivisionError: division by zero"
