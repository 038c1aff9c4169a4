"""What a report knows of its surroundings: where its links lead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gatehouse.cli import steps
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision
from gatehouse.report.context import Links
from tests.support.desk import Desk, desk


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def links(at: Desk, *registries: str) -> Links:
    """Of a repository whose stages, first to last, have these registries."""
    base = Revision(at.repository, "origin/main")
    declared = require(base, {})
    stages = zip(declared.stages.stages, registries, strict=True)
    changed = tuple(msgspec.structs.replace(stage, registry=registry) for stage, registry in stages)
    there = msgspec.structs.replace(declared.stages, stages=changed)
    return steps.context(at.settings, base, msgspec.structs.replace(declared, stages=there)).links


def test_one_server_for_all_stages_is_a_link_of_its_own(at: Desk) -> None:
    found = links(at, "https://mlflow.acme.example", "https://mlflow.acme.example")
    assert found.mlflow == found.registry("staging") == found.registry("production") == "https://mlflow.acme.example"


def test_each_stage_has_the_page_of_its_own_server(at: Desk) -> None:
    found = links(at, "https://staging.acme.example", "https://live.acme.example")
    assert (found.mlflow, found.registry("staging")) == ("", "https://staging.acme.example")
    assert found.registry("production") == "https://live.acme.example"


def test_a_file_has_no_page_and_does_not_borrow_that_of_another_stage(at: Desk) -> None:
    found = links(at, "sqlite:///mlflow.db", "https://live.acme.example")
    assert (found.mlflow, found.registry("staging")) == ("", "")


def test_an_address_with_a_password_is_nobody_s_link(at: Desk) -> None:
    assert links(at, *["https://ada:secret@mlflow.acme.example"] * 2).registries == {}
