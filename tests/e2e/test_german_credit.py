"""The loop on real people's loans, where somebody has put the file; skipped, loudly, where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.loop import Loop
from tests.world import trained
from tests.world.line import german_credit
from tests.world.world import World

pytestmark = pytest.mark.e2e


def test_german_credit_takes_the_whole_way(tmp_path: Path) -> None:
    line = german_credit()
    with World(tmp_path, line, trained.cached(line)) as world:
        loop = Loop(world)
        for version in (1, 2):
            loop.promote(version, "staging")
            loop.promote(version, "production")
        assert loop.aliases()["champion"] == 2
        assert world.gatehouse("rollback", loop.model, "--yes", who="olga").exit == 0
        assert loop.aliases()["champion"] == 1
