"""The model's signature fits what the production feature pipeline makes: no feature is missing, mistyped or null.

A feature that the model requires and the pipeline does not make blocks, and so does a type that would lose something
on the way. Widening that loses nothing (a 32-bit integer into a double) is named and allowed, and so are columns that
the model does not use.
"""

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.schema import Finding, Fit
from gatehouse.verdict import Verdict, at_most, judged, shown

THRESHOLDS = {"type": "object", "additionalProperties": False, "properties": {}}

_ADVICE = {
    Fit.MISSING: "let the pipeline make it, or train without it",
    Fit.MISTYPED: "cast it in the pipeline, or log the model with the type that the pipeline makes",
    Fit.NULLS: "fill the gaps in the pipeline, or train on a float column, which can be null",
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    findings = evidence.fit
    broken = [finding for finding in findings if finding.fit.breaks]
    wanted = sum(finding.wanted is not None for finding in findings)
    measures = [
        at_most("columns that do not fit", len(broken), 0, note=", ".join(f.column for f in broken)),
        shown("columns wanted", wanted),
    ]
    return judged(
        measures,
        _summary(broken, wanted),
        advice=[f"{finding.column}: {_ADVICE[finding.fit]}" for finding in broken],
        notes=[_note(finding) for finding in findings if finding.fit not in (Fit.SAME, *_ADVICE)],
    )


def _summary(broken: list[Finding], wanted: int) -> str:
    if not broken:
        return f"all {wanted} columns that the model wants are there"
    return "; ".join(
        f"{finding.column} is {finding.fit}: wants {finding.wanted}, gets {finding.found or 'nothing'}"
        for finding in broken
    )


def _note(finding: Finding) -> str:
    if finding.fit is Fit.WIDENED:
        return f"{finding.column}: {finding.found} is widened to {finding.wanted}, which loses nothing"
    if finding.fit is Fit.OPTIONAL:
        return f"{finding.column}: optional, and the pipeline does not make it"
    return f"{finding.column}: the pipeline makes it, the model does not use it"
