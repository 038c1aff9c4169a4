"""What holds for every workflow of this project. Each rule yields where it is broken; its docstring says what it asks.

The rules list what is allowed, not what is forbidden: whoever needs more writes it here, and says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.workflows.reading import EXPRESSION, Workflow, expressions

Rule = Callable[[Workflow], Iterator[str]]

READ = {"contents": "read"}
# What a job may do with its token; any other may read the repository at most.
_REVIEW = {
    "contents": "write",
    "pull-requests": "write",
    "checks": "write",
    "issues": "write",
    "actions": "write",
}
PERMISSIONS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("gates", "evaluate"): {},
    ("gates", "report"): {"contents": "write", "pull-requests": "write", "checks": "write"},
    ("gates", "review"): _REVIEW,
    ("review", "review"): _REVIEW,
    ("knock", "knock"): {},
    ("queue", "evidence"): {"contents": "read", "checks": "write"},
    ("queue", "review"): {"contents": "read", "pull-requests": "read", "checks": "write"},
    ("evidence", "open"): {"contents": "read", "pull-requests": "read", "checks": "write"},
    ("sync", "sync"): {"contents": "write", "pull-requests": "read", "checks": "read"},
}
# The environments, all of them for main alone, and what each holds.
_REGISTRY = {"MLFLOW_TRACKING_URI"}
SECRETS: Mapping[str, set[str]] = {
    "registry-read": {*_REGISTRY, "MLFLOW_READ_TOKEN"},
    "registry-write": {
        *_REGISTRY,
        "MLFLOW_WRITE_TOKEN",
        "GATEHOUSE_SIGNING_KEY",
        "GATEHOUSE_PUSH_KEY",
        "GATEHOUSE_AUDIT",
        "GATEHOUSE_TEAMS_TOKEN",
    },
    "review": {"GATEHOUSE_PUSH_KEY", "GATEHOUSE_TEAMS_TOKEN"},
    "doctor": {*_REGISTRY, "MLFLOW_READ_TOKEN", "GATEHOUSE_DOCTOR_TOKEN"},
}
# The one secret that an action gets: checkout, to push with.
PUSH_KEY = "secrets.GATEHOUSE_PUSH_KEY"
# Who may be cancelled while running: what starts again from the beginning when it matters.
CANCELLED = {"gates", "tests"}
# Whose check people require before a merge: a filter on paths would leave it waiting for ever.
REQUIRED = {"gates", "queue", "tests"}
TRIGGERS = {"pull_request", "merge_group", "push", "schedule", "workflow_dispatch"}
# What starts only these. The last is taken from the pull request, so that nothing may stand in it.
TRIGGERS_OF: Mapping[str, set[str]] = {
    "gates": {"pull_request_target"},
    "review": {"issue_comment", "workflow_run"},
    "knock": {"pull_request_review"},
}
ACTIONS = {f"actions/{name}" for name in ("checkout", "setup-python", "upload-artifact", "download-artifact")}
MACHINES = {"ubuntu-24.04"}
LONGEST_MINUTES = 90
KEYS = {
    "workflow": {"name", "on", "permissions", "concurrency", "jobs"},
    "job": {
        "name", "needs", "if", "runs-on", "timeout-minutes", "environment", "permissions", "outputs", "strategy",
        "steps",
    },
    "step": {"id", "if", "uses", "with", "run", "env"},
    # The report says on the pull request that there are no results.
    "download of results": {"continue-on-error", "uses", "with"},
}  # fmt: skip
INPUTS = {
    "actions/checkout": {"ref", "fetch-depth", "persist-credentials", "ssh-key"},
    "actions/setup-python": {"python-version"},
    "actions/upload-artifact": {"name", "path", "if-no-files-found", "overwrite", "retention-days"},
    "actions/download-artifact": {"name", "artifact-ids", "path"},
}
# Main, by name or by the commit that fetch found it at.
REFS = {"main", "${{ needs.fetch.outputs.base }}"}
UPLOADS = {"engine.tar", "material.tar", "material/manifest.json", "results/results.json", "report"}
COMMANDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"scripts/(setup|test)",
        r"sudo apt-get update",
        r"sudo apt-get install --yes --no-install-recommends bubblewrap",
        r"sudo sysctl --ignore --write kernel\.apparmor_restrict_unprivileged_userns=0",
        r'git fetch --no-tags origin "refs/pull/\$PULL/head"',
        r'git archive --output engine\.tar "\$BASE" [a-zA-Z. ]+',
        r"tar --create --file material\.tar material",
        r"tar --extract --file (engine|material)\.tar",
        r'\.venv/bin/gatehouse \w+( [\w.-]+| "\$[A-Z]+")*',
        r"true",
        r"\.venv/bin/gatehouse doctor( --unseen [a-z]+/[a-z]+)*",
    )
)
VALUES = re.compile(
    r"github\.(token|ref)"
    r"|github\.event\.pull_request\.(number|head\.sha)"
    r"|github\.event\.merge_group\.((base|head)_sha|head_ref)"
    r"|github\.event\.issue\.number( \|\| 'all')?"
    r"|github\.event_name (!= 'issue_comment'( \|\| github\.event\.issue\.pull_request)?|== 'issue_comment')"
    r"|secrets\.[A-Z_]+|matrix\.python|(needs|steps)\.\w+\.outputs\.[\w-]+"
    r"|!cancelled\(\)( && needs\.(evaluate|report)\.result != 'skipped')?"
)
SEVERAL = re.compile(r"[\n;|&`<>]|\$\(|\$\{")
PINNED = re.compile(r"uses: (?P<action>[\w./-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+( # zizmor: .*)?")
IGNORED = re.compile(r"zizmor: ignore\[[\w, -]+\](?P<reason>.*)")


def only_what_is_known(workflow: Workflow) -> Iterator[str]:
    """A workflow, a job and a step have only keys that the other rules know, and an action only known inputs."""
    yield from (f"{key} is not known here" for key in workflow.tree.keys() - KEYS["workflow"])
    for name, job in workflow.jobs.items():
        yield from (f"{name}: {key} is not known here" for key in job.keys() - KEYS["job"])
    for step in workflow.steps:
        known = INPUTS.get(step.action, set())
        kind = "download of results" if step.inputs.get("name") == "results" and "download" in step.action else "step"
        yield from (f"{step.place}: {key} is not known here" for key in step.tree.keys() - KEYS[kind])
        yield from (f"{step.place}: {step.action} with {key} is not known here" for key in step.inputs.keys() - known)


def starts_only_when_meant(workflow: Workflow) -> Iterator[str]:
    """Only gates starts on pull_request_target, only review on comments and on another run: the end of knock."""
    known = TRIGGERS | TRIGGERS_OF.get(workflow.name, set())
    yield from (f"{name} starts it" for name in workflow.triggers.keys() - known)
    if workflow.triggers.get("workflow_run", {}).get("workflows", ["knock"]) != ["knock"]:
        yield "another run than knock starts it"
    if "inputs" in workflow.triggers.get("workflow_dispatch", {}):
        yield "who starts it by hand gives it values"


def always_reports(workflow: Workflow) -> Iterator[str]:
    """A check that people require is not left out by a filter on paths or branches other than main."""
    if workflow.name not in REQUIRED:
        return
    for name, filters in workflow.triggers.items():
        yield from (f"{name} is filtered by {key}" for key in filters.keys() - {"branches", "types"})
        if filters.get("branches", ["main"]) != ["main"]:
            yield f"{name} is for other branches than main"


def never_checks_out_the_head(workflow: Workflow) -> Iterator[str]:
    """What is checked out is main; only on pull_request, which brings no secret, it is what the event names."""
    for step in workflow.steps:
        if step.action == "actions/checkout":
            ref = step.inputs.get("ref")
            if ref not in REFS and not (ref is None and workflow.name == "tests"):
                yield f"{step.place}: checks out {ref or 'whatever the event names'}"


def holds_nothing_that_a_pull_request_could_use(workflow: Workflow) -> Iterator[str]:
    """What starts on a review is taken from the pull request: no permission, secret, checkout, action or value."""
    if "pull_request_review" not in workflow.triggers:
        return
    for name, job in workflow.jobs.items():
        if job.get("permissions") != {} or "environment" in job:
            yield f"{name}: has a permission or an environment"
        yield from (f"{name}: {place} hands it {inside}" for place, inside in expressions(job))
    yield from (f"{step.place}: does something" for step in workflow.steps if step.run != "true" or step.action)


def hears_nobody(workflow: Workflow) -> Iterator[str]:
    """Whoever comments, or makes another run, may start the run and choose a number, and nothing else: of what started
    it no name, text, commit or artifact is used, and main is checked out."""
    if not {"issue_comment", "workflow_run"} & workflow.triggers.keys():
        return
    for place, inside in expressions(workflow.tree):
        used = set(re.findall(r"github\.event[.\w-]*", inside))
        if others := used - {"github.event_name", "github.event.issue.number", "github.event.issue.pull_request"}:
            yield f"{place}: uses {', '.join(sorted(others))}"
    for step in workflow.steps:
        if step.action == "actions/checkout" and step.inputs.get("ref") != "main":
            yield f"{step.place}: checks out {step.inputs.get('ref') or 'whatever the event names'}"
        if step.action == "actions/download-artifact":
            yield f"{step.place}: takes what another run left"


def pins_actions(workflow: Workflow) -> Iterator[str]:
    """An action is one of GitHub's four, at a whole commit, with its version beside it."""
    for number, line in workflow.lines:
        if "uses:" not in line.partition("#")[0]:
            continue
        found = PINNED.fullmatch(line.strip().removeprefix("- "))
        if found is None:
            yield f"line {number}: {line.strip()} is not at a whole commit with its version"
        elif found["action"] not in ACTIONS:
            yield f"line {number}: {found['action']} is not one of {', '.join(sorted(ACTIONS))}"
    # However it is written: in braces, say, or with its key in quotes.
    written = sum("uses:" in line.partition("#")[0] for _, line in workflow.lines)
    if written != sum(bool(step.action) for step in workflow.steps):
        yield "an action is written so that this rule does not see it"


