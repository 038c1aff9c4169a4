"""Gathered facts, judged: honest reviews pass on the way from GitHub to the judgement, and each attack does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.desk import MODEL, PRODUCTION, pin
from tests.support.gate import Gate
from tests.support.gate import gate as opened
from tests.support.repo import promotion


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with opened(tmp_path) as made:
        yield made


def test_two_honest_reviews_pass(gate: Gate) -> None:
    gate.approve("olga", "nils")
    judgement = gate.judged()
    assert judgement.passed, [ruled for place in judgement.places for ruled in place.rules if not ruled.ok]
    (place,) = judgement.places
    assert sorted(counted.who for counted in place.counted) == ["nils", "olga"]
    assert all(100 < counted.seconds < 400 for counted in place.counted)


def _pushed_after(gate: Gate) -> None:
    gate.at.change(gate.pull, {"README.md": "more"})


def _edited(gate: Gate) -> None:
    gate.at.github.edit(gate.pull.reviews[0], gate.form() + "\n", by="mallory")


def _rejected(gate: Gate) -> None:
    gate.at.github.advance(minutes=1)
    gate.at.github.review(gate.at.remote, gate.pull.number, "CHANGES_REQUESTED", "not so", by="olga")


def _rejected_by_comment(gate: Gate) -> None:
    gate.at.github.advance(minutes=1)
    gate.at.github.comment(gate.at.remote, gate.pull.number, f"/reject-model {MODEL} 2 too risky", by="nils")


def _dismissed(gate: Gate) -> None:
    gate.pull.reviews[0].state = "DISMISSED"


def _deleted(gate: Gate) -> None:
    gate.at.github.hub.remove_user("olga")


def _left_the_team(gate: Gate) -> None:
    gate.at.remote.teams["risk"].members.remove("olga")


def _lost_access(gate: Gate) -> None:
    gate.at.remote.roles["olga"] = "read"


def _pushed_by_the_reviewer(gate: Gate) -> None:
    for each in gate.at.remote.activities:
        each.actor = "olga"


def _line_stopped(gate: Gate) -> None:
    gate.at.push({"promotions/freeze.yaml": "stop_the_line: the feature store is down\n"})


def _main_moved(gate: Gate) -> None:
    gate.at.push({PRODUCTION.path: promotion(pin(3))})


@pytest.mark.parametrize(
    ("attack", "rule"),
    [
        (_pushed_after, "evidence"),
        (_pushed_after, "commit"),
        (_edited, "unedited"),
        (_rejected, "standing"),
        (_rejected_by_comment, "standing"),
        (_dismissed, "standing"),
        (_deleted, "person"),
        (_left_the_team, "owner"),
        (_lost_access, "permission"),
        (_pushed_by_the_reviewer, "pusher"),
    ],
)
def test_what_undoes_an_approval(attack: Callable[[Gate], None], rule: str, gate: Gate) -> None:
    gate.approve("olga", "nils")
    attack(gate)
    assert rule in gate.broken()


@pytest.mark.parametrize("attack", [_line_stopped, _main_moved])
def test_what_stops_it_whoever_approved(attack: Callable[[Gate], None], gate: Gate) -> None:
    gate.approve("olga", "nils")
    attack(gate)
    assert gate.broken()


@pytest.mark.parametrize("who", ["dana", "mallory", "gatehouse[bot]", "ada"])
def test_who_may_not_approve_does_not(who: str, gate: Gate) -> None:
    gate.at.remote.teams["risk"].members += ["dana", "ada"]
    gate.at.remote.roles["ada"] = "write"
    gate.at.github.hub.user("ada")
    gate.approve("olga", who)
    (place,) = gate.judged().places
    assert not place.passed
    assert [counted.who for counted in place.counted] == ["olga"]


def test_an_approval_of_another_pull_request_does_not_count(gate: Gate) -> None:
    words = gate.form()
    gate.at.close(gate.pull)
    other = gate.at.promote(PRODUCTION, 2, branch="once-more")
    gate.at.judge(other)
    gate.at.github.advance(minutes=2)
    again = Gate(gate.at, other)
    again.approve("olga", "nils", words=words)
    assert "evidence" in again.broken()


def test_an_approval_before_the_evidence_does_not_count(gate: Gate) -> None:
    for review in gate.approve("olga", "nils"):
        review.submitted = gate.pull.created
    assert "timing" in gate.broken()
