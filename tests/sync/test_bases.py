"""What a commit of main asks of a pin."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gatehouse.declare.source import Revision
from gatehouse.errors import NotFound
from gatehouse.evaluate.gates import asked, builtin
from gatehouse.evaluate.key import Basis, evidence_key
from gatehouse.evaluate.question import ENGINE
from gatehouse.pin import Slot
from gatehouse.sync.bases import Bases, Part, moved
from tests.support.repo import promotion
from tests.support.thousand import digest
from tests.sync.bench import MODEL, POLICY, POLICY_FILE, PRODUCTION, Bench, bench, pin


@pytest.fixture
def at(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def test_the_key_is_the_one_that_the_check_computed(at: Bench) -> None:
    result = at.result()
    base = Bases(at.repo.repository).at(at.base, MODEL)
    assert evidence_key(base.basis(at.request, digest("table"))) == result.key
    assert base.asks(at.request) == asked(("accuracy", "artifact"), builtin())


def test_a_gate_of_the_repository_stands_in_for_the_built_in_one(at: Bench) -> None:
    at.commit({"gates/accuracy.py": '"""All is well."""\nTHRESHOLDS = {}\ndef check(evidence, thresholds): ...\n'})
    bases = Bases(at.repo.repository)
    before, after = (bases.at(commit, MODEL).basis(at.request, "").gates for commit in (at.base, at.repo.head))
    assert before["artifact"] == after["artifact"]
    assert before["accuracy"] != after["accuracy"]


def test_the_champion_is_the_segment_s_own_else_the_model_s(at: Bench) -> None:
    eu = Slot(MODEL, "production", "eu")
    at.commit({eu.path: promotion(pin(4))})
    base = Bases(at.repo.repository).at(at.repo.head, MODEL)
    request = msgspec.structs.replace(at.request, slot=eu)
    assert base.basis(request, "").request.champion == pin(4)
    assert base.basis(at.request, "").request.champion == pin(1)


@pytest.mark.parametrize(
    ("table", "pinned"),
    [
        (f'digest: "{digest("table")}", ', digest("table")),
        ("", None),
    ],
)
def test_the_table_is_pinned_or_left_open(at: Bench, table: str, pinned: str | None) -> None:
    at.commit({POLICY_FILE: POLICY.replace(f'digest: "{digest("table")}", ', table)})
    assert Bases(at.repo.repository).at(at.repo.head, MODEL).pinned(at.request) == pinned


def test_a_policy_without_a_table_has_none(at: Bench) -> None:
    at.commit({POLICY_FILE: "".join(line for line in POLICY.splitlines(True) if not line.startswith("data:"))})
    assert Bases(at.repo.repository).at(at.repo.head, MODEL).pinned(at.request) == ""


def test_a_stage_that_no_policy_speaks_of_is_judged_by_nothing(at: Bench) -> None:
    base = Bases(at.repo.repository).at(at.base, MODEL)
    request = msgspec.structs.replace(at.request, slot=Slot(MODEL, "canary"))
    with pytest.raises(NotFound, match="no policy for credit-risk/canary"):
        base.asks(request)


def test_a_part_lists_one_model_and_what_holds_for_all(at: Bench) -> None:
    at.commit({"promotions/freeze.yaml": "windows: []\n", "promotions/credit/policy.yaml": POLICY, "gates/x.py": "1"})
    whole = Revision(at.repo.repository, at.repo.head)
    assert Part(whole, MODEL).paths("promotions/") == [
        POLICY_FILE,
        PRODUCTION.path,
        f"promotions/{MODEL}/staging.yaml",
        "promotions/freeze.yaml",
        "promotions/stages.yaml",
    ]
    assert Part(whole).paths("promotions") == ["promotions/freeze.yaml", "promotions/stages.yaml"]
    assert Part(whole, MODEL).paths("gates/") == ["gates/x.py"]


def test_nothing_moved_is_nothing_to_say(at: Bench) -> None:
    basis = Basis(at.request, "p", {"accuracy": "a"}, "d", ENGINE)
    assert list(moved(basis, basis)) == []


def test_everything_that_moved_is_said(at: Bench) -> None:
    then = Basis(at.request, "p", {"accuracy": "a", "old": "o", "metrics/lift": "l"}, "d", "gatehouse 0")
    later = msgspec.structs.replace(at.request, champion=None)
    now = Basis(later, "q", {"accuracy": "b", "new": "n", "metrics/lift": "m"}, "e", "gatehouse 1")
    assert list(moved(then, now)) == [
        f"the champion moved from {pin(1)} to nothing",
        "the policy changed",
        "the gate accuracy changed",
        "the metric lift changed",
        "the gate new is asked for now",
        "the gate old is not asked for any more",
        "the evaluation table is another one",
        "the engine is gatehouse 1, it was gatehouse 0",
    ]
