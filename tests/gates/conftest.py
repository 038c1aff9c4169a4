from __future__ import annotations

from collections.abc import Iterator

import pytest

from gatehouse.evaluate.evidence import Evidence
from tests.evaluate import made


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> made.Bench:
    return made.bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="session")
def real(bench: made.Bench) -> Iterator[Evidence]:
    """A trained model against a champion that knows nothing, both running; shared, since each start takes seconds."""
    case = bench.case(bench.model("good"), bench.model("constant"))
    with bench.evidence(case) as evidence:
        yield evidence
