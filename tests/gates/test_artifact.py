from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

import msgspec
import pytest

from gatehouse.evaluate.evidence import Evidence
from gatehouse.runtime.launch import Command
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


@dataclass
class Refusing:
    """A launcher that starts nothing, and remembers which models it was to start."""

    asked: list[str] = field(default_factory=list)
    level: str = "none"

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
