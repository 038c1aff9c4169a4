"""What guards the branches that workflows write: evidence, and the serving config."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gatehouse.doctor.facts import EVIDENCE, Branch, Facts, Main, OnGitHub
from gatehouse.doctor.finding import Finding, Level, Unseen, bad, ok, unknown, warn
from gatehouse.doctor.words import listed
from gatehouse.github.hosted import Actor, Source

PUSH_KEY = "GATEHOUSE_PUSH_KEY"
"""The secret with a deploy key's private half, with which workflows push these branches."""
_MACHINES = ("DeployKey", "Integration")
_KEY = (
    f"let a deploy key alone push it: make one that may write, keep its private half as the secret {PUSH_KEY} of the "
    "environments registry-write and review, then run `gatehouse doctor --fix` (docs/doctor.md has the commands)"
)
_READY = "let a deploy key alone push it"


def guarded(main: Main) -> tuple[str, ...]:
    """The branches that only workflows write."""
    return (EVIDENCE, *main.serving)


def history(facts: Facts) -> Iterator[Finding]:
    """Nobody rewrites or deletes the branches `evidence` and `serving`: they only grow."""
    hub, main = facts.hub, facts.main
    for name in guarded(main):
        branch = hub.branches[name]
        giving = [source for source in branch.sources if source.guards.no_force_push and source.guards.no_deletion]
        firm = [source for source in giving if source.bypass is not None and not _people(source.bypass)]
        if firm:
            yield ok("branches/history", f"{name} can be neither rewritten nor deleted")
        elif branch.blind is not None or any(source.bypass is None for source in giving):
            yield _hidden("branches/history", f"whether {name} can be rewritten or deleted", branch)
        else:
            by = f" by {listed(map(str, _people(_walkers(giving))))}" if giving else ""
            yield bad(
                "branches/history",
                f"{name} can be rewritten or deleted{by}",
                f"block force pushes and restrict deletions of {name}, in a ruleset that nobody may bypass",
                hub.settings("rules"),
                settable=True,
            )


def pushes(facts: Facts) -> Iterator[Finding]:
    """Only main's workflows push to the branches `evidence` and `serving`, with a key that no other workflow has."""
    hub, main = facts.hub, facts.main
    for name in guarded(main):
        yield _pushed(hub, main, hub.branches[name])


def ready(hub: OnGitHub, main: Main) -> bool:
    """Whether main's workflows push with a deploy key: there is one, they read it, and their environments have it."""
    names = {job.environment for job in main.jobs() if PUSH_KEY in job.secrets}
    found = [hub.environment(name) for name in names]
    return (
        bool(hub.push_keys)
        and not isinstance(hub.push_keys, Unseen)
        and bool(found)
        and all(one is not None and PUSH_KEY in (one.secrets or ()) for one in found)
    )


def _pushed(hub: OnGitHub, main: Main, branch: Branch) -> Finding:
    check, name = "branches/pushes", branch.name
    restricting = [source for source in branch.sources if source.guards.restricted]
    seen = [source.pushers for source in restricting if source.pushers is not None]
    # All restrictions hold at once: the tightest says who may push.
    tightest = min(seen, key=lambda actors: (len(_people(actors)), _any_workflow(hub, actors)), default=None)
    if tightest is None:
        if restricting or branch.blind is not None:
            return _hidden(check, f"who may push to {name}", branch)
        return _open(hub, main, name, f"anybody who may write can push to {name}")
    people = _people(tightest)
    if people:
        return _open(hub, main, name, f"{listed(map(str, people))} may push to {name}")
    if _any_workflow(hub, tightest):
        what = f"every workflow on every branch may push to {name}, as GitHub Actions"
        return Finding(check, Level.WARN, what, *_remedy(hub, main))
    return _by_machines(hub, name, tightest)


def _by_machines(hub: OnGitHub, name: str, pushers: tuple[Actor, ...]) -> Finding:
    """A ruleset that lets a deploy key past lets every one past that may write."""
    check, link = "branches/pushes", hub.settings("keys")
    keys = hub.push_keys if any(actor.kind == "DeployKey" for actor in pushers) else None
    if keys is None:
        return ok(check, f"{name} is pushed by {listed(map(str, pushers)) or 'nobody'} alone")
    if isinstance(keys, Unseen):
        return unknown(check, f"which deploy keys may push to {name}: {keys.why}", keys.fix, link)
    if not keys:
        return bad(check, f"nothing can push to {name}: no deploy key may write", _KEY, link)
    if len(keys) > 1:
        what = f"{len(keys)} deploy keys may push to {name}: {listed(keys)}"
        return warn(check, what, "let no key write but the one that the workflows have", link)
    return ok(check, f"{name} is pushed with the deploy key {keys[0]!r} alone")


def _open(hub: OnGitHub, main: Main, name: str, what: str) -> Finding:
    check = "branches/pushes"
    if name == EVIDENCE and main.signed:
        return Finding(check, Level.WARN, f"{what}; sync takes no evidence that is not signed", *_remedy(hub, main))
    return Finding(check, Level.BAD, what, *_remedy(hub, main))


def _remedy(hub: OnGitHub, main: Main) -> tuple[str, str, bool]:
    """What to do, where, and whether doctor can: only once there is a key, or nobody could push any more."""
    if ready(hub, main):
        return _READY, hub.settings("rules"), True
    return _KEY, hub.settings("keys"), False


def _any_workflow(hub: OnGitHub, actors: Iterable[Actor]) -> bool:
    """GitHub Actions is one app for all workflows, those that somebody writes on a branch of their own among them."""
    return any(
        actor.kind == "Integration"
        and (actor.name == "github-actions" or (not isinstance(hub.actions, Unseen) and actor.id == hub.actions))
        for actor in actors
    )


def _people(actors: Iterable[Actor]) -> list[Actor]:
    return [actor for actor in actors if actor.kind not in _MACHINES]


def _walkers(sources: Iterable[Source]) -> list[Actor]:
    return list(dict.fromkeys(actor for source in sources for actor in source.bypass or ()))


def _hidden(check: str, what: str, branch: Branch) -> Finding:
    if branch.blind is not None:
        return unknown(check, f"{what}: {branch.blind.why}", branch.blind.fix)
    link = next((source.url for source in branch.sources if source.url), "")
    return unknown(check, f"{what}: this token may not see bypass lists", "give it Administration: write", link)
