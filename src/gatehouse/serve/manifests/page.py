"""The options of each target as docs/targets.md shows them: ``python -m gatehouse.serve.manifests.page kserve``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from gatehouse.serve import targets


def table(target: str) -> str:
    """A Markdown table, one row an option, in the order in which the target names them."""
    schema = targets.options()[target]
    rows = [_row(name, body, name in schema.get("required", ())) for name, body in schema["properties"].items()]
    return "\n".join(("| option | default | meaning |", "| --- | --- | --- |", *rows)) + "\n"


def _row(name: str, body: Mapping[str, Any], required: bool) -> str:
    default = f"`{json.dumps(body['default'])}`" if "default" in body else "required" if required else "not set"
    return f"| `{name}` | {default} | {body['description']} |"


if __name__ == "__main__":
    sys.stdout.write(table(sys.argv[1]))