def asks_for_the_least(workflow: Workflow) -> Iterator[str]:
    """No permission for the whole workflow; each job names its own, and they are the ones that it was given here."""
    if workflow.tree.get("permissions") != {}:
        yield "the workflow does not start from `permissions: {}`"
    for name, job in workflow.jobs.items():
        if job.get("permissions") != PERMISSIONS.get((workflow.name, name), READ):
            yield f"{name}: has {job.get('permissions', 'what the workflow has')}"


def keeps_secrets_in_environments(workflow: Workflow) -> Iterator[str]:
    """A secret goes to the one step that needs it, in a job whose environment holds it; a deploy key to checkout."""
    for place, inside in expressions(workflow.tree):
        step = re.fullmatch(r"jobs\.\w+\.steps\[\d+\]\.(env\.\w+|with\.ssh-key)", place)
        if "secrets" in inside and (step is None or (step[1] == "with.ssh-key") is not (inside == PUSH_KEY)):
            yield f"{place}: a secret where none goes"
    for name, job in workflow.jobs.items():
        environment = job.get("environment")
        if environment is not None and environment not in SECRETS:
            yield f"{name}: nobody has told what the environment {environment} holds"
        held = SECRETS.get(str(environment), set())
        for place, inside in expressions(job):
            if "secrets" in inside and inside.removeprefix("secrets.") not in held:
                yield f"{name}: {place} asks for {inside}, which {environment or 'no environment'} does not hold"
    if re.search(r"secrets:", workflow.text):
        yield "hands all its secrets on"


