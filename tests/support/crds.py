"""Kubernetes's own rules for objects of other people's kinds, from the schemas that their projects publish.

The schemas (``<group>_<version>_<Kind>.json``) lie in the folder in ``GATEHOUSE_TEST_SCHEMAS``, or in
``../shared/schemas`` beside the checkout; they are never copied into the repository. A cluster prunes keys that a
schema does not list without a word, so every object is closed here, and a typo is an error.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

PLACE = "GATEHOUSE_TEST_SCHEMAS"
_OPEN = "x-kubernetes-preserve-unknown-fields"


def errors(document: dict[str, Any]) -> list[str]:
    """What is wrong with an object; skips the test, saying where it was looked for, where its schema is not there."""
    group, _, version = document["apiVersion"].partition("/")
    found = _validator(f"{group}_{version}_{document['kind']}.json").iter_errors(document)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]


def _validator(name: str) -> Any:
    folder = Path(os.environ.get(PLACE) or Path(__file__).parents[3] / "shared" / "schemas")
    if not (folder / name).is_file():
        if os.environ.get("GATEHOUSE_REQUIRE_ALL") == "1":
            raise FileNotFoundError(folder / name)
        pytest.skip(f"NOT TESTED AGAINST THE PUBLISHED SCHEMA: no {name} in {folder}; name its folder in {PLACE}")
    return _read(folder / name)


@cache
def _read(path: Path) -> Any:
    schema = json.loads(path.read_text())
    # What every object has, and no published schema lists.
    schema["properties"] |= {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
    }
    return Draft202012Validator(_closed(schema), format_checker=FormatChecker())


def _closed(schema: Any) -> Any:
    """The schema with ``additionalProperties: false`` wherever properties are listed and others are not allowed."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(closed.get("properties"), dict) and not closed.get(_OPEN):
        closed.setdefault("additionalProperties", False)
    return closed
