from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.audit.record import Kind, Record
from gatehouse.audit.store import record_all
from gatehouse.evaluate.gates import asked, builtin
from gatehouse.verdict import Verdict
from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company
from tests.support.gated import Gates, passes
from tests.support.repo import promotion

LISTED = ("accuracy", "artifact")
GATES = len(asked(LISTED, builtin()))


def measured(value: float) -> Gates:
    """The accuracy gate measures this; all others pass."""

    def says(gate: str) -> Verdict:
        return passes(gate, value) if gate == "accuracy" else passes(gate)

    return says


@pytest.fixture
def told(company: Company, cli: Cli) -> Company:
    """Version 2 fails its gate; 1 and 3 pass and serve in turn; 3 is rolled back."""
    policy = f"promotions/{MODEL}/policy.yaml"
    text = (company.repo.repository.read("origin/main", policy) or b"").decode()
    text = text.replace("{gates: [artifact, staging]", f"{{gates: [{', '.join(LISTED)}]")
    company.repo.commit({policy: f"{text}data: {{evaluation: {{path: data/eval.parquet, label: defaulted}}}}\n"})
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    company.repo.propose({PRODUCTION.path: promotion(company.pins[2])}, gates=measured(0.7))
    company.repo.promote(STAGING, company.pins[3])
    company.repo.later(24)
    company.repo.promote(PRODUCTION, company.pins[3], gates=measured(0.86))
    company.sync()
    cli("rollback", MODEL, "--reason", "declines small businesses", "--yes")
    return company


def test_the_answer_comes_first_and_is_a_sentence(told: Company, cli: Cli) -> None:
    ran = cli("why", MODEL, "3")
    assert ran.code == 0
    first = " ".join(ran.out.split("\n\n")[0].split())
    assert first.startswith("Version 3 of credit-risk served production from 2026-03-04 15:06 UTC to ")
    assert "then Ada rolled back to version 1" in first
    assert first.endswith("It is on hold: declines small businesses.")


def test_what_serves_says_since_when_by_whom_and_after_which_gates(told: Company, cli: Cli) -> None:
    answer = cli("why", MODEL, "1", json=True).document["answer"]
    assert answer.startswith("Version 1 of credit-risk serves production since ")
    proof = f"after {GATES} of {GATES} gates passed for production."
    assert f"Ada rolled back to it (declines small businesses), {proof}" in answer


def test_a_version_that_never_got_in_says_which_gate_stopped_it(told: Company, cli: Cli) -> None:
    answer = cli("why", MODEL, "2", json=True).document["answer"]
    assert answer.startswith(
        f"Version 2 of credit-risk was never promoted: {GATES - 1} of {GATES} gates passed for production; "
        "accuracy FAIL on "
    )


def test_the_timeline_tells_each_step_with_time_who_commit_and_pull_request(told: Company, cli: Cli) -> None:
    events = cli("why", MODEL, "3", json=True).document["events"]
    what = [event["what"] for event in events]
    assert set(what) == {"registered", "gates", "proposed", "merged", "synced", "rolled back", "withdrawn", "held"}
    assert (
        what.index("proposed") < what.index("gates") < what.index("merged") < what.index("synced") < what.index("held")
    )
    merged = next(event for event in events if event["what"] == "merged" and event["slot"]["stage"] == "production")
    assert (merged["who"], merged["pull_request"], len(merged["commit"])) == ("Grace", 5, 40)
    proposed = [event["who"] for event in events if event["what"] == "proposed"]
    assert proposed == ["Ada", "Ada"]
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def test_the_gates_come_with_their_figures(told: Company, cli: Cli) -> None:
    ran = cli("why", MODEL, "3")
    assert "accuracy PASS  roc_auc 0.86 (at least 0.82)" in ran.out
    events = cli("why", MODEL, "3", json=True).document["events"]
    (gates,) = [e for e in events if e["what"] == "gates" and e["slot"]["stage"] == "production"]
    assert gates["evidence"]["champion_metrics"] == {"roc_auc": 0.81}
    assert gates["evidence"]["data"] == {"evaluation": "sha256:d"}


def test_what_replaced_a_version_superseded_it(told: Company, cli: Cli) -> None:
    events = cli("why", MODEL, "1", json=True).document["events"]
    superseded = [event for event in events if event["what"] == "superseded"]
    assert {event["after"]["version"] for event in superseded} == {3}
    assert len(superseded) == 2


def test_missing_evidence_is_said(company: Company, cli: Cli) -> None:
    commit = company.repo.promote(PRODUCTION, company.pins[1], gates=None)
    let_in = Record(
        key="of a version of gatehouse that let pins in without evidence",
        kind=Kind.PROMOTED,
        when=company.repo.now,
        who="Grace <grace@example.org>",
        slot=PRODUCTION,
        engine="0.1.0",
        after=company.pins[1],
        commit=commit,
    )
    record_all(company.store, [let_in])
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
