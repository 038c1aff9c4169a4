"""Jenkins' schema of JUnit reports, read from its own XSD, and the three things in common use beyond it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

XSD = Path(__file__).parents[1] / "report" / "schemas" / "junit-10.xsd"
_NS = "{http://www.w3.org/2001/XMLSchema}"
# https://github.com/testmoapp/junitxml lists them as commonly read.
BEYOND_ATTRIBUTES = {"testcase": {"file", "line"}}
BEYOND_CHILDREN = {"testcase": {"properties"}}


@dataclass(frozen=True)
class Rule:
    """What one element may hold. Every group of this schema is a choice without end or one kind repeated, so that a
    set of children says all of it."""

    children: frozenset[str]
    attributes: Mapping[str, bool]
    patterns: Mapping[str, str]


def rules() -> dict[str, Rule]:
    """The rule of every element that the XSD declares at its top."""
    root = ET.parse(XSD).getroot()
    patterns = {
        kind.get("name", ""): kind.find(f".//{_NS}pattern").get("value", "")  # type: ignore[union-attr]
        for kind in root.findall(f"{_NS}simpleType")
    }
    return {element.get("name", ""): _rule(element, patterns) for element in root.findall(f"{_NS}element")}


def _rule(element: ET.Element, patterns: Mapping[str, str]) -> Rule:
    attributes = list(element.iter(f"{_NS}attribute"))
    return Rule(
        frozenset(child.get("ref", "") for child in element.iter(f"{_NS}element") if child.get("ref")),
        {one.get("name", ""): one.get("use") == "required" for one in attributes},
        {one.get("name", ""): patterns[one.get("type", "")] for one in attributes if one.get("type") in patterns},
    )


def faults(element: ET.Element, known: Mapping[str, Rule]) -> Iterator[str]:
    """Everything in which a report leaves the schema."""
    rule, tag = known.get(element.tag), element.tag
    if rule is None:
        yield f"no element <{tag}>"
        return
    required = {name for name, needed in rule.attributes.items() if needed}
    yield from (f"<{tag}> lacks {name}" for name in required - set(element.attrib))
    allowed = set(rule.attributes) | BEYOND_ATTRIBUTES.get(tag, set())
    yield from (f"<{tag}> has {name}" for name in set(element.attrib) - allowed)
    for name, pattern in rule.patterns.items():
        if name in element.attrib and not re.fullmatch(pattern, element.attrib[name]):
            yield f"<{tag}> {name}={element.attrib[name]!r}"
    children = rule.children | BEYOND_CHILDREN.get(tag, set())
    for child in element:
        if child.tag not in children:
            yield f"<{child.tag}> in <{tag}>"
        yield from faults(child, known)
    if len(element) and (element.text or "").strip():
        yield f"text in <{tag}>"
