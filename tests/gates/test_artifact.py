from __future__ import annotations

import msgspec
import pytest

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.material import Fetched
from gatehouse.runtime.launch import Bare, Command
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


class Starting(Exception):
    """A process was about to be started."""


class Refusing(Bare):
    """A launcher that must not be asked."""

    def launch(self, command: Command) -> None:  # type: ignore[override] # never returns
        raise Starting


@pytest.mark.parametrize("who", ["candidate", "champion"])
def test_an_artifact_that_nobody_reviewed_is_not_even_started(bench: made.Bench, who: str) -> None:
    def swapped(one: Fetched, name: str) -> Fetched:
        return msgspec.structs.replace(one, digest=OTHER) if name == who else one

    case = bench.case(swapped(bench.model("good"), "candidate"), swapped(bench.model("constant"), "champion"))
    with Evidence(bench.folder, case, made.policy(), Refusing()) as evidence:
        # The other model would be started, and the launcher would say so.
        case_alone = msgspec.structs.replace(case, champion=None)
        said = verdict("accuracy", evidence, metric="roc_auc")
        if who == "candidate":
            with Evidence(bench.folder, case_alone, made.policy(), Refusing()) as alone:
                assert "is not the one that is pinned" in verdict("accuracy", alone, metric="roc_auc").summary

    assert said.outcome is Outcome.ERROR
    assert verdict("artifact", evidence).outcome is Outcome.FAIL
