"""The few questions that only GraphQL answers, held against GitHub's own schema.

``schema.graphql`` is cut from the npm package ``@octokit/graphql-schema`` to what is asked here (``cut``); a question
that GitHub would not take is a violation, as one against the OpenAPI description is.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    build_schema,
    graphql_sync,
    parse,
    print_ast,
    validate,
)

from tests.github import rules
from tests.github.hub import Hub
from tests.github.shapes.basics import node, stamp
from tests.github.state import Comment, Repository, Review, Token

FILE = Path(__file__).with_name("schema.graphql")
PACKAGE = "@octokit/graphql-schema@15.26.1"
MEMBER = "package/schema.graphql"
SHA256 = "3c62d0526d133cee53221c89de9b455ade24db78b9e7ad56d642c4c15bce2654"
KEPT: Mapping[str, frozenset[str]] = {
    "Actor": frozenset({"login"}),
    "Bot": frozenset({"id", "login"}),
    "EnablePullRequestAutoMergeInput": frozenset({"expectedHeadOid", "mergeMethod", "pullRequestId"}),
    "EnablePullRequestAutoMergePayload": frozenset({"clientMutationId"}),
    "IssueComment": frozenset({"id", "editor", "lastEditedAt"}),
    "Mutation": frozenset({"enablePullRequestAutoMerge"}),
    "Node": frozenset({"id"}),
    "PullRequestMergeMethod": frozenset({"MERGE", "REBASE", "SQUASH"}),
    "PullRequestReview": frozenset({"id", "editor", "lastEditedAt"}),
    "Query": frozenset({"id", "nodes", "viewer"}),
    "User": frozenset({"id", "login"}),
}
"""The types and fields of the cut."""
_SCALARS = frozenset({"DateTime", "GitObjectID"})


class Unfit(Exception):
    """GitHub would not take the question; the text says why."""


class _Error(Exception):
    """An error as GitHub types it."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = kind


def cut(told: str) -> str:
    """GitHub's schema with the types and fields of ``KEPT`` alone."""
    kept: list[DefinitionNode] = []
    for one in parse(told, no_location=True).definitions:
        name = getattr(getattr(one, "name", None), "value", "")
        if name in _SCALARS and isinstance(one, ScalarTypeDefinitionNode):
            kept.append(_plain(one))
        elif name in KEPT and isinstance(one, _Composed):
            one.interfaces = tuple(each for each in one.interfaces if each.name.value in KEPT)
            one.fields = tuple(_plain(each) for each in one.fields if each.name.value in KEPT[name])
            kept.append(_plain(one))
        elif name in KEPT and isinstance(one, InputObjectTypeDefinitionNode):
            one.fields = tuple(_plain(each) for each in one.fields if each.name.value in KEPT[name])
            kept.append(_plain(one))
        elif name in KEPT and isinstance(one, EnumTypeDefinitionNode):
            one.values = tuple(_plain(each) for each in one.values if each.name.value in KEPT[name])
            kept.append(_plain(one))
    return print_ast(DocumentNode(definitions=tuple(kept))) + "\n"


_Composed = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode


def _plain(one: Any) -> Any:
    """A definition without its words, and those of its arguments."""
    one.description = None
    for each in getattr(one, "arguments", ()):
        each.description = None
    return one


@functools.cache
def _schema() -> GraphQLSchema:
    return build_schema(FILE.read_text())


def answer(hub: Hub, token: Token, sent: bytes) -> dict[str, Any]:
    """What GitHub answers, with status 200 whatever it is. Raises Unfit."""
    asked = json.loads(sent)
    query, variables = asked["query"], asked.get("variables") or {}
    try:
        wrong = validate(_schema(), parse(query))
    except GraphQLError as error:
        wrong = [error]
    if wrong:
        raise Unfit("; ".join(error.message for error in wrong))
    root = {
        "viewer": {"__typename": "User", "login": token.user.login},
        # GraphQL hands over what it knows of the call, and the arguments by their names.
        "nodes": lambda info, ids: [_node(hub, each) for each in ids],
        "enablePullRequestAutoMerge": lambda info, **given: _auto_merge(hub, token, given["input"]),
    }
    done = graphql_sync(_schema(), query, root, variable_values=variables)
    body: dict[str, Any] = {"data": done.data}
    if done.errors:
        body["errors"] = [_told(error) for error in done.errors]
    return body


def _told(error: GraphQLError) -> dict[str, Any]:
    kind = {"type": error.original_error.kind} if isinstance(error.original_error, _Error) else {}
    return {**kind, "path": error.path, "message": error.message}


def _node(hub: Hub, name: str) -> Any:
    for repo in hub.repositories.values():
        found = _named(repo, name)
        if found is not None:
            kind, said = found
            editor = {"__typename": "User", "login": said.editor} if said.editor in hub.users else None
            return {"__typename": kind, "id": name, "lastEditedAt": stamp(said.edited), "editor": editor}
    return _nowhere(name)


def _nowhere(name: str) -> _Error:
    return _Error("NOT_FOUND", f"Could not resolve to a node with the global id of '{name}'")


def _auto_merge(hub: Hub, token: Token, given: Mapping[str, str]) -> dict[str, Any]:
    """Merges a pull request once nothing stands in the way. GitHub refuses where nothing does already."""
    there = ((repo, pull) for repo in hub.repositories.values() for pull in repo.pulls.values())
    name = given["pullRequestId"]
    repo, pull = next((each for each in there if node("PullRequest", each[1].id) == name), (None, None))
    if repo is None or pull is None:
        raise _nowhere(name)
    may = token.permissions.get("contents") == "write" if token.app else repo.may(token.user.login, "write")
    if not may:
        raise _Error("FORBIDDEN", f"{token.user.login} does not have the correct permissions to execute this")
    if not repo.auto_merge:
        raise _Error("UNPROCESSABLE", "Auto merge is not allowed for this repository")
    rules.notice_pushes(hub, repo)
    if given.get("expectedHeadOid", pull.head_sha) != pull.head_sha:
        raise _Error("UNPROCESSABLE", "Head branch was modified. Review and try the merge again.")
    if pull.state != "open" or not (pull.draft or rules.blockers(repo, pull)):
        state = "clean" if pull.state == "open" else "unknown"
        raise _Error("UNPROCESSABLE", f"Pull request Pull request is in {state} status")
    pull.auto_merge = given.get("mergeMethod", "MERGE").lower(), token.user.login
    return {"clientMutationId": None}


def _named(repo: Repository, name: str) -> tuple[str, Review | Comment] | None:
    reviews = (("PullRequestReview", each) for pull in repo.pulls.values() for each in pull.reviews)
    comments = (("IssueComment", each) for each in repo.comments.values())
    said: tuple[tuple[str, Review | Comment], ...] = (*reviews, *comments)
    return next((each for each in said if node(each[0], each[1].id) == name), None)
