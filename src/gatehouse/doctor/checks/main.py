"""What guards main: nothing gets there unreviewed, unjudged, or past the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from gatehouse.doctor.checks.merging import alone, by_itself, reviewing
from gatehouse.doctor.facts import CHECK, CHECKS, MAIN, REVIEW, Branch, Facts, Main, OnGitHub
from gatehouse.doctor.finding import Finding, Unseen, bad, ok, unknown, warn
from gatehouse.doctor.words import listed
from gatehouse.github.hosted import Guards, Required, Source

Holds = Callable[[Guards], bool]


def asks(hub: OnGitHub, main: Main) -> dict[str, Holds]:
    """Everything that main's guards must hold, by what it is called."""
    asked: dict[str, Holds] = {
        "reviews": partial(_reviewed, main),
        "code owners": lambda guards: guards.code_owners,
        "last push": lambda guards: guards.last_push,
        "stale reviews": lambda guards: guards.dismiss_stale,
        **{f"the check `{name}`": partial(_checked, name, hub.app) for name in CHECKS},
        "force pushes": lambda guards: guards.no_force_push,
        "deletion": lambda guards: guards.no_deletion,
    }
    if by_itself(main):
        del asked["last push"]
    return asked


def _reviewed(main: Main, guards: Guards) -> bool:
    """Where promotions merge themselves, GitHub can count no approvals, and its code owners have all the rest."""
    return guards.approvals >= 1 or (by_itself(main) and _owned(guards))


def _owned(guards: Guards) -> bool:
    return guards.pull_request and guards.code_owners


def pinned(one: Required, app: int | Unseen) -> bool:
    """Whether a required check is from our app alone; from one app at least where its number is not known."""
    return one.app is not None and (isinstance(app, Unseen) or one.app == app)


def _checked(name: str, app: int | Unseen, guards: Guards) -> bool:
    return any(one.name == name and pinned(one, app) for one in guards.checks)


def reviews(facts: Facts) -> Iterator[Finding]:
    """A change to main needs a pull request, and somebody else's approval where gates alone do not decide."""
    hub = facts.hub
    branch = hub.branches[MAIN]
    most = max((source.guards.approvals for source in branch.sources), default=0)
    said = f"a pull request needs {most} approval{'s' * (most != 1)}"
    if most == 0:
        said = f"a pull request needs a code owner's approval, but for promotions to {listed(alone(facts.main))}"
    yield _held(
        hub,
        "main/reviews",
        partial(_reviewed, facts.main),
        (said, "nobody has to approve a pull request"),
        "require a pull request with at least 1 approval",
    )


def code_owners(facts: Facts) -> Iterator[Finding]:
    """The owners of what a pull request changes, as CODEOWNERS names them, must be among those who approve."""
    hub = facts.hub
    yield _held(
        hub,
        "main/code-owners",
        lambda guards: guards.code_owners,
        ("code owners must approve", "anybody's approval will do: code owners are not asked"),
        "require review from code owners",
    )


def last_push(facts: Facts) -> Iterator[Finding]:
    """Whoever pushed last does not approve: somebody else has seen the final commit."""
    hub = facts.hub
    guards = [source.guards for source in hub.branches[MAIN].sources]
    if by_itself(facts.main) and not any(each.last_push for each in guards) and any(map(_owned, guards)):
        # GitHub could not leave a promotion without owners alone and ask for this.
        yield warn(
            "main/last-push",
            f"a code owner may push to somebody else's pull request and approve it, but for promotions to "
            f"{listed(reviewing(facts.main))}, where the check `{REVIEW}` does not count that",
            "accept it with `--accept main/last-push`, or let a person approve every promotion (docs/review.md)",
            hub.settings("rules"),
        )
        return
    yield _held(
        hub,
        "main/last-push",
        lambda guards: guards.last_push,
        ("the last push needs somebody else's approval", "whoever pushed last may approve their own push"),
        "require approval of the most recent reviewable push",
    )


def stale_reviews(facts: Facts) -> Iterator[Finding]:
    """An approval is gone when the pull request changes after it."""
    hub = facts.hub
    yield _held(
        hub,
        "main/stale-reviews",
        lambda guards: guards.dismiss_stale,
        ("a push dismisses earlier approvals", "an approval survives what is pushed after it"),
        "dismiss stale approvals when new commits are pushed",
    )


def required_check(facts: Facts) -> Iterator[Finding]:
    """The check `gatehouse` must pass, and only the app that runs the gates may say so."""
    yield _required(facts.hub, "main/check", CHECK)


def review_check(facts: Facts) -> Iterator[Finding]:
    """The check `gatehouse review` must pass, and only the app that judges the reviews may say so."""
    yield _required(facts.hub, "main/review-check", REVIEW)


