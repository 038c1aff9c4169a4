from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company
from tests.support.records import approval, rejection
from tests.support.told import later, let_in


@pytest.fixture
def recorded(company: Company) -> Company:
    """Six records, each of whose heads the serving branch vouches for."""
    for version in (1, 2, 3):
        company.repo.stage_and_promote(MODEL, company.pins[version])
        company.sync()
    return company


def tampered(company: Company, statements: str) -> None:
    with closing(sqlite3.connect(company.store.path, isolation_level=None)) as database:
        for trigger in ("records_no_update", "records_no_delete", "records_next_only"):
            database.execute(f"DROP TRIGGER {trigger}")
        database.executescript(statements)


def test_a_whole_record_says_against_how_many_heads_it_was_held(recorded: Company, cli: Cli) -> None:
    ran = cli("audit", "verify")
    assert ran.code == 0
    assert "✓ 6 records, none edited, removed or moved; held against 3 published heads" in ran.out
    assert recorded.store.head() in ran.out


SWAP = (
    "UPDATE records SET sequence = CASE sequence WHEN 2 THEN -3 ELSE -2 END WHERE sequence IN (2, 3);"
    "UPDATE records SET sequence = -sequence WHERE sequence < 0"
)


@pytest.mark.parametrize(
    ("attack", "first_bad", "words"),
    [
        ("UPDATE records SET record = replace(record, 'Grace', 'Mallory') WHERE sequence = 3", 3, "edited"),
        ("DELETE FROM records WHERE sequence = 2", 2, "missing"),
        (SWAP, 2, "does not follow"),
        ("DELETE FROM records WHERE sequence = 6", 6, "was published"),
        ("DELETE FROM records", 1, "was published"),
    ],
    ids=["edit", "delete", "reorder", "truncate", "empty"],
)
def test_the_first_bad_record_is_named(recorded: Company, cli: Cli, attack: str, first_bad: int, words: str) -> None:
    tampered(recorded, attack)
    ran = cli("audit", "verify", json=True)
    assert ran.code == 1
    assert (ran.document["whole"], ran.document["broken"]) == (False, first_bad)
    assert words in ran.document["reason"]


def test_people_are_told_which_record_and_what_to_do(recorded: Company, cli: Cli) -> None:
    tampered(recorded, "UPDATE records SET record = replace(record, 'Grace', 'Mallory') WHERE sequence = 4")
    ran = cli("audit", "verify")
    assert "✗ record 4 (promoted credit-risk/production version 2" in ran.out
    assert "keep the store as it is" in ran.out


def test_a_head_known_from_elsewhere_is_held_against_the_chain(recorded: Company, cli: Cli) -> None:
    assert cli("audit", "verify", "--head", recorded.store.head()).code == 0
    assert cli("audit", "verify", "--head", "a" * 64).code == 1
    ran = cli("audit", "verify", "--head", "abc")
    assert ran.code == 2
    assert "64 lower-case hex digits" in ran.err


def test_a_promotion_that_serves_nothing_is_vouched_for_too(recorded: Company, cli: Cli) -> None:
    recorded.repo.promote(STAGING, recorded.pins[1])
    recorded.sync()
    tampered(recorded, "DELETE FROM records WHERE sequence = 7")
    assert cli("audit", "verify", json=True).document["broken"] == 7


def test_an_empty_record_is_whole_and_says_what_cannot_be_seen(cli: Cli) -> None:
    ran = cli("audit", "verify")
    assert ran.code == 0
    assert "0 records" in ran.out
    assert "a cut-off end cannot be seen" in ran.out


def test_an_export_is_verified_by_sha256_alone(recorded: Company, cli: Cli) -> None:
    previous = bytes(32)
    for number, line in enumerate(cli("audit", "export").out.splitlines(), start=1):
        found = json.loads(line)
        body = line[line.index('"record":') + len('"record":') : -1].encode()
        previous = hashlib.sha256(previous + body).digest()
        assert (found["sequence"], found["hash"]) == (number, previous.hex())
    assert previous.hex() == recorded.store.head()


