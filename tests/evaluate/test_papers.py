"""Cards fetched from a real registry, and from the base of a repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest
from mlflow import MlflowClient

from gatehouse.declare.load import require
from gatehouse.declare.source import WorkTree
from gatehouse.declare.types import StagePolicy
from gatehouse.evaluate.card_template import template
from gatehouse.evaluate.cards import SIZE_LIMIT
from gatehouse.evaluate.fetch import Fetcher
from gatehouse.evaluate.gates import builtin
from gatehouse.evaluate.material import Paper
from gatehouse.evaluate.papers import KINDS, Papers, asked
from gatehouse.evaluate.run import Evaluator
from gatehouse.pin import Pin
from gatehouse.registry.digest import digest
from gatehouse.registry.reader import RegistryReader
from gatehouse.verdict import Outcome
from tests.evaluate import made
from tests.support import registered
from tests.support.mlflow import fresh_registry

MODEL = "credit-risk"
ARTIFACT = PurePosixPath("models/it")
RUN = "gatehouse/{}.md of the training run"


@dataclass
class Desk:
    """A registered version whose artifact is at ``models/it`` of the material, and a repository's files."""

    folder: Path
    registry: str
    number: int
    run: str

    @property
    def root(self) -> Path:
        return self.folder.parent / "repository"

    def log(self, name: str, text: str) -> None:
        """Logs a file with the training run."""
        MlflowClient(self.registry, self.registry).log_text(self.run, text, f"gatehouse/{name}")

    def commit(self, path: str, content: bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    def fetch(self, *kinds: str, path: str | None = None) -> Mapping[str, Paper]:
        reader = RegistryReader(self.registry)
        version = reader.ready(MODEL, self.number)
        policy = made.policy(gates={} if path is None else {"dataset_card": {"path": path}})
        return Papers(self.folder, WorkTree(self.root), reader, version, ARTIFACT).fetch(kinds or KINDS, policy)

    def text(self, paper: Paper) -> str:
        return (self.folder / paper.path).read_text()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    registry = fresh_registry(tmp_path / "registry")
    registered.register(registry, tmp_path / "store", MODEL, "one")
    client = MlflowClient(registry, registry)
    run = client.create_run(client.create_experiment("cards", (tmp_path / "runs").as_uri())).info.run_id
    version = client.create_model_version(MODEL, source=(tmp_path / "store" / MODEL / "one").as_uri(), run_id=run)
    (tmp_path / "material" / ARTIFACT).mkdir(parents=True)
    (tmp_path / "repository").mkdir()
    return Desk(tmp_path / "material", registry, int(version.version), run)


def test_where_there_is_no_card_there_is_none(desk: Desk) -> None:
    assert desk.fetch() == {}


def test_cards_of_the_training_run_are_fetched(desk: Desk) -> None:
    desk.log("model_card.md", "# Model")
    desk.log("dataset_card.md", "# Data")

    found = desk.fetch(path="docs/data.md")

    assert {kind: paper.origin for kind, paper in found.items()} == {kind: RUN.format(kind) for kind in KINDS}
    assert [desk.text(paper) for paper in found.values()] == ["# Model", "# Data"]


def test_only_the_cards_that_are_asked_for_are_fetched(desk: Desk) -> None:
    desk.log("model_card.md", "# Model")
    desk.log("dataset_card.md", "# Data")

    assert list(desk.fetch("dataset_card")) == ["dataset_card"]


def test_the_artifacts_own_model_card_comes_before_the_runs(desk: Desk) -> None:
    desk.log("model_card.md", "# Of the run")
    (desk.folder / ARTIFACT / "model_card.md").write_text("# Of the artifact")

    paper = desk.fetch()["model_card"]

    assert paper.origin == "model_card.md of the artifact"
    assert desk.text(paper) == "# Of the artifact"


def test_a_dataset_card_of_the_repository_is_read_where_the_run_has_none(desk: Desk) -> None:
    desk.commit("docs/data.md", b"# Committed")

    paper = desk.fetch(path="docs/data.md")["dataset_card"]

    assert paper.origin == "docs/data.md"
    assert desk.text(paper) == "# Committed"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("docs/none.md", "docs/none.md: there is no such file on the base branch"),
        ("/etc/hostname", "/etc/hostname: leads out of the repository"),
        ("docs/../../secret.md", "docs/../../secret.md: leads out of the repository"),
        ("docs/link.md", "docs/link.md: `docs/link.md` is a symbolic link, which is never followed"),
    ],
)
def test_a_path_that_cannot_be_read_is_told_by_its_gate(desk: Desk, path: str, said: str) -> None:
    desk.commit("docs/data.md", b"# Committed")
    (desk.root / "docs/link.md").symlink_to("data.md")
    (desk.root.parent / "secret.md").write_text("secret")

    paper = desk.fetch(path=path)["dataset_card"]

    assert paper.problem == said
    assert paper.path == ""
    assert paper.fix


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_a_card_that_is_too_large_is_told_by_its_gate_and_not_fetched(desk: Desk, more: int, fits: bool) -> None:
    desk.log("model_card.md", "x" * (SIZE_LIMIT + more))

    paper = desk.fetch("model_card")["model_card"]

    assert (paper.problem == "") is fits
    assert fits or f"has more than {SIZE_LIMIT:,} bytes" in paper.problem


