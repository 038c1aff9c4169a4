"""Answers that were found before: the same question only, and never one that could not look."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from gatehouse.declare.types import Policy, StagePolicy
from gatehouse.evaluate import recall
from gatehouse.evaluate.material import Staged
from gatehouse.evaluate.recall import Recall, Standing, soak
from gatehouse.pin import Slot
from gatehouse.verdict import Outcome, Verdict
from tests.support.records import pin
from tests.sync.checks import check

KEY = "sha256:" + "a" * 64
STANDING = Standing(KEY, {"evaluation": "sha256:1", "production": "sha256:2"}, "never", date(2026, 3, 2))
RESULT = msgspec.structs.replace(check(Slot("credit-risk", "production"), pin(2)), key=KEY)


@pytest.fixture
def memory(tmp_path: Path) -> Recall:
    return Recall(tmp_path / "checks")


def test_the_same_question_has_the_same_answer_and_says_when_it_was_found(memory: Recall) -> None:
    memory.keep(STANDING, RESULT)
    later = msgspec.structs.replace(RESULT.request, head="f" * 40)
    found = memory.answer(STANDING, later)
    assert found is not None
    assert found.reused == RESULT.evaluated
    assert found.request == later
    assert msgspec.structs.replace(found, reused=None, request=RESULT.request) == RESULT


def test_nothing_is_answered_from_an_empty_memory(memory: Recall) -> None:
    assert memory.answer(STANDING, RESULT.request) is None
    assert list(memory.results()) == []


@pytest.mark.parametrize(
    "other",
    [
        {"key": "sha256:" + "b" * 64},
        {"data": {"evaluation": "sha256:1", "production": "sha256:3"}},
        {"data": {"evaluation": "sha256:1"}},
        {"staged": "since yesterday"},
        {"day": date(2026, 3, 3)},
    ],
    ids=["key", "table", "table gone", "staged", "day"],
)
def test_another_question_is_asked_anew(memory: Recall, other: dict[str, object]) -> None:
    memory.keep(STANDING, RESULT)
    assert memory.answer(msgspec.structs.replace(STANDING, **other), RESULT.request) is None


def test_what_could_not_look_is_no_answer(memory: Recall) -> None:
    broken = msgspec.structs.replace(RESULT, verdicts=(*RESULT.verdicts, Verdict("drift", Outcome.ERROR, "it broke")))
    memory.keep(STANDING, broken)
    assert memory.answer(STANDING, RESULT.request) is None


@pytest.mark.parametrize("gate", ["model_card", "dataset_card"])
def test_a_card_that_was_mended_is_read_again(memory: Recall, gate: str) -> None:
    for outcome, kept in ((Outcome.FAIL, False), (Outcome.PASS, True)):
        memory.keep(STANDING, msgspec.structs.replace(RESULT, verdicts=(Verdict(gate, outcome, "a card"),)))
        assert (memory.answer(STANDING, RESULT.request) is not None) is kept


def test_an_answer_to_something_else_is_not_kept(memory: Recall) -> None:
    memory.keep(STANDING, msgspec.structs.replace(RESULT, key="sha256:" + "c" * 64))
    assert list(memory.results()) == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"standing": 1}', b"[]"])
def test_a_damaged_answer_is_asked_again(memory: Recall, tmp_path: Path, content: bytes) -> None:
    memory.keep(STANDING, RESULT)
    (file,) = (tmp_path / "checks").iterdir()
    file.write_bytes(content)
    assert memory.answer(STANDING, RESULT.request) is None
    assert list(memory.results()) == []


def test_where_nothing_can_be_kept_the_check_goes_on(tmp_path: Path) -> None:
    (tmp_path / "checks").write_text("a file stands where the folder would be")
    memory = Recall(tmp_path / "checks")
    memory.keep(STANDING, RESULT)
    assert memory.answer(STANDING, RESULT.request) is None


def test_the_oldest_answers_are_forgotten_first(
    memory: Recall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall, "MOST", 2)
    keys = [f"sha256:{number:064x}" for number in range(3)]
    for age, key in zip((30, 20, 10), keys, strict=True):
        memory.keep(msgspec.structs.replace(STANDING, key=key), msgspec.structs.replace(RESULT, key=key))
        file = tmp_path / "checks" / f"{key.removeprefix('sha256:')}.json"
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - age))
    assert sorted(result.key for result in memory.results()) == keys[1:]


SINCE = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = Policy(
    "credit-risk",
    "@acme/risk",
    "low",
    "binary",
    date(2026, 1, 1),
    {"production": StagePolicy(("staging",), timedelta(hours=24))},
)


def test_time_changes_the_answer_only_until_a_version_has_soaked() -> None:
    def said(hours: float) -> str:
        return soak(Staged(SINCE, timedelta(hours=hours)), POLICY, RESULT.request)

    assert soak(None, POLICY, RESULT.request) == "never"
    assert said(23) != said(23.5)
    assert said(23.99) != said(24)
    assert said(24) == said(240)
