"""What the gates found, from the evidence branch or from tags, into the record."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gatehouse.audit.record import Evidence, Gate
from gatehouse.pin import Role, Slot
from gatehouse.sync.evidence import Shelf, from_tags, summary
from gatehouse.sync.trunk import locate
from gatehouse.verdict import Interval, Measure, Outcome, Relation, Verdict
from tests.support.records import pin
from tests.support.repo import Promotions, promotions
from tests.sync.checks import check

PRODUCTION = Slot("credit-risk", "production")


@pytest.fixture
def repo(tmp_path: Path) -> Promotions:
    return promotions(tmp_path, "sqlite:///mlflow.db")


def test_the_newest_check_of_this_very_pin_in_this_very_place_counts(repo: Promotions) -> None:
    for hour, found in enumerate(
        [
            check(PRODUCTION, pin(2)),
            check(PRODUCTION, pin(2)),
            check(PRODUCTION, pin(3)),
            check(Slot("credit-risk", "staging"), pin(2)),
            check(Slot("credit-risk", "production", "eu"), pin(2)),
            check(PRODUCTION, pin(2), role=Role.SHADOW),
        ]
    ):
        key = f"sha256:{hour:064x}"
        repo.publish_evidence(msgspec.structs.replace(found, key=key, evaluated=datetime(2026, 3, 3, hour, tzinfo=UTC)))
    shelf = Shelf(locate(repo.repository))
    newest = shelf.newest(PRODUCTION, Role.CHAMPION, pin(2))
    assert newest is not None
    assert newest.key.endswith("1")
    assert shelf.newest(PRODUCTION, Role.CHAMPION, pin(9)) is None
    assert shelf.results("another") == ()


def test_no_evidence_branch_is_no_evidence(repo: Promotions) -> None:
    assert Shelf(locate(repo.repository)).newest(PRODUCTION, Role.CHAMPION, pin(2)) is None


def test_a_document_that_is_no_result_proves_nothing(repo: Promotions) -> None:
    writer = locate(repo.repository).writer()
    made = writer.commit(None, {"evidence/credit-risk/bad.json": b'{"verdicts": "all fine"}'}, "Forge")
    writer.push(made, "evidence", None)
    repo.publish_evidence(check(PRODUCTION, pin(2)))
    assert len(Shelf(locate(repo.repository)).results("credit-risk")) == 1


def test_the_record_keeps_every_figure_of_every_gate() -> None:
    measure = Measure(
        "roc_auc", 0.84, Outcome.PASS, 0.82, Relation.AT_LEAST, Interval(0.83, 0.85), champion=0.81, rows=5000
    )
    worse = Measure("nan", float("nan"), Outcome.FAIL)
    verdict = Verdict("accuracy", Outcome.PASS, "better", (measure, worse))
    found = summary(check(PRODUCTION, pin(2), champion=pin(1), verdicts=(verdict,)))
    assert found.source == "branch"
    (gate,) = found.gates
    figure, nothing = gate.figures
    assert (figure.value, figure.limit, figure.low, figure.high, figure.champion) == (0.84, 0.82, 0.83, 0.85, 0.81)
    assert nothing.value is None
    assert (found.champion, found.champion_metrics, found.metrics) == (pin(1), {"roc_auc": 0.81}, {"roc_auc": 0.84})
    assert (found.data, found.rows, found.isolation) == ({"evaluation": "sha256:d"}, 5000, "bwrap")


def test_tags_are_what_is_left_without_a_branch() -> None:
    tags = {
        "gatehouse.gate.accuracy": "PASS roc_auc 0.84",
        "gatehouse.gate.odd": "MARVELLOUS",
        "gatehouse.key": "sha256:k",
        "gatehouse.evaluated": "2026-03-03T12:00:00+00:00",
        "team": "fraud",
    }
    assert from_tags(tags) == Evidence(
        "tags",
        (Gate("accuracy", Outcome.PASS, "roc_auc 0.84"), Gate("odd", Outcome.ERROR)),
        "sha256:k",
        datetime(2026, 3, 3, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize("tags", [{}, {"gatehouse.key": "sha256:k"}, {"gate": "PASS"}])
def test_no_gate_in_the_tags_is_no_evidence(tags: dict[str, str]) -> None:
    assert from_tags(tags) is None


@pytest.mark.parametrize("time", ["", "yesterday", "2026-03-03T12:00:00"])
def test_a_time_that_is_none_or_has_no_zone_is_left_out(time: str) -> None:
    found = from_tags({"gatehouse.gate.a": "PASS", "gatehouse.evaluated": time})
    assert found is not None
    assert found.evaluated is None