def test_of_a_card_in_the_repository_no_more_is_kept_than_shows_that_it_is_too_large(desk: Desk) -> None:
    desk.commit("docs/data.md", b"x" * (SIZE_LIMIT * 2))

    assert len(desk.text(desk.fetch(path="docs/data.md")["dataset_card"])) == SIZE_LIMIT + 1


def test_a_stage_asks_for_the_cards_that_its_gates_look_at() -> None:
    policy = made.policy(stages={"production": StagePolicy(("latency", "dataset_card")), "staging": StagePolicy(())})

    assert asked(policy, "production") == ("dataset_card",)
    assert asked(policy, "staging") == ()


def test_a_whole_check_reads_the_cards_that_it_fetched(desk: Desk) -> None:
    gates = ("artifact", "model_card", "dataset_card", "policy_review")
    desk.log("model_card.md", filled("model_card"))
    desk.commit("docs/data.md", filled("dataset_card").replace("## Uses", "## Abuses").encode())
    desk.commit("promotions/stages.yaml", f"stages: [{{name: production, registry: '{desk.registry}'}}]\n".encode())
    desk.commit(
        f"promotions/{MODEL}/policy.yaml",
        f'owner: "@acme/x"\nrisk: low\ntask: binary\nreviewed: {datetime.now(UTC):%Y-%m-%d}\n'
        f"gates: {{dataset_card: {{path: docs/data.md}}}}\n"
        f"stages: {{production: {{gates: [{', '.join(gates)}]}}}}\n".encode(),
    )
    base, target = WorkTree(desk.root), desk.folder.parent / "fetched"
    pin = Pin(desk.number, digest(desk.folder.parent / "store" / MODEL / "one"))

    Fetcher(base, require(base), desk.root, target, RegistryReader, lambda _: None).fetch([made.request(pin)])
    (result,) = Evaluator(target).evaluate()

    said = {verdict.gate: verdict for verdict in result.verdicts}
    assert {gate: said[gate].outcome for gate in gates} == {
        "artifact": Outcome.PASS,
        "model_card": Outcome.PASS,
        "dataset_card": Outcome.FAIL,
        "policy_review": Outcome.PASS,
    }
    assert said["dataset_card"].summary == "sections missing: Uses"
    assert said["dataset_card"].notes[0].startswith("read from docs/data.md, sha256:")


def filled(gate: str) -> str:
    return template(gate, builtin()[gate].thresholds({})).replace("TODO", "words of a person")
