from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gatehouse.evaluate.card_rules import Reviewed, contradictions, review
from gatehouse.evaluate.card_template import template
from gatehouse.evaluate.cards import Card, parse
from gatehouse.evaluate.gates import builtin
from gatehouse.verdict import Measure, Outcome

TODAY = date(2026, 3, 2)
DIGEST, DATA = "sha256:" + "a" * 64, "sha256:" + "d" * 64
FACTS = {"model": "credit-risk", "version": "47", "digest": DIGEST, "evaluation data": DATA}
# The headings of Hugging Face's template, filled in.
HUGGING_FACE = """\
---
license: mit
datasets: [loans-2025]
---
# Model Card for Credit Risk
## Model Details
### Model Description
a gradient boosting
## Uses
### Direct Use
loans
## Bias, Risks, and Limitations
old people are few
### Recommendations
ask a person
## Training Details
### Training Data
loans of 2025
## Evaluation
### Testing Data, Factors & Metrics
#### Testing Data
loans of 2026
#### Factors
age
#### Metrics
AUC
### Results
0.8
"""


def card(text: str) -> Card:
    return parse(text.encode(), "model_card.md")


def reviewed(text: str, gate: str = "model_card", today: date = TODAY, **thresholds: Any) -> Reviewed:
    return review(card(text), builtin()[gate].thresholds(thresholds), today)


def measured(said: Reviewed) -> dict[str, Measure]:
    return {one.name: one for one in said.measures}


def filled(gate: str) -> str:
    return template(gate, builtin()[gate].thresholds({})).replace("TODO", "words of a person")


@pytest.mark.parametrize("gate", ["model_card", "dataset_card"])
def test_a_template_that_is_filled_in_has_all_and_one_that_is_not_has_nothing(gate: str) -> None:
    assert reviewed(filled(gate), gate).summary == ""

    bare = measured(reviewed(template(gate, builtin()[gate].thresholds({})), gate))

    assert bare["sections missing"].value == len(builtin()[gate].thresholds({})["sections"])
    assert bare["front matter missing"].value == len(builtin()[gate].thresholds({})["fields"])


def test_a_card_by_hugging_faces_template_has_every_section() -> None:
    assert reviewed(HUGGING_FACE).summary == ""


@pytest.mark.parametrize("change", [str.upper, lambda text: "\n## ".join(reversed(text.split("\n## ")))])
def test_order_and_case_of_sections_do_not_matter(change: Any) -> None:
    front, _, body = HUGGING_FACE.partition("# Model Card")

    assert reviewed(f"{front}# Model Card{change(body)}").summary == ""


def test_everything_that_is_missing_is_named_at_once_with_what_to_write() -> None:
    text = HUGGING_FACE.replace("license: mit\n", "").replace("#### Factors\nage", "").replace("\nAUC", "\nTODO")

    said = reviewed(text)

    assert measured(said)["sections missing"].value == 2
    assert said.summary == (
        "sections missing: Factors, Metrics (there, and says nothing); front matter missing: license"
    )
    assert [one.partition(":")[0] for one in said.advice] == [
        "write the section 'Factors'",
        "write the section 'Metrics'",
        "add `license",
    ]


@pytest.mark.parametrize("value", ["", "TODO", "[]", "[TBD, '']", "{}", "{a: n/a}", "~", "' '"])
def test_a_field_that_says_nothing_is_missing(value: str) -> None:
    text = HUGGING_FACE.replace("datasets: [loans-2025]", f"datasets: {value}")

    assert measured(reviewed(text))["front matter missing"].note == "datasets"


@pytest.mark.parametrize("value", ["0", "false", "[a, TBD]", "{a: {b: c}}"])
def test_a_field_with_any_value_is_there(value: str) -> None:
    assert reviewed(HUGGING_FACE.replace("datasets: [loans-2025]", f"datasets: {value}")).summary == ""


def test_a_policy_can_ask_for_other_sections_and_fields_and_for_more() -> None:
    only = reviewed(
        "---\nowner: ada\n---\n# Thin files\nnone are left out", sections={"Thin files": ""}, fields=["owner"]
    )
    assert only.summary == ""

    more = reviewed(HUGGING_FACE, more_sections={"Thin files": "what it does"}, more_fields=["owner"])
    assert more.summary == "sections missing: Thin files; front matter missing: owner"
    assert more.advice[0] == "write the section 'Thin files': what it does"


@pytest.mark.parametrize(
    ("written", "days", "passes"),
    [
        ("date: 2026-03-02", 0, True),
        ("date: 2026-02-20", 10, True),
        ("date: 2026-02-19", 11, False),
        ("date: 2026-02-20T00:30:00+02:00", 11, False),  # the day before, in UTC
        ("last_updated: 2026-03-01", 1, True),
        ("date: 2026-03-03", None, False),  # still to come
        ("date: 2026-02-30", None, False),  # no such day
        ("date: yesterday", None, False),
        ("date: 20260301", None, False),
        ("date: [2026-03-01]", None, False),
        ("owner: ada", None, False),
    ],
)
def test_a_card_is_as_old_as_its_date_and_no_older_than_the_policy_allows(
    written: str, days: float | None, passes: bool
) -> None:
    said = reviewed(HUGGING_FACE.replace("license: mit", f"license: mit\n{written}"), max_age="10d")

    age = measured(said)["age of the card"]
    assert (age.value, age.limit) == (days, 10)
    assert (age.outcome is Outcome.PASS) is passes
    assert (said.summary == "") is passes
    assert ("2026-03-02" in "".join(said.advice)) is not passes


def test_without_an_oldest_age_any_age_will_do() -> None:
    assert reviewed(HUGGING_FACE.replace("license: mit", "license: mit\ndate: 1999-01-01")).summary == ""


@pytest.mark.parametrize(
    "line",
    ["model: credit-risk", "model_name: Credit Risk", "version: 47", "version: v47", "model_version: '047'",
     f"digest: {DIGEST}",
     f"digest: {'a' * 12}", f"digest: {'A' * 40}", f"dataset_digest: {DATA}", "version: TBD", "other: thing"],
)  # fmt: skip
def test_front_matter_that_agrees_contradicts_nothing(line: str) -> None:
    against, notes = contradictions(card(f"---\n{line}\n---\n"), FACTS)

    assert (against.value, notes) == (0, [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("model: churn", "model is churn, not credit-risk"),
        ("version: 48", "version is 48, not 47"),
        ("model_version: v4", "model_version is v4, not 47"),
        (f"digest: {DATA}", f"digest is {DATA}, not {DIGEST}"),
        (f"digest: {'a' * 11}", f"digest is {'a' * 11}, not {DIGEST}"),  # too short to name anything
        ("digest: whatever", f"digest is whatever, not {DIGEST}"),
        (f"dataset_digest: {DIGEST}", f"dataset_digest is {DIGEST}, not {DATA}"),
        (f"evaluation_digest: {DIGEST}", f"evaluation_digest is {DIGEST}, not {DATA}"),
    ],
)
def test_front_matter_that_speaks_of_something_else_is_named(line: str, said: str) -> None:
    against, _ = contradictions(card(f"---\n{line}\n---\n"), FACTS)

    assert (against.value, against.note, against.outcome) == (1, said, Outcome.FAIL)


def test_what_cannot_be_compared_is_a_note() -> None:
    text = f"---\nversion: 2.1.0\ndataset_digest: {DATA}\n---\n"

    against, notes = contradictions(card(text), {**FACTS, "evaluation data": None})

    assert against.value == 0
    assert len(notes) == 2
    assert notes[0].startswith("`version: 2.1.0` was not compared")
