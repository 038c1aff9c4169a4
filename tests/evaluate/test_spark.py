"""The same check on Spark, for real: the same verdicts and figures as on the embedded engine.

One session serves the whole module. The evaluation table is a folder of files, so that its rows come in several
partitions, whose order is not that of the files: Spark takes the largest first, and that is not the first by name.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatehouse.declare.types import Evaluation
from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.evaluate.engines.embedded import Embedded
from gatehouse.evaluate.engines.spark import Spark
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.labels import read_labels
from gatehouse.evaluate.material import Case, Fetched, Material, write
from gatehouse.evaluate.result import Result, Subject
from gatehouse.evaluate.run import Evaluator
from gatehouse.evaluate.statistics.profile import Profile
from gatehouse.pin import Pin, Slot
from gatehouse.registry.digest import digest, file_digest
from gatehouse.runtime.launch import Bare
from gatehouse.verdict import Outcome
from tests.evaluate import made
from tests.evaluate.alike import differences
from tests.support import models, optional

MASTER = "local[2]"
ROWS = 1_500
# The order of the names is not that of the sizes.
FILES = {"b.parquet": (200, 500), "c/z.parquet": (500, 1_500), "a.parquet": (0, 200)}
FEATURES = [*models.NUMERIC, *models.CATEGORICAL]
POLICY = """\
{engine}owner: "@acme/risk"
risk: low
task: {task}
reviewed: 2026-09-01
data:
  evaluation:
    path: data/eval
    label: {label}
    cluster: customer
    groups: [area, {{name: age_band, column: age, edges: [30, 60]}}]
  production: {{path: data/production.parquet}}
gates:
  accuracy: {{metric: {metric}, {limit}, min_improvement: 0.0}}
  fairness: {{metric: {metric}, max_disparity: 0.2}}
  drift: {{max_prediction_psi: 0.2}}
  robustness: {{max_drop: 0.5, rows: 200, noise: [0.1], missing: [], categories: [0.1], swaps: [0.1]}}
  business_rules:
    rules:
      - {{name: nobody is younger than nothing, sql: select * from scored where age < 0, max_rows: 0}}
      - {{name: age, sql: select avg(age) from scored where candidate is not null, minimum: 1}}
stages:
  production: {{gates: [schema, accuracy, fairness, drift, robustness, business_rules]}}
"""
TASKS = {
    "binary": ("defaulted", "roc_auc", "minimum: 0.6"),
    "multiclass": ("grade", "accuracy", "minimum: 0.3"),
    "regression": ("loss", "rmse", "maximum: 40"),
}


@pytest.fixture(scope="module")
def spark() -> Iterator[Spark]:
    """The engine, warm for the whole module; skips loudly where there is no pyspark or no Java."""
    optional.part("pyspark", "pyspark")
    optional.program("java", "a Java runtime (on Debian: default-jre-headless)")
    engine = Spark(MASTER)
    _ = engine._session
    yield engine
    engine.close()


def frame() -> pd.DataFrame:
    """Labelled rows for three tasks; some have no ``area``, customers have several rows, ages are round and tie."""
    rng = np.random.default_rng(5)
    rows = models.frame(ROWS, seed=7)
    rows["age"] = rows["age"].round(-1)
    rows["area"] = rng.choice(np.array(["x", "y", None], object), ROWS, p=[0.5, 0.4, 0.1])
    rows["customer"] = rng.integers(0, 300, ROWS)
    rows["loss"] = rows["income"] * 2 + rng.normal(0, 10, ROWS)
    rows["grade"] = pd.cut(rows["income"] + rng.normal(0, 5, ROWS), [-1e9, 40, 55, 1e9], labels=["a", "b", "c"]).astype(
        str
    )
    return rows


def trained(task: str, seed: int) -> Any:
    """A scikit-learn model of the task; another seed has seen other rows."""
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rows = frame().sample(400, random_state=seed)
    columns = ColumnTransformer([("words", OneHotEncoder(), ["region"])], remainder="passthrough")
    model = LinearRegression() if task == "regression" else LogisticRegression(max_iter=2_000)
    return make_pipeline(columns, model).fit(rows[FEATURES], rows[TASKS[task][0]])


@dataclass(frozen=True)
class Folder:
    """Material for one case a task."""

    path: Path

    def evaluate(self, engine: str) -> dict[str, Result]:
        """Each task's result on an engine, by task."""
        for task, (label, metric, limit) in TASKS.items():
            named = f"engine: {engine}\nsandbox: {{minimum: cluster}}\n" if engine else ""
            text = POLICY.format(engine=named, task=task, label=label, metric=metric, limit=limit)
            place = self.path / f"base/promotions/{task}"
            place.mkdir(parents=True, exist_ok=True)
            (place / "policy.yaml").write_text(text)
        return {result.request.slot.model: result for result in Evaluator(self.path).evaluate()}

    def fetched(self, name: str, model: Any, version: int = 1) -> Fetched:
        found = models.save(model, self.path / "models" / name)
        pin = Pin(version, digest(found))
        return Fetched(Subject(pin), f"models/{name}", pin.digest, "profile.json")

    def case(self, task: str, candidate: Fetched, champion: Fetched | None = None) -> Case:
        asked = made.request(
            candidate.subject.pin, champion.subject.pin if champion else None, Slot(task, "production")
        )
        data = {"evaluation": "data/eval", "production": "data/production.parquet"}
        digests = {kind: file_digest(self.path / path) for kind, path in data.items()}
        return Case(asked, candidate, champion, data=data, digests=digests)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = Folder(tmp_path_factory.mktemp("material"))
    for name, (low, high) in FILES.items():
        place = made.path / "data/eval" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        part = frame().iloc[low:high]
        pq.write_table(pa.Table.from_pandas(part, preserve_index=False), place, row_group_size=150)
    models.features(1_000, seed=9).to_parquet(made.path / "data/production.parquet")
    training = pa.Table.from_pandas(models.features(2_000, seed=5), preserve_index=False)
    (made.path / "profile.json").write_bytes(Profile.of(training.to_batches()).to_json())
    (made.path / "base/promotions").mkdir(parents=True)
    (made.path / "base/promotions/stages.yaml").write_text(
        "stages:\n  - {name: production, registry: 'sqlite:///m.db'}\n"
    )
    cases = []
    for task in TASKS:
        candidate = made.fetched(f"{task}-2", trained(task, 2), 2)
        cases.append(made.case(task, candidate, made.fetched(f"{task}-1", trained(task, 1))))
    write(Material(tuple(cases), datetime.now(UTC)), made.path)
    return made


