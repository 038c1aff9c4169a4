"""What the human gate needs: workflows that judge reviews, people who may give them, and eyes to see who they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gatehouse.declare.types import Policy
from gatehouse.doctor.checks.merging import promotions
from gatehouse.doctor.facts import Facts, Main
from gatehouse.doctor.finding import Finding, Unseen, bad, ok, unknown, warn
from gatehouse.doctor.words import listed
from gatehouse.doctor.workflows import FOLDER, Job, Workflow
from gatehouse.review.place import needed
from gatehouse.review.teams import different

TEAMS_TOKEN = "GATEHOUSE_TEAMS_TOKEN"  # the secret's name
_JUDGE, _SYNC = "gatehouse review", "gatehouse sync"
# Each judging job may set the check, keep the record, answer, and start what its own merge does not start.
_JUDGES = {"contents": "write", "pull-requests": "write", "checks": "write", "issues": "write", "actions": "write"}
_SYNCS = {"pull-requests": "read", "checks": "read"}
_REVIEW, _KNOCK = f"{FOLDER}review.yml", f"{FOLDER}knock.yml"
_STARTS = {
    "issue_comment": "a comment",
    "schedule": "the end of a freeze, or a run that was lost,",
}


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One promotion file that people must agree to: its owners as CODEOWNERS names them, and its model's policy."""

    path: str
    owners: tuple[str, ...]
    policy: Policy

    @property
    def people(self) -> frozenset[str]:
        return frozenset(_plain(each) for each in self.owners if "/" not in each)

    @property
    def teams(self) -> frozenset[str]:
        return frozenset(_plain(each) for each in self.owners if each.startswith("@") and "/" in each)


def reviewed(main: Main) -> Iterator[Reviewed]:
    """Each model's files of the stages that ask for a review, those too that may come."""
    found = main.owners
    if found is None or found.owners is None:
        return
    for stage in main.stages.stages:
        for path in promotions(main, stage.name):
            policy = main.policies.get(path.split("/")[1])
            if stage.review == "required" and policy is not None and stage.name in policy.stages:
                yield Reviewed(path, found.owners.of(path), policy)


def teams(main: Main) -> tuple[str, ...]:
    """The teams whose members may approve."""
    return tuple(sorted({team for each in reviewed(main) for team in each.teams}))


def judging(main: Main) -> tuple[Job, ...]:
    """The jobs that judge the reviews of pull requests; a merge queue's only looks up what they found."""
    return tuple(job for job in main.jobs() if job.runs(_JUDGE) and not job.runs("--group"))


def workflows(facts: Facts) -> Iterator[Finding]:
    """Reviews are judged when they are given, by main's workflows: what a review itself starts holds nothing."""
    main, check = facts.main, "review/workflows"
    judges = [one for one in main.workflows if {job.name for job in one.jobs if job in judging(main)}]
    if not judges:
        what = "no workflow judges reviews: the check `gatehouse review` never comes"
        yield bad(check, what, f"bring back {_REVIEW} and {_KNOCK}", facts.page(_REVIEW))
        return
    knocks = [one for one in main.workflows if "pull_request_review" in one.events]
    yield from (_holding(facts, one) for one in knocks if any(map(_holds, one.jobs)))
    heard = {name for one in judges for name in one.follows}
    missing = [what for event, what in _STARTS.items() if not any(event in one.events for one in judges)]
    if not any(one.name in heard for one in knocks):
        missing.insert(0, "a review")
    if missing:
        what = f"{listed(missing)} starts no workflow that judges reviews"
        yield bad(check, what, f"bring back {_REVIEW} and {_KNOCK} as they came", facts.page(_REVIEW))
    elif not any(_holds(job) for one in knocks for job in one.jobs):
        yield ok(check, f"reviews are judged by {listed(one.path for one in judges)}")


def _holding(facts: Facts, knock: Workflow) -> Finding:
    what = f"{knock.path} has rights or secrets, and GitHub takes it from the pull request: its proposer can edit it"
    return bad("review/workflows", what, "let it hold nothing: `permissions: {}`, no secret", facts.page(knock.path))


def _holds(job: Job) -> bool:
    return job.permissions != {} or bool(job.secrets or job.environment or job.every)


def permissions(facts: Facts) -> Iterator[Finding]:
    """The jobs that judge reviews may set the check and keep the record, and sync may read what people said."""
    main, check = facts.main, "review/permissions"
    syncs = tuple(job for job in main.jobs() if job.runs(_SYNC))
    lacking = [*_lacking(judging(main), _JUDGES), *_lacking(syncs, _SYNCS)]
    for job, missing in lacking:
        what = f"{job} may not: {listed(missing)}"
        yield bad(check, what, f"add to its `permissions:`: {listed(missing)}", facts.page(job.path))
    if not lacking and judging(main):
        yield ok(check, "the jobs that judge reviews, and sync, may do what that takes")


def _lacking(jobs: tuple[Job, ...], asked: Mapping[str, str]) -> Iterator[tuple[Job, list[str]]]:
    for job in jobs:
        missing = [f"{name}: {level}" for name, level in asked.items() if not job.may(name, level)]
        if missing:
            yield job, missing


