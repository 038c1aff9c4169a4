from __future__ import annotations

import itertools

import pytest

from gatehouse.declare.levels import LEVELS, reaches


def test_levels_stand_weakest_first() -> None:
    assert LEVELS == ("none", "cluster", "unshare", "bubblewrap")


@pytest.mark.parametrize(("level", "minimum"), list(itertools.product(LEVELS, LEVELS)))
def test_a_level_reaches_itself_and_what_is_weaker(level: str, minimum: str) -> None:
    assert reaches(level, minimum) == (LEVELS.index(level) >= LEVELS.index(minimum))


@pytest.mark.parametrize("unknown", ["", "bwrap", "Bubblewrap", "bubblewrap ", "NONE", "vm"])
def test_a_level_that_nobody_knows_reaches_nothing_and_is_reached_by_none(unknown: str) -> None:
    assert not any(reaches(unknown, minimum) for minimum in (*LEVELS, unknown))
    assert not any(reaches(level, unknown) for level in LEVELS)
