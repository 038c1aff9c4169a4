from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field

import msgspec
import pytest

from gatehouse.evaluate.evidence import Evidence
from gatehouse.registry.pickles import Found, Risk, Scan, Unread
from gatehouse.runtime.launch import Command
from gatehouse.runtime.limits import Limits
from gatehouse.verdict import Outcome
from tests.evaluate import made
from tests.gates.given import PIN, Given, fetched, measure, verdict

OTHER = "sha256:" + "f" * 64


def test_the_artifact_as_pinned_passes(real: Evidence) -> None:
    said = verdict("artifact", real)

    assert said.outcome is Outcome.PASS
    assert said.summary.startswith("digest as pinned, sklearn, ")


def test_an_artifact_that_is_not_the_one_that_was_pinned_fails() -> None:
    said = verdict("artifact", Given(candidate=fetched(OTHER)))

    assert said.outcome is Outcome.FAIL
    assert said.summary == f"the candidate's artifact has the digest {OTHER}, not {PIN.digest} as pinned"
    assert "register it again as a new version" in said.advice[0]


def test_a_champion_that_was_overwritten_is_no_yardstick() -> None:
    said = verdict("artifact", Given(champion=fetched(OTHER)))

    assert said.outcome is Outcome.FAIL
    assert said.summary.startswith("the champion's artifact has the digest")


@pytest.mark.parametrize(("size", "outcome"), [(5_000_000, Outcome.PASS), (5_000_001, Outcome.FAIL)])
def test_the_largest_size_is_allowed_and_a_byte_more_is_not(size: int, outcome: Outcome) -> None:
    said = verdict("artifact", Given(candidate=fetched(size=size)), max_mb=5)

    assert said.outcome is outcome
    assert measure(said, "size").limit == 5


def test_only_named_flavors_are_allowed() -> None:
    assert verdict("artifact", Given(), flavors=["sklearn", "onnx"]).outcome is Outcome.PASS

    said = verdict("artifact", Given(), flavors=["onnx"])

    assert said.outcome is Outcome.FAIL
    assert said.summary == "the flavor sklearn is not allowed"
    assert said.advice == ("log the model as onnx",)


SYSTEM = Found("model.pkl", "os.system", Risk.UNSAFE)
BROKEN = Unread("rest.pkl", "it breaks off")


@pytest.mark.parametrize(
    ("written", "outcome"), [(None, Outcome.WARN), ("warn", Outcome.WARN), ("block", Outcome.FAIL)]
)
@pytest.mark.parametrize(
    ("scan", "said_of"),
    [
        (Scan(1, (SYSTEM,)), "unsafe imports in pickles: os.system in model.pkl"),
        (Scan(1, (), (BROKEN,)), "pickles not read to their end: rest.pkl: it breaks off"),
    ],
)
def test_what_follows_from_an_unsafe_pickle_is_the_policys_choice(
    scan: Scan, said_of: str, written: str | None, outcome: Outcome
) -> None:
    said = verdict("artifact", Given(pickles=scan), **({} if written is None else {"unsafe_pickles": written}))

    assert said.outcome is outcome
    assert said.summary == f"digest as pinned, sklearn, 1.0 MB; {said_of}"
    assert len(said.advice) == 1


def test_pickles_are_not_looked_into_where_the_policy_says_so() -> None:
    said = verdict("artifact", Given(pickles=Scan(1, (SYSTEM,), (BROKEN,))), unsafe_pickles="ignore")

    assert said.outcome is Outcome.PASS
    assert said.notes == ("pickles were not looked into: the policy says ignore",)


def test_code_that_a_pickle_carries_and_the_teams_own_classes_are_notes() -> None:
    found = (
        Found("m.pkl", "cloudpickle.cloudpickle._make_function", Risk.CODE),
        Found("m.pkl", "acme.Bands", Risk.OWN),
    )

    said = verdict("artifact", Given(pickles=Scan(1, found)))

    assert said.outcome is Outcome.PASS
    assert said.notes == (
        "m.pkl carries functions as code: by nature it can do anything when it is loaded",
        "of packages that are not known here: acme.Bands",
    )


def test_of_a_thousand_signals_ten_are_named_and_all_counted() -> None:
    many = tuple(Found("m.pkl", f"os.f{at}", Risk.UNSAFE) for at in range(1_010))

    said = measure(verdict("artifact", Given(pickles=Scan(1, many))), "unsafe imports in pickles")

    assert said.value == 1_010
    assert said.note.endswith("os.f9 in m.pkl, and 1,000 more")


def test_a_real_model_that_runs_a_command_when_it_is_loaded_is_told_without_loading_it(bench: made.Bench) -> None:
    fetched = bench.model("good")
    folder = bench.folder / "models/evil"
    shutil.copytree(bench.folder / fetched.folder, folder)
    (folder / "extra.pkl").write_bytes(b"cos\nsystem\n(S'touch loaded'\ntR.")
    evil = msgspec.structs.replace(fetched, folder="models/evil")

    said = verdict("artifact", bench.evidence(bench.case(evil)))

    assert said.outcome is Outcome.WARN
    assert measure(said, "unsafe imports in pickles").note == "os.system in extra.pkl"


@dataclass
class Refusing:
    """A launcher that starts nothing, and remembers which models it was to start."""

    asked: list[str] = field(default_factory=list)
    level: str = "none"
    limits: Limits | None = None

    def launch(self, command: Command) -> subprocess.Popen[bytes]:
        self.asked.append(command.readable[0].name)
        raise OSError("refused")


@pytest.mark.parametrize(("swapped", "started"), [("candidate", "constant"), ("champion", "good")])
def test_an_artifact_that_nobody_reviewed_is_not_even_started(bench: made.Bench, swapped: str, started: str) -> None:
    case = bench.case(bench.model("good"), bench.model("constant"))
    one = msgspec.structs.replace(getattr(case, swapped), digest=OTHER)
    case = msgspec.structs.replace(case, **{swapped: one})
    launcher = Refusing()

    with Evidence(bench.folder, case, made.policy(), launcher) as evidence:
        said = verdict("accuracy", evidence, metric="roc_auc")
        artifact = verdict("artifact", evidence)

    assert said.outcome is Outcome.ERROR
    assert artifact.outcome is Outcome.FAIL
    assert launcher.asked == [started]
