from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from gatehouse.audit.record import Kind
from gatehouse.audit.store import record_all
from gatehouse.cli.at import parse
from gatehouse.errors import GatehouseError
from tests.support.company import MODEL, Cli, Company
from tests.support.records import approval
from tests.support.told import REMARK, later, let_in


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-03-03", datetime(2026, 3, 3, 23, 59, 59, tzinfo=UTC)),
        ("2026-03-03T09:30", datetime(2026, 3, 3, 9, 30, tzinfo=UTC)),
        ("2026-03-03 09:30:15", datetime(2026, 3, 3, 9, 30, 15, tzinfo=UTC)),
        ("2026-03-03T09:30+01:00", datetime(2026, 3, 3, 9, 30, tzinfo=timezone(timedelta(hours=1)))),
        ("2026-03-03T09:30Z", datetime(2026, 3, 3, 9, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_an_auditor_means_them(text: str, when: datetime) -> None:
    assert parse(text) == when


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "2026-03-03T25:00", "03/03/2026"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(GatehouseError, match="is no time") as caught:
        parse(text)
    assert "2026-03-03T09:30" in caught.value.fix


def test_what_was_pinned_stands_beside_what_was_in_force(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    first = company.repo.now
    company.repo.stage_and_promote(MODEL, company.pins[3])
    merged = company.repo.now
    company.repo.later(2)
    company.sync()

    def asked(when: datetime) -> dict[str, tuple[int, int]]:
        document = cli("at", when.isoformat(), MODEL, json=True).document
        return {row["slot"]: (row["pinned"]["version"], row["in_force"]["version"]) for row in document["slots"]}

    production = f"{MODEL}/production"
    assert asked(first)[production] == (1, 1)
    assert asked(merged)[production] == (3, 1)
    assert asked(company.repo.now)[production] == (3, 3)


def test_people_see_the_commit_and_who_made_it(company: Company, cli: Cli) -> None:
    head = company.repo.stage_and_promote(MODEL, company.pins[1])
    ran = cli("at", "2027-01-01")
    assert ran.code == 0
    assert f"at 2027-01-01 23:59:59 UTC main was {head[:12]}, committed 2026-03-03 11:00:00 UTC by Grace" in ran.out
    assert "not on record" in ran.out


def test_before_the_first_commit_there_was_nothing(cli: Cli) -> None:
    ran = cli("at", "2020-01-01")
    assert ran.code == 2
    assert "ask for a later moment" in ran.err


def test_a_model_that_was_not_promoted_yet_and_one_that_nobody_knows_are_told_apart(company: Company, cli: Cli) -> None:
    before = company.repo.now
    company.repo.stage_and_promote(MODEL, company.pins[1])
    early = cli("at", before.isoformat(), MODEL)
    assert early.code == 2
    assert f"{MODEL} was not promoted anywhere at" in early.err
    assert "did you mean credit-risk?" in cli("at", "2027-01-01", "credit_risk").err
    assert "nothing was promoted" in cli("at", before.isoformat()).out


def test_what_main_could_not_be_read_then_is_said_with_file_and_line(company: Company, cli: Cli) -> None:
    company.repo.commit({f"promotions/{MODEL}/production.yaml": "version: 48a\n"})
    broken = company.repo.now
    company.repo.commit({f"promotions/{MODEL}/production.yaml": None})
    ran = cli("at", broken.isoformat())
    assert ran.code == 2
    assert "production.yaml:1" in ran.err


def test_who_had_approved_what_was_in_force_then_is_told_and_what_an_auditor_should_look_at(
    company: Company, cli: Cli
) -> None:
    when = let_in(company, 1).when
    ran = cli("at", when.isoformat(), MODEL)
    production = f"{MODEL}/production champion"
    assert f"{production}: approved by anna, 10 min after it could be reviewed\n" in ran.out
    assert f"{production}: approved by bob, 45 s after it could be reviewed; flagged for the auditor\n" in ran.out
    assert f"! {production}: {REMARK}" in ran.out
    (row,) = (row for row in cli("at", when.isoformat(), json=True).document["slots"] if row["approvals"])
    assert [(said["who"], said["seconds"]) for said in row["approvals"]] == [("anna", 600.0), ("bob", 45.0)]
    assert row["approvals"][0]["answers"] == {"gain": "it does", "timing": "yes"}
    assert row["remarks"] == [REMARK]


def test_a_version_that_returned_was_approved_when_it_first_came(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    let_in(company, 3, approvals=(approval("dora"),))
    back = msgspec.structs.replace(
        company.records[0], key="back", kind=Kind.ROLLED_BACK, when=company.repo.later(), approvals=(), remarks=()
    )
    record_all(company.store, [back])
    (row,) = (row for row in cli("at", "2027-01-01", json=True).document["slots"] if row["approvals"])
    assert row["in_force"]["version"] == 1
    assert [said["who"] for said in row["approvals"]] == ["anna", "bob"]


def test_a_record_that_a_later_release_wrote_is_named_and_the_rest_is_told(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    later(company)
    ran = cli("at", "2027-01-01")
    assert ran.code == 0
    assert "approved by anna" in ran.out
    assert "! left out: record 2 cannot be read" in ran.out
