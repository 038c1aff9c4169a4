"""The issue that follows an emergency: who called it and why, what it lifted, and what is to be done afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from gatehouse.cli.reviews.bench import Bench, Seen
from gatehouse.github import Issue
from gatehouse.report.text import code, markdown
from gatehouse.review.judgement import Counted, Place
from gatehouse.review.words import moment

_SHOWN = 1000
_AFTERWARDS = (
    "Look at what serves: error rate, latency, predictions. `gatehouse rollback MODEL` goes back in seconds.",
    "Somebody who had no part in it reads the report, and answers the review's questions in a comment here.",
    "Say what caused it, and what keeps it from happening again.",
    "If the rule that was lifted is wrong, change it in a pull request of its own.",
    "Close this issue. It is opened once, and not again.",
)


def follow_up(bench: Bench, seen: Seen) -> Issue | None:
    """The issue about the emergency by which a pin passes, opened now or before; None where none does.

    Raises Refused where the repository has no issues.
    """
    places = [place for place in seen.judgement.places if place.passed and place.emergency]
    if not places:
        return None
    number = seen.pull.number
    title = f"Follow up on the emergency of #{number}: {', '.join(str(place.asked.slot) for place in places)}"
    body = "\n".join(_body(number, places))
    return bench.github.issues.open(f"emergency-{number}", title, body, since=seen.pull.created)


def _body(number: int, places: list[Place]) -> Iterator[str]:
    yield f"#{number} passed the review by an emergency. Its gates had passed; what people have to agree to was lifted."
    for place in places:
        version = place.asked.candidate.version
        yield from ("", f"## {code(str(place.asked.slot))} version {version}", "", "Called by:", "")
        yield from (_called(one) for one in place.counted if "emergency" in one.answers)
        yield from ("", "Lifted:", "")
        yield from (f"- {markdown(ruled.said, _SHOWN)}" for ruled in place.rules if _lifted(place, ruled.rule))
    yield from ("", "## What is to be done now", "")
    yield from (f"- [ ] {each}" for each in _AFTERWARDS)


def _called(one: Counted) -> str:
    who = markdown(f"@{one.who}, {moment(one.at)}")
    return f"- {who}: {markdown(one.answers['emergency'], _SHOWN)}"


def _lifted(place: Place, rule: str) -> bool:
    return rule != "emergency" and any(
        ruled.rule == rule and ruled.ok and ruled.flag and ruled.review is None for ruled in place.rules
    )