def evidence(folder: Folder, spark: Spark, model: Fetched, name: str = "eval") -> Evidence:
    """One candidate alone, in a binary task."""
    judged = made.policy(data=made.policy().data)
    case = folder.case("credit-risk", model)
    return Evidence(folder.path, case, judged, Bare(), engine=spark)


# Before there is a session: these start none.


def test_a_master_that_does_not_answer_is_unreachable() -> None:
    optional.part("pyspark", "pyspark")
    engine = Spark("spark://127.0.0.1:1")

    with pytest.raises(Unreachable, match=r"spark://127\.0\.0\.1:1 does not answer"):
        engine.open("/data")
    engine.close()


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)

    with pytest.raises(GatehouseError) as raised:
        Spark(MASTER).open("/data")
    assert raised.value.fix == "install the extra: pip install 'gatehouse[spark]'"


def test_every_task_gets_the_same_verdicts_and_figures_on_either_engine(spark: Spark, folder: Folder) -> None:
    here, there = folder.evaluate(""), folder.evaluate(MASTER)

    assert {task: result.rows for task, result in there.items()} == dict.fromkeys(TASKS, ROWS)
    for task in TASKS:
        assert Outcome.ERROR not in [verdict.outcome for verdict in there[task].verdicts], there[task].verdicts
        *same, conduct = here[task].verdicts
        *found, conduct_there = there[task].verdicts
        assert differences(same, found) == []
        # Its figures are times, which no two runs share.
        assert [one.gate for one in (conduct, conduct_there)] == ["conduct", "conduct"]
        assert {one.outcome for one in (conduct, conduct_there)} == {Outcome.PASS}
        assert differences(here[task].undecidable, there[task].undecidable) == []
        assert here[task].data == there[task].data
        assert (there[task].engine, there[task].isolation) == (f"{here[task].engine} on {MASTER}", "cluster")


def test_rows_are_found_in_the_order_of_the_files(spark: Spark, folder: Folder) -> None:
    table = spark.open(str(folder.path / "data/eval"))
    local = Embedded().open(str(folder.path / "data/eval"))
    wanted = [0, 199, 200, 700, 1_499]

    assert table.count() == ROWS
    assert table.take(wanted, ["income", "area"]).to_pydict() == local.take(wanted, ["income", "area"]).to_pydict()
    assert table.take([], ["income"]).num_rows == 0
    brought = [value for batch in table.batches(["income"]) for value in batch.column(0).to_pylist()]
    assert sorted(brought) == sorted(frame()["income"])
    assert table.schema.names == local.schema.names


