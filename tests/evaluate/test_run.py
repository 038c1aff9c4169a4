"""Both steps of a check on a real registry with real models: fetched by one, evaluated by the other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from gatehouse.declare.load import require
from gatehouse.declare.source import WorkTree
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.fetch import Fetcher
from gatehouse.evaluate.material import Staged, read, write
from gatehouse.evaluate.question import ENGINE
from gatehouse.evaluate.result import Request, Result
from gatehouse.evaluate.run import Evaluator
from gatehouse.pin import Pin
from gatehouse.registry import artifacts
from gatehouse.registry.digest import digest
from gatehouse.registry.reader import RegistryReader
from gatehouse.runtime.isolation import launcher
from gatehouse.verdict import Outcome
from tests.evaluate import made
from tests.support import models
from tests.support.mlflow import fresh_registry

MODEL = "credit-risk"
POLICY = """\
owner: "@acme/credit-risk"
risk: high
task: binary
reviewed: 2026-03-01
data:
  evaluation: {path: data/eval.parquet, label: defaulted, groups: [region]}
  production: {path: data/production.parquet}
gates:
  accuracy: {metric: roc_auc, minimum: 0.6, min_improvement: 0.05}
  fairness: {metric: roc_auc, max_disparity: 0.4}
  latency: {p95_ms: 5000, rate_per_s: 40, duration_s: 2, warmup_s: 0.1}
  schema: {allow_output_change: true}  # the champion answers floats
stages:
  production: {gates: [GATES], soak: 1h}
"""
ALL = "artifact, schema, accuracy, latency, fairness, drift, staging"
# What runs is that and the gate that always does.
RAN = [*ALL.split(", "), "conduct"]
RAISES = '"""Doc."""\nTHRESHOLDS = {"type": "object"}\ndef check(evidence, thresholds):\n    raise ValueError("no")\n'


@dataclass(frozen=True)
class World:
    """A registry with a model that knows nothing (version 1) and a trained one (2), and a repository's files."""

    root: Path
    registry: str
    champion: Pin
    candidate: Pin

    def material(self, folder: Path, *asked: Request) -> Path:
        tree = WorkTree(self.root)
        staged = Staged(datetime(2026, 3, 2, tzinfo=UTC), timedelta(hours=2))
        Fetcher(tree, require(tree), self.root, folder, RegistryReader, lambda _: staged).fetch(asked)
        return folder


def _pin(reader: RegistryReader, number: int, folder: Path) -> Pin:
    return Pin(number, digest(artifacts.download(reader, reader.ready(MODEL, number), folder / str(number))))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    registry = fresh_registry(folder / "registry")
    profile = (made.bench(folder).folder / made.Bench(folder)._profile()).read_bytes()
    for model in (models.Odd(0.5), models.train()):
        models.register(registry, MODEL, model, profile=profile)
    root = folder / "repository"
    (root / "promotions" / MODEL).mkdir(parents=True)
    (root / "data").mkdir()
    models.frame(1_000, seed=7).to_parquet(root / "data/eval.parquet")
    models.features(1_000, seed=9).to_parquet(root / "data/production.parquet")
    stages = (
        f'stages:\n  - {{name: staging, registry: "{registry}"}}\n  - {{name: production, registry: "{registry}"}}\n'
    )
    (root / "promotions/stages.yaml").write_text(stages)
    (root / f"promotions/{MODEL}/policy.yaml").write_text(POLICY.replace("GATES", ALL))
    reader = RegistryReader(registry)
    return World(root, registry, _pin(reader, 1, folder), _pin(reader, 2, folder))


