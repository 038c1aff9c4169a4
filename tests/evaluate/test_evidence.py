from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from gatehouse.declare.types import Banding, Data, Evaluation, Where
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.engines.embedded import BATCH_ROWS
from gatehouse.evaluate.evidence import CANDIDATE, CHAMPION, Evidence
from gatehouse.runtime.launch import Bare, Command
from gatehouse.runtime.limits import Limits
from tests.evaluate import made
from tests.evaluate.made import EVALUATION
from tests.support import models


def of(bench: made.Bench, evaluation: Evaluation = EVALUATION, model: str = "constant") -> Evidence:
    judged = made.policy(data=msgspec.structs.replace(made.policy().data, evaluation=evaluation))
    return bench.evidence(bench.case(bench.model(model)), judged)


def of_table(bench: made.Bench, path: str, model: str = "constant") -> Evidence:
    return bench.evidence(bench.case(bench.model(model), evaluation=path))


@dataclass
class Counting:
    """A launcher that remembers when it started each process; one that ``fails`` starts none."""

    fails: bool = False
    started: list[float] = field(default_factory=list)
    level: str = "none"
    limits: Limits | None = None

    def launch(self, command: Command) -> subprocess.Popen[bytes]:
        self.started.append(time.monotonic())
        if self.fails:
            raise OSError("no more processes")
        return Bare().launch(command)


def test_candidate_and_champion_are_started_side_by_side_once_and_stopped(bench: made.Bench) -> None:
    launcher = Counting()
    case = bench.case(bench.model("good"), bench.model("constant"))
    with Evidence(bench.folder, case, made.policy(), launcher) as evidence:
        assert launcher.started == []
        process = evidence.process(CANDIDATE)
        # The second was launched long before the first was ready.
        first, second = launcher.started
        assert second - first < process.hello.seconds / 2
        assert evidence.process(CANDIDATE) is process
        assert evidence.process(CHAMPION) is not process
        board = evidence.board("roc_auc")
        assert board.rows == evidence.rows == 2_000
        assert evidence.board("roc_auc") is board
        assert evidence.board("brier") is not board
        assert evidence.board("roc_auc").estimate("roc_auc") == board.estimate("roc_auc")
        assert len(launcher.started) == 2
    with pytest.raises(GatehouseError):
        process.predict(_row())


def _row() -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(models.features(1), preserve_index=False)


def test_a_model_that_does_not_start_is_not_started_again_for_every_gate(bench: made.Bench) -> None:
    launcher = Counting(fails=True)
    with Evidence(bench.folder, bench.case(bench.model("constant")), made.policy(), launcher) as evidence:
        for _ in range(3):
            with pytest.raises(GatehouseError, match=r"candidate: .*could not be launched: no more"):
                evidence.board("roc_auc")
        assert evidence.rows == 0

    assert len(launcher.started) == 1


def test_threads_do_not_outlive_the_start(bench: made.Bench) -> None:
    before = threading.active_count()
    with of(bench) as evidence:
        evidence.process(CANDIDATE)
    assert threading.active_count() == before


def test_what_the_policy_measures_is_measured_in_one_pass(bench: made.Bench) -> None:
    limits = {"accuracy": {"metric": "roc_auc"}, "fairness": {"metric": "brier"}, "mine": {"metric": "no_such_metric"}}
    with bench.evidence(bench.case(bench.model("constant")), made.policy(gates=limits)) as evidence:
        board = evidence.board("roc_auc")
        assert evidence.board("brier") is board
    assert set(board.plan.metrics) == {"roc_auc", "brier"}


def test_a_first_promotion_has_no_champion_to_ask(bench: made.Bench) -> None:
    evidence = of(bench)

    assert evidence.models == (CANDIDATE,)
    with pytest.raises(NotFound, match="there is no champion yet"):
        evidence.process(CHAMPION)


