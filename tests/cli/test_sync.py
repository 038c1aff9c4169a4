from __future__ import annotations

from pathlib import Path

from gatehouse.audit.record import Kind
from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company
from tests.support.registered import overwrite


def test_it_makes_what_main_says_and_the_second_time_nothing(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    first, second = cli("sync"), cli("sync")
    assert (first.code, second.code) == (0, 0)
    assert "6 changes made:" in first.out
    assert "in sync" in second.out
    assert "changes" not in second.out
    assert company.reader.aliases(MODEL) == {"champion": 1, "staging": 1}


def test_a_dry_run_writes_nothing_and_says_that_it_did_not(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    before = company.state()
    ran = cli("sync", "--dry-run", json=True)
    assert ran.code == 0
    assert ran.document["carried_out"] is False
    assert len(ran.document["plan"]["actions"]) == 6
    assert company.state() == before


def test_a_refusal_is_exit_1_and_the_rest_goes_on(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.repo.promote(PRODUCTION, company.pins[2])
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.repo.promote(PRODUCTION, company.pins[3])
    ran = cli("sync", json=True)
    assert ran.code == 1
    assert ran.document["carried_out"] is True
    assert [refusal["rule"] for refusal in ran.document["plan"]["refusals"]] == ["staged"]
    assert company.reader.aliases(MODEL)["staging"] == 1


def test_verify_finds_an_artifact_that_was_swapped_after_it_came_in(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    cli("sync")
    overwrite(company.folder / "artifacts" / MODEL / "v1", "swapped")
    assert cli("sync").code == 0
    ran = cli("sync", "--verify")
    assert ran.code == 1
    assert "somebody replaced the artifact after the gates ran" in ran.out


def test_a_registry_that_is_gone_is_exit_2_in_two_lines_with_nothing_written(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    Path(company.registry.removeprefix("sqlite:///")).unlink()
    ran = cli("sync")
    assert ran.code == 2
    complaint = [line for line in ran.err.splitlines() if not line.startswith("·")]
    assert len(complaint) == 2
    assert "no registry at" in complaint[0]
    assert complaint[1].startswith("  fix: ")
    assert not company.store.path.exists()


def test_a_remote_that_is_gone_is_exit_2_in_two_lines_with_nothing_written(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.repo.origin.rename(company.folder / "gone.git")
    ran = cli("sync", json=True)
    assert ran.code == 2
    assert "git remote did not answer" in ran.document["error"]["message"]
    assert len(ran.err.splitlines()) == 2
    assert company.reader.aliases(MODEL) == {}


def test_without_a_token_only_what_needs_people_waits(company: Company, cli: Cli) -> None:
    company.ask_people()
    company.repo.stage_and_promote(MODEL, company.pins[1])
    for _ in range(2):
        ran = cli("sync")
        assert ran.code == 1
        assert "has to wait (approved): nobody can be asked now who agreed to it: no GITHUB_TOKEN is set" in ran.out
        assert "fix: export GITHUB_TOKEN" in ran.out
        assert "; the next sync asks again" in ran.out
    assert company.reader.aliases(MODEL) == {"staging": 1}
    assert [(record.kind, record.slot) for record in company.records] == [(Kind.PROMOTED, STAGING)]


def test_what_was_let_in_before_needs_no_token(company: Company, cli: Cli) -> None:
    company.ask_people()
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    assert cli("sync").code == 0
