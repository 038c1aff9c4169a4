"""``gatehouse gates``: the gates and their thresholds, from the gate files themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import msgspec

from gatehouse.cli import card, metric_list
from gatehouse.cli.frame import DONE, Settings, emit, verb
from gatehouse.evaluate.gates import Gate


class Listed(msgspec.Struct, frozen=True):
    """One gate, as --format json prints it."""

    name: str
    origin: str
    documentation: str
    thresholds: Mapping[str, Any]


@verb
@click.argument("name", required=False)
@click.option(
    "--markdown",
    type=click.Choice(["table", "full"]),
    is_flag=False,
    flag_value="table",
    help="Print Markdown for documentation: a table, or with =full a section a gate.",
)
@click.option("--metrics", is_flag=True, help="List the metrics instead, this repository's own among them.")
@click.option("--template", is_flag=True, help="Print a card to begin with, for NAME, which is a gate that reads one.")
@click.option("--model", help="With --template: ask for what this model's policy asks for.")
def command(
    settings: Settings, name: str | None, markdown: str | None, metrics: bool, template: bool, model: str | None
) -> int:
    """List the gates; with NAME, explain one and its thresholds."""
    if metrics:
        return metric_list.show(settings)
    from gatehouse.declare.source import WorkTree
    from gatehouse.evaluate.gates import discover
    from gatehouse.report import manual

    gates = discover(WorkTree(settings.repository.root))
    if template:
        click.echo(card.template(settings, gates, name, model))
        return DONE
    chosen = list(gates.values()) if name is None else [_named(gates, name)]
    listed = [Listed(gate.name, gate.origin, gate.doc, gate.schema) for gate in sorted(chosen, key=lambda g: g.name)]
    if markdown:
        click.echo(manual.overview(chosen) if markdown == "table" else manual.manual(chosen), nl=markdown == "table")
    else:
        emit(settings, listed, _table(chosen) if name is None else _explained(chosen[0]))
    return DONE


def _named(gates: Mapping[str, Gate], name: str) -> Gate:
    from difflib import get_close_matches

    from gatehouse.errors import NotFound

    if name not in gates:
        near = get_close_matches(name, gates, n=1)
        raise NotFound(f"no gate {name!r}", f"did you mean {near[0]}?" if near else "see `gatehouse gates`")
    return gates[name]


def _table(gates: list[Gate]) -> Any:
    from rich.table import Table

    table = Table("gate", "what must be true", "thresholds", box=None, padding=(0, 2, 0, 0))
    for gate in sorted(gates, key=lambda gate: gate.name):
        table.add_row(gate.name, gate.headline, ", ".join(gate.schema.get("properties", {})) or "none")
    return table


def _explained(gate: Gate) -> list[Any]:
    from rich.table import Table

    from gatehouse.report import manual

    table = Table("threshold", "type", "default", "meaning", box=None, padding=(0, 2, 0, 0))
    for key, part in gate.schema.get("properties", {}).items():
        table.add_row(key, manual.kind(part), _shown(part.get("default", "")), part.get("description", ""))
    return [f"{gate.name} ({gate.origin})\n\n{gate.doc}\n", table]


def _shown(default: Any) -> str:
    """A default for people: of a mapping its keys."""
    return ", ".join(map(str, default)) if isinstance(default, dict | list) else str(default)
