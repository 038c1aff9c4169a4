from __future__ import annotations

import hashlib
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from gatehouse.declare.load import require
from gatehouse.declare.source import WorkTree
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.evaluate.fetch import BASE, Fetcher
from gatehouse.evaluate.material import MANIFEST, Case, Staged, read
from gatehouse.evaluate.result import Request
from gatehouse.pin import Pin, Slot
from gatehouse.registry.reader import RegistryReader
from tests.evaluate import made
from tests.support import registered
from tests.support.mlflow import fresh_registry

MODEL = "credit-risk"
PRODUCTION = Slot(MODEL, "production")
STAGES = """\
stages:
  - {{name: staging, registry: "{registry}", review: none}}
  - {{name: production, registry: "{last}"}}
"""
POLICY = """\
owner: "@acme/credit-risk"
risk: high
task: binary
reviewed: 2026-03-01
data:
  evaluation: {{path: {path}, label: defaulted}}
  production: {{path: {production}}}
stages:
  production: {{gates: [artifact]}}
"""
HOLD = "versions:\n  - {version: 1, reason: leaks the label, since: 2026-03-02}\n"


@dataclass
class Place:
    """A repository's working tree, a registry with one version, and an empty folder for the material."""

    root: Path
    registry: str
    pin: Pin
    staged: Staged | None = None
    said: list[str] = field(default_factory=list)
    last: str | None = None

    @property
    def material(self) -> Path:
        return self.root.parent / "material"

    def write(self, path: str, text: str) -> Path:
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)
        return full

    def declare(self, path: str = "data/eval.csv", production: str = "data/production.csv") -> None:
        stages = STAGES.format(registry=self.registry, last=self.last or self.registry)
        self.write("promotions/stages.yaml", stages)
        self.write(f"promotions/{MODEL}/policy.yaml", POLICY.format(path=path, production=production))

    def declare_on(self, engine: str, evaluation: str, production: str) -> None:
        """The same policy on an engine; the tables are written as the policy has them."""
        self.declare()
        policy = self.root / f"promotions/{MODEL}/policy.yaml"
        text = policy.read_text().replace("path: data/eval.csv", evaluation)
        text = text.replace("path: data/production.csv", production)
        policy.write_text(f'engine: "{engine}"\n{text}')

    def database(self, columns: Mapping[str, list[int]]) -> None:
        """A DuckDB database data/w.db with the table ``t``."""
        table = pa.table(columns)
        with duckdb.connect(str(self.root / "data/w.db")) as connection:
            connection.register("given", table)
            connection.execute("CREATE TABLE t AS SELECT * FROM given")

    def fetch(self, *requests: Request) -> tuple[Case, ...]:
        tree = WorkTree(self.root)
        fetcher = Fetcher(
            base=tree,
            declared=require(tree),
            root=self.root,
            folder=self.material,
            reader=RegistryReader,
            staged=lambda _: self.staged,
            progress=self.said.append,
        )
        return fetcher.fetch(requests or (made.request(self.pin),)).cases

    def problem(self, *requests: Request) -> tuple[str, str]:
        """Why the one case cannot be evaluated, and the fix."""
        (case,) = self.fetch(*requests)
        assert case.candidate is None
        assert read(self.material).cases == (case,)
        return case.problem, case.fix


@pytest.fixture
def place(tmp_path: Path) -> Place:
    registry = fresh_registry(tmp_path / "registry")
    made_place = Place(
        tmp_path / "repository", registry, registered.register(registry, tmp_path / "store", MODEL, "one")
    )
    made_place.write("data/eval.csv", "income,defaulted\n1,0\n2,1\n")
    made_place.write("data/production.csv", "income\n1\n2\n")
    made_place.declare()
    return made_place


def test_everything_that_judges_and_is_judged_is_in_one_folder(place: Place) -> None:
    place.write("gates/mine.py", "never run here")
    place.staged = Staged(datetime(2026, 3, 2, tzinfo=UTC), timedelta(hours=5))

    (case,) = place.fetch()
    shutil.rmtree(place.root)

    assert case.problem == ""
    assert case.candidate is not None
    assert case.candidate.digest == place.pin.digest
    assert (place.material / case.candidate.folder / "weights.txt").read_text() == "one"
    assert (place.material / case.data["evaluation"]).read_text().startswith("income,defaulted")
    expected = hashlib.sha256(b"income\n1\n2\n").hexdigest()
    assert case.digests["production"] == f"sha256:{expected}"
    assert case.champion is None
    assert case.staged == place.staged
    assert (place.material / BASE / "gates/mine.py").read_text() == "never run here"
    assert (place.material / BASE / f"promotions/{MODEL}/policy.yaml").is_file()
    assert read(place.material).cases == (case,)
    assert place.said == ["fetching data/eval.csv", "fetching data/production.csv", f"fetching {MODEL} version 1"]


def test_what_two_cases_share_is_fetched_once(place: Place) -> None:
    first, second = place.fetch(made.request(place.pin, place.pin), made.request(place.pin))

    assert first.champion == first.candidate == second.candidate
    assert len(place.said) == 3


