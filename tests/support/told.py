"""A version that people agreed to: in git, and on record with their words."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import msgspec

from gatehouse.audit.chain import canonical, digest
from gatehouse.audit.record import Record
from gatehouse.audit.store import record_all
from tests.support.company import MODEL, PRODUCTION, Company
from tests.support.records import approval, record, rejection

REMARK = "@bob approved 45 s after the evidence was posted: under 60 s is flagged"
WORDS: dict[str, Any] = {
    "approvals": (approval(), approval("bob", 45, flagged=True)),
    "rejections": (rejection("chen", 20),),
    "remarks": (REMARK,),
}


def let_in(company: Company, version: int, **words: Any) -> Record:
    """Merges a version into production a week after it was reviewed, and puts that on record with these ``words``."""
    company.repo.later(150)
    commit = company.repo.stage_and_promote(MODEL, company.pins[version])
    made = msgspec.structs.replace(
        record(version),
        slot=PRODUCTION,
        before=None,
        after=company.pins[version],
        commit=commit,
        when=company.repo.now,
        pull_request=12,
        **(words or WORDS),
    )
    record_all(company.store, [made])
    return made


def later(company: Company) -> None:
    """Puts a record of a kind that nobody knows yet at the end of the chain, as a later release would."""
    last = list(company.store.read())[-1]
    body = canonical(last.content).replace(b'"kind":"promoted"', b'"kind":"enshrined"')
    body = body.replace(b'"key":"', b'"key":"later ')
    row = (last.sequence + 1, last.hash, digest(last.hash, body), body.decode())
    with closing(sqlite3.connect(company.store.path, isolation_level=None)) as database:
        database.execute("INSERT INTO records (sequence, previous, hash, record) VALUES (?, ?, ?, ?)", row)
