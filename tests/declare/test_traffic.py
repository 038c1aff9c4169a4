"""Where the logs of live traffic are."""

from __future__ import annotations

import pytest

from gatehouse.declare.load import require
from gatehouse.declare.types import Data, Table, Where
from tests.declare.helpers import POLICY, Files, repository, said


def given(traffic: str) -> dict[str, str | bytes]:
    return repository(policy=f"{POLICY}data:\n  traffic: {traffic}\n")


@pytest.mark.parametrize("path", ["traffic", "../logs/traffic", "/var/log/gatehouse"])
def test_a_folder_is_enough(path: str) -> None:
    data = require(Files(given(f"{{path: {path}}}"))).policies["credit-risk"].data

    assert data == Data(traffic=Table(Where(path)))
    assert data.tables() == {}


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("{}", "path"),
        ("{path: ''}", "path"),
        ("{path: 3}", "path"),
        ("{paths: traffic}", "paths"),
        ("{table: risk.traffic}", "table"),
        ("{path: 's3://bucket/traffic'}", "the logs of live traffic are not read from `s3://`; name a folder"),
        ("traffic", "traffic"),
    ],
)
def test_what_is_no_folder_is_said_with_its_line(written: str, fault: str) -> None:
    found = said(given(written))

    assert found.startswith("promotions/credit-risk/policy.yaml:11: data.traffic")
    assert fault in found
