"""Every attack against a model's process in bubblewrap."""

from __future__ import annotations

import pytest

from tests.adversarial import attacking
from tests.adversarial.pack import ATTACKS
from tests.adversarial.world import World


@pytest.fixture(scope="module", autouse=True)
def here() -> None:
    attacking.works("bubblewrap")


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_leaks_nothing_passes_nothing_and_ends_in_time(name: str, world: World) -> None:
    attacking.repelled(ATTACKS[name], "bubblewrap", world)