@pytest.fixture(scope="module")
def fetched(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fetched") / "material"
    return world.material(folder, made.request(world.candidate, world.champion))


@pytest.fixture
def copy(fetched: Path, tmp_path: Path) -> Path:
    """The material again, for a test that changes it."""
    return Path(shutil.copytree(fetched, tmp_path / "copy"))


def only(folder: Path) -> Result:
    (result,) = Evaluator(folder).evaluate()
    return result


def gates(folder: Path, names: str) -> None:
    (folder / f"base/promotions/{MODEL}/policy.yaml").write_text(POLICY.replace("GATES", names))


def test_a_better_model_passes_every_gate_with_its_figures(fetched: Path, world: World) -> None:
    told: list[str] = []
    (result,) = Evaluator(fetched, progress=told.append).evaluate()

    assert {verdict.gate: verdict.outcome for verdict in result.verdicts if not verdict.outcome.lets_through} == {}
    assert [verdict.gate for verdict in result.verdicts] == RAN
    assert result.passed
    assert result.rows == 1_000
    assert result.candidate.pin == world.candidate
    assert result.champion is not None
    assert result.champion.pin == world.champion
    assert (result.engine, result.isolation) == (ENGINE, launcher().level)
    assert set(result.data) == {"evaluation", "production"}
    assert result.seconds > 0
    assert told == [f"{MODEL} version 2: {name}" for name in RAN]
    # It is what travels from one job to the next.
    assert msgspec.json.decode(msgspec.json.encode(result), type=Result).key == result.key


def test_gates_that_look_at_no_rows_leave_their_count_at_zero(copy: Path) -> None:
    gates(copy, "artifact, schema, staging")

    result = only(copy)

    assert result.passed
    assert result.rows == 0


def test_the_key_follows_what_the_verdicts_rest_on_and_not_the_commits(copy: Path, world: World) -> None:
    gates(copy, "artifact")
    first = only(copy)
    material = read(copy)

    def changed(change: Callable[[], object]) -> bool:
        change()
        return only(copy).key != first.key

    asked = msgspec.structs.replace(material.cases[0].request, base="1" * 40, head="2" * 40)
    later = msgspec.structs.replace(material, cases=(msgspec.structs.replace(material.cases[0], request=asked),))
    assert not changed(lambda: write(later, copy))
    gate = copy / "base/gates/artifact.py"
    gate.parent.mkdir(exist_ok=True)
    assert changed(lambda: gate.write_text(RAISES))
    assert not changed(gate.unlink)
    policy = copy / f"base/promotions/{MODEL}/policy.yaml"
    assert changed(lambda: policy.write_text(policy.read_text() + "# a comment\n"))
    gates(copy, "artifact")
    other = msgspec.structs.replace(material.cases[0], digests={"evaluation": "sha256:other"})
    assert changed(lambda: write(msgspec.structs.replace(material, cases=(other,)), copy))


def test_a_gate_that_raises_or_is_not_there_blocks_and_the_others_are_still_asked(copy: Path) -> None:
    (copy / "base/gates").mkdir(exist_ok=True)
    (copy / "base/gates/mine.py").write_text(RAISES)
    gates(copy, "mine, no_such_gate, artifact")

    result = only(copy)

    broken, absent, artifact, _ = result.verdicts
    assert result.outcome is Outcome.ERROR
    assert broken.summary == "the gate broke at gates/mine.py:4: ValueError: no"
    assert absent.summary == "there is no gate called 'no_such_gate'"
    assert absent.advice == (f"add gates/no_such_gate.py, or take it out of promotions/{MODEL}/policy.yaml",)
    assert artifact.outcome is Outcome.PASS


def test_a_gate_that_always_runs_is_called_last_and_told_where_it_is_listed(copy: Path) -> None:
    gates(copy, "conduct, accuracy")
    told: list[str] = []

    (result,) = Evaluator(copy, progress=told.append).evaluate()

    assert [verdict.gate for verdict in result.verdicts] == ["conduct", "accuracy"]
    assert told == [f"{MODEL} version 2: accuracy", f"{MODEL} version 2: conduct"]
    assert result.verdicts[0].summary == "200 rows asked again in 6 ways, with the same answers"


def test_where_no_gate_asks_the_model_none_is_started(copy: Path) -> None:
    gates(copy, "artifact")

    conduct = only(copy).verdicts[-1]

    assert (conduct.gate, conduct.outcome) == ("conduct", Outcome.PASS)
    assert conduct.summary == "no gate asked the model, so there is nothing to hold it to"


def test_a_repositorys_own_gate_that_always_runs_judges_unasked_and_is_part_of_the_key(copy: Path) -> None:
    gates(copy, "artifact")
    before = only(copy)
    (copy / "base/gates").mkdir(exist_ok=True)
    (copy / "base/gates/mine.py").write_text(RAISES.replace("THRESHOLDS", "ALWAYS = True\nTHRESHOLDS"))

    result = only(copy)

    assert [verdict.gate for verdict in result.verdicts] == ["artifact", "conduct", "mine"]
    assert result.outcome is Outcome.ERROR
    assert result.key != before.key


def test_a_threshold_that_a_gate_does_not_have_blocks(copy: Path) -> None:
    path = copy / f"base/promotions/{MODEL}/policy.yaml"
    path.write_text(POLICY.replace("GATES", "accuracy").replace("minimum:", "minimun:"))

    result = only(copy)

    assert result.outcome is Outcome.ERROR
    assert "gates.accuracy: " in result.verdicts[0].summary
    assert "minimun" in result.verdicts[0].summary


def test_a_gate_file_that_does_not_load_ends_the_check_with_its_name(copy: Path) -> None:
    (copy / "base/gates").mkdir(exist_ok=True)
    (copy / "base/gates/mine.py").write_text("import nowhere_to_be_found\n")

    with pytest.raises(GatehouseError, match=r"gates/mine\.py:1: the gate does not load"):
        Evaluator(copy).evaluate()


OWN = Path(__file__).parents[2] / "docs" / "examples" / "metrics" / "cost_per_decision.py"


def test_a_teams_own_metric_judges_and_its_code_is_part_of_the_key(copy: Path) -> None:
    policy = copy / f"base/promotions/{MODEL}/policy.yaml"
    limits = "{metric: cost_per_decision, maximum: 400, min_improvement: -100}"
    policy.write_text(
        POLICY.replace("GATES", "accuracy").replace("{metric: roc_auc, minimum: 0.6, min", limits + " # ")
    )
    metric = copy / "base/gates/metrics" / OWN.name
    metric.parent.mkdir(parents=True)
    metric.write_bytes(OWN.read_bytes())

    first = only(copy)

    said, _ = first.verdicts
    assert said.outcome is Outcome.PASS
    assert said.summary.startswith("cost_per_decision ")
    assert [measure.name for measure in said.measures] == ["cost_per_decision", "improvement"]
    assert said.measures[0].interval is not None
    metric.write_bytes(OWN.read_bytes().replace(b"200.0", b"201.0"))
    assert only(copy).key != first.key
    metric.unlink()
    assert only(copy).outcome is Outcome.ERROR


def test_a_metric_file_that_does_not_load_ends_the_check_with_its_name(copy: Path) -> None:
    (copy / "base/gates/metrics").mkdir(parents=True)
    (copy / "base/gates/metrics/mine.py").write_text("import nowhere_to_be_found\n")

    with pytest.raises(GatehouseError, match=r"gates/metrics/mine\.py:1: the metric does not load"):
        Evaluator(copy).evaluate()


def test_what_could_not_be_fetched_is_an_error_with_its_fix(world: World, tmp_path: Path) -> None:
    unknown = made.request(Pin(7, world.candidate.digest))

    result = only(world.material(tmp_path / "material", unknown))

    (verdict,) = result.verdicts
    assert (verdict.gate, verdict.outcome) == ("fetch", Outcome.ERROR)
    assert verdict.summary.startswith(f"{MODEL} has no version 7")
    assert verdict.advice == ("it has 1, 2",)
    assert not result.passed
    assert result.candidate.pin == unknown.candidate


def test_a_swapped_artifact_is_refused_by_every_gate_that_would_run_it(world: World, tmp_path: Path) -> None:
    asked = made.request(Pin(2, "sha256:" + "0" * 64))

    result = only(world.material(tmp_path / "material", asked))

    said = {verdict.gate: verdict for verdict in result.verdicts}
    assert said["artifact"].outcome is Outcome.FAIL
    for gate in ("accuracy", "latency", "fairness"):
        assert said[gate].summary == "the candidate's artifact is not the one that is pinned, so it was not run"
        assert said[gate].outcome is Outcome.ERROR


def test_an_evaluation_table_that_is_not_the_one_agreed_on_is_an_error(copy: Path) -> None:
    path = copy / f"base/promotions/{MODEL}/policy.yaml"
    agreed = "sha256:" + "0" * 64
    path.write_text(
        POLICY.replace("GATES", "accuracy").replace("label: defaulted", f'label: defaulted, digest: "{agreed}"')
    )

    verdict, _ = only(copy).verdicts

    assert verdict.outcome is Outcome.ERROR
    assert verdict.summary.endswith(f"the policy names {agreed}")


def test_a_folder_that_is_no_material_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatehouseError, match=r"holds no manifest\.json"):
        Evaluator(tmp_path).evaluate()


def test_an_empty_evaluation_table_is_an_error(copy: Path) -> None:
    case = read(copy).cases[0]
    pd.DataFrame({"income": [], "defaulted": []}).to_parquet(copy / case.data["evaluation"])
    gates(copy, "accuracy")

    verdict, _ = only(copy).verdicts

    assert (verdict.outcome, verdict.summary) == (Outcome.ERROR, "data/eval.parquet: has no rows")
