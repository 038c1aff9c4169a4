"""The schemas from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gatehouse.cli.main import main
from gatehouse.report import document
from tests.support import results


def _printed(kind: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    with pytest.raises(SystemExit) as ended:
        main(["schema", kind])
    assert ended.value.code == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_the_schema_of_results_takes_what_a_check_writes_and_refuses_what_it_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    validator = Draft202012Validator(_printed("results", capsys))
    written = json.loads(document.encode([results.blocked(), results.worn()]))
    assert list(validator.iter_errors(written)) == []
    assert list(validator.iter_errors({**written, "passed": "yes"}))


def test_the_example_in_the_documentation_keeps_to_the_schema_of_results(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text()
    (block,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    validator = Draft202012Validator(_printed("results", capsys))
    assert [error.message for error in validator.iter_errors(json.loads(block))] == []


@pytest.mark.parametrize("kind", ["promotion", "policy", "stages", "freeze", "hold"])
def test_each_declared_file_has_a_schema(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = _printed(kind, capsys)
    Draft202012Validator.check_schema(found)
    assert found["type"] == "object"


def test_another_kind_is_wrong_use_and_the_known_ones_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["schema", "result"])
    assert ended.value.code == 2
    assert "'results'" in capsys.readouterr().err
