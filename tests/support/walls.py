"""A machine on which no sandbox works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gatehouse.runtime import isolation
from gatehouse.runtime.bubblewrap import Bubblewrap


@pytest.fixture
def unwalled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every sandbox is tried for real, by a program that is not there."""

    def missing(*given: object) -> Bubblewrap:
        return Bubblewrap(program="/usr/bin/no-such-sandbox")

    monkeypatch.setattr(isolation, "_MAKERS", dict.fromkeys(isolation._MAKERS, missing))
    isolation._tried.cache_clear()
    yield
    isolation._tried.cache_clear()
