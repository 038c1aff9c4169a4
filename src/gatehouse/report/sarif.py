"""The check as SARIF 2.1.0, which GitHub's code scanning and editors show at the pin: one rule a gate, one result for
each gate that did not pass.

Of what GitHub takes (https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support) this
uses the documented part and keeps its limits. Messages are plain text: no Markdown, no links, no placeholders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from gatehouse import __version__
from gatehouse.evaluate.result import Request, Result
from gatehouse.report import figures
from gatehouse.report.context import Context
from gatehouse.report.document import document
from gatehouse.report.reading import FACES, deciding, docs_link, place
from gatehouse.report.text import SAFE_LINK, clean, inert
from gatehouse.verdict import Measure, Outcome, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# GitHub shows 5,000 results of a run and takes no more than 25,000 rules; descriptions are cut at 1,024 characters.
MAX_RESULTS, MAX_RULES, MAX_FIGURES = 5_000, 25_000, 40
LONGEST_NAME, LONGEST_TEXT, LONGEST_HELP = 255, 1_000, 2_000
# What blocks is an error, whatever the reason: only a pass lets a promotion through.
LEVELS = {
    Outcome.WARN: "warning",
    Outcome.INSUFFICIENT: "error",
    Outcome.FAIL: "error",
    Outcome.ERROR: "error",
}

Found = tuple[Result, Verdict]


def sarif(results: Sequence[Result], context: Context) -> bytes:
    """UTF-8 JSON. All promotions are one run, since GitHub takes one run a tool and category."""
    clear = document(results).results
    # Those that block come first, so that whatever is left out is the least of it.
    found = sorted(
        ((result, verdict) for result in clear for verdict in result.verdicts),
        key=lambda pair: -list(Outcome).index(pair[1].outcome),
    )
    rules = {name: index for index, name in enumerate(dict.fromkeys(_rule_id(verdict) for _, verdict in found))}
    rules = dict(list(rules.items())[:MAX_RULES])
    told = [pair for pair in found if pair[1].outcome is not Outcome.PASS][:MAX_RESULTS]
    run: dict[str, Any] = {
        "tool": {"driver": _driver(rules, context)},
        "automationDetails": {"id": f"gatehouse/{_head(clear)}"},
        "invocations": [_invocation(clear)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(result, verdict, rules) for result, verdict in told],
    }
    if clear and SAFE_LINK.fullmatch(context.links.repository):
        run["versionControlProvenance"] = [{"repositoryUri": context.links.repository, "revisionId": _head(clear)}]
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


def _head(results: Sequence[Result]) -> str:
    """The commit whose pins were judged; what stands before the slash of the id is GitHub's category."""
    return clean(results[0].request.head, 64).replace("/", "-") if results else ""


def _rule_id(verdict: Verdict) -> str:
    return clean(verdict.gate, LONGEST_NAME) or "gate"


def _driver(rules: Mapping[str, int], context: Context) -> dict[str, Any]:
    return {"name": "gatehouse", "semanticVersion": __version__, "rules": [_rule(name, context) for name in rules]}


def _rule(name: str, context: Context) -> dict[str, Any]:
    """A gate as a rule; its words are the docstring of the gate file at the base commit, else only its name."""
    short = context.gates.get(name, "") or f"The gate {name} lets the promotion through."
    whole = context.explained.get(name, "") or short
    docs = docs_link(name, context)
    return {
        "id": name,
        "name": name,
        "shortDescription": {"text": inert(short, LONGEST_TEXT)},
        "fullDescription": {"text": inert(whole, LONGEST_TEXT)},
        "help": {"text": "\n\n".join(inert(part, LONGEST_HELP) for part in whole.split("\n\n")[:20])},
        **({"helpUri": docs} if docs else {}),
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["model-promotion"], "problem.severity": "error"},
    }


def _invocation(results: Sequence[Result]) -> dict[str, Any]:
    """A gate that broke is a fault of the run as well: nothing is known where it should have looked."""
    broken = [
        (result, verdict) for result in results for verdict in result.verdicts if verdict.outcome is Outcome.ERROR
    ]
    notes = [
        {"level": "error", "message": {"text": inert(f"{verdict.gate}: {verdict.summary}", LONGEST_TEXT)}}
        for _, verdict in broken[:100]
    ]
    whole = not broken and all(result.verdicts for result in results)
    return {"executionSuccessful": whole, "toolExecutionNotifications": notes}


def _result(result: Result, verdict: Verdict, rules: Mapping[str, int]) -> dict[str, Any]:
    request, name = result.request, _rule_id(verdict)
    address = {"uri": quote(clean(request.slot.path, 500)), "uriBaseId": "%SRCROOT%"}
    region = {"startLine": max(request.line, 1)}
    return {
        "ruleId": name,
        "ruleIndex": rules[name],
        "level": LEVELS[verdict.outcome],
        "message": {"text": inert(" ".join(_sentences(result, verdict)), LONGEST_TEXT)},
        "locations": [{"physicalLocation": {"artifactLocation": address, "region": region}}],
        "partialFingerprints": _fingerprints(name, request),
        "properties": _properties(result, verdict),
    }


def _sentences(result: Result, verdict: Verdict) -> Iterator[str]:
    """What GitHub shows as the title comes first; it shows one sentence where there is little room."""
    yield f"{place(result)}, version {result.request.candidate.version}: {verdict.summary.rstrip('.')}."
    yield FACES[verdict.outcome].meaning
    measure = deciding(verdict)
    if measure is not None and measure.limit is not None:
        yield f"{measure.name}: {figures.in_words(measure)}."
    yield from (f"Next: {advice.rstrip('.')}." for advice in verdict.advice[:5])


def _fingerprints(gate: str, request: Request) -> dict[str, str]:
    """The same for the same question, wherever its line moves and whatever commit it is asked of.

    GitHub reads only ``primaryLocationLineHash``, and would make its own from the checked out file, which is the base's
    and not the one that was judged.
    """
    slot, pin = request.slot, request.candidate
    asked = "\0".join((gate, slot.model, slot.label, request.role, str(pin.version), pin.digest))
    digest = hashlib.sha256(asked.encode(errors="surrogatepass")).hexdigest()
    return {"primaryLocationLineHash": f"{digest[:16]}:1", "gatehouseQuestion/v1": digest}


def _properties(result: Result, verdict: Verdict) -> dict[str, Any]:
    request = result.request
    return {
        "outcome": verdict.outcome,
        "model": clean(request.slot.model, 200),
        "slot": clean(request.slot.label, 200),
        "role": request.role,
        "candidate": request.candidate.version,
        "digest": request.candidate.digest,
        "evidenceKey": clean(result.key, 100),
        "uses": result.uses,
        "figures": [_figure(measure) for measure in verdict.measures[:MAX_FIGURES]],
    }


def _figure(measure: Measure) -> dict[str, Any]:
    interval = measure.interval
    held = {
        "name": clean(measure.name, 120),
        "value": measure.value,
        "outcome": measure.outcome,
        "limit": measure.limit,
        "relation": measure.relation,
        "interval": [interval.low, interval.high] if interval else None,
        "confidence": interval.confidence if interval else None,
        "champion": measure.champion,
        "rows": measure.rows,
        "unit": clean(measure.unit, 20) or None,
    }
    return {name: value for name, value in held.items() if value is not None}
