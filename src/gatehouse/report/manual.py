"""The gates' documentation as one Markdown page, made from the gate files: a section each, with its docstring, its
thresholds, and a line for the policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gatehouse.evaluate.gates import Gate

Schema = Mapping[str, Any]

COMMAND = "gatehouse gates --markdown=full"
HEAD = f"""\
<!-- written by `{COMMAND}`, checked by tests/test_readme.py -->
# The gates

A gate says what must be true of a candidate before it is promoted. A model's `policy.yaml` names the gates of each
stage under `stages:`, and sets their thresholds under `gates:`; what is not set there has the default below. A gate
with `ALWAYS = True` runs in every check, named or not. Only a pass, or a warning, lets a promotion through: a gate that
fails, that has too little data to say, or that breaks, blocks.
"""
_KINDS = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
    "null": "null",
}
_PLURALS = {"string": "texts", "number": "numbers", "integer": "whole numbers", "object": "mappings", "array": "lists"}
_BOUNDS = {
    "exclusiveMinimum": "above {}",
    "minimum": "{} or more",
    "exclusiveMaximum": "below {}",
    "maximum": "{} at most",
}


def manual(gates: Iterable[Gate]) -> str:
    """The whole page, gates by name; each heading is the gate's bare name, so that ``#name`` leads to it."""
    ordered = sorted(gates, key=lambda gate: gate.name)
    index = [f"- [{gate.name}](#{gate.name}): {gate.headline}" for gate in ordered]
    return "\n".join([HEAD, *index, *(line for gate in ordered for line in _section(gate))]) + "\n"


def overview(gates: Iterable[Gate]) -> str:
    """The gates as one table: what must be true, and the thresholds' names."""
    rows = [
        f"| `{gate.name}` | {cell(gate.headline)} | {', '.join(f'`{key}`' for key in _properties(gate))} |"
        for gate in sorted(gates, key=lambda gate: gate.name)
    ]
    return "\n".join(["| gate | what must be true | thresholds |", "| --- | --- | --- |", *rows])


def _properties(gate: Gate) -> Mapping[str, Schema]:
    found: Mapping[str, Schema] = gate.schema.get("properties", {})
    return found


def _section(gate: Gate) -> Iterator[str]:
    yield from ("", f"## {gate.name}", "", gate.doc, "")
    if _properties(gate):
        yield from ("| threshold | type | default | meaning |", "| --- | --- | --- | --- |")
        yield from (_row(name, part, gate.schema.get("required", ())) for name, part in _properties(gate).items())
    else:
        yield "It has no thresholds."
    for name, part in _properties(gate).items():
        if isinstance(part.get("default"), Mapping) and part["default"]:
            yield from ("", f"`{name}` unless the policy says otherwise:", "")
            yield from (f"- **{key}**: {value}" for key, value in part["default"].items())
    yield from ("", "```yaml", *policy_lines(gate), "```")


def _row(name: str, part: Schema, required: Sequence[str]) -> str:
    return f"| `{name}` | {cell(kind(part))} | {_default(name, part, required)} | {cell(part.get('description', ''))} |"


def _default(name: str, part: Schema, required: Sequence[str]) -> str:
    if "default" not in part:
        return "required" if name in required else "not set"
    default = part["default"]
    if isinstance(default, Mapping):
        return "see below" if default else "none"
    if isinstance(default, list):
        return ", ".join(f"`{cell(str(one))}`" for one in default) or "none"
    return f"`{cell(yaml_of(default))}`"


def kind(part: Schema) -> str:
    """What a threshold may be, in words: ``number, above 0``, ``list of texts``, ``one of report, insufficient``."""
    if "enum" in part:
        return "one of " + ", ".join(str(one) for one in part["enum"])
    for several in ("anyOf", "oneOf"):
        if several in part and "type" not in part:
            return " or ".join(kind(one) for one in part[several])
    types = part.get("type", "anything")
    word = " or ".join(_KINDS.get(one, one) for one in ([types] if isinstance(types, str) else types))
    items = part.get("items")
    if types == "array" and isinstance(items, Mapping) and items.get("type"):
        word = f"list of {_PLURALS.get(items['type'], '')}" + kind(items).removeprefix(_KINDS.get(items["type"], ""))
    return ", ".join([word, *(told.format(f"{part[key]:g}") for key, told in _BOUNDS.items() if key in part)])


def policy_lines(gate: Gate) -> list[str]:
    """The lines of a ``policy.yaml`` that ask for the gate; the thresholds are ones that its schema takes."""
    limits = ["gates:", f"  {gate.name}: {yaml_of(example(gate))}"]
    return limits if gate.always else [*limits, "stages:", f"  production: {{gates: [{gate.name}]}}"]


def example(gate: Gate) -> Mapping[str, Any]:
    """Thresholds to begin with: the schema's own first example, else what is required and a default or two."""
    if gate.schema.get("examples"):
        found: Mapping[str, Any] = gate.schema["examples"][0]
        return found
    required = gate.schema.get("required", ())
    plain = [name for name, part in _properties(gate).items() if isinstance(part.get("default"), int | float | str)]
    names = dict.fromkeys([*required, *plain[:2]])
    return {name: _example(_properties(gate)[name]) for name in names}


def _example(part: Schema) -> Any:
    if part.get("examples"):
        return part["examples"][0]
    if "default" in part or "enum" in part:
        return part.get("default", part.get("enum", [None])[0])
    if part.get("type") == "array" and isinstance(part.get("items"), Mapping):
        return [_example(part["items"])]
    if part.get("type") == "object":
        return {name: _example(part["properties"][name]) for name in part.get("required", ())}
    return "…"


def yaml_of(value: Any) -> str:
    """A value on one line of YAML."""
    import yaml

    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")


def cell(text: str) -> str:
    """Text for a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")
