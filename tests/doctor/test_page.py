"""docs/doctor.md says what doctor does: its table is the checks' own docstrings, its example what is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec

from gatehouse.cli.doctor import Diagnosis
from gatehouse.doctor.checks import CHECKS
from gatehouse.doctor.finding import Level
from tests.doctor.installed import own_files

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()


def test_the_table_of_checks_is_their_docstrings() -> None:
    told = re.search(r"<!-- checks: .*? -->\n(.*?)<!-- /checks -->", PAGE, re.DOTALL)
    assert told
    rows = [f"| `{name}` | {' '.join((check.__doc__ or '').split())} |" for name, check in CHECKS.items()]
    assert told[1].splitlines() == ["| check | what must be true |", "| --- | --- |", *rows]


def test_the_example_has_the_fields_that_are_printed() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    read = msgspec.json.decode(example, type=Diagnosis, strict=True)
    assert msgspec.to_builtins(read) == json.loads(example)


def test_every_level_is_explained() -> None:
    assert [level for level in Level if f"| `{level}` |" not in PAGE] == []


def test_every_secret_that_a_workflow_reads_is_checked_under_its_name() -> None:
    """The page names those that a person has to make; doctor names the rest."""
    text = "".join(text for path, text in own_files().items() if path.startswith(".github/workflows/"))
    assert {"GATEHOUSE_PUSH_KEY", "GATEHOUSE_SIGNING_KEY"} <= set(re.findall(r"secrets\.(\w+)", text))
    assert all(name in PAGE for name in ("GATEHOUSE_PUSH_KEY", "GATEHOUSE_SIGNING_KEY"))
