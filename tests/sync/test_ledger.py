"""How often an evaluation table has been used."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gatehouse.evaluate.result import Result
from gatehouse.pin import Role, Slot
from gatehouse.sync.ledger import entries, uses
from tests.support.records import pin
from tests.support.repo import promotions
from tests.sync.checks import check

STAGING, PRODUCTION = Slot("credit-risk", "staging"), Slot("credit-risk", "production")


def judged(slot: Slot, version: int, table: str = "sha256:one", rows: int = 1000, role: Role = Role.CHAMPION) -> Result:
    found = check(slot, pin(version), role=role)
    return msgspec.structs.replace(found, data={"evaluation": table} if table else {}, rows=rows)


def test_the_first_candidate_is_the_first_use() -> None:
    assert uses(judged(STAGING, 1), []) == 1


def test_every_other_candidate_is_one_more() -> None:
    assert uses(judged(STAGING, 3), [judged(STAGING, 1), judged(STAGING, 2)]) == 3


def test_a_candidate_counts_once_wherever_and_however_often_it_is_proposed() -> None:
    seen = [judged(STAGING, 1), judged(PRODUCTION, 1), judged(STAGING, 1, role=Role.SHADOW)]
    assert uses(judged(PRODUCTION, 1), seen) == 1
    assert uses(judged(PRODUCTION, 2), seen) == 2


def test_another_table_and_another_model_do_not_count() -> None:
    seen = [judged(STAGING, 1, table="sha256:two"), judged(Slot("churn", "staging"), 2)]
    assert uses(judged(STAGING, 3), seen) == 1


def test_a_check_that_never_asked_about_the_rows_has_used_nothing() -> None:
    assert uses(judged(STAGING, 2), [judged(STAGING, 1, rows=0)]) == 1


def test_without_a_table_there_is_nothing_to_count() -> None:
    assert uses(judged(STAGING, 1, table=""), [judged(STAGING, 2)]) == 0


def test_the_ledger_is_the_evidence_branch_as_it_was_last_fetched(tmp_path: Path) -> None:
    repo = promotions(tmp_path, "sqlite:///mlflow.db")
    assert entries(repo.repository, "credit-risk") == ()
    repo.publish_evidence(judged(STAGING, 1))
    repo.repository.run("fetch", "--quiet", "origin")
    (found,) = entries(repo.repository, "credit-risk")
    assert found.request.candidate == pin(1)
    assert entries(repo.repository, "churn") == ()
