from __future__ import annotations

from gatehouse.pin import Slot
from gatehouse.registry.writer import RegistryWriter
from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company


def states(document: dict[str, list[dict[str, object]]]) -> list[object]:
    return [standing["state"] for standing in document["standings"]]


def test_before_the_first_sync_everything_is_out_of_sync_and_says_how(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    ran = cli("status")
    assert ran.code == 1
    assert "out of sync" in ran.out
    assert "run `gatehouse sync`" in ran.out


def test_after_a_sync_desired_stands_beside_actual_in_sync(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    ran = cli("status")
    assert ran.code == 0
    row = next(line for line in ran.out.splitlines() if line.startswith("credit-risk/production"))
    assert row.split() == [
        "credit-risk/production",
        "champion",
        *str(company.pins[1]).split(),
        "version",
        "1",
        "in",
        "sync",
    ]


def test_an_alias_moved_by_hand_is_named(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    RegistryWriter(company.registry).set_alias(MODEL, "champion", 3, expect=1)
    ran = cli("status", json=True)
    assert ran.code == 1
    assert states(ran.document) == ["in sync", "out of sync"]
    assert ran.document["standings"][1]["note"] == "@champion is at version 3"
    assert ran.document["standings"][1]["actual"] == 3


def test_held_and_frozen_are_told_apart(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    company.repo.promote(STAGING, company.pins[2])
    hold = "versions:\n  - {version: 2, reason: declines small businesses, since: 2026-03-05}\n"
    company.repo.commit({f"promotions/{MODEL}/hold.yaml": hold})
    ran = cli("status", json=True)
    assert (ran.code, states(ran.document)) == (1, ["held", "in sync"])
    company.repo.commit(
        {f"promotions/{MODEL}/hold.yaml": None, "promotions/freeze.yaml": "stop_the_line: incident 4711\n"}
    )
    ran = cli("status", json=True)
    assert (ran.code, states(ran.document)) == (1, ["frozen", "in sync"])
    assert ran.document["warnings"] == ["the line is stopped: incident 4711"]


def test_one_model_is_judged_by_itself(company: Company, cli: Cli) -> None:
    policy = (company.repo.repository.read("origin/main", f"promotions/{MODEL}/policy.yaml") or b"").decode()
    company.repo.commit({"promotions/churn/policy.yaml": policy})
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    company.repo.promote(Slot("churn", "staging"), company.pins[2])
    assert cli("status").code == 1
    assert cli("status", MODEL).code == 0
    assert cli("status", "churn").code == 1


def test_an_unknown_model_is_exit_2_with_the_one_that_was_meant(company: Company, cli: Cli) -> None:
    company.repo.promote(PRODUCTION, company.pins[1])
    ran = cli("status", "credit-risc")
    assert ran.code == 2
    assert "did you mean credit-risk?" in ran.err


def test_nothing_promoted_is_in_sync(cli: Cli) -> None:
    ran = cli("status")
    assert ran.code == 0
    assert "nothing is promoted yet" in ran.out


def test_what_waits_for_people_is_told_from_what_is_refused(company: Company, cli: Cli) -> None:
    company.ask_people()
    company.repo.stage_and_promote(MODEL, company.pins[1])
    ran = cli("status", json=True)
    assert (ran.code, states(ran.document)) == (1, ["out of sync", "waiting"])
    assert "waiting for people's word: nobody can be asked now" in ran.document["standings"][1]["note"]
    assert "waiting" in cli("status").out
