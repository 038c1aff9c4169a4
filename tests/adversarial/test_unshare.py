"""Attacks on walls and limits against those of unshare; where there is no bubblewrap, every attack."""

from __future__ import annotations

import pytest

from gatehouse.runtime import isolation
from tests.adversarial import attacking
from tests.adversarial.pack import ATTACKS
from tests.adversarial.world import World


@pytest.fixture(scope="module", autouse=True)
def here() -> None:
    attacking.works("unshare")


# What the gates make of answers does not depend on what the model ran in.
DONE = any(probed.level == "bubblewrap" and probed.works for probed in isolation.probe())
NAMES = [name for name, attack in ATTACKS.items() if attack.on_walls or not DONE]


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_leaks_nothing_passes_nothing_and_ends_in_time(name: str, world: World) -> None:
    attacking.repelled(ATTACKS[name], "unshare", world)