def gives_models_nothing(workflow: Workflow) -> Iterator[str]:
    """A job that runs models has no secret, token, permission or checkout, and gets only what fetch told by number."""
    for name, job in workflow.jobs.items():
        steps = workflow.steps_of(name)
        if not {"evaluate", "check"} & {step.verb for step in steps}:
            continue
        if "environment" in job or job.get("permissions") != {}:
            yield f"{name}: runs models with an environment or a permission"
        for place, inside in expressions(job):
            if not re.fullmatch(r"needs\.fetch\.outputs\.(engine|material)|!cancelled\(\)", inside):
                yield f"{name}: {place} gives {inside} to a job that runs models"
        for step in steps:
            if step.action == "actions/checkout":
                yield f"{step.place}: a job that runs models has the repository"
            if step.action == "actions/download-artifact" and "name" in step.inputs:
                yield f"{step.place}: gets what has a name, whoever made it"


def believes_only_fetch(workflow: Workflow) -> Iterator[str]:
    """The report holds an answer against what fetch asked, and gets that by the number that fetch told."""
    for step in workflow.steps:
        if step.verb != "report":
            continue
        if "--asked asked" not in step.run:
            yield f"{step.place}: does not say what was asked"
        got = [
            other.inputs.get("artifact-ids")
            for other in workflow.steps_of(step.job)
            if other.action == "actions/download-artifact" and other.inputs.get("path") == "asked"
        ]
        if got != ["${{ needs.fetch.outputs.asked }}"]:
            yield f"{step.place}: what was asked does not come from fetch by its number"


