"""The card that ``gatehouse gates NAME --template`` prints."""

from __future__ import annotations

from collections.abc import Mapping

from gatehouse.cli.frame import Settings
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.gates import Gate


def template(settings: Settings, gates: Mapping[str, Gate], name: str | None, model: str | None) -> str:
    """Markdown for a gate that reads a card; with ``model``, as the working tree's policy of that model asks for it."""
    from gatehouse.evaluate import card_template

    cards = [known for known, gate in gates.items() if card_template.asks_for_a_card(gate.schema)]
    if name not in cards:
        raise GatehouseError(
            "a template is there for gates that read a card",
            f"name one: {' or '.join(sorted(cards)) or 'there is none'}",
        )
    return card_template.template(name, gates[name].thresholds(_written(settings, model, name) if model else {}))


def _written(settings: Settings, model: str, name: str) -> Mapping[str, object]:
    from gatehouse.declare.load import require
    from gatehouse.declare.source import WorkTree

    policies = require(WorkTree(settings.repository.root), settings.environ).policies
    if model not in policies:
        raise NotFound(f"no policy for {model!r}", f"there is one for {', '.join(sorted(policies)) or 'no model yet'}")
    return policies[model].gates.get(name, {})
