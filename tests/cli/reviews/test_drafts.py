"""Answers that were not submitted yet come back to the letter, whatever was typed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from gatehouse.cli.reviews.drafts import Drafts
from gatehouse.declare.types import Policy
from gatehouse.review.questions import questions
from gatehouse.review.sheet import Decision, Sheet
from tests.review.forms import APPEALS, TOKEN, filled, policy, sheet


@given(filled())
@settings(max_examples=60, deadline=None)
def test_what_was_typed_comes_back(typed: tuple[Sheet, Policy]) -> None:
    written, asks = typed
    named = {question.id for question in questions(asks)}
    answers = {name: answer for name, answer in written.answers.items() if name in named}
    # What the terminal leaves behind: approvals, of what the policy lists, without a reason.
    known = written.acknowledged & set(asks.review.limitations)
    kept = msgspec.structs.replace(
        written, decision=Decision.APPROVE, reason="", answers=answers, acknowledged=frozenset(known)
    )
    with tempfile.TemporaryDirectory() as folder:
        drafts = Drafts(Path(folder) / "deep" / "1.md")
        drafts.keep([(kept, asks)])
        found = drafts.kept()
    assert found == ({kept.token: kept} if answers or known else {})


def test_half_of_it_comes_back_as_half(tmp_path: Path) -> None:
    asks = policy(APPEALS)
    half = sheet(asks, answers={"gain": "one\n\ntwo", "appeals": "tried it\nand more"}, acknowledged=frozenset())
    drafts = Drafts(tmp_path / "1.md")
    drafts.keep([(half, asks)])
    assert drafts.kept() == {TOKEN: half}


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00", b"### Approval of", b"x" * 5_000_000])
def test_what_does_not_read_is_nothing(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "1.md"
    path.write_bytes(raw)
    assert Drafts(path).kept() == {}


def test_there_is_nothing_at_first_and_nothing_after_it_was_submitted(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "1.md")
    assert drafts.kept() == {}
    drafts.keep([(sheet(), policy())])
    drafts.drop()
    drafts.drop()
    assert drafts.kept() == {}
    assert list(tmp_path.iterdir()) == []
