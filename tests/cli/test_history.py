from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.git import Repository
from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company


@pytest.fixture
def told(company: Company) -> Company:
    """Version 1, then 3, then back, in production; all synced."""
    for version in (1, 3):
        company.repo.stage_and_promote(MODEL, company.pins[version])
        company.sync()
    company.repo.promote(PRODUCTION, company.pins[1])
    company.sync()
    return company


def events(document: dict[str, list[dict[str, object]]], *kinds: str) -> list[dict[str, object]]:
    return [event for event in document["events"] if event["what"] in kinds]


def test_what_was_promoted_and_rolled_back_newest_first_with_time_people_and_pull_request(
    told: Company, cli: Cli
) -> None:
    ran = cli("history", MODEL)
    assert ran.code == 0
    rows = [line for line in ran.out.splitlines() if " UTC " in line]
    assert [("rolled back" in row, "merged" in row) for row in rows] == [(True, False), *[(False, True)] * 4]
    assert all("Grace" in row for row in rows)
    assert [f"#{number} " in row for number, row in zip((5, 4, 3, 2, 1), rows, strict=True)] == [True] * 5
    times = [row[:23] for row in rows]
    assert times == sorted(times, reverse=True)


def test_the_document_holds_everything_that_happened(told: Company, cli: Cli) -> None:
    document = cli("history", MODEL, json=True).document
    assert len(events(document, "registered")) == 3
    assert len(events(document, "proposed")) == len(events(document, "merged", "rolled back")) == 5
    assert len(events(document, "synced")) == 5
    (back,) = events(document, "rolled back")
    assert back["before"] == {"version": 3, "digest": told.pins[3].digest}
    assert back["after"] == {"version": 1, "digest": told.pins[1].digest}
    assert (back["commit"], back["pull_request"], back["who"]) == (told.repo.head, 5, "Grace")
    assert events(document, "proposed")[0]["who"] == "Ada"


def test_one_slot_by_itself(told: Company, cli: Cli) -> None:
    document = cli("history", MODEL, "--slot", "staging", json=True).document
    assert {event["slot"]["stage"] for event in document["events"]} == {"staging"}
    ran = cli("history", MODEL, "--slot", "canary")
    assert ran.code == 2
    assert "choose one of production, staging" in ran.err


def test_holds_are_told_when_they_come_and_when_they_go(told: Company, cli: Cli) -> None:
    hold = "versions:\n  - {version: 3, reason: declines small businesses, since: 2026-03-05}\n"
    told.repo.commit({f"promotions/{MODEL}/hold.yaml": hold})
    told.repo.commit({f"promotions/{MODEL}/hold.yaml": "versions: [\n"})
    told.repo.commit({f"promotions/{MODEL}/hold.yaml": None})
    document = cli("history", MODEL, json=True).document
    assert [event["version"] for event in events(document, "held", "released")] == [3, 3]
    (held,) = events(document, "held")
    assert (held["text"], held["who"]) == ("declines small businesses", "Ada")


def test_an_unknown_model_names_those_that_come_close(told: Company, cli: Cli) -> None:
    ran = cli("history", "credit-rixk")
    assert ran.code == 2
    assert "did you mean credit-risk?" in ran.err


def test_a_registry_that_is_gone_leaves_the_rest_of_the_story(told: Company, cli: Cli) -> None:
    Path(told.registry.removeprefix("sqlite:///")).unlink()
    ran = cli("history", MODEL)
    assert ran.code == 0
    assert "rolled back" in ran.out
    assert "left out: no registry at" in ran.out


def test_a_pull_request_merged_as_one_squashed_commit_keeps_its_number(company: Company, cli: Cli) -> None:
    from tests.support.repo import promotion

    company.repo.commit({STAGING.path: promotion(company.pins[1])}, "Promote version 1 (#7)")
    (event,) = events(cli("history", MODEL, json=True).document, "merged")
    assert (event["pull_request"], event["who"]) == (7, "Ada")
    assert Repository(company.repo.origin).resolve("main") == event["commit"]
