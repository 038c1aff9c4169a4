"""GraphQL: what is asked is held against GitHub's own schema, and the cut of it against the whole."""

from __future__ import annotations

import os

import pytest

from tests.github import GitHub, description, graphql
from tests.github.state import Repository


def ask(github: GitHub, query: str) -> dict[str, object]:
    import requests

    headers = {"Authorization": f"Bearer {github.token('ada')}"}
    address = github.api_url.replace("/v3", "/graphql")
    return dict(requests.post(address, json={"query": query}, headers=headers, timeout=10).json())


def test_a_field_that_github_does_not_have_is_a_violation(github: GitHub) -> None:
    assert "errors" in ask(github, "{ viewer { nickname } }")
    (said,) = github.violations
    assert "Cannot query field 'nickname' on type 'User'" in said
    github.violations.clear()


def test_a_node_that_is_not_there_is_told_as_github_tells_it(github: GitHub, repo: Repository) -> None:
    told = ask(github, '{ nodes(ids: ["x"]) { id } }')
    assert told["data"] == {"nodes": [None]}
    assert told["errors"] == [
        {"type": "NOT_FOUND", "path": ["nodes", 0], "message": "Could not resolve to a node with the global id of 'x'"}
    ]


def test_the_cut_is_as_github_has_it() -> None:
    try:
        whole = description.member(graphql.PACKAGE, graphql.MEMBER, graphql.SHA256)
    except description.Unavailable as why:
        if os.environ.get("GATEHOUSE_REQUIRE_ALL") == "1":
            raise
        pytest.skip(f"GitHub's schema cannot be had here: {why}")
    assert graphql.cut(whole.decode()) == graphql.FILE.read_text()
