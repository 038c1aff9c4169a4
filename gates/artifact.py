"""The candidate's artifact is the one that was pinned, byte for byte, and its size and flavor are allowed.

MLflow notices nothing when an artifact is overwritten behind a version, so the digest in the promotion file is the only
thing that says what was reviewed. A champion whose artifact no longer matches its own pin is refused too: it would be
a false yardstick.
"""

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.verdict import Outcome, Verdict, at_most, judged, plainly

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
    },
}


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
    size = at_most("size", evidence.candidate.subject.bytes / 1e6, thresholds["max_mb"], unit="MB")
    return judged(
        [size],
        f"digest as pinned, {flavor}, {size.value:,.1f} MB",
        advice=["leave training data and checkpoints out of the artifact"],
    )
