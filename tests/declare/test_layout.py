"""The path says what a file is; a file that looks like a declaration and is none is said so."""

from __future__ import annotations

import pytest

from gatehouse.declare.layout import kind_of, misnamed, stray
from gatehouse.pin import Slot

STAGES = ["staging", "production"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("promotions/stages.yaml", "stages"),
        ("promotions/freeze.yaml", "freeze"),
        ("promotions/m/policy.yaml", "policy"),
        ("promotions/m/hold.yaml", "hold"),
        ("promotions/m/production.yaml", "promotion"),
        ("promotions/m/production.eu.yaml", "promotion"),
        ("promotions/policy.yaml", None),
        ("promotions/m/production.yml", None),
        ("promotions/m/.production.yaml", None),
        ("promotions/team/m/production.yaml", None),
        ("promotions/m/README.md", None),
    ],
)
def test_the_path_says_what_a_file_is(path: str, kind: str | None) -> None:
    assert kind_of(path) == kind


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("promotions/m/production.yml", "rename it to production.yaml"),
        ("promotions/m/production.eu.YAML", "rename it to production.eu.yaml"),
        ("promotions/m/production", "rename it to production.yaml"),
        ("promotions/m/production.yaml.bak", "rename it to production.yaml"),
        ("promotions/m/hold.txt", "rename it to hold.yaml"),
        ("promotions/m/policy.json", "rename it to policy.yaml"),
        ("promotions/team/m/production.yaml", "it is 1 folder too deep: move it to promotions/<model>/production.yaml"),
        ("promotions/a/b/c/other.yaml", "it is 2 folder too deep"),
        ("promotions/production.yaml", "move it to promotions/<model>/production.yaml"),
    ],
)
def test_a_lookalike_that_nothing_reads_is_told_where_it_belongs(path: str, fix: str) -> None:
    said = stray(path, STAGES)
    assert said is not None
    assert fix in said.fix


@pytest.mark.parametrize(
    "path",
    [
        "promotions/README.md",
        "promotions/m/model_card.md",
        "promotions/m/figures/roc.png",
        "promotions/m/.gitkeep",
        "promotions/m/.production.yaml.swp",
        "promotions/m/production.yaml",
        "promotions/m/hold.yaml",
    ],
)
def test_what_is_read_or_plainly_something_else_is_left_alone(path: str) -> None:
    assert stray(path, STAGES) is None


@pytest.mark.parametrize("slot", [Slot("m", "production"), Slot("Credit-Risk_2.1", "staging", "eu-west_1")])
def test_a_model_a_known_stage_and_a_segment_make_a_slot(slot: Slot) -> None:
    assert misnamed(slot, STAGES) is None


@pytest.mark.parametrize(
    ("slot", "message", "fix"),
    [
        (Slot("m", "prodution"), "there is no stage `prodution`", "did you mean `production`?"),
        (Slot("m", "polcy"), "there is no stage `polcy`", "did you mean `policy`?"),
        (Slot("m", "qa"), "there is no stage `qa`", "choose from production, staging"),
        (Slot("m", "production", "EU"), "`EU` cannot be a segment", "lower-case"),
        (Slot("m", "production", "eu.west"), "`eu.west` cannot be a segment", "<stage>.<segment>.yaml"),
        (Slot("credit risk", "production"), "`credit risk` cannot be a model's folder", "use letters"),
    ],
)
def test_a_path_that_names_no_slot_says_which_part(slot: Slot, message: str, fix: str) -> None:
    said = misnamed(slot, STAGES)
    assert said is not None
    assert message in said.message
    assert fix in said.fix