def test_a_folder_has_one_digest_wherever_it_is_hashed(spark: Spark, folder: Folder, tmp_path: Path) -> None:
    """Spark's own readers pass over half of these files."""
    root = Path(shutil.copytree(folder.path / "data/eval", tmp_path / "it has spaces & ümlauts"))
    (root / "_SUCCESS").touch()
    (root / ".b.parquet.crc").write_bytes(b"crc")
    (root / "_temporary").mkdir()
    (root / "_temporary/0").write_bytes(b"0")

    assert spark.digest(f"file://{root}") == file_digest(root)
    assert spark.digest(f"file://{root}/b.parquet") == file_digest(root / "b.parquet")
    (root / "_SUCCESS").write_bytes(b"1")
    assert spark.digest(f"file://{root}") == file_digest(root)
    with pytest.raises(NotFound, match="data/gone: no such file or folder"):
        spark.digest(f"file://{root}/gone", "data/gone")


def test_a_table_that_was_not_fetched_is_read_and_hashed_where_it_is(spark: Spark, folder: Folder) -> None:
    url = f"file://{folder.path}/data/eval"
    where = msgspec.structs.replace(made.EVALUATION.where, text=url)
    data = msgspec.structs.replace(made.policy().data, evaluation=msgspec.structs.replace(made.EVALUATION, where=where))
    case = Case(made.request(made.pin()), data={"evaluation": url})

    with Evidence(folder.path, case, made.policy(data=data), Bare(), engine=spark) as found:
        assert found.digests == {"evaluation": file_digest(folder.path / "data/eval")}
        assert found.tables.labelled.count() == ROWS


def test_a_catalogs_table_and_a_query_are_the_files_that_they_come_from(spark: Spark, folder: Folder) -> None:
    session = spark._session.spark
    session.read.option("recursiveFileLookup", "true").parquet(f"file://{folder.path}/data/eval").createTempView(
        "applications"
    )

    assert spark.open("applications", kind="table").count() == ROWS
    assert spark.open("SELECT * FROM applications WHERE age > 40", kind="query").count() < ROWS
    assert spark.digest("applications", kind="table") == file_digest(folder.path / "data/eval")
    with pytest.raises(GatehouseError, match="comes from no files"):
        spark.digest("SELECT 1 AS x", kind="query")
    with pytest.raises(NotFound, match="Spark knows no such table"):
        spark.open("nowhere", kind="table")


def test_what_a_kernel_refuses_on_a_worker_is_refused_here_in_its_own_words(spark: Spark, folder: Folder) -> None:
    table = spark.open(str(folder.path / "data/eval"))

    with pytest.raises(GatehouseError) as raised:
        read_labels(table, Evaluation(made.EVALUATION.where, "region"), "regression")
    assert raised.value.message.startswith("data/eval.parquet: label 'region': is not a number everywhere")


def test_a_model_that_raises_is_quoted_without_a_page_of_java(spark: Spark, folder: Folder) -> None:
    raising = folder.fetched("raising", models.Odd(message="no such region"))

    with evidence(folder, spark, raising) as found, pytest.raises(GatehouseError) as raised:
        _ = found.scored
    assert raised.value.message.startswith("candidate: the model raised ValueError on ")
    assert raised.value.message.endswith(": no such region")


class Meddling(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """Puts its own hand on the code that counts, in whatever process it runs."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        from gatehouse.evaluate.statistics import rows, scoreboard

        def flattered(batch: Any, plan: Any, cells: Any) -> Any:
            raise SystemExit("a model counts for itself")

        rows.rows = flattered
        scoreboard.rows = flattered  # type: ignore[attr-defined] # that is what meddling is
        return np.full(len(model_input), 0.5)


def test_a_model_cannot_lay_hands_on_the_code_that_counts(spark: Spark, folder: Folder) -> None:
    with evidence(folder, spark, folder.fetched("meddling", Meddling())) as found:
        assert found.board("roc_auc").estimate("roc_auc").value == 0.5


def test_an_artifact_that_nobody_reviewed_is_not_run_on_a_cluster_either(spark: Spark, folder: Folder) -> None:
    other = msgspec.structs.replace(folder.fetched("other", models.Odd(0.5)), digest=made.pin().digest)

    with evidence(folder, spark, other) as found, pytest.raises(GatehouseError, match="not the one that is pinned"):
        _ = found.scored


def test_two_masters_at_once_are_refused(spark: Spark, folder: Folder) -> None:
    _ = spark.open(str(folder.path / "data/eval"))

    with pytest.raises(GatehouseError, match=r"Spark runs on local\[2\] here"):
        Spark("local[1]").open(str(folder.path / "data/eval"))
