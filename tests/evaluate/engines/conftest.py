from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import postgres as servers


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    with servers.started() as server:
        yield server
