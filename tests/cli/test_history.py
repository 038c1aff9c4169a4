from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from gatehouse.audit.record import Kind
from gatehouse.git import Repository
from gatehouse.sync.reviews import keep
from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company
from tests.support.records import approval, rejection, reviewed
from tests.support.told import let_in


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


def test_who_approved_and_who_rejected_stand_between_the_merges_with_what_they_said(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    rows = [line for line in cli("history", MODEL).out.splitlines() if " approved " in line or " rejected " in line]
    assert [("anna" in row, "bob" in row, "chen" in row) for row in rows] == [
        (True, False, False), (False, True, False), (False, False, True),
    ]  # fmt: skip
    assert [row[row.index("#12") :][:13] for row in rows] == ["#12 after 10 ", "#12 ! after 4", "#12 thin file"]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_long_answer_is_cut_at_the_terminal_s_width_and_never_wraps(
    company: Company, cli: Cli, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    from rich.console import Console

    from gatehouse.cli import frame

    def terminal(*, stderr: bool = False) -> Console:
        stream = sys.stderr if stderr else sys.stdout
        return Console(file=stream, width=width, force_terminal=True, highlight=False, no_color=True)

    let_in(company, 1, approvals=(approval("anna", answers={"gain": "it does, and " * 400}),))
    monkeypatch.setattr(frame, "console", terminal)
    rows = [line for line in cli("history", MODEL).out.splitlines() if "anna" in line or "it does, and" in line]
    (row,) = rows
    assert len(row.rstrip()) <= width
    assert row.rstrip().endswith("…")


def test_the_document_of_a_model_has_every_word_of_its_reviewers(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    told = cli("history", MODEL, json=True).document["events"]
    found = {event["who"]: event["approval"] for event in told if event["what"] == "approved"}
    assert found["anna"]["answers"] == {"gain": "it does", "timing": "yes"}
    assert found["bob"]["flagged"] is True


def test_a_rejection_goes_from_the_evidence_branch_into_the_record_and_the_story_tells_it_once(
    company: Company, cli: Cli
) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    keep(company.repo.repository, reviewed(PRODUCTION, company.pins[2], rejection("dora", 900)))
    company.repo.later(48)
    for _ in range(2):
        company.sync()
        assert [record.kind for record in company.records[2:]] == [Kind.REJECTED]
    ran = cli("history", MODEL)
    assert len([line for line in ran.out.splitlines() if "dora" in line and "thin files" in line]) == 1
    assert cli("audit", "verify").code == 0


JUNK = {
    "reviews/7/nonsense.json": b"{",
    f"reviews/7/{'a' * 40}.json": b"not json \xff\xfe",
    f"reviews/8/{'b' * 40}.json": b'{"number": 8}' + b" " * 2_000_000,
    f"reviews/9/{'c' * 40}.json": b"[" * 100_000,
}


def test_whatever_lies_on_the_evidence_branch_a_sync_goes_on_and_hears_the_honest(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.repo.later(48)
    absurd = rejection("mallory", when=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))))
    hostile = rejection("d\0ra", 901, reason="\x1b[2J")
    said = reviewed(PRODUCTION, company.pins[2], absurd, rejection("dora", 900), hostile)
    company.repo.tamper({**JUNK, f"reviews/12/{'a' * 40}.json": msgspec.json.encode(said)})
    plan = company.sync()
    assert plan.refusals == ()
    assert [record.who for record in company.records if record.kind is Kind.REJECTED] == ["dora", "d ra"]
    ran = cli("history", MODEL)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert cli("audit", "verify").code == 0
