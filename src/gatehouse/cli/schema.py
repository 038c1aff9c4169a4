"""``gatehouse schema``: the JSON Schema of what a person writes and of what a check answers."""

from __future__ import annotations

import json
from typing import Any, get_args

import click

from gatehouse.cli.frame import DONE, Settings, verb
from gatehouse.declare.schema import Kind

RESULTS, STATEMENT = "results", "statement"


@verb
@click.argument("kind", type=click.Choice([RESULTS, STATEMENT, *get_args(Kind)]))
def command(_: Settings, kind: str) -> int:
    """Print the JSON Schema (draft 2020-12) of KIND, for editors and scripts.

    \b
      results      what `check --format json` prints and results.json holds; see docs/results.md
      statement    the in-toto statement on one result
      promotion, policy, stages, freeze, hold      the YAML files under promotions/
    """
    click.echo(json.dumps(_schema(kind), indent=2, ensure_ascii=False))
    return DONE


def _schema(kind: str) -> Any:
    if kind == RESULTS:
        from gatehouse.report import document

        return document.json_schema()
    if kind == STATEMENT:
        from gatehouse.report import statement

        return statement.json_schema()
    from gatehouse.declare import schema

    return next(schema.schema(known).body for known in get_args(Kind) if known == kind)
