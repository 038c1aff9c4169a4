from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatehouse.declare.source import WorkTree
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.own import discover
from gatehouse.evaluate.statistics import metrics
from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.fairness import Rule
from gatehouse.evaluate.statistics.loading import load
from gatehouse.evaluate.statistics.own import NONE, Own, Source
from gatehouse.evaluate.statistics.results import Conclusion
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import Scoreboard, batch_of, score

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "metrics"
BOTH = ("candidate", "champion")


def example(name: str) -> Source:
    return Source(name, f"gates/metrics/{name}.py", (EXAMPLES / f"{name}.py").read_bytes())


def measured(name: str, task: Any, columns: dict[str, Any], **plan: Any) -> Board:
    asked = Plan(task, (name,), models=BOTH, own=Own((example(name),)), **plan)
    return score(asked, [batch_of(columns)])


def binary(rows: int = 2_000) -> dict[str, Any]:
    random = np.random.default_rng(0)
    label = random.integers(0, 2, rows)
    return {
        "label": label,
        "candidate": 1 / (1 + np.exp(-random.normal(3 * label - 1.5, 1))),
        "champion": 1 / (1 + np.exp(-random.normal(label - 0.5, 1))),
        "g": random.integers(0, 2, rows),
    }


def late(rows: int = 2_000) -> dict[str, Any]:
    random = np.random.default_rng(1)
    label = random.gamma(4, 10, rows)
    candidate, champion = label + random.normal(2, 3, rows), label + random.normal(0, 6, rows)
    return {"label": label, "candidate": candidate, "champion": champion, "g": random.integers(0, 2, rows)}


def test_money_lost_by_wrong_decisions_gets_intervals_groups_and_a_paired_test() -> None:
    columns = binary()
    board = measured("cost_per_decision", "binary", columns, groups=("g",))
    decided = columns["candidate"] >= 0.5
    refused, granted = np.sum(decided & (columns["label"] == 0)), np.sum(~decided & (columns["label"] == 1))

    found = board.estimate("cost_per_decision")
    assert found.value == pytest.approx((200 * refused + 1_000 * granted) / 2_000, abs=1e-9)
    assert found.value is not None
    assert found.interval is not None
    assert found.interval.low < found.value < found.interval.high
    assert len(board.disparity("cost_per_decision", Rule(500.0)).groups) == 2
    said = board.compare("cost_per_decision")
    assert (said.test, said.conclusion) == ("paired bootstrap", Conclusion.PROVEN)


def test_an_asymmetric_loss_gets_intervals_groups_and_a_paired_test() -> None:
    columns = late()
    board = measured("late_minutes", "regression", columns, groups=("g",))
    error = columns["label"] - columns["candidate"]

    found = board.estimate("late_minutes")
    assert found.value == pytest.approx(np.where(error > 0, 4 * error, -error).mean(), abs=1e-9)
    assert found.interval is not None
    assert len(board.disparity("late_minutes", Rule(5.0)).groups) == 2
    assert board.compare("late_minutes").conclusion is Conclusion.PROVEN


def test_the_plan_carries_the_code_to_partitions_that_know_nothing_else() -> None:
    columns = late()
    plan = Plan("regression", ("late_minutes",), models=BOTH, own=Own((example("late_minutes"),)))
    whole = score(plan, [batch_of(columns)])
    travelled = pickle.loads(pickle.dumps(plan))
    assert travelled == plan
    parts = []
    for start in (0, 700):
        part = Scoreboard(travelled)
        part.update(batch_of({name: values[start : 700 if start == 0 else None] for name, values in columns.items()}))
        parts.append(Scoreboard.from_bytes(plan, part.to_bytes()))
    parts[0].merge(parts[1])

    assert parts[0].finish().estimate("late_minutes").value == pytest.approx(
        whole.estimate("late_minutes").value, abs=1e-12
    )
    assert plan.own.sources == {"late_minutes": (EXAMPLES / "late_minutes.py").read_bytes()}


def test_what_one_repository_brings_another_never_sees() -> None:
    own = Own((example("late_minutes"),))

    assert metrics.get("late_minutes", "regression", own).name in metrics.names("regression", own)
    assert "late_minutes" not in metrics.names("regression")
    for asked in (("late_minutes", "regression", NONE), ("late_minutes", "binary", own)):
        with pytest.raises(NotFound):
            metrics.get(*asked)


