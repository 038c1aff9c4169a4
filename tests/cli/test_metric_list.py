from __future__ import annotations

from pathlib import Path

from tests.support.company import Cli, Company

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "metrics"


def test_every_metric_is_listed_with_its_task_direction_and_range(cli: Cli) -> None:
    found = {(one["task"], one["name"]): one for one in cli("gates", "--metrics", json=True).document}

    assert found["binary", "roc_auc"] == {
        "name": "roc_auc",
        "task": "binary",
        "better": "higher",
        "needs": "scores",
        "low": 0.0,
        "high": 1.0,
        "origin": None,
    }
    assert found["regression", "r2"]["low"] is None
    assert found["multiclass", "log_loss"]["better"] == "lower"
    ran = cli("gates", "--metrics")
    assert ran.code == 0
    for said in ("0 to 1", "0 and up", "up to 1", "quantile_loss (or @0.9)", "gatehouse"):
        assert said in ran.out


def test_a_repositorys_own_metrics_are_listed_with_their_file(company: Company, cli: Cli) -> None:
    folder = company.repo.root / "gates" / "metrics"
    folder.mkdir(parents=True)
    (folder / "late_minutes.py").write_bytes((EXAMPLES / "late_minutes.py").read_bytes())

    found = {one["name"]: one for one in cli("gates", "--metrics", json=True).document}

    assert found["late_minutes"]["origin"] == "gates/metrics/late_minutes.py"
    assert "gates/metrics/late_minutes.py" in cli("gates", "--metrics").out


def test_a_metric_that_does_not_load_is_told_with_its_line(company: Company, cli: Cli) -> None:
    folder = company.repo.root / "gates" / "metrics"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text('"""Mine."""\n1 / 0\n')

    ran = cli("gates", "--metrics")

    assert ran.code == 2
    assert "gates/metrics/mine.py:2: the metric does not load: ZeroDivisionError" in ran.err
