from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatehouse.declare.types import Data
from gatehouse.errors import GatehouseError
from gatehouse.evaluate import sql
from gatehouse.evaluate.engines.embedded import BATCH_ROWS, Embedded
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.scored import LABEL, Beside, Scored
from gatehouse.evaluate.sql import Answer, Bounds
from gatehouse.evaluate.view import View
from tests.evaluate import made
from tests.evaluate.made import EVALUATION
from tests.support import models

BOUNDS = Bounds(seconds=20, memory_mb=500)


def seen(
    folder: Path, rows: dict[str, Any], made_columns: dict[str, Any], classes: tuple[str, ...], task: str
) -> pa.Table:
    """The table ``scored`` over a table of ``rows`` and what was made beside it."""
    path = folder / "rows.parquet"
    pq.write_table(pa.table(rows), path)
    beside = Beside(Embedded().open(str(path)), tuple(rows), made_columns)
    models_ = tuple(name for name in ("candidate", "champion") if name in made_columns)
    view = View(Scored(beside, beside.count(), classes, frozenset()), tuple(rows), task, 0.5, models_)
    found = pa.Table.from_batches(view.batches())
    assert found.schema == view.schema
    return found


def test_a_binary_row_has_its_truth_both_scores_and_both_decisions(tmp_path: Path) -> None:
    columns = {
        LABEL: np.array([1.0, 0.0, 1.0]),
        "candidate": np.array([0.5, 0.4999, 0.9]),
        "champion": np.array([0.0, 1.0, 0.6]),
    }

    found = seen(tmp_path, {"age": [17, 30, 40]}, columns, ("no", "yes"), "binary").to_pydict()

    assert found == {
        "age": [17, 30, 40],
        "label": [1, 0, 1],
        "candidate": [0.5, 0.4999, 0.9],
        "decision": [1, 0, 1],
        "champion": [0.0, 1.0, 0.6],
        "champion_decision": [0, 1, 1],
    }


def test_without_a_champion_its_columns_are_null(tmp_path: Path) -> None:
    columns = {LABEL: np.array([1.0]), "candidate": np.array([0.7])}

    found = seen(tmp_path, {"age": [17]}, columns, ("0", "1"), "binary").to_pydict()

    assert (found["champion"], found["champion_decision"]) == ([None], [None])


def test_several_classes_are_named_and_their_probabilities_are_a_struct(tmp_path: Path) -> None:
    columns = {LABEL: np.array([2.0, 0.0]), "candidate": np.array([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]])}

    table = seen(tmp_path, {"age": [17, 30]}, columns, ("low", "mid", "high"), "multiclass")

    found = table.to_pydict()
    assert found["label"] == ["high", "low"]
    assert found["decision"] == ["mid", "low"]
    assert found["candidate"][0] == {"low": 0.2, "mid": 0.5, "high": 0.3}
    asked = "select * from scored where candidate.high > 0.29 and label <> decision and champion.high is null"
    assert sql.answers([asked], table.schema, table.to_batches(), BOUNDS)[0] == Answer(1, tuple(table.schema.names))


def test_a_regression_has_numbers_and_no_decision(tmp_path: Path) -> None:
    columns = {LABEL: np.array([10.0]), "candidate": np.array([9.5]), "champion": np.array([8.0])}

    found = seen(tmp_path, {"age": [17]}, columns, (), "regression").to_pydict()

    assert found == {"age": [17], "label": [10.0], "candidate": [9.5], "champion": [8.0]}


def test_what_is_not_a_number_is_null_as_what_is_missing(tmp_path: Path) -> None:
    columns = {LABEL: np.zeros(3), "candidate": np.zeros(3)}

    table = seen(tmp_path, {"debt": [1.0, float("nan"), None]}, columns, ("0", "1"), "binary")

    assert table.to_pydict()["debt"] == [1.0, None, None]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("who", ["candidate", "champion"])
def test_a_prediction_that_is_no_number_is_judged_by_no_rule(tmp_path: Path, bad: float, who: str) -> None:
    columns = {LABEL: np.zeros(2), "candidate": np.zeros(2), "champion": np.zeros(2)}
    columns[who] = np.array([0.5, bad])

    with pytest.raises(GatehouseError, match=f"some predictions of the {who} are no finite numbers"):
        seen(tmp_path, {"age": [1, 2]}, columns, ("0", "1"), "binary")


# --- as evidence has it