def test_an_artifact_that_was_overwritten_is_kept_as_found_for_the_gate_to_judge(place: Place, tmp_path: Path) -> None:
    registered.overwrite(tmp_path / "store" / MODEL / "one", "swapped")

    (case,) = place.fetch()

    assert case.candidate is not None
    assert case.candidate.subject.pin == place.pin
    assert case.candidate.digest != place.pin.digest


def test_an_unknown_version_is_told_with_those_that_there_are(place: Place) -> None:
    what, fix = place.problem(made.request(Pin(7, place.pin.digest)))

    assert what.startswith("credit-risk has no version 7 in the registry")
    assert fix == "it has 1"


def test_an_unknown_model_is_told(place: Place) -> None:
    place.write("promotions/credit-risk-2/policy.yaml", (place.root / f"promotions/{MODEL}/policy.yaml").read_text())

    what, fix = place.problem(made.request(place.pin, slot=Slot("credit-risk-2", "production")))

    assert "no model 'credit-risk-2'" in what
    assert "credit-risk" in fix


def test_a_version_that_is_still_uploading_is_told(place: Place) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(place.registry.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE model_versions SET status = 'PENDING_REGISTRATION'")

    what, fix = place.problem()

    assert "is not ready (PENDING_REGISTRATION)" in what
    assert fix.startswith("wait until its upload is complete")


def test_a_champion_that_is_gone_is_told_as_the_champion(place: Place) -> None:
    what, _ = place.problem(made.request(place.pin, Pin(9, place.pin.digest)))

    assert what.startswith("the champion, version 9, cannot be compared with: credit-risk has no version 9")


def test_a_champion_comes_from_the_registry_that_it_serves_from(place: Place, tmp_path: Path) -> None:
    other = fresh_registry(tmp_path / "other")
    champion = registered.register(other, tmp_path / "other-store", MODEL, "another")
    place.last = other
    place.declare()
    policy = (place.root / f"promotions/{MODEL}/policy.yaml").read_text()
    place.write(f"promotions/{MODEL}/policy.yaml", policy.replace("  production: {gates", "  staging: {gates"))

    (case,) = place.fetch(made.request(place.pin, champion, Slot(MODEL, "staging")))

    # Both are version 1, each of its own registry.
    assert case.candidate is not None
    assert case.champion is not None
    assert case.candidate.digest == place.pin.digest
    assert case.champion.digest == champion.digest


def test_a_held_version_is_told_the_reason_and_where_the_hold_is(place: Place) -> None:
    place.write(f"promotions/{MODEL}/hold.yaml", HOLD)

    what, fix = place.problem()

    assert what == "version 1 is on hold since 2026-03-02: leaks the label"
    assert f"promotions/{MODEL}/hold.yaml" in fix


def test_a_model_without_a_policy_on_base_is_told(place: Place) -> None:
    what, fix = place.problem(made.request(place.pin, slot=Slot("churn", "production")))

    assert what == "churn has no policy on the base branch"
    assert "promotions/churn/policy.yaml" in fix


def test_a_stage_that_the_policy_does_not_name_is_told(place: Place) -> None:
    what, fix = place.problem(made.request(place.pin, slot=Slot(MODEL, "staging")))

    assert what == "the policy of credit-risk says nothing about staging"
    assert "add `staging` under `stages:`" in fix


def test_a_registry_that_does_not_answer_leaves_nothing_behind(place: Place) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place.registry = f"http://127.0.0.1:{probe.getsockname()[1]}"
        place.declare()

        with pytest.raises(Unreachable):
            place.fetch()

    assert not place.material.exists()


def test_a_champions_registry_that_does_not_answer_is_no_problem_of_the_champion(place: Place) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place.last = f"http://127.0.0.1:{probe.getsockname()[1]}"
        place.declare()
        policy = (place.root / f"promotions/{MODEL}/policy.yaml").read_text()
        place.write(f"promotions/{MODEL}/policy.yaml", policy.replace("  production: {gates", "  staging: {gates"))

        with pytest.raises(Unreachable):
            place.fetch(made.request(place.pin, place.pin, Slot(MODEL, "staging")))

    assert not (place.material / MANIFEST).exists()


def test_a_folder_that_holds_something_is_not_fetched_into(place: Place) -> None:
    place.fetch()

    with pytest.raises(GatehouseError, match="is not empty"):
        place.fetch()
    assert (place.material / MANIFEST).exists()


def test_tables_of_a_database_are_fetched_as_snapshots(place: Place) -> None:
    place.database({"id": [2, 1], "defaulted": [1, 0]})
    place.declare_on("duckdb:///data/w.db", "table: t, id: id", "query: SELECT id FROM t WHERE id > 1")

    (case,) = place.fetch()
    shutil.rmtree(place.root)

    evaluation = place.material / case.data["evaluation"]
    assert pq.read_table(evaluation).to_pydict() == {"id": [1, 2], "defaulted": [0, 1]}
    assert pq.read_table(place.material / case.data["production"]).to_pydict() == {"id": [2]}
    assert case.digests["evaluation"] == f"sha256:{hashlib.sha256(evaluation.read_bytes()).hexdigest()}"
    assert place.said[:2] == ["fetching table t", "fetching query SELECT id FROM t WHERE id > 1"]


def test_a_table_that_its_database_lacks_is_told_on_the_pull_request(place: Place) -> None:
    place.database({"id": [1]})
    place.declare_on("duckdb:///data/w.db", "table: t, id: id", "table: none")

    what, fix = place.problem()

    assert what == "table none: Table with name none does not exist!"
    assert fix == "mend `table:` in policy.yaml"


def test_what_a_cluster_reads_is_left_where_it_is_and_files_are_fetched(place: Place) -> None:
    place.declare_on("local[2]", "path: s3://bucket/eval/", "path: data/production.csv")

    (case,) = place.fetch()

    assert case.problem == ""
    assert case.data["evaluation"] == "s3://bucket/eval/"
    assert (place.material / case.data["production"]).is_file()
    assert case.digests.keys() == {"production"}


def test_a_web_server_that_does_not_answer_leaves_nothing_behind(place: Place) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place.declare(f"http://127.0.0.1:{probe.getsockname()[1]}/eval.csv")

        with pytest.raises(Unreachable, match=r"eval\.csv: cannot be reached"):
            place.fetch()

    assert not place.material.exists()


@pytest.mark.parametrize("path", ["data/none.csv", "../none.csv", "/nowhere/none.csv"])
def test_a_table_that_is_not_there_is_told_by_the_policys_name(place: Place, path: str) -> None:
    place.declare(path)

    what, fix = place.problem()

    assert what == f"{path}: no such table"
    assert "check `data:` in policy.yaml" in fix


@pytest.mark.parametrize(
    "named",
    [
        lambda root: "../outside/eval.csv",
        lambda root: f"{root.parent}/outside/eval.csv",
        lambda root: "data/../../outside/eval.csv",
        lambda root: "./../outside/./eval.csv",
    ],
)
def test_a_table_outside_the_repository_lands_inside_the_material(place: Place, named: Callable[[Path], str]) -> None:
    place.write("../outside/eval.csv", "defaulted\n1\n")
    place.declare(named(place.root))

    (case,) = place.fetch()

    target = (place.material / case.data["evaluation"]).resolve()
    assert target.is_relative_to((place.material / "data").resolve())
    assert target.read_text() == "defaulted\n1\n"


def test_tables_whose_paths_are_alike_do_not_meet(place: Place) -> None:
    """The second is a folder that holds the first; and a third has the same path from another root."""
    place.write("data/more.csv", "income\n3\n")
    place.declare("data/eval.csv", "data")

    (case,) = place.fetch()

    assert {path.name for path in (place.material / case.data["production"]).iterdir()} == {
        "eval.csv",
        "more.csv",
        "production.csv",
    }
    assert (place.material / case.data["evaluation"]).read_text().startswith("income,defaulted")


def test_a_table_that_is_a_link_is_followed(place: Place) -> None:
    (place.root / "data/link.csv").symlink_to("eval.csv")
    place.declare("data/link.csv")

    (case,) = place.fetch()

    target = place.material / case.data["evaluation"]
    assert not target.is_symlink()
    assert target.read_text().startswith("income,defaulted")


def test_links_inside_a_folder_of_tables_are_refused(place: Place) -> None:
    place.write("parts/one.csv", "income\n1\n")
    (place.root / "parts/two.csv").symlink_to(place.root / "data/eval.csv")
    place.declare(production="parts")

    what, _ = place.problem()

    assert "two.csv" in what


def test_what_the_registry_knows_of_a_version_goes_along(place: Place, tmp_path: Path) -> None:
    client = MlflowClient(place.registry, place.registry)
    run = client.create_run("0", tags={"mlflow.user": "ada"})
    client.log_metric(run.info.run_id, "auc", 0.8)
    source = (tmp_path / "store" / MODEL / "one").as_uri()
    client.create_model_version(MODEL, source=source, run_id=run.info.run_id)

    (case,) = place.fetch(made.request(Pin(2, place.pin.digest)))

    assert case.candidate is not None
    subject = case.candidate.subject
    assert subject.run == run.info.run_id
    assert "ada" in (subject.trained_by or "")
    assert subject.metrics == {"auc": 0.8}
    assert subject.bytes > 0
    assert case.candidate.profile is None


def test_the_logs_of_live_traffic_come_along_with_their_digest_and_without_any_the_case_is_whole(place: Place) -> None:
    place.declare()
    path = place.root / f"promotions/{MODEL}/policy.yaml"
    path.write_text(path.read_text().replace("data:\n", "data:\n  traffic: {path: logs}\n"))
    (case,) = place.fetch(made.request(place.pin))
    assert "traffic" not in case.data
    shutil.rmtree(place.material)
    place.write(f"logs/{MODEL}/shadow/1.parquet", "rows")

    (case,) = place.fetch(made.request(place.pin))

    assert case.data["traffic"] == f"data/traffic/{MODEL}"
    assert (place.material / case.data["traffic"] / "shadow/1.parquet").read_text() == "rows"
    assert case.digests["traffic"].startswith("sha256:")
