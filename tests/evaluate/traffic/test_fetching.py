from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatehouse.declare.types import Data, Policy, Table, Where
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.material import Case, Fetched
from gatehouse.evaluate.result import Subject
from gatehouse.evaluate.traffic import fetching
from gatehouse.runtime.launch import Bare
from gatehouse.verdict import Outcome
from tests.evaluate import made
from tests.evaluate.traffic.made import CANDIDATE, CHAMPION, World
from tests.gates.given import verdict

MODEL = made.SLOT.model


def policy(path: str = "traffic") -> Policy:
    return made.policy(data=Data(traffic=Table(Where(path))))


def bring(root: Path, material: Path, judged: Policy | None = None) -> dict[str, str]:
    return fetching.bring(judged or policy(), root, material, lambda _: None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    World(tmp_path / "root/traffic" / MODEL).shadow([0, 1]).outcomes(["r0"], [1], [2])
    return tmp_path / "root"


def test_only_this_models_whole_files_of_known_kinds_come_along(root: Path, tmp_path: Path) -> None:
    World(root / "traffic/churn").shadow([0])
    logs = root / "traffic" / MODEL
    for other in ("shadow/.2.parquet", "shadow/2.parquet.tmp", "notes.parquet", "queries/1.parquet"):
        (logs / other).parent.mkdir(exist_ok=True)
        (logs / other).write_bytes(b"x")

    assert bring(root, tmp_path / "material") == {"traffic": f"data/traffic/{MODEL}"}

    found = sorted(path.relative_to(tmp_path / "material") for path in (tmp_path / "material").rglob("*.*"))
    assert found == [
        Path("data/traffic") / MODEL / "outcomes/1.parquet",
        Path("data/traffic") / MODEL / "shadow/1.parquet",
    ]


@pytest.mark.parametrize("there", ["", "traffic", f"traffic/{MODEL}", f"traffic/{MODEL}/shadow"])
def test_nothing_logged_yet_is_nothing_and_no_fault(tmp_path: Path, there: str) -> None:
    (tmp_path / "root" / there).mkdir(parents=True)

    assert bring(tmp_path / "root", tmp_path / "material") == {}


def test_a_policy_without_traffic_brings_none(root: Path, tmp_path: Path) -> None:
    assert bring(root, tmp_path / "material", made.policy()) == {}


def test_a_second_case_of_the_model_finds_them_there(root: Path, tmp_path: Path) -> None:
    assert bring(root, tmp_path / "material") == bring(root, tmp_path / "material")


def test_the_folder_may_be_beside_the_repository(root: Path, tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()

    for path in ("../root/traffic", str(root / "traffic")):
        assert bring(tmp_path / "repository", tmp_path / "material", policy(path))


def test_a_link_is_refused_wherever_it_leads(root: Path, tmp_path: Path) -> None:
    (root / "traffic" / MODEL / "shadow/2.parquet").symlink_to("/etc/passwd")

    with pytest.raises(GatehouseError, match=r"2\.parquet is a link"):
        bring(root, tmp_path / "material")


# --- as evidence


def evidence(material: Path, judged: Policy, data: dict[str, str]) -> Evidence:
    fetched = Fetched(Subject(CANDIDATE), "models/it", CANDIDATE.digest)
    return Evidence(material, Case(made.request(CANDIDATE, CHAMPION), fetched, data=data), judged, Bare())


def test_what_was_fetched_is_evidence(root: Path, tmp_path: Path) -> None:
    data = bring(root, tmp_path / "material")

    with evidence(tmp_path / "material", policy(), data) as found:
        shadow = found.traffic.shadow(found.now - found.now)

        assert shadow is not None
        assert shadow.counted.asked == 2
        assert found.traffic.now == found.now
        assert found.today == found.now.date()
        assert found.now.tzinfo is UTC
        assert found.now <= datetime.now(UTC)
        said = verdict("shadow", found, warmup_min=0, min_requests=2, min_hours=1, max_error_rate=1, max_dropped=1)
        assert said.outcome is Outcome.PASS
        assert verdict("challenger", found).outcome is Outcome.FAIL


def test_nothing_fetched_is_an_empty_log_and_no_policy_an_error(tmp_path: Path) -> None:
    with evidence(tmp_path, policy(), {}) as found:
        assert found.traffic.shadow(found.now - found.now) is None
    with evidence(tmp_path, made.policy(), {}) as found, pytest.raises(GatehouseError, match=r"add data\.traffic"):
        _ = found.traffic