def test_two_repositories_may_mean_two_things_by_one_name() -> None:
    ours = example("cost_per_decision")
    theirs = Source(ours.name, ours.origin, ours.code.replace(b"200.0", b"300.0"))
    columns = binary()

    values = [
        score(Plan("binary", (ours.name,), models=BOTH, own=Own((file,))), [batch_of(columns)]).estimate(ours.name)
        for file in (ours, theirs, ours)
    ]
    assert values[0] == values[2] != values[1]


# --- found in a repository


def write(root: Path, name: str, code: str | bytes) -> WorkTree:
    path = root / "gates" / "metrics" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(code if isinstance(code, bytes) else code.encode())
    return WorkTree(root)


def test_metrics_are_found_beside_the_gates_and_digested(tmp_path: Path) -> None:
    for path in EXAMPLES.glob("*.py"):
        tree = write(tmp_path, path.name, path.read_bytes())
    for name in ("_private.py", "deeper/inner.py", "notes.md"):
        write(tmp_path, name, "raise RuntimeError('read')")

    own = discover(tree)

    assert list(own.sources) == ["cost_per_decision", "late_minutes"]
    assert set(own.digests) == {"metrics/cost_per_decision", "metrics/late_minutes"}
    assert all(digest.startswith("sha256:") for digest in own.digests.values())
    changed = discover(write(tmp_path, "late_minutes.py", (EXAMPLES / "late_minutes.py").read_bytes() + b"\n"))
    differing = {name for name in own.digests if changed.digests[name] != own.digests[name]}
    assert differing == {"metrics/late_minutes"}


def test_a_repository_without_metrics_has_none(tmp_path: Path) -> None:
    assert discover(WorkTree(tmp_path)) == NONE
    assert not NONE.digests
    assert not NONE.sources


HEAD = '''"""What it is."""
import numpy as np
from gatehouse.evaluate.statistics.metric import Better, CountMetric, Needs, RankMetric, SumMetric
SAYS = {"name": "mine", "task": "binary", "better": Better.LOWER, "needs": Needs.DECISIONS}
'''
MINE = "gates/metrics/mine.py"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", f"{MINE}: a metric needs a docstring and METRIC"),
        ("METRIC = 3", f"{MINE}: a metric needs a docstring and METRIC, a CountMetric or a SumMetric, not int"),
        ("METRIC = RankMetric(**SAYS, part=len)", "not RankMetric"),
        ("1 / 0", f"{MINE}:5: the metric does not load: ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(0)", f"{MINE}:5: the metric does not load: SystemExit: 0"),
        ("def (", f"{MINE}:5: the metric does not load: SyntaxError"),
        ("METRIC = CountMetric(**SAYS)", f"{MINE}:5: the metric does not load: TypeError"),
        ("METRIC = CountMetric(**{**SAYS, 'name': 'other'}, value=len)", f"{MINE}: METRIC.name is 'other'"),
        ("METRIC = CountMetric(**{**SAYS, 'task': 'clustering'}, value=len)", f"{MINE}: METRIC.task is 'clustering'"),
        ("METRIC = CountMetric(**{**SAYS, 'better': 'more'}, value=len)", f"{MINE}: METRIC.better is 'more'"),
        ("METRIC = CountMetric(**{**SAYS, 'needs': None}, value=len)", f"{MINE}: METRIC.needs is None"),
        (
            "METRIC = CountMetric(**{**SAYS, 'task': 'regression'}, value=len)",
            f"{MINE}: a regression has no classes to count",
        ),
        (
            "METRIC = SumMetric(**SAYS, rows=len, value=len, width=0)",
            f"{MINE}: METRIC.width is 0",
        ),
        ("METRIC = CountMetric(**SAYS, value=lambda t: t.sum())", "value has the shape (), not (1,)"),
        ("METRIC = CountMetric(**SAYS, value=lambda t: t)", "value has the shape (1, 2, 2), not (1,)"),
        ("METRIC = CountMetric(**SAYS, value=lambda t: ['a'] * len(t))", "value is no array of numbers"),
        ("METRIC = CountMetric(**SAYS, value=lambda t: None)", "value has the shape (), not (1,)"),
        ("METRIC = CountMetric(**SAYS, value=lambda t: t[9])", f"{MINE}:5: metric mine: IndexError"),
        (
            "METRIC = CountMetric(**SAYS, value=lambda t: t.sum((-2, -1)), rate=lambda t: t.sum((-2, -1)))",
            "rate is no pair of hits and trials",
        ),
        (
            "METRIC = SumMetric(**SAYS, rows=lambda y, p, _: y - p, value=lambda n, s: s[..., 0] / n)",
            "rows has the shape (6,), not (6, 1)",
        ),
        (
            "METRIC = SumMetric(**SAYS, rows=lambda y, p, _: (y - p)[:, None], value=lambda n, s: s / n)",
            "value has the shape (1,), not ()",
        ),
        (
            "METRIC = SumMetric(**SAYS, rows=lambda y, p: (y - p)[:, None], value=lambda n, s: s / n)",
            f"{MINE}: metric mine: TypeError",
        ),
    ],
)
def test_a_metric_that_cannot_be_used_is_told_with_its_place(tmp_path: Path, body: str, problem: str) -> None:
    with pytest.raises(GatehouseError) as raised:
        discover(write(tmp_path, "mine.py", HEAD + body + "\n"))
    assert problem in str(raised.value)
    assert raised.value.message.startswith(MINE)


