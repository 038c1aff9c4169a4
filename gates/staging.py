"""This very version, by number and digest, has been in the stage before for as long as the policy asks.

Read from the history of the base branch, where a merge counts from the moment it was merged. Nothing goes to
production directly: what nobody has looked at in staging is not promoted, however good its figures.
"""

import math

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.verdict import Outcome, Verdict, at_least, judged, plainly

THRESHOLDS = {"type": "object", "additionalProperties": False, "properties": {}}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    pin, slot = evidence.request.candidate, evidence.request.slot
    if evidence.staged is None:
        return plainly(
            Outcome.FAIL,
            f"{pin} has never been in the stage before {slot.stage}",
            f"promote it there first: gatehouse propose {slot.model} {pin.version} --to staging",
        )
    wanted = evidence.policy.stages[slot.stage].soak.total_seconds() / 3600
    soaked = evidence.staged.soaked.total_seconds() / 3600
    measure = at_least("soak", soaked, wanted, unit="h")
    return judged(
        [measure],
        f"there since {evidence.staged.since:%Y-%m-%d %H:%M %Z}, for {soaked:.1f} h of {wanted:.1f} h",
        advice=[f"leave it there for another {_words(wanted - soaked)}, then run the check again"],
    )


def _words(hours: float) -> str:
    minutes = math.ceil(hours * 60)
    return f"{hours:.1f} h" if minutes >= 60 else f"{minutes} min"
