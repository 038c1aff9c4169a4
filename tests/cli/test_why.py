from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.audit.record import Kind, Record
from gatehouse.audit.store import record_all
from gatehouse.evaluate.gates import asked, builtin
from gatehouse.sync.reviews import keep
from gatehouse.verdict import Verdict
from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company
from tests.support.gated import Gates, passes
from tests.support.records import approval, rejection, reviewed
from tests.support.repo import promotion
from tests.support.told import REMARK, WORDS, later, let_in

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


def test_who_approved_and_what_they_answered_is_one_command_with_a_line_for_each_answer(
    company: Company, cli: Cli
) -> None:
    let_in(company, 1)
    lines = cli("why", MODEL, "1").out.splitlines()
    at = lines.index(
        "2026-03-03 09:40:00 UTC  approved      production champion: 10 min after it could be reviewed (anna, #12)"
    )
    assert [line.strip() for line in lines[at + 1 : at + 4]] == [
        "gain: it does", "timing: yes", "acknowledged: thin-file-applicants",
    ]  # fmt: skip


def test_the_answer_says_who_approved_what_serves_and_that_an_auditor_should_look(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    answer = cli("why", MODEL, "1", json=True).document["answer"]
    assert answer.endswith(", approved by @bob and @anna, flagged for the auditor.")


def test_who_was_quick_is_marked_for_the_auditor(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    out = cli("why", MODEL, "1").out
    assert "45 s after it could be reviewed; flagged for the auditor (bob, #12)" in out
    assert f"! {REMARK}" in out


def test_a_rejection_is_told_with_its_reason(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    assert "rejected      production champion: thin files are worse off (chen, #12)" in cli("why", MODEL, "1").out


def test_the_document_has_everything_that_a_reviewer_said(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    events = cli("why", MODEL, "1", json=True).document["events"]
    anna = next(event["approval"] for event in events if event["what"] == "approved" and event["who"] == "anna")
    assert anna == {
        "who": "anna",
        "when": "2026-03-03T09:40:00Z",
        "answers": {"gain": "it does", "timing": "yes"},
        "seconds": 600.0,
        "url": "https://github.test/acme/models/pull/12#anna",
        "acknowledged": ["thin-file-applicants"],
    }
    (chen,) = (event["rejection"] for event in events if event["what"] == "rejected")
    assert (chen["reason"], chen["seconds"]) == ("thin files are worse off", 20.0)
    (synced,) = (event for event in events if event["what"] == "synced")
    assert synced["remarks"] == [REMARK]


def test_an_emergency_tells_both_people_with_their_reasons(company: Company, cli: Cli) -> None:
    calls = (
        approval("anna", 20, flagged=True, answers={"emergency": "fraud wave"}, acknowledged=()),
        approval("bob", 40, flagged=True, answers={"emergency": "losing money"}, acknowledged=()),
    )
    let_in(company, 1, approvals=calls, remarks=("@anna and @bob called an emergency",))
    ran = cli("why", MODEL, "1")
    assert "in an emergency that @anna and @bob called." in " ".join(ran.out.split())
    for who, why in (("anna", "fraud wave"), ("bob", "losing money")):
        assert f"called an emergency: {why}; flagged for the auditor ({who}, #12)" in ran.out
    assert "! @anna and @bob called an emergency" in ran.out


def test_a_question_of_the_policy_that_is_called_emergency_makes_none(company: Company, cli: Cli) -> None:
    let_in(company, 1, approvals=(approval(answers={"emergency": "who is told?"}),))
    out = cli("why", MODEL, "1").out
    assert "called an emergency" not in out
    assert "emergency: who is told?" in out


def test_what_people_say_of_an_open_pull_request_is_told_before_any_sync_has_seen_it(
    company: Company, cli: Cli
) -> None:
    said = reviewed(PRODUCTION, company.pins[2], rejection("dora", 900), approvals=(approval("eve"),))
    company.repo.promote(STAGING, company.pins[1])
    keep(company.repo.repository, said)
    ran = cli("why", MODEL, "2")
    assert ran.out.startswith(
        "Version 2 of credit-risk was never promoted: @dora rejected it (thin files are worse off)."
    )
    assert "10 min after it could be reviewed (eve, #12)" in ran.out


def test_a_word_that_is_on_record_and_on_the_evidence_branch_is_told_once(company: Company, cli: Cli) -> None:
    words = WORDS["approvals"], WORDS["rejections"]
    let_in(company, 1)
    keep(company.repo.repository, reviewed(PRODUCTION, company.pins[1], *words[1], approvals=words[0]))
    events = cli("why", MODEL, "1", json=True).document["events"]
    assert sorted(event["who"] for event in events if event["what"] in ("approved", "rejected")) == [
        "anna", "bob", "chen",
    ]  # fmt: skip


def test_an_approval_that_did_not_count_in_the_end_is_not_told_beside_those_on_record(
    company: Company, cli: Cli
) -> None:
    let_in(company, 1)
    keep(company.repo.repository, reviewed(PRODUCTION, company.pins[1], approvals=(approval("mallory"),)))
    assert "mallory" not in cli("why", MODEL, "1").out


HOSTILE = "fine\x1b[2J\u202e \u2066yes\r\n::error::no\n\n\0end"


def test_hostile_answers_stay_on_their_line_and_move_no_terminal(company: Company, cli: Cli) -> None:
    words = {
        "approvals": (approval("ghost", answers={"gain": HOSTILE, "ga\x1bin": "x" * 70_000}),),
        "rejections": (rejection("gh\x1b[31most", 30, reason=HOSTILE),),
        "remarks": (HOSTILE,),
    }
    let_in(company, 1, **words)
    out = cli("why", MODEL, "1").out
    assert not any(char in out for char in "\x1b\u202e\u2066\0\r")
    assert "gain: fine [2J yes ::error::no end" in out
    assert max(map(len, out.splitlines())) < 2_200
    events = cli("why", MODEL, "1", json=True).document["events"]
    (ghost,) = (event["approval"] for event in events if event["what"] == "approved")
    assert ghost["answers"]["gain"] == HOSTILE
    assert len(ghost["answers"]["ga\x1bin"]) == 70_000


def test_a_deleted_account_is_told_as_what_github_calls_it(company: Company, cli: Cli) -> None:
    let_in(company, 1, rejections=(rejection("ghost", 30, reason="", seconds=None, url=""),))
    assert "rejected      production champion: no reason given (ghost, #12)" in cli("why", MODEL, "1").out


def test_three_hundred_rejections_are_a_line_each(company: Company, cli: Cli) -> None:
    many = tuple(rejection(after=at, reason=f"reason {at}", url=f"https://github.test/12#{at}") for at in range(300))
    let_in(company, 1, rejections=many)
    lines = [line for line in cli("why", MODEL, "1").out.splitlines() if " rejected " in line]
    assert len(lines) == 300


def test_a_record_that_a_later_release_wrote_leaves_the_others_readable(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    later(company)
    ran = cli("why", MODEL, "1")
    assert ran.code == 0
    assert "(anna, #12)" in ran.out
    assert "! left out: record 2 cannot be read" in ran.out