def people(facts: Facts) -> Iterator[Finding]:
    """Who trained a model can be led to an account on GitHub, so that they do not approve it themselves."""
    main, check = facts.main, "review/people"
    if not any(reviewed(main)):
        return
    if main.stages.people:
        yield ok(check, f"stages.yaml says what {len(main.stages.people)} people are called elsewhere")
        return
    yield warn(
        check,
        "stages.yaml names nobody under `people:`: a version counts as reviewed only where the registry's name of its "
        "trainer is a login on GitHub that an owner, a reviewer or the pull request has",
        "write under `people:` what those who train models are called in the registry: `people: {olga: [olga.k]}`",
        facts.page("promotions/stages.yaml"),
    )


def members(facts: Facts) -> Iterator[Finding]:
    """Where teams own a promotion, the jobs that judge its reviews can see who is in them."""
    hub, main, check = facts.hub, facts.main, "review/teams"
    owning = teams(main)
    if not owning:
        return
    jobs = [*judging(main), *(job for job in main.jobs() if job.runs(_SYNC))]
    blind = sorted({job.environment for job in jobs if not _sees(facts, job)})
    if any(isinstance(_secrets(facts, name), Unseen) for name in blind):
        return  # said of the environments themselves
    if blind or not jobs:
        where = listed(blind) or "the environment of its job"
        yield bad(
            check,
            f"{listed(f'@{team}' for team in owning)} own promotions, and {where} has no {TEAMS_TOKEN}: a workflow's "
            "own token never sees who is in a team, so that no approval of theirs counts",
            f"set it to a token that may only read the organization's members: `gh secret set {TEAMS_TOKEN} --env "
            f"{blind[0] if blind else 'review'} --repo {hub.host.slug}`; or name people as owners",
            hub.settings("environments"),
        )
    else:
        yield ok(check, f"who is in {listed(f'@{team}' for team in owning)} can be seen")


def _sees(facts: Facts, job: Job) -> bool:
    held = _secrets(facts, job.environment)
    return TEAMS_TOKEN in job.secrets and not isinstance(held, Unseen) and TEAMS_TOKEN in held


def _secrets(facts: Facts, name: str) -> tuple[str, ...] | Unseen:
    if isinstance(facts.hub.environments, Unseen):
        return facts.hub.environments
    found = facts.hub.environment(name)
    held = () if found is None else found.secrets
    return Unseen("this token may not see their names", "give it Environments: read") if held is None else held


def reviewers(facts: Facts) -> Iterator[Finding]:
    """A promotion that people must agree to has as many who may approve, in as many teams, as its policy asks."""
    found = [finding for each in reviewed(facts.main) for finding in _reviewers(facts, each)]
    # A file that may come says the same as the one that is there.
    yield from dict.fromkeys(found)
    if not found and any(reviewed(facts.main)):
        yield ok("review/reviewers", "every promotion has as many who may approve as its policy asks")


def _reviewers(facts: Facts, each: Reviewed) -> Iterator[Finding]:
    check, model = "review/reviewers", each.policy.model
    link = facts.page(facts.main.owners.path) if facts.main.owners else ""
    inside = {team: facts.hub.members.get(team) for team in sorted(each.teams)}
    hidden = [team for team, there in inside.items() if there is None]
    there = each.people.union(*({login.lower() for login in one} for one in inside.values() if one))
    asked, wanted = needed(each.policy), f"{model}'s policy asks for {needed(each.policy)}"
    if each.policy.review.teams == "distinct" and len(each.teams) < asked:
        many = f"{len(each.teams)} teams own" if len(each.teams) != 1 else "1 team owns"
        what = f"{many} {model}'s promotions, and {wanted} approvals, each from another team"
        yield bad(check, what, "name more teams as owners in CODEOWNERS", link)
    elif hidden and len(there) < asked:
        what = f"whether enough people may approve {model}: this token may not see who is in {listed(hidden)}"
        yield unknown(check, what, "give the token the organization permission Members: read", link)
    elif len(there) < asked:
        what = f"{len(there)} of its code owners may approve {model}, and {wanted}"
        yield bad(check, what, "name more owners in CODEOWNERS, or put more people into their teams", link)
    elif not hidden and _apart(each, inside) < asked:
        apart = f"{_apart(each, inside)} different team{'s' * (_apart(each, inside) != 1)}"
        what = f"the owners of {model} speak for {apart}, and {wanted}"
        yield bad(check, what, "put more people into the teams that own it", link)
    if not hidden:
        yield from _pool(facts, each, there)


def _apart(each: Reviewed, inside: Mapping[str, frozenset[str] | None]) -> int:
    """How many can each speak for a team of their own; where that is not asked, as many as are asked for."""
    if each.policy.review.teams != "distinct":
        return needed(each.policy)
    logins = {login.lower() for one in inside.values() for login in one or ()}
    return different(
        {
            login: frozenset(team for team, one in inside.items() if login in {each.lower() for each in one or ()})
            for login in logins
        }
    )


def _pool(facts: Facts, each: Reviewed, there: frozenset[str]) -> Iterator[Finding]:
    check, model, link = (
        "review/reviewers",
        each.policy.model,
        facts.page(f"promotions/{each.policy.model}/policy.yaml"),
    )
    pool = {_plain(login) for login in each.policy.review.pool}
    if strangers := sorted(pool - there):
        what = f"in the pool of {model}, and no code owner of it: {listed(strangers)}; their approval would not count"
        yield warn(check, what, "name them as owners in CODEOWNERS, or take them out of the pool", link)
    if pool and len(pool & there) < needed(each.policy):
        what = f"{len(pool & there)} of the pool of {model} may approve, and {needed(each.policy)} are needed"
        yield bad(check, what, "put more of its code owners into the pool", link)


def _plain(name: str) -> str:
    return name.removeprefix("@").lower()
