from __future__ import annotations

from gatehouse.evaluate.card_template import template
from gatehouse.evaluate.cards import parse
from gatehouse.evaluate.gates import builtin
from gatehouse.verdict import Outcome
from tests.gates.given import Given, verdict

FULL = template("dataset_card", builtin()["dataset_card"].thresholds({})).replace("TODO", "words of a person")


def given(text: str) -> Given:
    return Given(cards={"dataset_card": parse(text.encode(), "docs/loans.md")})


def test_a_complete_card_passes_and_is_named_by_place_and_digest() -> None:
    said = verdict("dataset_card", given(FULL))

    assert said.outcome is Outcome.PASS
    assert said.summary == "complete, in 9 sections"
    assert said.notes[0].startswith("read from docs/loans.md, sha256:")


def test_no_card_fails_and_is_told_both_places() -> None:
    said = verdict("dataset_card", Given())

    assert said.outcome is Outcome.FAIL
    assert said.summary == "there is no dataset card"
    assert "--template" in said.advice[0]
    assert "`path`" in said.advice[0]


def test_an_incomplete_card_fails_with_all_that_is_missing() -> None:
    said = verdict("dataset_card", given(FULL.replace("## Composition", "## What").replace("license: ", "terms: ")))

    assert said.outcome is Outcome.FAIL
    assert said.summary == "sections missing: Composition; front matter missing: license"


def test_a_card_by_hugging_faces_template_has_every_section() -> None:
    headings = (
        "Dataset Summary", "Dataset Structure", "Source Data", "Annotations", "Considerations for Using the Data",
        "Personal and Sensitive Information", "Licensing Information", "Dataset Curators",
    )  # fmt: skip
    text = "---\nlicense: mit\n---\n" + "".join(f"## {heading}\nwords\n" for heading in headings)

    assert verdict("dataset_card", given(text)).outcome is Outcome.PASS


def test_an_old_card_fails_where_the_policy_sets_an_age() -> None:
    dated = given(FULL.replace("---\n", "---\ndate: 2026-02-01\n", 1))

    assert verdict("dataset_card", dated, max_age="29d").outcome is Outcome.PASS
    assert verdict("dataset_card", dated, max_age="4w").outcome is Outcome.FAIL