def test_an_exported_file_is_verified_without_the_store(recorded: Company, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    assert "6 records written" in cli("audit", "export", "--out", str(file)).out
    recorded.store.path.unlink()
    assert cli("audit", "verify", "--file", str(file)).code == 0
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:5]))
    head = json.loads(lines[5])["hash"]
    assert cli("audit", "verify", "--file", str(file), "--head", head, json=True).document["broken"] == 6
    file.write_text("".join(lines).replace("Grace", "Mallory"))
    assert cli("audit", "verify", "--file", str(file), json=True).document["broken"] == 1


def test_a_file_that_is_no_export_is_exit_2_with_its_line(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text("nonsense\n")
    ran = cli("audit", "verify", "--file", str(file))
    assert ran.code == 2
    assert f"{file}:1: not a link" in ran.err


def test_an_export_that_cannot_be_written_is_exit_2(recorded: Company, cli: Cli, tmp_path: Path) -> None:
    ran = cli("audit", "export", "--out", str(tmp_path / "nowhere" / "audit.jsonl"))
    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_a_sync_with_a_cut_off_record_warns(recorded: Company, cli: Cli) -> None:
    tampered(recorded, "DELETE FROM records WHERE sequence = 6")
    assert "the audit record was cut off or replaced" in cli("status").out


def test_an_unreadable_record_stops_a_sync_and_verify_names_it(recorded: Company, cli: Cli) -> None:
    tampered(recorded, "UPDATE records SET record = replace(record, '\"promoted\"', '\"adored\"') WHERE sequence = 2")
    ran = cli("sync")
    assert ran.code == 2
    assert "record 2 of the audit record cannot be read" in ran.err
    assert cli("audit", "verify", json=True).document["broken"] == 2


def test_an_audit_store_of_an_unknown_kind_names_those_that_there_are(company: Company, cli: Cli) -> None:
    stages = (company.repo.repository.read("origin/main", "promotions/stages.yaml") or b"").decode()
    company.repo.commit({"promotions/stages.yaml": stages.replace("sqlite:///audit.db", "redis://somewhere")})
    company.repo.promote(PRODUCTION, company.pins[1])
    ran = cli("audit", "verify")
    assert ran.code == 2
    assert "no audit store for 'redis://somewhere'" in ran.err
    assert "sqlite:///" in ran.err


def test_an_export_has_every_word_of_the_reviewers_and_verifies(company: Company, cli: Cli, tmp_path: Path) -> None:
    made = let_in(
        company, 1, approvals=(approval(answers={"gain": "fine\x1b[2J\0 \u202e"}),), rejections=(rejection(),)
    )
    file = tmp_path / "audit.jsonl"
    cli("audit", "export", "--out", str(file))
    (record,) = (json.loads(line)["record"] for line in file.read_text().splitlines())
    assert record["approvals"][0]["answers"] == made.approvals[0].answers
    assert record["approvals"][0]["acknowledged"] == ["thin-file-applicants"]
    assert record["rejections"][0]["reason"] == "thin files are worse off"
    assert cli("audit", "verify", "--file", str(file), "--head", company.store.head()).code == 0


def test_an_answer_changed_in_the_store_is_found(company: Company, cli: Cli) -> None:
    let_in(company, 1)
    tampered(company, 'UPDATE records SET record = replace(record, \'"timing":"yes"\', \'"timing":"no"\')')
    found = cli("audit", "verify", json=True).document
    assert (found["broken"], found["whole"]) == (1, False)
    assert "edited" in found["reason"]


def test_a_record_of_a_later_release_is_whole_and_a_sync_says_that_it_needs_that_release(
    company: Company, cli: Cli
) -> None:
    let_in(company, 1)
    later(company)
    assert cli("audit", "verify").code == 0
    ran = cli("sync")
    assert ran.code == 2
    assert "record 2 of the audit record cannot be read" in ran.err
    assert "a later gatehouse wrote it: install that one" in ran.err