def of(bench: made.Bench, rows: pd.DataFrame | None = None, model: str = "constant", **more: Any) -> Evidence:
    evaluation = msgspec.structs.replace(EVALUATION, **{"groups": (), **more})
    path = bench.tables["evaluation"] if rows is None else bench.table("viewed", rows)
    judged = made.policy(data=Data(evaluation), gates={"business_rules": {}})
    return bench.evidence(bench.case(bench.model(model), evaluation=path), judged)


def said(evidence: Evidence, *queries: str, columns: tuple[str, ...] = ()) -> list[Any]:
    with evidence:
        return evidence.answers(queries, BOUNDS, columns)


def test_every_row_of_the_evaluation_table_is_there_with_its_prediction(bench: made.Bench) -> None:
    rows = models.frame(BATCH_ROWS + 500, seed=3)
    evidence = of(bench, rows, "good")

    total, agreed, right = said(
        evidence,
        "select count(*) from scored where income is not null and region in ('north', 'south', 'west')",
        "select count(*) from scored where (candidate >= 0.5) = (decision = 1)",
        "select avg((label = decision)::int) from scored",
    )

    assert total.figure == agreed.figure == len(rows)
    assert right.figure > 0.7
    assert said(of(bench, rows), "select sum(label - defaulted) from scored")[0].figure == 0


def test_a_missing_champion_breaks_no_rule_about_rows(bench: made.Bench) -> None:
    rows, figure = said(
        of(bench),
        "select * from scored where decision <> champion_decision",
        "select avg(abs(decision - champion_decision)) from scored",
    )
    assert (rows.rows, figure.figure) == (0, None)


def test_only_named_columns_are_there_and_the_id_in_any_case(bench: made.Bench) -> None:
    rows = models.frame(50).assign(person=[f"p{n}" for n in range(50)])

    found, absent = said(
        of(bench, rows, id="person"),
        "select * from scored where decision = 1",
        "select avg(income) from scored",
        columns=("age",),
    )

    assert found.columns == ("age", "person", "label", "candidate", "decision", "champion", "champion_decision")
    assert found.ids == ("p0", "p1", "p2", "p3", "p4")
    assert "income" in absent.message


def test_what_the_policy_did_not_announce_is_scored_along_when_it_is_asked_for(bench: made.Bench) -> None:
    judged = made.policy(data=Data(msgspec.structs.replace(EVALUATION, groups=())), gates={})
    evidence = bench.evidence(bench.case(bench.model("constant")), judged)

    with evidence:
        assert "income" not in evidence.scored.table.schema.names
        (found,) = evidence.answers(["select avg(income) from scored"], BOUNDS)
        assert set(evidence.scored.table.schema.names) >= {"income", "label", "candidate"}
        assert evidence.board("accuracy").rows == 2_000
    assert isinstance(found, Answer)
    assert found.figure == pytest.approx(50, abs=2)


@pytest.mark.parametrize("name", ["candidate", "Decision", "CHAMPION", "champion_decision", "Label"])
def test_a_column_that_sql_cannot_tell_from_a_made_one_is_refused(bench: made.Bench, name: str) -> None:
    evidence = of(bench, models.frame(50).assign(**{name: 1}))

    with evidence, pytest.raises(GatehouseError) as raised:
        evidence.answers(["select 1"], BOUNDS)
    assert f"SQL cannot tell the column {name!r} from" in raised.value.message
    assert "list under `columns`" in raised.value.fix
    with evidence:
        (found,) = evidence.answers(["select count(*) from scored"], BOUNDS, ["age"])
    assert found == Answer(1, ("count_star()",), (), 50.0)


def test_columns_that_differ_in_case_only_are_refused(bench: made.Bench) -> None:
    evidence = of(bench, models.frame(50).assign(AGE=1))

    with evidence, pytest.raises(GatehouseError, match="SQL cannot tell the column 'AGE' from 'age'"):
        evidence.answers(["select 1"], BOUNDS)


def test_a_label_that_is_called_label_is_the_one_that_is_made_of_it(bench: made.Bench) -> None:
    rows = models.frame(50).rename(columns={models.LABEL: "label"})
    rows["label"] = rows["label"].map({0: "paid", 1: "lost"})

    (found,) = said(of(bench, rows, label="label", positive="lost"), "select sum(label) from scored")

    assert found.figure == (rows["label"] == "lost").sum()


def test_a_column_that_is_not_there_is_told_with_the_nearest_name(bench: made.Bench) -> None:
    evidence = of(bench)

    with evidence, pytest.raises(GatehouseError) as raised:
        evidence.answers(["select 1"], BOUNDS, ["icome"])
    assert "has no column 'icome'" in raised.value.message
    assert raised.value.fix == "did you mean 'income'?"
