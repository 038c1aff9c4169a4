"""The check as SARIF."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from gatehouse import __version__
from gatehouse.evaluate.result import Result
from gatehouse.pin import Role, Slot
from gatehouse.report import sarif as module
from gatehouse.report.context import Context, Links
from gatehouse.report.sarif import MAX_RESULTS, sarif
from gatehouse.verdict import Outcome, Verdict
from tests.support import hostile, results
from tests.support.results import CONTEXT
from tests.support.snapshots import matches

HERE = Path(__file__).parent
SCHEMA = Draft4Validator(json.loads((HERE / "schemas" / "sarif-2.1.0-rtm.5.json").read_text()))


def _run(*made: Result, context: Context = CONTEXT) -> dict[str, Any]:
    log = json.loads(sarif(made, context), parse_constant=lambda name: pytest.fail(f"{name} in the document"))
    assert [error.message for error in SCHEMA.iter_errors(log)] == []
    (run,) = log["runs"]
    _assert_within_githubs_limits(run)
    found: dict[str, Any] = run
    return found


def _assert_within_githubs_limits(run: dict[str, Any]) -> None:
    """The limits are those of GitHub's "SARIF support for code scanning" and "SARIF results exceed limits"."""
    rules = run["tool"]["driver"]["rules"]
    assert len(rules) <= 25_000
    assert len(run["results"]) <= 5_000
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert 0 < len(rule["name"]) <= 255
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert len(rule["properties"]["tags"]) <= 10
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert len(result["locations"]) == 1
        assert result["message"]["text"]
        assert "markdown" not in result["message"]


@pytest.mark.parametrize("name", ["blocked", "broken", "empty"])
def test_the_document_reads_as_the_snapshot(name: str) -> None:
    text = sarif(results.samples()[name], CONTEXT).decode().replace(f'"{__version__}"', '"VERSION"')
    matches(text, HERE / "snapshots" / f"{name}.sarif")


@pytest.mark.parametrize("name", list(results.samples()))
def test_the_document_keeps_to_the_schema_and_to_githubs_limits(name: str) -> None:
    _run(*results.samples()[name])


def test_the_schema_is_one_that_refuses() -> None:
    assert list(SCHEMA.iter_errors({"version": "2.1.0", "runs": [{}]}))
    assert list(SCHEMA.iter_errors({"version": "2.0.0", "runs": []}))


def test_each_gate_is_a_rule_and_each_that_did_not_pass_a_result() -> None:
    run = _run(results.blocked())
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {v.gate for v in results.blocked().verdicts}
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("fairness", "error"),
        ("drift", "warning"),
    ]
    assert _run(results.passing())["results"] == []


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Outcome.WARN, ["warning"]),
        (Outcome.INSUFFICIENT, ["error"]),
        (Outcome.FAIL, ["error"]),
        (Outcome.ERROR, ["error"]),
        (Outcome.PASS, []),
    ],
)
def test_whatever_blocks_is_an_error(outcome: Outcome, level: list[str]) -> None:
    assert [one["level"] for one in _run(results.result([Verdict("g", outcome, "x")]))["results"]] == level


def test_a_rule_says_what_the_gates_docstring_says_and_links_to_its_section() -> None:
    (rule,) = [rule for rule in _run(results.blocked())["tool"]["driver"]["rules"] if rule["id"] == "drift"]
    assert rule["shortDescription"]["text"] == CONTEXT.gates["drift"]
    assert rule["help"]["text"].endswith("\n\nBy their PSI.")
    assert rule["helpUri"] == f"{CONTEXT.links.docs}#drift"


def test_a_gate_without_a_section_has_no_link() -> None:
    made = results.result([Verdict("own", Outcome.FAIL, "x")])
    assert "helpUri" not in _run(made)["tool"]["driver"]["rules"][0]
    assert (
        "helpUri" not in _run(made, context=Context(links=Links(docs=CONTEXT.links.docs)))["tool"]["driver"]["rules"][0]
    )
    assert "versionControlProvenance" not in _run(made, context=Context())


def test_a_result_stands_on_the_pins_line_at_head() -> None:
    run = _run(results.blocked())
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "promotions/credit-risk/production.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2},
    }
    assert run["versionControlProvenance"] == [{"repositoryUri": CONTEXT.links.repository, "revisionId": results.HEAD}]
    assert run["automationDetails"]["id"] == f"gatehouse/{results.HEAD}"


def _marks(result: Result) -> list[dict[str, str]]:
    return [one["partialFingerprints"] for one in _run(result)["results"]]


def test_the_same_question_has_the_same_fingerprint_wherever_and_whenever_it_is_asked() -> None:
    asked = results.blocked()
    moved = msgspec.structs.replace(asked.request, line=9, base="b" * 40, head="c" * 40)
    again = msgspec.structs.replace(asked, request=moved, seconds=3.0, key="sha256:" + "1" * 64)
    assert _marks(again) == _marks(asked)


def test_another_question_has_another_fingerprint() -> None:
    asked = results.blocked()
    others = [
        msgspec.structs.replace(asked.request, candidate=results.THIRD),
        msgspec.structs.replace(asked.request, role=Role.CANARY),
        msgspec.structs.replace(asked.request, slot=Slot("credit-risk", "production", "eu")),
    ]
    marks = [_marks(msgspec.structs.replace(asked, request=request))[0] for request in [asked.request, *others]]
    marks.append(_marks(asked)[1])
    for name in marks[0]:
        assert len({mark[name] for mark in marks}) == 5


def test_a_gate_that_broke_and_a_check_without_gates_are_faults_of_the_run() -> None:
    assert _run(results.blocked())["invocations"][0]["executionSuccessful"] is True
    broken = _run(results.broken())["invocations"][0]
    assert broken["executionSuccessful"] is False
    assert "latency" in broken["toolExecutionNotifications"][0]["message"]["text"]
    assert _run(results.result([]))["invocations"][0]["executionSuccessful"] is False


def test_a_promotion_says_its_figures() -> None:
    (first, _) = _run(results.blocked())["results"]
    assert first["properties"]["figures"][0] == {
        "name": "largest gap",
        "value": pytest.approx(0.15),
        "outcome": "FAIL",
        "limit": 0.08,
        "relation": "at most",
        "interval": pytest.approx([0.129, 0.171]),
        "confidence": 0.95,
        "champion": pytest.approx(0.032),
        "rows": 10_000,
    }


def test_no_more_results_than_github_shows_and_those_that_block_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RESULTS", 3)
    monkeypatch.setattr(module, "MAX_RULES", 3)
    verdicts = [Verdict(f"w{index}", Outcome.WARN, "") for index in range(4)] + [Verdict("f", Outcome.FAIL, "")]
    run = _run(results.result(verdicts))
    assert [result["ruleId"] for result in run["results"]] == ["f", "w0", "w1"]
    assert len(run["tool"]["driver"]["rules"]) == 3
    assert MAX_RESULTS == 5_000


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(hostile.results, max_size=2))
def test_whatever_a_result_says_the_document_is_valid_and_its_messages_start_nothing(made: list[Result]) -> None:
    run = _run(*made)
    texts = [one["message"]["text"] for one in [*run["results"], *run["invocations"][0]["toolExecutionNotifications"]]]
    for text in texts:
        assert not re.search(r"\]\(|\{\d|://|@[A-Za-z0-9]|[\x00-\x1f\x7f-\x9f\u202e]", text)
    for one in run["results"]:
        uri = one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"promotions/[A-Za-z0-9%._~/-]*", uri)
