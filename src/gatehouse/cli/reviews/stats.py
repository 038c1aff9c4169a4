"""``gatehouse review --stats``: numbers about reviewing, from the audit records."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from gatehouse.cli import at, planned, remembered
from gatehouse.cli.frame import DONE, Settings, emit, progress
from gatehouse.errors import GatehouseError
from gatehouse.report.text import clean
from gatehouse.review.stats import ENOUGH, Figures, Load, Numbers, Times, numbers
from gatehouse.review.who import Names
from gatehouse.review.words import count, span

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gatehouse.git import Repository

_DAY = len("2026-03-03")
# A longer branch has more to it than a proposal.
_MOST_COMMITS = 250


def stats(settings: Settings, model: str | None, since: str | None) -> int:
    """Prints the numbers: text for people, or ``review.stats.Numbers`` as JSON. Raises GatehouseError for a model that
    nobody knows, and for what is no time or is still to come."""
    start = _start(since) if since is not None else None
    with progress(settings) as say:
        trunk, declared = remembered.main(settings, say)
        say("reading the audit record")
        records = [link.content for link in remembered.audit_store(settings, declared).read(model)]
        known = {*declared.policies, *(record.slot.model for record in records)}
        if model is not None and model not in known:
            raise planned.unknown(model, known)
        say(f"counting the reviews in {count(len(records), 'record')}")
        reviewed = {record.commit for record in records if record.approvals}
        people = {name: login for login, others in declared.stages.people.items() for name in others}
        found = numbers(records, Names(people), start, _proposed(trunk.repository, trunk.commit, reviewed))
    emit(settings, found, list(lines(found, model)))
    return DONE


def _start(text: str) -> datetime:
    """The moment that --since names; a day is meant from its beginning."""
    found = at.parse(text)
    if len(text) <= _DAY:
        found = datetime.combine(date.fromisoformat(text), time.min, UTC)
    if found > datetime.now(UTC):
        raise GatehouseError(f"--since {text}: that is still to come", "name a moment in the past, such as 2026-03-03")
    return found


def _proposed(repository: Repository, main: str, merges: Collection[str]) -> Mapping[str, datetime]:
    """When the first commit of each merged branch was made, as its author's clock had it. What was not merged by a
    merge commit does not tell."""
    if not merges:
        return {}
    commits = {commit.id: commit for commit in repository.log(main, first_parent=False)}
    line, tip = set[str](), main
    while tip in commits:
        line.add(tip)
        tip = next(iter(commits[tip].parents), "")
    found = {}
    for merge in merges & commits.keys():
        parents = commits[merge].parents
        at_commit, first = parents[1] if len(parents) == 2 else "", None
        for _ in range(_MOST_COMMITS):
            if at_commit in line or at_commit not in commits:
                break
            first = commits[at_commit]
            at_commit = next(iter(first.parents), "")
        if first is not None:
            found[merge] = first.time
    return found


def lines(found: Numbers, model: str | None) -> Iterator[RenderableType]:
    """The numbers for people, in 80 columns."""
    of = clean(model, 200) if model is not None else "any model"
    begin = f" since {planned.moment(found.since)}" if found.since else ""
    if not found.reviewers:
        yield f"no review of {of} is on record{begin}"
        yield "  `gatehouse sync` puts reviews on record with what was merged, and rejections by themselves"
        return
    yield f"reviews of {'every model' if model is None else of} on record{begin}"
    yield from _total(found.total)
    yield ""
    if len(found.models) > 1:
        yield _models(found.models)
        yield ""
    yield _reviewers(found.reviewers)
    shown: list[Figures | Load] = [*(found.models if len(found.models) > 1 else ()), *found.reviewers]
    if any(each.to_approve.p90 is None for each in shown):
        yield f"– under 90 %: fewer than {ENOUGH} approvals with a known time say too little about it"


def _total(total: Figures) -> Iterator[str]:
    yield f"  {count(total.promotions, 'promotion')} reviewed and let in"
    rejected = f"{count(total.rejections, 'rejection')} ({_percent(total.rejected)})"
    yield f"  {count(total.approvals, 'approval')}, {rejected}"
    yield f"  to approve: {_long(total.to_approve)}"
    yield f"  from proposal to merge: {_long(total.to_merge)}"
    emergencies = f"{total.emergencies} {'emergency' if total.emergencies == 1 else 'emergencies'}"
    yield f"  {_percent(total.flagged)} of the approvals flagged; {emergencies}"


def _models(models: Sequence[Figures]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold")
    for name in ("let in", "approvals", "rejected", "flagged", "median", "90 %", "emergencies"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in models:
        table.add_row(
            Text(clean(each.model or "", 200)),
            str(each.promotions),
            str(each.approvals),
            _percent(each.rejected),
            _percent(each.flagged),
            _short(each.to_approve.median),
            _short(each.to_approve.p90),
            str(each.emergencies),
        )
    return table


def _reviewers(loads: Sequence[Load]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("reviewer", overflow="fold")
    for name in ("approvals", "rejections", "share", "flagged", "median", "90 %"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in loads:
        table.add_row(
            Text(f"@{clean(each.who, 100)}"),
            str(each.approvals),
            str(each.rejections),
            _percent(each.share),
            str(each.flagged),
            _short(each.to_approve.median),
            _short(each.to_approve.p90),
        )
    return table


def _long(times: Times) -> str:
    if times.median is None:
        return "not known"
    p90 = f", 90 % within {span(times.p90)}" if times.p90 is not None else ""
    return f"median {span(times.median)}{p90} ({times.count} known)"


def _short(seconds: float | None) -> str:
    """In the largest unit alone, so that a table stays narrow."""
    return "–" if seconds is None else " ".join(span(seconds).split(" ")[:2])


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}".replace("%", " %")