def test_a_metric_says_what_it_is(tmp_path: Path) -> None:
    silent = HEAD.partition("\n")[2] + "METRIC = CountMetric(**SAYS, value=lambda t: t.sum((-2, -1)))\n"

    with pytest.raises(GatehouseError, match="needs a docstring"):
        discover(write(tmp_path, "mine.py", silent))


@pytest.mark.parametrize("name", ["roc_auc", "rmse"])
def test_a_built_in_metric_is_never_shadowed_whatever_the_task(tmp_path: Path, name: str) -> None:
    code = HEAD.replace("mine", name) + "METRIC = CountMetric(**SAYS, value=lambda t: t.sum((-2, -1)))\n"

    with pytest.raises(GatehouseError) as raised:
        discover(write(tmp_path, f"{name}.py", code))
    assert raised.value.message == f"gates/metrics/{name}.py: {name} is a metric that comes with gatehouse"


def board_of(code: str) -> Board:
    own = Own((Source("mine", MINE, (HEAD + code).encode()),))
    return score(Plan("binary", ("mine",), models=BOTH, groups=("g",), own=own), [batch_of(binary(100))])


@pytest.mark.parametrize("bad", ["np.nan", "np.inf", "-np.inf"])
def test_a_value_that_is_no_number_is_no_value(bad: str) -> None:
    board = board_of(f"METRIC = CountMetric(**SAYS, value=lambda t: np.full(t.shape[:-2], {bad}))\n")

    assert board.estimate("mine").value is None
    assert board.compare("mine", margin=-1e9).conclusion is Conclusion.UNKNOWN


@pytest.mark.parametrize("bad", ["np.nan", "np.inf", "-np.inf"])
def test_one_row_without_a_figure_leaves_the_whole_without_one(bad: str) -> None:
    board = board_of(
        f"def rows(y, p, plan):\n    return np.where(np.arange(len(y)) == 40, {bad}, 1.0)[:, None]\n"
        "METRIC = SumMetric(**SAYS, rows=rows, value=lambda n, s: np.nan_to_num(s[..., 0]) * 0)\n"
    )

    assert board.estimate("mine").value is None


def test_what_raises_only_on_real_rows_is_told_with_its_line() -> None:
    with pytest.raises(GatehouseError) as raised:
        board_of(
            "def rows(y, p, plan):\n    return (y / (len(y) // 7))[:, None] if len(y) < 50 else y.nothing\n"
            "METRIC = SumMetric(**SAYS, rows=rows, value=lambda n, s: s[..., 0])\n"
        )
    assert raised.value.message.startswith(f"{MINE}:6: metric mine: ")


def test_a_metric_is_loaded_once_for_the_same_code() -> None:
    assert load(example("late_minutes")) is load(example("late_minutes"))
