from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adversarial.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("adversarial")) as world:
        yield world
