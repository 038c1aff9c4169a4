from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from gatehouse.declare.types import Serving, Stage, Stages
from gatehouse.errors import GatehouseError
from gatehouse.pin import Role, Slot
from gatehouse.serve import targets
from gatehouse.serve.config import ServingConfig
from gatehouse.sync.render import Placement, render
from tests.support.records import pin

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
PRODUCTION = Slot("credit-risk", "production")


def stages(**targets_by_stage: str) -> Stages:
    return Stages(tuple(Stage(name, "r", serving=Serving(target)) for name, target in targets_by_stage.items()))


def placed(slot: Slot, role: Role = Role.CHAMPION) -> Placement:
    return Placement(slot, role, pin(1), "c" * 40, NOON, artifact="s3://models/1")


class Fixed:
    """A target that writes whatever it is told."""

    def __init__(self, path: str) -> None:
        self.path = path

    def render(self, config: ServingConfig, options: Mapping[str, Any] = targets.NONE) -> Mapping[str, bytes]:
        return {self.path: b"x"}


def test_a_stage_that_serves_nothing_yet_has_a_branch_without_files() -> None:
    assert render([], stages(production="local")) == {"serving": {}}


def test_a_role_without_its_champion_serves_nothing() -> None:
    assert render([placed(PRODUCTION, Role.CANARY)], stages(production="local")) == {"serving": {}}


def test_stages_that_share_target_and_branch_share_the_models_file() -> None:
    both = [placed(Slot("credit-risk", "staging")), placed(PRODUCTION)]
    files = render(both, stages(staging="local", production="local"))["serving"]
    assert list(files) == ["serving/credit-risk.yaml"]
    text = files["serving/credit-risk.yaml"]
    assert text.index("stage: staging") < text.index("stage: production")


def test_two_targets_that_write_one_file_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "find", lambda name: Fixed("serving/same.yaml"))
    both = [placed(Slot("credit-risk", "staging")), placed(PRODUCTION)]
    with pytest.raises(GatehouseError, match=r"two targets write serving/same\.yaml"):
        render(both, stages(staging="one", production="two"))


@pytest.mark.parametrize("path", ["elsewhere.yaml", "serving/../promotions/x.yaml", "audit/head"])
def test_a_target_that_writes_outside_its_folder_is_an_error(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(targets, "find", lambda name: Fixed(path))
    with pytest.raises(GatehouseError, match="write below serving/"):
        render([placed(PRODUCTION)], stages(production="one"))
