"""Environments keep the secrets: only main may use them, and what a job reads lies there and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

from gatehouse.doctor.checks.branches import PUSH_KEY
from gatehouse.doctor.facts import MAIN, Facts, Main, OnGitHub
from gatehouse.doctor.finding import Finding, Unseen, bad, ok, unknown, warn
from gatehouse.doctor.words import listed
from gatehouse.github.hosted import Environment

# Without these a workflow still does its work: no token where MLflow asks for none, no key where evidence is unsigned.
_NEEDED = ("MLFLOW_TRACKING_URI", "GATEHOUSE_DOCTOR_TOKEN")
# Other checks say what their absence means.
_TOLD = (PUSH_KEY, "GATEHOUSE_SIGNING_KEY", "GATEHOUSE_TEAMS_TOKEN")


def needed(main: Main) -> tuple[str, ...]:
    """The environments that main's workflows name outright."""
    return tuple(sorted({job.environment for job in main.jobs() if job.environment and "${{" not in job.environment}))


def restricted(facts: Facts) -> Iterator[Finding]:
    """Every environment that a workflow names is there, and admits main alone."""
    hub, main = facts.hub, facts.main
    check = "environments/branches"
    if isinstance(hub.environments, Unseen):
        yield unknown(check, f"the environments: {hub.environments.why}", hub.environments.fix)
        return
    for job in main.jobs():
        if "${{" in job.environment:
            what = f"which environment {job} uses is worked out when it runs: {job.environment}"
            yield unknown(check, what, "name it outright", facts.page(job.path))
    for name in needed(main):
        found = hub.environment(name)
        if found is None:
            yield bad(
                check,
                f"there is no environment {name}: GitHub makes one, open to every branch, when a job first names it",
                f"make it, and let only {MAIN} use it",
                hub.settings("environments"),
                settable=True,
            )
        elif why := admits_more(found):
            link = hub.settings("environments")
            yield bad(check, f"{name} {why}", f"let only {MAIN} use it", link, settable=True)
        else:
            yield ok(check, f"only {MAIN} may use {name}")


def admits_more(found: Environment) -> str:
    """Who else may use an environment, or that nobody may; "" where main alone may."""
    if found.policy == "all":
        return "may be used from every branch, so a workflow that somebody edits there gets its secrets"
    if found.policy == "protected":
        return "may be used from every branch with branch protection, and from all while none has it"
    others = [one for one in found.admitted if (one.pattern, one.kind) != (MAIN, "branch")]
    if others:
        return f"may be used from {listed(f'the {one.kind} {one.pattern}' for one in others)}"
    return "" if found.admitted else "may be used from no branch, so its jobs fail"


def secrets(facts: Facts) -> Iterator[Finding]:
    """Every secret that a job reads is in the job's environment."""
    hub, main = facts.hub, facts.main
    check = "environments/secrets"
    if isinstance(hub.environments, Unseen):
        # Said already, of the environments themselves.
        return
    for name in needed(main):
        found = hub.environment(name)
        asked = sorted({secret for job in main.jobs() if job.environment == name for secret in job.secrets})
        if found is None or not asked:
            continue
        if found.secrets is None:
            yield unknown(
                check,
                f"which secrets {name} has: this token may not see their names",
                "give it Environments: read",
                hub.settings("environments"),
            )
            continue
        missing = [secret for secret in asked if secret not in found.secrets]
        yield from _missing(hub, main, name, missing)
        if not missing:
            yield ok(check, f"{name} has what its jobs read: {listed(asked)}")


def _missing(hub: OnGitHub, main: Main, name: str, missing: list[str]) -> Iterator[Finding]:
    check, link = "environments/secrets", hub.settings("environments")
    vital = (*_NEEDED, "GATEHOUSE_SIGNING_KEY") if main.signed else _NEEDED
    # A key that one environment has is what the branches wait for: the jobs of another could not push.
    there = [found for other in needed(main) if (found := hub.environment(other)) is not None]
    if any(PUSH_KEY in (found.secrets or ()) for found in there):
        vital = (*vital, PUSH_KEY)
    lacking = [one for one in missing if one in vital]
    idle = [one for one in missing if one not in (*vital, *_TOLD)]
    if lacking:
        yield bad(check, f"{name} lacks {listed(lacking)}", f"set it: {_command(hub, name, lacking)}", link)
    if idle:
        what = f"{name} lacks {listed(idle)}, which is fine only where nothing asks for it"
        yield warn(check, what, f"set it, or leave it: {_command(hub, name, idle)}", link)


def _command(hub: OnGitHub, name: str, missing: list[str]) -> str:
    return f"`gh secret set {missing[0]} --env {name} --repo {hub.host.slug}`"


def shared(facts: Facts) -> Iterator[Finding]:
    """No secret of these jobs lies in the repository or its organization, where every branch's workflow reads it."""
    hub, main = facts.hub, facts.main
    check = "environments/shared-secrets"
    asked = {secret for job in main.jobs() for secret in job.secrets}
    bare = [job for job in main.jobs() if job.secrets and not job.environment]
    greedy = [job for job in main.jobs() if job.every]
    if bare:
        reads = listed(f"{job} reads {listed(job.secrets)}" for job in bare)
        fix = "give the job an environment that only main may use"
        yield bad(check, f"without an environment {reads}", fix, facts.page(bare[0].path))
    if greedy:
        what = f"every secret there is goes to {listed(map(str, greedy))}"
        yield bad(check, what, "name the secrets that the job needs", facts.page(greedy[0].path))
    if isinstance(hub.secrets, Unseen):
        yield unknown(check, f"the repository's own secrets: {hub.secrets.why}", hub.secrets.fix)
    elif open_to_all := sorted(asked & set(hub.secrets)):
        yield bad(
            check,
            f"every workflow on every branch can read {listed(open_to_all)}: it is a secret of the whole repository",
            "move it into the environment of the job that reads it, and delete it here",
            hub.settings("secrets/actions"),
        )
    elif not bare and not greedy:
        yield ok(check, "no secret of these jobs lies outside an environment")
