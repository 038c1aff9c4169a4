"""What ``--fix`` sets: a plan, made from the findings without asking anybody, and then done as it was shown.

Rulesets add up, and the strictest counts. So gatehouse keeps rulesets of its own, by name, and leaves everybody else's
alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatehouse.doctor.checks.branches import guarded
from gatehouse.doctor.checks.environments import admits_more, needed
from gatehouse.doctor.checks.merging import by_itself
from gatehouse.doctor.facts import CHECKS, MAIN, Facts, Main, OnGitHub
from gatehouse.doctor.finding import Finding, Unseen
from gatehouse.doctor.words import listed
from gatehouse.github.guarding import named
from gatehouse.github.hosted import Actor, Environment, Guards, Required, TokenPower, Wanted
from gatehouse.github.settings import SettingsWriter

_MAIN, _HISTORY, _PUSHES = "gatehouse main", "gatehouse history", "gatehouse pushes"


@dataclass(frozen=True, slots=True)
class Admission:
    """An environment that main alone is to use; ``before`` is how it is now, None where it is to be made."""

    name: str
    before: Environment | None


@dataclass(frozen=True, slots=True)
class Change:
    """One setting: ``title`` says which, ``sets`` what it will be, a line each."""

    title: str
    sets: tuple[str, ...]
    act: Wanted | Admission | TokenPower


def changes(facts: Facts, findings: Sequence[Finding]) -> tuple[Change, ...]:
    """What would mend the findings that the API can mend; empty where GitHub did not answer."""
    if isinstance(facts.github, Unseen):
        return ()
    hub, main = facts.github, facts.main
    checks = {finding.check for finding in findings if finding.settable}
    return tuple(_changes(hub, main, checks))


def _changes(hub: OnGitHub, main: Main, checks: set[str]) -> Iterator[Change]:
    if any(check.startswith("main/") for check in checks):
        yield _ruleset(hub, Wanted(_MAIN, (MAIN,), _main_guards(hub, main)))
    branches = guarded(main)
    if "branches/history" in checks:
        yield _ruleset(hub, Wanted(_HISTORY, branches, Guards(no_force_push=True, no_deletion=True)))
    if "branches/pushes" in checks:
        guards = Guards(restricted=True, creation=True)
        yield _ruleset(hub, Wanted(_PUSHES, branches, guards, (Actor("DeployKey"),)))
    if "environments/branches" in checks:
        yield from _admissions(hub, main)
    if checks & {"actions/token", "actions/approvals"}:
        sets = ("a workflow's token only reads unless it asks for more", "workflows approve no pull request")
        yield Change("the workflow permissions", sets, TokenPower("read", approves=False))


def _main_guards(hub: OnGitHub, main: Main) -> Guards:
    """At least what is asked now: where a ruleset of ours is brought up to date, it must not become weaker."""
    now = [source.guards for source in hub.branches[MAIN].sources if source.name == named(_MAIN)]
    checks = {one for guards in now for one in guards.checks if one.name not in CHECKS}
    ours = () if isinstance(hub.app, Unseen) else tuple(Required(name, hub.app) for name in CHECKS)
    # A promotion that the gates alone decide about would wait for an approval that nobody has to give.
    asked = 0 if by_itself(main) else 1
    return Guards(
        pull_request=True,
        approvals=max([asked, *(guards.approvals for guards in now)]),
        code_owners=True,
        last_push=bool(asked) or any(guards.last_push for guards in now),
        dismiss_stale=True,
        checks=(*ours, *sorted(checks, key=lambda one: (one.name, one.app or 0))),
        no_force_push=True,
        no_deletion=True,
    )


def _ruleset(hub: OnGitHub, wanted: Wanted) -> Change:
    there = () if isinstance(hub.rulesets, Unseen) else hub.rulesets
    known = any(one.name == wanted.name for one in there)
    verb = "the ruleset" if known else "a new ruleset"
    return Change(f"{verb} {wanted.name!r} on {listed(wanted.branches)}", tuple(_told(hub, wanted)), wanted)


def _told(hub: OnGitHub, wanted: Wanted) -> Iterator[str]:
    guards = wanted.guards
    if guards.pull_request:
        count = f"{guards.approvals} approval{'s' * (guards.approvals != 1)}, code owners among them"
        yield f"a pull request with {count}" if guards.approvals else "a pull request, approved by the code owners"
    if guards.last_push:
        yield "the last push approved by somebody else; a push dismisses earlier approvals"
    elif guards.dismiss_stale:
        yield "a push dismisses earlier approvals"
    for one in guards.checks:
        whose = hub.app_slug if one.app == hub.app else f"the app {one.app}"
        yield f"the check `{one.name}` passes" + (f", from {whose} alone" if one.app is not None else "")
    if guards.no_force_push:
        yield "no force push, no deletion"
    if guards.restricted:
        yield "made and pushed by those on the bypass list alone"
    yield f"bypass list: {listed(map(str, wanted.bypass)) or 'nobody'}"


def _admissions(hub: OnGitHub, main: Main) -> Iterator[Change]:
    for name in needed(main):
        before = hub.environment(name)
        if before is None:
            yield Change(f"a new environment {name}", (f"only {MAIN} may use it",), Admission(name, None))
        elif admits_more(before):
            away = [f"no longer: the {one.kind} {one.pattern}" for one in before.admitted if one.pattern != MAIN]
            yield Change(f"the environment {name}", (f"only {MAIN} may use it", *away), Admission(name, before))


def apply(change: Change, writer: SettingsWriter) -> None:
    """Does it. Raises what the writer raises: Forbidden where the token may not."""
    if isinstance(change.act, Wanted):
        writer.ruleset(change.act)
    elif isinstance(change.act, Admission):
        writer.admit(change.act.name, MAIN, change.act.before)
    else:
        writer.token_power(change.act)
