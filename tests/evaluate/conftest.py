from __future__ import annotations

import pytest

from tests.evaluate import made


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> made.Bench:
    return made.bench(tmp_path_factory.mktemp("bench"))
