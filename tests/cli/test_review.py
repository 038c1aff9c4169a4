"""Which of the ways of ``gatehouse review`` is taken, and which options go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli.main import main
from gatehouse.cli.reviews import ask, stats, verify


@pytest.fixture
def went(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Each way that was taken: its name, and what it was given beside the settings."""
    found: list[tuple[Any, ...]] = []
    ways = ((ask, ("approve", "reject", "emergency", "template")), (verify, ("verify",)), (stats, ("stats",)))

    def take(name: str, *given: Any) -> int:
        found.append((name, *given))
        return 0

    for module, names in ways:
        for name in names:
            monkeypatch.setattr(module, name, lambda _, *given, name=name: take(name, *given))
    return found


def code(*args: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(["review", *args])
    return ended.value.code


@pytest.mark.parametrize(
    ("args", "way"),
    [
        ("12", ("approve", 12, None)),
        ("12 --answers -", ("approve", 12, Path("-"))),
        ("12 --reject no", ("reject", 12, "no")),
        ("12 --emergency fire", ("emergency", 12, "fire")),
        ("12 --template", ("template", 12)),
        ("--verify", ("verify", None, verify.Way())),
        ("12 --verify --set-check --merge", ("verify", 12, verify.Way(set_check=True, merge=True))),
        ("--verify --set-check --group r --commit c", ("verify", None, verify.Way(True, False, "r", "c"))),
        ("--stats --model m --since 2026-01-01", ("stats", "m", "2026-01-01")),
    ],
)
def test_each_way_is_taken(args: str, way: tuple[Any, ...], went: list[tuple[Any, ...]]) -> None:
    assert code(*args.split()) == 0
    assert went == [way]


def test_an_empty_reason_is_a_rejection_that_lacks_one(went: list[tuple[Any, ...]]) -> None:
    assert code("12", "--reject", "") == 0
    assert went == [("reject", 12, "")]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("", "Which pull request?"),
        ("--template", "Which pull request?"),
        ("--reject no", "Which pull request?"),
        ("twelve", "twelve"),
        ("0", "0"),
        ("12 --reject no --template", "--reject and --template do not go together"),
        ("12 --verify --stats", "--verify and --stats do not go together"),
        ("12 --answers f --emergency fire", "--emergency and --answers do not go together"),
        ("12 --set-check", "--set-check goes with --verify only"),
        ("12 --verify --merge", "--merge goes with --set-check only"),
        ("--group ref", "--group goes with --verify only"),
        ("--verify --commit c", "--commit goes with --set-check only"),
        ("12 --model m", "--model goes with --stats only"),
        ("12 --stats", "--stats takes no PR"),
        ("12 --verify --group ref", "--group takes no PR"),
    ],
)
def test_what_does_not_go_together_is_wrong_use(
    args: str, said: str, went: list[tuple[Any, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert code(*args.split()) == 2
    assert said in capsys.readouterr().err
    assert went == []