def puts_no_value_into_commands(workflow: Workflow) -> Iterator[str]:
    """Values come to a command through its environment; they are numbers and commits, never text of strangers."""
    for step in workflow.steps:
        if EXPRESSION.search(step.run):
            yield f"{step.place}: an expression inside run"
    for place, inside in expressions(workflow.tree):
        if not VALUES.fullmatch(inside):
            yield f"{place}: {inside} is not known here"


def runs_known_commands(workflow: Workflow) -> Iterator[str]:
    """A step is one command, which runs the same on a laptop, and one that was looked at."""
    for step in workflow.steps:
        if step.action:
            continue
        if SEVERAL.search(step.run.strip()):
            yield f"{step.place}: more than one command"
        if not any(pattern.fullmatch(step.run) for pattern in COMMANDS):
            yield f"{step.place}: {step.run} is not known here"


def ends(workflow: Workflow) -> Iterator[str]:
    """Every job ends by itself, on a hosted machine, and none has the name of a check that gatehouse sets."""
    for name, job in workflow.jobs.items():
        if not 0 < job.get("timeout-minutes", 0) <= LONGEST_MINUTES:
            yield f"{name}: no timeout, or one over {LONGEST_MINUTES} minutes"
        if job.get("runs-on") not in MACHINES:
            yield f"{name}: runs on {job.get('runs-on')}"
        if {"gatehouse", "gatehouse review"} & {name, job.get("name")}:
            yield f"{name}: looks like the check of the name"


def loses_no_run(workflow: Workflow) -> Iterator[str]:
    """Runs that would get into each other's way wait; only those that start anew when it matters are cancelled."""
    concurrency: Mapping[str, Any] = workflow.tree.get("concurrency", {})
    if not str(concurrency.get("group", "")).startswith(workflow.name):
        yield "has no group of its own"
    if concurrency.get("cancel-in-progress") is not (workflow.name in CANCELLED):
        yield f"cancel-in-progress is {concurrency.get('cancel-in-progress')}"


def uploads_only_what_is_meant(workflow: Workflow) -> Iterator[str]:
    """An upload names its file, so that no credentials on the disk leave with it; there is no cache to poison."""
    for step in workflow.steps:
        if step.action == "actions/upload-artifact" and step.inputs.get("path") not in UPLOADS:
            yield f"{step.place}: uploads {step.inputs.get('path')}"
        if step.action == "actions/upload-artifact" and "if-no-files-found" not in step.inputs:
            yield f"{step.place}: passes with nothing uploaded"
        if "cache" in step.inputs or "cache" in step.action:
            yield f"{step.place}: a cache outlives the run, and who poisons it gets into the next"


def gives_reasons(workflow: Workflow) -> Iterator[str]:
    """Whoever sets zizmor aside says why, in the same line."""
    for number, line in workflow.lines:
        found = IGNORED.search(line)
        if "zizmor:" in line and (found is None or len(found["reason"].split()) < 4):
            yield f"line {number}: sets a finding aside without a reason"


RULES: tuple[Rule, ...] = (
    only_what_is_known,
    starts_only_when_meant,
    always_reports,
    never_checks_out_the_head,
    holds_nothing_that_a_pull_request_could_use,
    hears_nobody,
    pins_actions,
    asks_for_the_least,
    keeps_secrets_in_environments,
    gives_models_nothing,
    believes_only_fetch,
    puts_no_value_into_commands,
    runs_known_commands,
    ends,
    loses_no_run,
    uploads_only_what_is_meant,
    gives_reasons,
)
