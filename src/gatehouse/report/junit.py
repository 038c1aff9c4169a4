"""The check as JUnit XML, which every CI system shows: one suite a promotion, one case a gate.

There is no standard. This keeps to what Jenkins' junit-10.xsd (of its xUnit plugin, after Maven Surefire's) allows, and
adds three things that are in common use beyond it (https://github.com/testmoapp/junitxml): a case's ``file`` and
``line``, by which GitLab and GitHub actions find the pin, and a case's ``properties``, which hold its figures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from xml.etree import ElementTree as ET

from gatehouse.evaluate.result import Result
from gatehouse.pin import Role
from gatehouse.report import figures
from gatehouse.report.reading import FACES, headline, place
from gatehouse.report.text import clean
from gatehouse.verdict import Outcome, Verdict

MAX_CASES, MAX_FIGURES, MAX_ADVICE = 200, 100, 8
# XML 1.0, 2.2: what no document may hold, not even as a character reference.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[Result]) -> str:
    """The document. A gate that blocks is a failure, one that broke an error; a warning passes, with its words as
    output. Texts are made of one line each, without characters that XML forbids."""
    root = ET.Element("testsuites", {"name": "gatehouse", **_totals(results)})
    root.extend(_suite(result) for result in results)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _totals(results: Sequence[Result]) -> dict[str, str]:
    verdicts = [verdict for result in results for verdict in result.verdicts[:MAX_CASES]]
    failures = sum(verdict.outcome in (Outcome.FAIL, Outcome.INSUFFICIENT) for verdict in verdicts)
    errors = sum(verdict.outcome is Outcome.ERROR for verdict in verdicts)
    unchecked = sum(not result.verdicts for result in results)
    cases = len(verdicts) + unchecked
    return {"tests": str(cases), "failures": str(failures), "errors": str(errors + unchecked)}


def _suite(result: Result) -> ET.Element:
    where = _where(result)
    seconds = result.seconds if math.isfinite(result.seconds) and 0 <= result.seconds < 1e9 else 0.0
    suite = ET.Element("testsuite", {"name": _text(place(result), 200), **_totals([result]), "skipped": "0"})
    suite.set("time", f"{abs(seconds):.3f}")
    suite.set("timestamp", result.evaluated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    suite.set("file", where["file"])
    _properties(suite, list(_standing(result).items()))
    suite.extend(_case(verdict, where) for verdict in result.verdicts[:MAX_CASES])
    if not result.verdicts:
        case = ET.SubElement(suite, "testcase", {"name": "gates", **where})
        ET.SubElement(case, "error", {"type": str(Outcome.ERROR), "message": headline(result)})
    return suite


def _standing(result: Result) -> Mapping[str, str]:
    request = result.request
    return {
        "evidence key": result.key,
        "candidate": str(request.candidate),
        "champion": str(request.champion or "none"),
        "base": request.base,
        "head": request.head,
        "engine": result.engine,
        "isolation": result.isolation or "none",
        "rows": str(result.rows),
        "uses": str(result.uses),
    }


def _where(result: Result) -> dict[str, str]:
    """Jenkins reads a class name up to the last dot as a package: the model, then the slot and its role."""
    slot, role = result.request.slot, result.request.role
    name = f"{slot.model}.{slot.label}" + ("" if role is Role.CHAMPION else f".{role}")
    return {
        "classname": _text(name, 200),
        "file": _text(slot.path, 500),
        "line": str(max(result.request.line, 1)),
    }


def _case(verdict: Verdict, where: Mapping[str, str]) -> ET.Element:
    case = ET.Element("testcase", {"name": _text(verdict.gate, 120), **where})
    told = [(measure.name, figures.in_words(measure)) for measure in verdict.measures[:MAX_FIGURES]]
    _properties(case, [("outcome", FACES[verdict.outcome].word), *told])
    if verdict.outcome.lets_through:
        if verdict.outcome is Outcome.WARN:
            ET.SubElement(case, "system-out").text = _explained(verdict, where)
        return case
    kind = "error" if verdict.outcome is Outcome.ERROR else "failure"
    attributes = {"type": str(verdict.outcome), "message": _text(verdict.summary, 400)}
    ET.SubElement(case, kind, attributes).text = _explained(verdict, where)
    return case


def _properties(parent: ET.Element, values: Sequence[tuple[str, str]]) -> None:
    held = ET.SubElement(parent, "properties")
    for name, value in values:
        ET.SubElement(held, "property", {"name": _text(name, 120), "value": _text(value, 300)})


def _explained(verdict: Verdict, where: Mapping[str, str]) -> str:
    """Where, what, what it means, and what to do next, a line each."""
    lines = [f"{where['file']}:{where['line']}: {_text(verdict.summary, 400)}", FACES[verdict.outcome].meaning]
    off = [measure for measure in verdict.measures if measure.outcome is not Outcome.PASS][:10]
    lines += [f"{_text(measure.name, 120)}: {_text(figures.in_words(measure), 300)}" for measure in off]
    lines += [f"Next: {_text(advice, 400)}" for advice in verdict.advice[:MAX_ADVICE]]
    return "\n".join(line for line in lines if line)


def _text(content: str, limit: int) -> str:
    return clean(_ILLEGAL.sub(" ", content[: limit * 4 + 100]), limit)
