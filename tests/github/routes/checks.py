"""Check runs, which only apps may make, and commit statuses, which everyone who may push can."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.github import rules, shapes
from tests.github.hub import Hub
from tests.github.state import App, CheckRun, Repository, Status
from tests.github.wire import LIMIT, Answer, Asked, Refused, invalid, paged, route

RUN = "/repos/{owner}/{repo}/check-runs/{check_run_id}"
COMMIT = "/repos/{owner}/{repo}/commits/{ref}"


def _commit(asked: Asked, revision: str) -> str:
    found = asked.repo.git.resolve(revision)
    if found is None:
        raise Refused(422, f"No commit found for SHA: {revision}")
    return found


def _app(asked: Asked) -> App:
    if asked.token.app is None:
        raise Refused(403, "You must authenticate via a GitHub App.")
    return asked.token.app


@route("POST", "/repos/{owner}/{repo}/check-runs", grant="checks")
def create(hub: Hub, asked: Asked) -> Answer:
    given = asked.fields()
    run = CheckRun(hub.number(), _app(asked), _commit(asked, given["head_sha"]), {}, hub.now())
    _apply(hub, run, given)
    asked.repo.checks[run.id] = run
    return Answer(201, shapes.check_run(hub, asked.repo, run))


def _apply(hub: Hub, run: CheckRun, given: dict[str, Any]) -> None:
    output = dict(given.get("output", {}))
    for name in ("summary", "text"):
        if len(output.get(name) or "") > LIMIT:
            raise invalid("CheckRun", name, message=f"Only {LIMIT} characters are allowed")
    # Annotations are added to what is there; everything else replaces it.
    run.annotations += output.pop("annotations", [])
    run.sent = {**run.sent, **given, "output": {**run.sent.get("output", {}), **output}}
    if "conclusion" in given:
        run.sent["status"] = "completed"
    if run.status == "completed" and run.completed is None:
        run.completed = _time(given.get("completed_at")) or hub.now()
    run.started = _time(given.get("started_at")) or run.started


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _run(asked: Asked) -> CheckRun:
    found = asked.repo.checks.get(asked.number)
    if found is None:
        raise Refused(404, "Not Found")
    return found


@route("GET", RUN, grant="checks")
def get(hub: Hub, asked: Asked) -> Answer:
    return Answer(200, shapes.check_run(hub, asked.repo, _run(asked)))


@route("PATCH", RUN, grant="checks")
def update(hub: Hub, asked: Asked) -> Answer:
    run = _run(asked)
    if _app(asked) is not run.app:
        raise Refused(403, "Invalid app_id: a check run is changed only by the app that made it.")
    _apply(hub, run, asked.fields())
    return Answer(200, shapes.check_run(hub, asked.repo, run))


@route("GET", RUN + "/annotations", grant="checks")
def annotated(hub: Hub, asked: Asked) -> Answer:
    run = _run(asked)
    return paged(hub, asked, [shapes.annotation(hub, asked.repo, run, each) for each in run.annotations])


@route("GET", COMMIT + "/check-runs", grant="checks")
def of_commit(hub: Hub, asked: Asked) -> Answer:
    sha = _commit(asked, asked.parameters["ref"])
    runs = [run for run in asked.repo.checks.values() if run.head_sha == sha]
    if asked.query.get("filter", "latest") == "latest":
        runs = rules.latest_runs(asked.repo, sha)
    if "check_name" in asked.query:
        runs = [run for run in runs if run.sent["name"] == asked.query["check_name"]]
    if "status" in asked.query:
        runs = [run for run in runs if run.status == asked.query["status"]]
    return paged(hub, asked, [shapes.check_run(hub, asked.repo, run) for run in runs], wrap="check_runs")


@route("POST", "/repos/{owner}/{repo}/statuses/{sha}", grant="statuses", role="write")
def create_status(hub: Hub, asked: Asked) -> Answer:
    given, sha = asked.fields(), _commit(asked, asked.parameters["sha"])
    description = given.get("description")
    if len(description or "") > 140:
        raise invalid("Status", "description", message="description is too long (maximum is 140 characters)")
    context = given.get("context", "default")
    made = Status(
        hub.number(), sha, given["state"], context, description, given.get("target_url"), asked.login, hub.now()
    )
    asked.repo.statuses.append(made)
    return Answer(201, shapes.status(hub, asked.repo, made))


def _statuses(repo: Repository, sha: str) -> list[Status]:
    """A commit's statuses, newest first."""
    return [each for each in reversed(repo.statuses) if each.sha == sha]


@route("GET", COMMIT + "/statuses", grant="statuses")
def statuses(hub: Hub, asked: Asked) -> Answer:
    found = _statuses(asked.repo, _commit(asked, asked.parameters["ref"]))
    return paged(hub, asked, [shapes.status(hub, asked.repo, each) for each in found])


@route("GET", COMMIT + "/status", grant="statuses")
def combined(hub: Hub, asked: Asked) -> Answer:
    sha = _commit(asked, asked.parameters["ref"])
    latest = {each.context: each for each in reversed(_statuses(asked.repo, sha))}.values()
    states = {each.state for each in latest}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    me = f"{shapes.at(hub, asked.repo)}/commits/{sha}"
    return Answer(
        200,
        {
            "state": state,
            "statuses": [shapes.simple_status(hub, asked.repo, each) for each in latest],
            "sha": sha,
            "total_count": len(latest),
            "repository": shapes.minimal_repository(hub, asked.repo),
            "commit_url": me,
            "url": f"{me}/status",
        },
    )
