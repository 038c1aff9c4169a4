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
    GraphQLError,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    build_schema,
    graphql_sync,
    parse,
    print_ast,
    validate,
)

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
    "IssueComment": frozenset({"id", "editor", "lastEditedAt"}),
    "Node": frozenset({"id"}),
    "PullRequestReview": frozenset({"id", "editor", "lastEditedAt"}),
    "Query": frozenset({"id", "nodes", "viewer"}),
    "User": frozenset({"id", "login"}),
}
"""The types and fields of the cut."""
_SCALARS = frozenset({"DateTime"})


class Unfit(Exception):
    """GitHub would not take the question; the text says why."""


class _Missing(Exception):
    """GitHub's NOT_FOUND."""


def cut(told: str) -> str:
    """GitHub's schema with the types and fields of ``KEPT`` alone."""
    kept: list[DefinitionNode] = []
    for one in parse(told, no_location=True).definitions:
        name = getattr(getattr(one, "name", None), "value", "")
        if name in _SCALARS and isinstance(one, ScalarTypeDefinitionNode):
            one.description = None
            kept.append(one)
        elif name in KEPT and isinstance(one, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            one.description = None
            one.interfaces = tuple(each for each in one.interfaces if each.name.value in KEPT)
            one.fields = tuple(each for each in one.fields if each.name.value in KEPT[name])
            for each in one.fields:
                each.description = None
                for argument in each.arguments:
                    argument.description = None
            kept.append(one)
    return print_ast(DocumentNode(definitions=tuple(kept))) + "\n"


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
        "nodes": lambda info, ids: [_node(hub, each) for each in ids],  # GraphQL's calling convention
    }
    done = graphql_sync(_schema(), query, root, variable_values=variables)
    body: dict[str, Any] = {"data": done.data}
    if done.errors:
        body["errors"] = [_told(error) for error in done.errors]
    return body


def _told(error: GraphQLError) -> dict[str, Any]:
    kind = {"type": "NOT_FOUND"} if isinstance(error.original_error, _Missing) else {}
    return {**kind, "path": error.path, "message": error.message}


def _node(hub: Hub, name: str) -> Any:
    for repo in hub.repositories.values():
        found = _named(repo, name)
        if found is not None:
            kind, said = found
            editor = {"__typename": "User", "login": said.editor} if said.editor in hub.users else None
            return {"__typename": kind, "id": name, "lastEditedAt": stamp(said.edited), "editor": editor}
    return _Missing(f"Could not resolve to a node with the global id of '{name}'")


def _named(repo: Repository, name: str) -> tuple[str, Review | Comment] | None:
    reviews = (("PullRequestReview", each) for pull in repo.pulls.values() for each in pull.reviews)
    comments = (("IssueComment", each) for each in repo.comments.values())
    said: tuple[tuple[str, Review | Comment], ...] = (*reviews, *comments)
    return next((each for each in said if node(each[0], each[1].id) == name), None)
