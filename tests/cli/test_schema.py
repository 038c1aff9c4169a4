"""The schemas from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gatehouse.cli.main import main
from gatehouse.report import document
from gatehouse.report.statement import statement
from tests.support import results
from tests.support.stated import judged


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


def test_the_schema_of_statements_takes_what_a_check_states_and_refuses_what_it_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    validator = Draft202012Validator(_printed("statement", capsys))
    result, basis = judged()
    written = json.loads(statement(result, b"", basis))
    assert list(validator.iter_errors(written)) == []
    assert list(validator.iter_errors({**written, "predicate": {**written["predicate"], "result": "PASS"}}))


def test_the_examples_in_the_documentation_keep_to_their_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text()
    blocks = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    for kind, block in zip(("results", "statement"), blocks, strict=True):
        validator = Draft202012Validator(_printed(kind, capsys))
        assert [error.message for error in validator.iter_errors(json.loads(block))] == []


def test_the_example_of_a_statement_has_every_field_that_one_has() -> None:
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text()
    example = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[1])
    result, basis = judged()
    made = json.loads(statement(result, b"", basis, "https://github.com/acme/promotions/actions/runs/17"))
    assert list(example) == list(made)
    assert list(example["predicate"]) == list(made["predicate"])
    assert list(example["predicate"]["gatehouse"]) == list(made["predicate"]["gatehouse"])
    assert list(example["predicate"]["configuration"][0]) == list(made["predicate"]["configuration"][0])


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
