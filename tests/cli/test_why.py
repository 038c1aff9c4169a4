from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company
from tests.sync.checks import check, passed


@pytest.fixture
def told(company: Company, cli: Cli) -> Company:
    """Version 2 fails its gate; 1 and 3 pass and serve in turn; 3 is rolled back."""
    company.repo.publish_evidence(check(PRODUCTION, company.pins[1], evaluated=company.repo.now))
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    for version, value in ((2, 0.7), (3, 0.86)):
        gates = passed(value)
        result = check(
            PRODUCTION, company.pins[version], champion=company.pins[1], verdicts=gates, evaluated=company.repo.now
        )
        company.repo.publish_evidence(result)
    company.repo.stage_and_promote(MODEL, company.pins[3])
    company.sync()
    cli("rollback", MODEL, "--reason", "declines small businesses", "--yes")
    return company


def test_the_answer_comes_first_and_is_a_sentence(told: Company, cli: Cli) -> None:
    ran = cli("why", MODEL, "3")
    assert ran.code == 0
    first = " ".join(ran.out.split("\n\n")[0].split())
    assert first.startswith("Version 3 of credit-risk served production from 2026-03-04 13:06 UTC to ")
    assert "then Ada rolled back to version 1" in first
    assert first.endswith("It is on hold: declines small businesses.")


def test_what_serves_says_since_when_by_whom_and_after_which_gates(told: Company, cli: Cli) -> None:
    answer = cli("why", MODEL, "1", json=True).document["answer"]
    assert answer.startswith("Version 1 of credit-risk serves production since ")
    assert "Ada rolled back to it (declines small businesses), after 2 of 2 gates passed for production." in answer


def test_a_version_that_never_got_in_says_which_gate_stopped_it(told: Company, cli: Cli) -> None:
    answer = cli("why", MODEL, "2", json=True).document["answer"]
    assert answer.startswith(
        "Version 2 of credit-risk was never promoted: 1 of 2 gates passed for production; accuracy FAIL on "
    )


def test_the_timeline_tells_each_step_with_time_who_commit_and_pull_request(told: Company, cli: Cli) -> None:
    events = cli("why", MODEL, "3", json=True).document["events"]
    what = [event["what"] for event in events]
    assert set(what) == {"registered", "gates", "proposed", "merged", "synced", "rolled back", "withdrawn", "held"}
    assert (
        what.index("gates") < what.index("proposed") < what.index("merged") < what.index("synced") < what.index("held")
    )
    merged = next(event for event in events if event["what"] == "merged" and event["slot"]["stage"] == "production")
    assert (merged["who"], merged["pull_request"], len(merged["commit"])) == ("Grace", 4, 40)
    proposed = [event["who"] for event in events if event["what"] == "proposed"]
    assert proposed == ["Ada", "Ada"]
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def test_the_gates_come_with_their_figures(told: Company, cli: Cli) -> None:
    ran = cli("why", MODEL, "3")
    assert "accuracy PASS  roc_auc 0.86 (at least 0.82)" in ran.out
    (gates,) = [e for e in cli("why", MODEL, "3", json=True).document["events"] if e["what"] == "gates"]
    assert gates["evidence"]["champion_metrics"] == {"roc_auc": 0.81}
    assert gates["evidence"]["data"] == {"evaluation": "sha256:d"}


def test_what_replaced_a_version_superseded_it(told: Company, cli: Cli) -> None:
    events = cli("why", MODEL, "1", json=True).document["events"]
    superseded = [event for event in events if event["what"] == "superseded"]
    assert {event["after"]["version"] for event in superseded} == {3}
    assert len(superseded) == 2


def test_missing_evidence_is_said(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    ran = cli("why", MODEL, "1")
    assert "and no evidence of its gates is left." in " ".join(ran.out.split())
    assert "without evidence of its gates" in ran.out


def test_a_refused_version_says_why_sync_refused_it(company: Company, cli: Cli) -> None:
    company.repo.promote(PRODUCTION, company.pins[2])
    company.sync()
    events = cli("why", MODEL, "2", json=True).document["events"]
    (refused,) = [event for event in events if event["what"] == "refused"]
    assert refused["text"] == "staged: this version and digest has never been in staging"


def test_a_version_that_is_only_registered_says_so(company: Company, cli: Cli) -> None:
    company.repo.promote(STAGING, company.pins[1])
    assert (
        cli("why", MODEL, "3", json=True).document["answer"]
        == "Version 3 of credit-risk was never promoted: nobody proposed it."
    )


def test_a_training_run_tells_who_trained_it_and_its_metrics(company: Company, cli: Cli) -> None:
    from tests.support import models

    version = models.register(company.registry, MODEL, models.train(), metrics={"roc_auc": 0.83})
    events = cli("why", MODEL, str(version), json=True).document["events"]
    (trained,) = [event for event in events if event["what"] == "trained"]
    assert trained["text"] == "roc_auc 0.83"
    assert trained["who"]


def test_an_unknown_version_names_those_near_it_and_an_unknown_model_those_like_it(told: Company, cli: Cli) -> None:
    ran = cli("why", MODEL, "47")
    assert ran.code == 2
    assert "credit-risk has no version 47" in ran.err
    assert "it has 1, 2, 3" in ran.err
    assert "did you mean credit-risk?" in cli("why", "creditrisk", "1").err


def test_git_and_the_record_answer_although_the_registry_is_gone(told: Company, cli: Cli) -> None:
    Path(told.registry.removeprefix("sqlite:///")).unlink()
    ran = cli("why", MODEL, "1")
    assert ran.code == 0
    assert "serves production since" in ran.out
    assert "left out: no registry at" in ran.out
