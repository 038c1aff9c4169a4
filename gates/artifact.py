"""The candidate's artifact is the one that was pinned, byte for byte, and its size and flavor are allowed.

MLflow notices nothing when an artifact is overwritten behind a version, so the digest in the promotion file is the only
thing that says what was reviewed. A champion whose artifact no longer matches its own pin is refused too: it would be
a false yardstick.

Pickles are looked into without loading them: names that run code or commands, open files or reach a network, and
pickles that do not read to their end, are signals to look at. They are no proof either way; models run in a sandbox.
"""

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.registry.pickles import Found, Risk
from gatehouse.verdict import Measure, Outcome, Relation, Verdict, at_most, judged, plainly

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "max_mb": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 2000,
            "description": "Largest artifact, in megabytes.",
        },
        "flavors": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "description": "MLflow flavors that may be promoted; any where none is named.",
        },
        "unsafe_pickles": {
            "enum": ["warn", "block", "ignore"],
            "default": "warn",
            "description": "What follows from pickles that import what no model needs, or do not read to their end.",
        },
    },
}
_FOLLOWS = {"warn": Outcome.WARN, "block": Outcome.FAIL}
_SHOWN = 10


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    for who, fetched in (("candidate", evidence.candidate), ("champion", evidence.champion)):
        if fetched is not None and fetched.digest != fetched.subject.pin.digest:
            return plainly(
                Outcome.FAIL,
                f"the {who}'s artifact has the digest {fetched.digest}, not {fetched.subject.pin.digest} as pinned",
                "find out who overwrote the artifact; register it again as a new version, and propose that",
            )
    flavor, allowed = evidence.described.flavor, thresholds.get("flavors")
    if allowed is not None and flavor not in allowed:
        return plainly(Outcome.FAIL, f"the flavor {flavor} is not allowed", f"log the model as {' or '.join(allowed)}")
    measures = [at_most("size", evidence.candidate.subject.bytes / 1e6, thresholds["max_mb"], unit="MB")]
    advice = ["leave training data and checkpoints out of the artifact"] if measures[0].outcome is Outcome.FAIL else []
    notes = ["pickles were not looked into: the policy says ignore"]
    if thresholds["unsafe_pickles"] != "ignore":
        outcome = _FOLLOWS[thresholds["unsafe_pickles"]]
        unsafe, unread = evidence.pickles.of(Risk.UNSAFE), evidence.pickles.unread
        measures.append(_none("unsafe imports in pickles", [_words(one) for one in unsafe], outcome))
        measures.append(_none("pickles not read to their end", [f"{one.file}: {one.why}" for one in unread], outcome))
        advice += _advice(bool(unsafe), bool(unread))
        notes = _notes(evidence)
    summary = f"digest as pinned, {flavor}, {measures[0].value:,.1f} MB"
    signals = [f"{measure.name}: {measure.note}" for measure in measures[1:] if measure.note]
    return judged(measures, "; ".join([summary, *signals]), advice=advice, notes=notes)


def _none(name: str, found: list[str], outcome: Outcome) -> Measure:
    """A count that is to be 0, and what follows where it is not."""
    said = [*found[:_SHOWN], *([f"and {len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else [])]
    return Measure(name, len(found), outcome if found else Outcome.PASS, 0, Relation.AT_MOST, note=", ".join(said))


def _words(one: Found) -> str:
    return f"{one.name} in {one.file}"


def _advice(unsafe: bool, unread: bool) -> list[str]:
    said = []
    if unsafe:
        said.append(
            "ask whoever trained it what these imports are for; log scikit-learn models as skops, without pickle"
        )
    if unread:
        said.append("log the file again; a pickle that breaks off has still run what came before")
    return said


def _notes(evidence: Evidence) -> list[str]:
    code = sorted({one.file for one in evidence.pickles.of(Risk.CODE)})
    own = sorted({one.name for one in evidence.pickles.of(Risk.OWN)})
    notes = [f"{file} carries functions as code: by nature it can do anything when it is loaded" for file in code]
    if own:
        more = f" and {len(own) - _SHOWN:,} more" if len(own) > _SHOWN else ""
        notes.append(f"of packages that are not known here: {', '.join(own[:_SHOWN])}{more}")
    return notes
