"""People have looked at this policy's thresholds within the time that they themselves set for it.

Limits that nobody questions any more are limits of another year: data, prices and rules move on. The day of the last
look is ``reviewed`` in policy.yaml, the time until the next one ``review_every``; the day counts as it is in UTC.
"""

from datetime import timedelta

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.verdict import Measure, Outcome, Relation, Verdict, judged, plainly

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "warn_days": {
            "type": "integer",
            "minimum": 0,
            "default": 14,
            "description": "Warn when the next review is due within so many days.",
        }
    },
}
_DAY = timedelta(days=1)


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    policy, today = evidence.policy, evidence.today
    file = f"promotions/{policy.model}/policy.yaml"
    age, allowed = (today - policy.reviewed) / _DAY, policy.review_every / _DAY
    if age < 0:
        return plainly(
            Outcome.FAIL,
            f"the thresholds were reviewed on {policy.reviewed}, which is still to come: today is {today} (UTC)",
            f"write the day of the last review as `reviewed:` in {file}",
        )
    left = allowed - age
    outcome = Outcome.FAIL if left < 0 else Outcome.WARN if left <= thresholds["warn_days"] else Outcome.PASS
    due = today + timedelta(days=left)
    when = f"overdue since {due}" if left < 0 else f"due on {due}"
    return judged(
        [Measure("age of the thresholds", age, outcome, allowed, Relation.AT_MOST, unit="d")],
        f"reviewed on {policy.reviewed}, {age:.0f} days ago; the next review is {when}",
        advice=[
            f"{policy.owner}: read the thresholds in {file}, and write today's date as `reviewed:` in a pull request"
        ],
    )
