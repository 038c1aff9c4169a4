from __future__ import annotations

from tests.support.company import MODEL, PRODUCTION, Cli, Company


def test_it_shows_what_sync_would_change_and_changes_nothing(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    before = company.state()
    ran = cli("plan")
    assert ran.code == 0
    assert f"main is origin/main at {company.repo.head[:12]}" in ran.out
    assert "6 changes to make:" in ran.out
    assert "point @champion of credit-risk at version 1 (now at nothing)" in ran.out
    assert "publish serving/credit-risk.yaml on the branch serving" in ran.out
    assert company.state() == before


def test_it_says_what_it_is_doing_on_standard_error(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    said = cli("plan").err
    assert said.index("fetching main") < said.index("reading the registry") < said.index("verifying the digest")


def test_what_would_be_refused_comes_with_its_reason_and_its_fix_and_exit_1(company: Company, cli: Cli) -> None:
    company.repo.promote(PRODUCTION, company.pins[1])
    ran = cli("plan")
    assert ran.code == 1
    assert "is refused (staged): this version and digest has never been in staging" in ran.out
    assert "fix: promote it to staging first: gatehouse propose credit-risk 1 --to staging" in ran.out


def test_the_document_holds_every_action_in_its_order(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    document = cli("plan", json=True).document
    assert [action["action"] for action in document["actions"]] == [
        "append", "append", "set_alias", "set_alias", "set_tags", "publish",
    ]  # fmt: skip
    assert set(document) == {"commit", "source", "actions", "refusals", "standings", "warnings"}
    assert document["commit"] == company.repo.head
    assert document["actions"][3]["expect"] is None
    assert document["actions"][0]["record"]["kind"] == "promoted"


def test_nothing_to_do_is_said_in_words(company: Company, cli: Cli) -> None:
    ran = cli("plan")
    assert ran.code == 0
    assert "in sync: registry and serving config are what main says" in ran.out


def test_a_pin_that_nobody_can_be_asked_about_waits_and_the_document_says_that_this_passes(
    company: Company, cli: Cli
) -> None:
    company.ask_people()
    company.repo.stage_and_promote(MODEL, company.pins[1])
    ran = cli("plan", json=True)
    assert ran.code == 1
    (refusal,) = ran.document["refusals"]
    assert (refusal["rule"], refusal["passing"]) == ("approved", True)
    kinds = [action["record"]["kind"] for action in ran.document["actions"] if action["action"] == "append"]
    assert kinds == ["promoted"]
