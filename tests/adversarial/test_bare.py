"""Every attack on walls is one: without walls the same model gets what it came for."""

from __future__ import annotations

import pytest

from tests.adversarial import attacking
from tests.adversarial.pack import ATTACKS
from tests.adversarial.world import World

PROVEN = [name for name, attack in ATTACKS.items() if attack.proof not in ("", "until asked again")]


@pytest.mark.parametrize("name", PROVEN)
def test_without_walls_it_has_its_way(name: str, world: World) -> None:
    attacking.bare(ATTACKS[name], world)


def test_the_pack_is_whole() -> None:
    assert len(ATTACKS) >= 50
    for attack in ATTACKS.values():
        assert attack.tries.endswith(".")
        assert len(attack.tries) < 120, attack.name
