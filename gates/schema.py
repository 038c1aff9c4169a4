"""The model's signature fits what the production feature pipeline makes: no feature is missing, mistyped or null.

A feature that the model requires and the pipeline does not make blocks, and so does a type that would lose something
on the way. Widening that loses nothing (a 32-bit integer into a double) is named and allowed, and so are columns that
the model does not use.

Callers are served too: what they send the champion (parameters of ``predict``) the candidate must take, and what they
read of its answers must stay of its type and shape. At a first promotion nobody relies on anything yet.
"""

from collections.abc import Sequence

from gatehouse.evaluate.contract import Change, Contract, Kind
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.schema import Finding, Fit
from gatehouse.verdict import Measure, Outcome, Verdict, at_most, judged, shown

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "allow_output_change": {
            "type": "boolean",
            "default": False,
            "description": "Let the answers change in type or shape, once whoever reads them is ready for it.",
        }
    },
}

_ADVICE = {
    Fit.MISSING: "let the pipeline make it, or train without it",
    Fit.MISTYPED: "cast it in the pipeline, or log the model with the type that the pipeline makes",
    Fit.NULLS: "fill the gaps in the pipeline, or train on a float column, which can be null",
}
_CALLERS = {
    Kind.GONE: "log the model with it in its signature, as callers know it",
    Kind.RETYPED: "keep the type that callers know, or give it another name beside the old one",
    Kind.RESHAPED: "keep the shape that callers know, or give it another name beside the old one",
    Kind.UNSOUND: "log the model again with a default of the parameter's own type",
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    findings, contract, tolerant = evidence.fit, evidence.contract, thresholds["allow_output_change"]
    broken = [finding for finding in findings if finding.fit.breaks]
    wanted = sum(finding.wanted is not None for finding in findings)
    params = [change for change in contract.params if change.kind.breaks]
    outputs = [change for change in contract.outputs if change.kind.breaks]
    measures = [
        at_most("columns that do not fit", len(broken), 0, note=", ".join(f.column for f in broken)),
        shown("columns wanted", wanted),
        _changed("parameters that break callers", params, allowed=False),
        _changed("outputs that break callers", outputs, allowed=tolerant),
    ]
    blocking = [*params, *([] if tolerant else outputs)]
    advice = [f"{finding.column}: {_ADVICE[finding.fit]}" for finding in broken]
    advice += [f"{change.name}: {_CALLERS[change.kind]}" for change in blocking]
    advice += ["or set allow_output_change where every caller is ready for it"] if outputs and not tolerant else []
    notes = [_note(finding) for finding in findings if finding.fit not in (Fit.SAME, *_ADVICE)]
    return judged(
        measures,
        _summary(broken, blocking, wanted),
        advice=advice,
        notes=[*notes, *_notes(evidence, contract, blocking)],
    )


def _changed(name: str, changes: Sequence[Change], *, allowed: bool) -> Measure:
    note = ", ".join(change.name for change in changes)
    return (
        Measure(name, len(changes), Outcome.PASS, note=note) if allowed else at_most(name, len(changes), 0, note=note)
    )


def _summary(broken: list[Finding], blocking: list[Change], wanted: int) -> str:
    if not broken and not blocking:
        return f"all {wanted} columns that the model wants are there"
    columns = [f"{one.column} is {one.fit}: wants {one.wanted}, gets {one.found or 'nothing'}" for one in broken]
    return "; ".join([*columns, *map(_words, blocking)])


def _words(change: Change) -> str:
    """``threshold is of another type: was double, is string``."""
    parts = [f"was {change.was}" if change.was else "", f"is {change.now}" if change.now else ""]
    return f"{change.name} {change.kind}: {', '.join(part for part in parts if part)}"


def _note(finding: Finding) -> str:
    if finding.fit is Fit.WIDENED:
        return f"{finding.column}: {finding.found} is widened to {finding.wanted}, which loses nothing"
    if finding.fit is Fit.OPTIONAL:
        return f"{finding.column}: optional, and the pipeline does not make it"
    return f"{finding.column}: the pipeline makes it, the model does not use it"


def _notes(evidence: Evidence, contract: Contract, blocking: list[Change]) -> list[str]:
    said = [_words(change) for change in (*contract.params, *contract.outputs) if change not in blocking]
    if evidence.champion is not None and not contract.compared:
        said.append("the champion has no signature, so what callers rely on could not be compared")
    return said