@pytest.mark.parametrize(
    ("evaluation", "why", "fix"),
    [
        (msgspec.structs.replace(EVALUATION, label="default"), "has no column 'default'", "did you mean 'defaulted'?"),
        (
            msgspec.structs.replace(EVALUATION, label="zz"),
            "has no column 'zz'",
            "it has income, age, region, defaulted",
        ),
        (msgspec.structs.replace(EVALUATION, groups=("regoin",)), "has no column 'regoin'", "did you mean 'region'?"),
        (
            msgspec.structs.replace(EVALUATION, groups=(Banding("band", "years", (25.0,)),)),
            "has no column 'years'",
            "it has income",
        ),
        (msgspec.structs.replace(EVALUATION, cluster="household"), "has no column 'household'", "it has income"),
        (msgspec.structs.replace(EVALUATION, groups=("champion",)), "a column called 'champion'", "rename the column"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_the_nearest_name(
    bench: made.Bench, evaluation: Evaluation, why: str, fix: str
) -> None:
    with pytest.raises(GatehouseError) as raised:
        _ = of(bench, evaluation).tables.labelled
    assert raised.value.message.startswith("data/eval.parquet: ") or "data/eval.parquet has no" in raised.value.message
    assert why in raised.value.message
    assert raised.value.fix.startswith(fix)


def test_a_table_that_is_not_the_one_agreed_on_is_not_used(bench: made.Bench) -> None:
    agreed = "sha256:" + "0" * 64

    with pytest.raises(GatehouseError) as raised:
        _ = of(bench, msgspec.structs.replace(EVALUATION, digest=agreed)).tables.labelled
    found = bench.case(bench.model("constant")).digests["evaluation"]
    assert raised.value.message == f"data/eval.parquet has the digest {found}, the policy names {agreed}"
    assert "reviewed change" in raised.value.fix

    assert of(bench, msgspec.structs.replace(EVALUATION, digest=found)).tables.labelled.count() == 2_000


def test_one_class_only_cannot_be_evaluated(bench: made.Bench) -> None:
    path = bench.table("good-only", models.frame(50).assign(defaulted=0))

    with of_table(bench, path) as evidence, pytest.raises(GatehouseError, match="every row has the label 0"):
        evidence.board("roc_auc")


def test_a_feature_that_the_table_lacks_is_told(bench: made.Bench) -> None:
    path = bench.table("no-income", models.frame(50).drop(columns="income"))

    with of_table(bench, path) as evidence, pytest.raises(GatehouseError, match="has no column 'income'"):
        evidence.board("roc_auc")


def test_the_label_is_never_a_feature(bench: made.Bench) -> None:
    with of(bench, model="leaky") as evidence, pytest.raises(GatehouseError) as raised:
        evidence.board("roc_auc")
    assert raised.value.message == "the candidate takes 'defaulted', which is the label that it is to predict"


def test_a_model_that_answers_now_this_and_now_that_is_refused(bench: made.Bench) -> None:
    path = bench.table("large", models.frame(BATCH_ROWS + 10))

    with of_table(bench, path, "fickle") as evidence, pytest.raises(GatehouseError) as raised:
        evidence.board("roc_auc")
    assert raised.value.message == "candidate: the model answers labels and values, now one and now the other"


def test_missing_groups_of_a_table_are_a_group(bench: made.Bench) -> None:
    from gatehouse.evaluate.statistics.fairness import Rule

    rows = models.frame(600)
    rows.loc[rows.index % 3 == 0, "region"] = None
    with of_table(bench, bench.table("gaps", rows)) as evidence:
        found = evidence.disparity("demographic_parity", Rule(0.1), CANDIDATE)

    sizes = {str(group.group): group.rows for group in found.groups}
    assert sum(rows for name, rows in sizes.items() if "missing" in name) == 200


def test_no_tables_in_the_policy_are_told_with_the_key_that_adds_them(bench: made.Bench) -> None:
    evidence = bench.evidence(bench.case(bench.model("constant")), made.policy(data=Data()))

    for name in ("labelled", "production"):
        with pytest.raises(NotFound, match="the policy names no") as raised:
            getattr(evidence.tables, name)
        assert raised.value.fix.startswith("add data.")


def test_a_profile_counts_only_for_what_the_model_takes(bench: made.Bench, tmp_path: Path) -> None:
    import pyarrow as pa

    from gatehouse.evaluate.statistics.profile import Profile

    rows = models.features(500).drop(columns="age").assign(postcode=1)
    profile = Profile.of(pa.Table.from_pandas(rows, preserve_index=False).to_batches()).to_json()
    (bench.folder / "other.json").write_bytes(profile)
    model = msgspec.structs.replace(bench.model("constant"), profile="other.json")

    evidence = bench.evidence(bench.case(model))

    assert {column.feature for column in evidence.drift.columns} == {"income", "region"}
    assert evidence.drift.absent == ()
    assert evidence.unprofiled == ("age",)


def test_residuals_are_the_picture_of_a_regression(bench: made.Bench) -> None:
    rows = models.frame(100).assign(target=lambda table: table["income"])
    path = bench.table("target", rows)
    judged = made.policy(task="regression", data=Data(Evaluation(Where(path), "target")))
    with bench.evidence(bench.case(bench.model("constant"), evaluation=path), judged) as evidence:
        points = evidence.picture()

    assert points is not None
    cloud = np.array(points.series["candidate"])
    assert cloud.shape == (100, 2)
    assert cloud[:, 1] == pytest.approx(pd.Series(rows["target"]) - 0.5)
