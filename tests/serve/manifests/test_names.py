from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.errors import GatehouseError
from gatehouse.pin import MODEL, NAME
from gatehouse.serve.manifests.names import base, label, of_stage, of_version

LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
models = st.from_regex(MODEL, fullmatch=True)
# Names made to meet: what follows a model's name, as part of another model's.
near = st.from_regex(r"(a|b|A)([-_.](a|v1|v13|-staging|[0-9a-f]{10})){0,2}", fullmatch=True)


def test_a_name_that_is_a_label_is_kept() -> None:
    assert of_version("credit-risk", 13) == "credit-risk-v13"
    assert of_stage("credit-risk", "production") == "credit-risk"
    assert of_stage("credit-risk", "staging") == "credit-risk--staging"


def test_forty_characters_are_kept_and_forty_one_are_shortened() -> None:
    assert base("a" * 40) == "a" * 40
    assert len(base("a" * 41)) == 40
    assert base("a" * 41) != base("a" * 42)


@pytest.mark.parametrize("model", ["Credit-Risk", "credit_risk", "credit.risk", "9lives", "_", "credit-risk-", "a--b"])
def test_a_name_that_is_no_label_is_made_one_and_told_apart(model: str) -> None:
    assert LABEL.fullmatch(base(model))
    assert re.fullmatch(r".*-[0-9a-f]{10}", base(model))


@given(models, st.integers(1, 10**10 - 1), st.from_regex(NAME, fullmatch=True))
def test_every_name_fits_with_what_controllers_append(model: str, version: int, stage: str) -> None:
    assert LABEL.fullmatch(f"{of_version(model, version)}-predictor")
    assert LABEL.fullmatch(of_stage(model, stage))


@given(st.lists(near | models, min_size=2, max_size=2, unique=True))
def test_no_two_models_share_a_name_nor_the_name_of_a_part(two: list[str]) -> None:
    mine, others = (
        {of_stage(model, "production"), of_stage(model, "staging"), of_version(model, 1), of_version(model, 13)}
        for model in two
    )
    assert len(mine) == 4
    assert not mine & others


@pytest.mark.parametrize("version", [0, -1, 10**10])
def test_a_version_that_no_registry_reaches_has_no_name(version: int) -> None:
    with pytest.raises(GatehouseError, match="version"):
        of_version("credit-risk", version)


def test_a_label_of_63_characters_is_taken_and_one_of_64_is_not() -> None:
    assert label("a" * 63, "the name") == "a" * 63
    for wrong in ("a" * 64, "", "-a", "a-", "A", "a.b", "a\n"):
        with pytest.raises(GatehouseError, match="no name for Kubernetes"):
            label(wrong, "the name")
