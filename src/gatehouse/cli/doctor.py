"""``gatehouse doctor``: whether GitHub, MLflow and this machine are set up as gatehouse takes for granted."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec import structs

from gatehouse.cli import hub
from gatehouse.cli.diagnosed import drawn, planned, said
from gatehouse.cli.frame import BLOCKED, BROKEN, DONE, Settings, emit, progress, verb
from gatehouse.doctor.finding import Finding, Level, Unseen
from gatehouse.errors import GatehouseError
from gatehouse.report.text import clean

if TYPE_CHECKING:
    from gatehouse.doctor.facts import Facts
    from gatehouse.doctor.mend import Change
    from gatehouse.github import GitHubWriter


class Setting(msgspec.Struct, frozen=True):
    """A setting that --fix sets: ``done``, or ``failed`` with why; neither where it was only shown."""

    title: str
    sets: Sequence[str]
    done: bool = False
    failed: str = ""


class Diagnosis(msgspec.Struct, frozen=True):
    """What --format json prints. ``repository`` is empty where GitHub did not answer; ``findings`` are as after
    ``settings`` were set."""

    healthy: bool
    repository: str
    commit: str
    findings: Sequence[Finding]
    settings: Sequence[Setting] = ()


@dataclass(frozen=True, slots=True)
class Tolerated:
    """The checks whose findings may be so (``accepted``), and those that may see nothing (``unseen``)."""

    accepted: frozenset[str]
    unseen: frozenset[str]

    def holds(self, finding: Finding) -> bool:
        if finding.level is Level.UNKNOWN and finding.check in self.unseen:
            return True
        return finding.check in self.accepted and finding.level is not Level.OK


@verb
@click.option("--fix", is_flag=True, help="Show what GitHub's API can set, ask, and set it.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.option("--accept", metavar="CHECK", multiple=True, help="What this check finds may be so; may be repeated.")
@click.option("--unseen", metavar="CHECK", multiple=True, help="This check may see nothing here; what is bad counts.")
@click.option("--app", default="github-actions", show_default=True, help="The GitHub App that posts the check.")
def command(
    settings: Settings, fix: bool, yes: bool, accept: tuple[str, ...], unseen: tuple[str, ...], app: str
) -> int:
    """See whether GitHub, MLflow and this machine are set up as gatehouse takes for granted.

    Looks at the rules of main and of the branches that workflows write, CODEOWNERS, environments and secrets, workflow
    permissions, the registries and the sandbox. Changes nothing without --fix. Exit 1 where something is bad, 2 where
    something could not be looked at; what is accepted counts for neither.
    """
    _known("--accept", accept)
    _known("--unseen", unseen)
    tolerated = Tolerated(frozenset(accept), frozenset(unseen))
    if yes and not fix:
        raise click.UsageError("--yes goes with --fix.")
    with ExitStack() as stack:
        writer = _connect(settings, stack)
        facts, findings = _look(settings, writer, app, tolerated)
        plan = _plan(facts, findings) if fix else ()
        done: Sequence[Setting] = ()
        if fix and not settings.json:
            emit(settings, None, [*drawn([one for one in findings if one.level is not Level.OK]), *planned(plan)])
        if plan and _agreed(settings, yes):
            assert not isinstance(writer, Unseen)
            done = _set(settings, plan, writer)
            facts, findings = _look(settings, writer, app, tolerated)
        elif plan:
            done = [Setting(one.title, one.sets) for one in plan]
        if settings.json or not fix or any(one.done for one in done):
            emit(settings, _diagnosis(facts, findings, done), list(said(facts, findings)))
    return _code(findings)


def _connect(settings: Settings, stack: ExitStack) -> GitHubWriter | Unseen:
    """The connection to GitHub; what is missing for one where there is none: the rest can be looked at all the same."""
    if not settings.environ.get("GITHUB_TOKEN"):
        fix = "export GITHUB_TOKEN: `gh auth token` prints one of yours, which sees what you may change"
        return Unseen("no GITHUB_TOKEN is set, so GitHub was not asked", fix)
    try:
        return stack.enter_context(hub.connect(settings))
    except GatehouseError as error:
        return Unseen(error.message, error.fix)


def _known(option: str, checks: Sequence[str]) -> None:
    from difflib import get_close_matches

    from gatehouse.doctor.checks import CHECKS

    for name in checks:
        if name not in CHECKS:
            near = get_close_matches(name, CHECKS, n=1)
            hint = f" Did you mean {near[0]}?" if near else " docs/doctor.md lists them."
            raise click.UsageError(f"{option}: there is no check {name!r}.{hint}")


def _look(
    settings: Settings, writer: GitHubWriter | Unseen, app: str, tolerated: Tolerated
) -> tuple[Facts, tuple[Finding, ...]]:
    from gatehouse.doctor.checks import judge
    from gatehouse.doctor.look import look

    with progress(settings) as say:
        reader = writer if isinstance(writer, Unseen) else writer.reader.settings
        facts = look(settings.repository, settings.environ, reader, app, say)
    return facts, tuple(structs.replace(one, accepted=tolerated.holds(one)) for one in judge(facts))


def _plan(facts: Facts, findings: Sequence[Finding]) -> tuple[Change, ...]:
    from gatehouse.doctor.mend import changes

    return changes(facts, findings)


def _agreed(settings: Settings, yes: bool) -> bool:
    if yes:
        return True
    if settings.json or not sys.stdin.isatty():
        click.echo("nothing was set: there is nobody to ask; --yes sets it without asking", err=True)
        return False
    return click.confirm("set this?", default=False)


def _set(settings: Settings, plan: Sequence[Change], writer: GitHubWriter) -> list[Setting]:
    """Each setting by itself: one that the token may not set keeps no other from being set."""
    from gatehouse.doctor.mend import apply

    done = []
    with progress(settings) as say:
        for one in plan:
            say(f"setting {one.title}")
            try:
                apply(one, writer.settings)
                done.append(Setting(one.title, one.sets, done=True))
            except GatehouseError as error:
                done.append(Setting(one.title, one.sets, failed=error.message))
                say.stay(f"{clean(error.message)}\n  fix: {clean(error.fix)}")
    return done


def _diagnosis(facts: Facts, findings: Sequence[Finding], done: Sequence[Setting]) -> Diagnosis:
    slug = "" if isinstance(facts.github, Unseen) else facts.github.host.slug
    return Diagnosis(_code(findings) == DONE, slug, facts.main.commit, findings, done)


def _code(findings: Sequence[Finding]) -> int:
    levels = {finding.level for finding in findings if not finding.accepted}
    return BLOCKED if Level.BAD in levels else BROKEN if Level.UNKNOWN in levels else DONE