def _required(hub: OnGitHub, name: str, check: str) -> Finding:
    named = [one for source in hub.branches[MAIN].sources for one in source.guards.checks if one.name == check]
    if isinstance(hub.app, Unseen) and any(one.app is not None for one in named):
        return unknown(name, f"whether `{check}` is pinned to {hub.app_slug}: {hub.app.why}", hub.app.fix)
    missing = f"a pull request may be merged without the check `{check}`"
    if named:
        strangers = sorted({one.app for one in named if one.app is not None})
        missing = (
            f"the check `{check}` is pinned to the app {listed(map(str, strangers))}, not to {hub.app_slug}"
            if strangers
            else f"anybody who may write can post the check `{check}`: it is not pinned to an app"
        )
    return _held(
        hub,
        name,
        partial(_checked, check, hub.app),
        (f"the check `{check}` must pass, from {hub.app_slug} alone", missing),
        f"require the status check `{check}` with the source {hub.app_slug}",
    )


def history(facts: Facts) -> Iterator[Finding]:
    """Nobody rewrites or deletes main: its history is the audit trail."""
    hub = facts.hub
    yield _held(
        hub,
        "main/history",
        lambda guards: guards.no_force_push and guards.no_deletion,
        ("main can be neither rewritten nor deleted", "main can be rewritten or deleted"),
        "block force pushes and restrict deletions",
    )


def bypass(facts: Facts) -> Iterator[Finding]:
    """Nobody walks around these rules, administrators included."""
    hub, name = facts.hub, "main/bypass"
    branch = hub.branches[MAIN]
    loose = {what: sources for what, holds in asks(hub, facts.main).items() if (sources := _loose(branch, holds))}
    if not loose:
        if branch.sources:
            yield ok(name, "nobody may walk around the rules of main")
        return
    sources = list(dict.fromkeys(source for each in loose.values() for source in each))
    link = next((source.url for source in sources if source.url), hub.settings("rules"))
    hidden = [source for source in sources if source.bypass is None]
    known = [source for source in sources if source.bypass]
    if known:
        who = listed(dict.fromkeys(f"{actor} ({source})" for source in known for actor in source.bypass or ()))
        yield bad(
            name,
            f"{who} may walk around: {listed(loose)}",
            "empty the bypass list, or add a ruleset that has none: in an emergency an administrator can still switch "
            "one off, which is seen",
            link,
            settable=True,
        )
    elif hidden:
        yield unknown(
            name,
            f"who may walk around {listed(map(str, hidden))}: this token may not see it",
            "give the token Administration: write (GitHub shows bypass lists to those alone who could change them), or "
            "look at it",
            link,
        )


def queue(facts: Facts) -> Iterator[Finding]:
    """Where pull requests go through a merge queue, a workflow answers it: they would wait for the check for ever."""
    hub, main = facts.hub, facts.main
    if not any(source.guards.queue for source in hub.branches[MAIN].sources):
        return
    answering = [workflow.path for workflow in main.workflows if workflow.looks_up and "merge_group" in workflow.events]
    if answering:
        yield ok("main/queue", f"the merge queue is answered by {listed(answering)}")
    else:
        yield bad(
            "main/queue",
            "main has a merge queue, and no workflow looks up evidence on merge_group: its check would never come",
            "add .github/workflows/queue.yml, which looks up the evidence of the group",
            hub.settings("rules"),
        )


def _held(hub: OnGitHub, check: str, holds: Holds, said: tuple[str, str], fix: str) -> Finding:
    """The finding for one guard: whether any source gives it, whoever may walk around it."""
    branch = hub.branches[MAIN]
    if any(holds(source.guards) for source in branch.sources):
        return ok(check, said[0])
    if branch.blind is not None:
        return unknown(check, f"{said[1]}, as far as can be seen: {branch.blind.why}", branch.blind.fix)
    return bad(check, said[1] + _asleep(hub), f"{fix}, in a ruleset for main", hub.settings("rules"), settable=True)


def _asleep(hub: OnGitHub) -> str:
    """A ruleset that is there and not enforced is why, often enough."""
    rulesets = () if isinstance(hub.rulesets, Unseen) else hub.rulesets
    off = [f"{one.name!r} ({one.enforcement})" for one in rulesets if one.enforcement != "active"]
    return f"; not enforced: {listed(off)}" if off else ""


def _loose(branch: Branch, holds: Holds) -> list[Source]:
    """The sources that give a guard, where each of them may be walked around."""
    giving = [source for source in branch.sources if holds(source.guards)]
    return [] if any(source.bypass == () for source in giving) else giving
