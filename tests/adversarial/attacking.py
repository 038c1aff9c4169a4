"""What has to hold of every attack, at every level of isolation."""

from __future__ import annotations

import re

import pytest

from gatehouse.runtime import isolation
from tests.adversarial.pack import Attack
from tests.adversarial.world import GRACE_S, Seen, World


def works(level: str) -> None:
    """Skips, loudly, where a level does not work on this machine."""
    probed = next(one for one in isolation.probe() if one.level == level)
    if not probed.works:
        pytest.skip(f"{level} does not work here: {probed.why}; {probed.fix}")


def repelled(attack: Attack, level: str, world: World) -> Seen:
    """Raises AssertionError where the attack came through, in any way."""
    seen = world.attack(attack, level)
    assert seen.leaks == (), seen.found
    assert not seen.passed, seen.found
    assert seen.written == ()
    assert seen.left == ()
    assert not seen.killed
    assert seen.found["isolation"] == level
    assert seen.seconds <= attack.seconds + GRACE_S
    _clear(attack, seen)
    if attack.proof == "until asked again":
        others = {verdict["gate"]: verdict["outcome"] for verdict in seen.verdicts if verdict["gate"] != "conduct"}
        assert set(others.values()) == {"PASS"}, others
    return seen


def _clear(attack: Attack, seen: Seen) -> None:
    """It ends in the verdict that names it, in words that are harmless themselves."""
    stopped = [verdict for verdict in seen.verdicts if re.fullmatch(attack.gate, verdict["gate"])]
    assert stopped, seen.verdicts
    (verdict,) = stopped
    assert re.fullmatch(attack.outcome, verdict["outcome"]), verdict
    assert re.search(attack.says, verdict["summary"]), verdict["summary"]
    for one in seen.verdicts:
        assert all(char.isprintable() for char in one["summary"]), one["summary"]
        assert len(one["summary"]) < 2_000


def bare(attack: Attack, world: World) -> None:
    """The same model without walls has its way: otherwise it would prove nothing that it fails within them."""
    seen = world.attack(attack, "none")
    had = {
        "secret": bool(seen.leaks),
        "written": bool(seen.written),
        "left": bool(seen.left),
        "killed": seen.killed,
        "passes": seen.passed,
        "says": any(re.search(attack.bare_says, verdict["summary"]) for verdict in seen.verdicts),
    }
    assert had[attack.proof], seen
