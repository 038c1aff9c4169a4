"""``gatehouse review --stats``, over a real audit store and real git."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from gatehouse.audit.chain import link
from gatehouse.audit.record import Approval, Kind, Record, Rejection
from gatehouse.audit.store import record_all
from gatehouse.cli.reviews import stats
from gatehouse.review.stats import numbers
from gatehouse.review.who import Names
from tests.support import records
from tests.support.company import MODEL, PRODUCTION, Cli, Company


def approved(number: int, model: str = MODEL, who: str = "olga", taken: float = 240) -> Record:
    """Promotion ``number``, which somebody approved on its day."""
    plain = records.record(number, model)
    said = Approval(who, plain.when, {"risk": "yes"}, taken, taken < 60, f"https://github.test/{number}")
    return msgspec.structs.replace(plain, approvals=(said,))


def rejected(number: int, who: str = "nils") -> Record:
    plain = records.record(number)
    no = Rejection(who, plain.when, "worse for thin files", 100)
    return msgspec.structs.replace(plain, key=f"rejected {number}", kind=Kind.REJECTED, evidence=None, rejections=(no,))


@pytest.fixture
def reviewed(company: Company) -> Company:
    record_all(company.store, [approved(1), approved(2, taken=50), approved(3, "churn", "nils"), rejected(4)])
    return company


def test_it_is_told_in_words_and_tables(reviewed: Company, cli: Cli) -> None:
    ran = cli("review", "--stats")
    assert ran.code == 0, ran.err
    assert "reviews of every model on record" in ran.out
    assert "3 promotions reviewed and let in" in ran.out
    assert "3 approvals, 1 rejection (25 %)" in ran.out
    assert "to approve: median 4 min (3 known)" in ran.out
    assert "from proposal to merge: not known" in ran.out
    assert "33 % of the approvals flagged; 0 emergencies" in ran.out
    rows = [line.split() for line in ran.out.splitlines() if line.startswith(("@", "churn", "credit-risk"))]
    assert rows == [
        ["churn", "1", "1", "0", "%", "0", "%", "4", "min", "–", "0"],
        ["credit-risk", "2", "2", "33", "%", "50", "%", "2", "min", "–", "0"],
        ["@nils", "1", "1", "50", "%", "0", "4", "min", "–"],
        ["@olga", "2", "0", "50", "%", "1", "2", "min", "–"],
    ]


def test_the_document_is_stable(reviewed: Company, cli: Cli) -> None:
    document = cli("review", "--stats", json=True).document
    assert list(document) == ["since", "total", "models", "reviewers"]
    assert document["total"] == {
        "model": None, "promotions": 3, "approvals": 3, "rejections": 1, "rejected": 0.25,
        "flagged": pytest.approx(1 / 3), "emergencies": 0, "to_approve": {"count": 3, "median": 240.0, "p90": None},
        "to_merge": {"count": 0, "median": None, "p90": None},
    }  # fmt: skip
    assert document["reviewers"][0] == {
        "who": "nils", "approvals": 1, "rejections": 1, "share": 0.5, "flagged": 0,
        "to_approve": {"count": 1, "median": 240.0, "p90": None},
    }  # fmt: skip


def test_one_model_by_itself(reviewed: Company, cli: Cli) -> None:
    document = cli("review", "--stats", "--model", "churn", json=True).document
    assert [load["who"] for load in document["reviewers"]] == ["nils"]
    assert "reviews of churn on record" in cli("review", "--stats", "--model", "churn").out


def test_since_a_day_is_since_its_beginning(reviewed: Company, cli: Cli) -> None:
    day = (records.START + timedelta(days=3)).date().isoformat()
    document = cli("review", "--stats", "--since", day, json=True).document
    assert (document["since"], document["total"]["approvals"]) == (f"{day}T00:00:00Z", 1)
    assert "since 2026-03-06 00:00:00 UTC" in cli("review", "--stats", "--since", day).out


def test_where_nothing_is_on_record_that_is_the_answer(company: Company, cli: Cli) -> None:
    ran = cli("review", "--stats")
    assert ran.code == 0
    assert "no review of every model" not in ran.out
    assert "no review of any model is on record" in ran.out
    assert cli("review", "--stats", json=True).document["reviewers"] == []
    assert "no review of credit-risk is on record" in cli("review", "--stats", "--model", MODEL).out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--model", "credit-rixk"], "did you mean credit-risk?"),
        (["--model", ""], "known are: "),
        (["--since", "soon"], "'soon' is no time"),
        (["--since", "2026-13-01"], "is no time"),
        (["--since", "2999-01-01"], "still to come"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(more: Sequence[str], said: str, reviewed: Company, cli: Cli) -> None:
    ran = cli("review", "--stats", *more)
    assert ran.code == 2
    assert said in ran.err
    assert "fix: " in ran.err
    assert "Traceback" not in ran.err


def test_the_time_from_proposal_to_merge_is_that_of_the_branch_s_first_commit(company: Company, cli: Cli) -> None:
    merge = company.repo.promote(PRODUCTION, company.pins[1])
    commit = company.repo.repository.log(merge, limit=1)[0]
    one = msgspec.structs.replace(approved(1), commit=commit.id, committed=commit.time)
    record_all(company.store, [one])
    document = cli("review", "--stats", json=True).document
    # Promotions here are proposed a quarter of an hour before they are merged.
    assert document["total"]["to_merge"] == {"count": 1, "median": 900.0, "p90": None}


def test_what_people_called_themselves_cannot_paint_the_terminal(company: Company, cli: Cli) -> None:
    odd = msgspec.structs.replace(approved(1).approvals[0], who="[bold]o\x1b[31mlga[/bold]")
    record_all(company.store, [msgspec.structs.replace(approved(1), approvals=(odd,))])
    ran = cli("review", "--stats")
    assert "\x1b" not in ran.out
    assert "[bold]o" in ran.out


def test_a_thousand_records_take_a_moment_and_fit_a_terminal(company: Company, cli: Cli) -> None:
    many = [
        approved(number, f"model-with-a-rather-long-name-{number % 7}", f"reviewer-{number % 5}", 10 + number)
        for number in range(1, 1001)
    ]
    _at_once(company, many)
    begin = time.monotonic()
    ran = cli("review", "--stats", json=True)
    assert time.monotonic() - begin < 10
    total = ran.document["total"]
    assert (total["promotions"], total["to_approve"]["p90"]) == (1000, 910)
    lines = _shown(many)
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if "…" in line]
    assert json.loads(ran.out)["models"][0]["model"] == "model-with-a-rather-long-name-0"


def _at_once(company: Company, many: Sequence[Record]) -> None:
    """The records in the store, as one transaction: by themselves each waits for the disk."""
    last = record_all(company.store, many[:1])[0]
    rows = []
    for record in many[1:]:
        before, last = last.hash, link(record, last.sequence + 1, last.hash)
        rows.append((last.sequence, before, last.hash, bytes(last.record).decode()))
    with closing(sqlite3.connect(company.store.path)) as database, database:
        database.executemany("INSERT INTO records (sequence, previous, hash, record) VALUES (?, ?, ?, ?)", rows)


def _shown(many: Sequence[Record]) -> list[str]:
    """What a terminal of 80 columns shows."""
    found = numbers(many, Names({}), datetime(2020, 1, 1, tzinfo=UTC))
    screen = Console(width=80, record=True, file=StringIO())
    for part in stats.lines(found, None):
        screen.print(part)
    return screen.export_text().splitlines()
