"""The check itself: what it lets through, what it catches, and what happens where the description cannot be had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.github import GitHub, Violation, description, openapi
from tests.github.description import Unavailable, cut_to
from tests.github.openapi import Checker, Exchange, Unchecked
from tests.github.wire import ROUTES

REPO = "/repos/{owner}/{repo}"
COMMENTS = f"{REPO}/issues/{{issue_number}}/comments"


@pytest.fixture(scope="module")
def checker() -> Checker:
    found = openapi.load([route.template for route in ROUTES])
    if isinstance(found, Unchecked):
        pytest.skip("GitHub's description cannot be had here")
    return found


def exchange(
    method: str, template: str, sent: Any = None, status: int = 200, answered: Any = None, **query: str
) -> Exchange:
    return Exchange(
        method=method,
        template=template,
        parameters={"owner": "acme", "repo": "models", "issue_number": "1", "path": "a/b c.yaml"},
        query=query,
        sent=b"" if sent is None else json.dumps(sent).encode(),
        status=status,
        answered=b"" if answered is None else json.dumps(answered).encode(),
        headers={},
    )


def test_a_request_as_described_passes(checker: Checker) -> None:
    checker.request(exchange("POST", COMMENTS, {"body": "text"}))
    checker.request(exchange("GET", f"{REPO}/contents/{{path}}", ref="main"))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "'body' is a required property"),
        ({"body": 7}, "7 is not of type 'string'"),
        ({"body": "text", "boddy": "typo"}, "'boddy' was unexpected"),
        (["text"], "is not of type 'object'"),
    ],
)
def test_a_request_that_github_does_not_describe_is_a_violation(sent: Any, said: str, checker: Checker) -> None:
    with pytest.raises(Violation, match=said):
        checker.request(exchange("POST", COMMENTS, sent))


def test_a_misspelt_field_inside_a_field_is_a_violation(checker: Checker) -> None:
    note = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "m", "colour": "red"}
    output = {"title": "t", "summary": "s", "annotations": [note]}
    with pytest.raises(Violation, match="'colour' was unexpected"):
        checker.request(exchange("POST", f"{REPO}/check-runs", {"name": "n", "head_sha": "s", "output": output}))


def test_an_unknown_query_parameter_is_a_violation(checker: Checker) -> None:
    with pytest.raises(Violation, match="no query parameter"):
        checker.request(exchange("GET", COMMENTS, pages="2"))


def test_an_answer_without_a_required_field_is_a_violation(checker: Checker) -> None:
    with pytest.raises(Violation, match="'id' is a required property"):
        checker.response(exchange("POST", COMMENTS, {"body": "x"}, 201, {"body": "x"}))


def test_a_status_that_github_does_not_give_is_a_violation(checker: Checker) -> None:
    with pytest.raises(Violation):
        checker.response(exchange("POST", COMMENTS, {"body": "x"}, 202, {}))


def test_an_error_may_come_anywhere_but_never_without_a_message(checker: Checker) -> None:
    checker.response(exchange("GET", COMMENTS, status=429, answered={"message": "slow down"}))
    with pytest.raises(Violation, match="without a message"):
        checker.response(exchange("GET", COMMENTS, status=429, answered={"error": "slow down"}))


def test_a_violation_fails_the_test_that_caused_it(tmp_path: Path, checker: Checker) -> None:
    from tests.github.raw import Raw

    def misuse() -> None:
        with GitHub(tmp_path) as github:
            github.pull(github.repository("acme/models"), "main", by="acme")
            raw = Raw(github, github.token("acme"), "acme/models")
            status, body = raw.call("POST", "/issues/1/comments", {"body": "x", "typo": 1})
            assert (status, "typo" in body["message"]) == (500, True)

    with pytest.raises(Violation, match="'typo' was unexpected"):
        misuse()


def test_a_fault_of_the_stand_in_itself_fails_the_test_too(tmp_path: Path) -> None:
    from tests.github.raw import Raw

    def broken() -> None:
        with GitHub(tmp_path) as github:
            repo = github.repository("acme/models")
            github.pull(repo, "main", by="acme").labels.append("not known to the repository")
            Raw(github, github.token("acme"), "acme/models").call("GET", "/pulls/1")

    with pytest.raises(Violation, match=r"(?s)the stand-in broke at GET .*KeyError"):
        broken()


def test_the_cut_keeps_what_is_named_and_drops_what_is_said() -> None:
    named = {"description": {"type": "string", "description": "prose", "example": "gone"}, "x-kept": {"type": "null"}}
    schema = {"type": "object", "x-gone": 1, "properties": named, "required": ["description"]}
    referred = {"$ref": "#/components/schemas/thing"}
    operation = {"requestBody": {"content": {"application/json": {"schema": schema}}}, "summary": "prose"}
    operation["responses"] = {"200": {"description": "ok", "content": {"application/json": {"schema": referred}}}}
    thing = {"type": "string", "nullable": True, "enum": ["a"], "example": "a"}
    described = {
        "openapi": "3.0.3",
        "info": {"version": "1"},
        "servers": [],
        "paths": {"/a": {"post": operation}, "/b": {"get": {}}},
        "components": {"schemas": {"thing": thing, "unused": {"type": "string"}}},
    }
    cut = cut_to(described, ["/a"])
    assert cut["paths"] == {
        "/a": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"description": {"type": "string"}, "x-kept": {"type": "null"}},
                                "required": ["description"],
                                "additionalProperties": False,
                            }
                        }
                    }
                },
                "responses": {"200": {"content": {"application/json": {"schema": referred}}}},
            }
        }
    }
    assert cut["components"] == {"schemas": {"thing": {"type": "string", "nullable": True, "enum": ["a", None]}}}


def test_a_path_that_github_does_not_have_cannot_be_answered() -> None:
    with pytest.raises(KeyError):
        cut_to({"paths": {}}, ["/repos/{owner}/{repo}/pull-requests"])


@pytest.fixture
def without_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setattr(description, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GATEHOUSE_REQUIRE_ALL", raising=False)
    openapi._tried.cache_clear()
    yield tmp_path
    openapi._tried.cache_clear()


class Terminal:
    def __init__(self) -> None:
        self.said: list[str] = []

    def section(self, title: str, **_: bool) -> None:
        self.said.append(title)

    def line(self, text: str, **_: bool) -> None:
        self.said.append(text)


def test_without_npm_the_rest_runs_and_the_end_of_the_run_says_so(without_npm: Path) -> None:
    assert isinstance(openapi.load(["/user"]), Unchecked)
    terminal = Terminal()
    openapi.pytest_terminal_summary(terminal)
    assert terminal.said[0] == "GitHub's API: NOT CHECKED"
    assert "did not run" in terminal.said[1]


def test_where_everything_is_required_a_missing_npm_is_a_failure(
    without_npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_REQUIRE_ALL", "1")
    with pytest.raises(Unavailable, match="npm pack"):
        openapi.load(["/user"])


def test_a_run_with_everything_checked_says_nothing(without_npm: Path) -> None:
    terminal = Terminal()
    openapi.pytest_terminal_summary(terminal)
    assert terminal.said == []
