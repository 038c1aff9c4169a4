"""A card to begin with: what a gate asks for, as headings with a line on what to write under each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatehouse.evaluate.card_rules import DATES, fields, wanted


def asks_for_a_card(schema: Mapping[str, Any]) -> bool:
    """Whether a gate's THRESHOLDS are those of a card."""
    return {"sections", "fields"} <= set(schema.get("properties", {}))


def template(name: str, thresholds: Mapping[str, Any]) -> str:
    """Markdown under front matter, for the gate ``name``. It passes nothing as it is: every TODO is a placeholder."""
    keys = list(fields(thresholds))
    if "max_age" in thresholds and not set(DATES).intersection(keys):
        keys.append(DATES[0])
    front = ["---", *(f"{key}: TODO" for key in keys), "---"]
    sections = [f"## {section}\n\n<!-- {hint} -->\n\nTODO" for section, hint in wanted(thresholds).items()]
    return "\n\n".join(["\n".join(front), f"# {name.replace('_', ' ').capitalize()}", *sections])
