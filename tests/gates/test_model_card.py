from __future__ import annotations

import pytest

from gatehouse.evaluate.card_template import template
from gatehouse.evaluate.cards import parse
from gatehouse.evaluate.gates import builtin
from gatehouse.evaluate.material import Paper
from gatehouse.verdict import Outcome
from tests.evaluate import made
from tests.gates.given import PIN, Given, measure, verdict

WHERE = "model_card.md of the artifact"
FULL = template("model_card", builtin()["model_card"].thresholds({})).replace("TODO", "words of a person")


def given(text: str) -> Given:
    return Given(cards={"model_card": parse(text.encode(), WHERE)}, digests={"evaluation": "sha256:" + "d" * 64})


def test_a_complete_card_passes_and_is_named_by_place_and_digest() -> None:
    said = verdict("model_card", given(FULL))

    assert said.outcome is Outcome.PASS
    assert said.summary == "complete, in 10 sections"
    assert said.notes[0].startswith(f"read from {WHERE}, sha256:")


def test_no_card_fails_and_is_told_how_to_begin() -> None:
    said = verdict("model_card", Given())

    assert said.outcome is Outcome.FAIL
    assert said.summary == "there is no model card"
    assert "gatehouse gates model_card --template" in said.advice[0]


def test_an_incomplete_card_fails_with_all_that_is_missing() -> None:
    said = verdict("model_card", given(FULL.replace("## Factors", "## Fakten").replace("license:", "licence:")))

    assert said.outcome is Outcome.FAIL
    assert said.summary == "sections missing: Factors; front matter missing: license"
    assert len(said.advice) == 2


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (f"version: {PIN.version}", Outcome.PASS),
        (f"version: {PIN.version + 1}", Outcome.FAIL),
        (f"digest: {PIN.digest}", Outcome.PASS),
        (f"digest: sha256:{'f' * 64}", Outcome.FAIL),
        ("model: credit-risk", Outcome.PASS),
        ("model: churn", Outcome.FAIL),
        (f"dataset_digest: sha256:{'d' * 64}", Outcome.PASS),
        (f"dataset_digest: sha256:{'e' * 64}", Outcome.FAIL),
    ],
)
def test_a_card_speaks_of_the_model_that_is_judged(line: str, outcome: Outcome) -> None:
    said = verdict("model_card", given(FULL.replace("---\n", f"---\n{line}\n", 1)))

    assert said.outcome is outcome
    assert measure(said, "contradictions").value == (outcome is Outcome.FAIL)


def test_an_old_card_fails_where_the_policy_sets_an_age() -> None:
    dated = given(FULL.replace("---\n", "---\ndate: 2026-02-01\n", 1))  # 29 days before the check's day

    assert verdict("model_card", dated, max_age="29d").outcome is Outcome.PASS
    assert verdict("model_card", dated, max_age="28d").outcome is Outcome.FAIL


@pytest.mark.parametrize("written", [{"max_age": "a year"}, {"sections": {}}, {"sections": ["Uses"]}, {"other": 1}])
def test_thresholds_that_mean_nothing_are_an_error(written: dict[str, object]) -> None:
    assert verdict("model_card", given(FULL), **written).outcome is Outcome.ERROR


def test_real_evidence_reads_the_card_that_was_fetched(bench: made.Bench) -> None:
    import msgspec

    (bench.folder / "card.md").write_text(FULL)
    case = bench.case(bench.model("good"))
    case = msgspec.structs.replace(case, cards={"model_card": Paper("the run's card", "card.md")})

    assert verdict("model_card", bench.evidence(case)).outcome is Outcome.PASS

    (bench.folder / "card.md").write_bytes(b"---\nlicense: [mit\n---\n")
    said = verdict("model_card", bench.evidence(case))
    assert said.outcome is Outcome.ERROR
    assert said.summary.startswith("the run's card:2: front matter: ")
