"""A check that was answered before: from memory where nothing has changed, anew where anything has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli import steps
from tests.support.company import MODEL, STAGING, Cli, Company
from tests.support.repo import promotion

CHECK = ("check", MODEL, "--to", "staging")
POLICY = f"promotions/{MODEL}/policy.yaml"


@pytest.fixture
def fetched(company: Company, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A pinned version in the clone; the list grows with every question that is fetched for."""
    company.repo.pull()
    (company.repo.root / STAGING.path).write_text(promotion(company.pins[2]))
    asked: list[int] = []
    fetch = steps.fetch

    def counted(scene: Any, *rest: Any) -> Any:
        asked.extend(request.candidate.version for request in scene.requests)
        return fetch(scene, *rest)

    monkeypatch.setattr(steps, "fetch", counted)
    return asked


def test_the_same_question_is_answered_from_memory(cli: Cli, fetched: list[int]) -> None:
    first = cli(*CHECK, json=True)
    second = cli(*CHECK, json=True)
    assert (first.code, second.code) == (0, 0)
    assert fetched == [2]
    (found,), (again,) = first.document["results"], second.document["results"]
    assert again.pop("reused") == found["evaluated"]
    assert found.pop("reused") is None
    assert again == found


def test_a_blocked_answer_is_remembered_as_blocked(company: Company, cli: Cli, fetched: list[int]) -> None:
    (company.repo.root / POLICY).write_text(
        (company.repo.root / POLICY).read_text() + "gates: {artifact: {max_mb: 0.0000001}}\n"
    )
    assert [cli(*CHECK).code, cli(*CHECK).code] == [1, 1]
    assert fetched == [2]


def test_fresh_asks_again(cli: Cli, fetched: list[int]) -> None:
    cli(*CHECK)
    assert cli(*CHECK, "--fresh", json=True).document["results"][0]["reused"] is None
    assert fetched == [2, 2]


def test_another_policy_another_gate_another_pin_ask_again(company: Company, cli: Cli, fetched: list[int]) -> None:
    root = company.repo.root
    cli(*CHECK)
    (root / POLICY).write_text((root / POLICY).read_text() + "gates: {artifact: {max_mb: 7}}\n")
    cli(*CHECK)
    (root / "gates").mkdir(exist_ok=True)
    own = Path(__file__).parents[2] / "gates" / "artifact.py"
    (root / "gates" / "artifact.py").write_text(own.read_text() + "# looked at again\n")
    cli(*CHECK)
    (root / STAGING.path).write_text(promotion(company.pins[3]))
    cli(*CHECK)
    assert fetched == [2, 2, 2, 3]


def test_changed_data_asks_again(company: Company, cli: Cli, fetched: list[int]) -> None:
    root = company.repo.root
    (root / "data").mkdir()
    (root / "data" / "now.csv").write_text("a\n1\n")
    (root / POLICY).write_text((root / POLICY).read_text() + "data: {production: {path: data/now.csv}}\n")
    cli(*CHECK)
    cli(*CHECK)
    (root / "data" / "now.csv").write_text("a\n2\n")
    cli(*CHECK)
    assert fetched == [2, 2]


@pytest.mark.parametrize("data", ["production: {query: select 1 as a}", "traffic: {path: logs}"])
def test_what_only_a_fetch_can_read_is_never_answered_from_memory(
    company: Company, cli: Cli, fetched: list[int], data: str
) -> None:
    root = company.repo.root
    (root / "logs").mkdir()
    (root / POLICY).write_text((root / POLICY).read_text() + f"data: {{{data}}}\n")
    cli(*CHECK)
    cli(*CHECK)
    assert fetched == [2, 2]
