"""Check runs and commit statuses."""

from __future__ import annotations

from urllib.parse import quote

from tests.github.hub import Hub
from tests.github.shapes.basics import JSON, at, node, page, stamp
from tests.github.shapes.people import app, author
from tests.github.state import CheckRun, Repository, Status


def check_run(hub: Hub, repo: Repository, run: CheckRun) -> JSON:
    output = run.sent.get("output", {})
    me = f"{at(hub, repo)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "node_id": node("CheckRun", run.id),
        "head_sha": run.head_sha,
        "external_id": run.sent.get("external_id", ""),
        "url": me,
        "html_url": f"{page(hub, repo)}/runs/{run.id}",
        "details_url": run.sent.get("details_url"),
        "name": run.sent["name"],
        "status": run.status,
        "conclusion": run.sent.get("conclusion"),
        "started_at": stamp(run.started),
        "completed_at": stamp(run.completed),
        "output": {
            **{name: output.get(name) for name in ("title", "summary", "text")},
            "annotations_count": len(run.annotations),
            "annotations_url": f"{me}/annotations",
        },
        "check_suite": {"id": run.app.id},
        "app": app(hub, run.app),
        "pull_requests": [],
    }


def annotation(hub: Hub, repo: Repository, run: CheckRun, one: JSON) -> JSON:
    optional = ("start_column", "end_column", "title", "raw_details")
    path = quote(str(one["path"]))
    return {**dict.fromkeys(optional), **one, "blob_href": f"{page(hub, repo)}/blob/{run.head_sha}/{path}"}


def simple_status(hub: Hub, repo: Repository, one: Status) -> JSON:
    return {
        "id": one.id,
        "node_id": node("Status", one.id),
        "url": f"{at(hub, repo)}/statuses/{one.sha}",
        "avatar_url": f"{hub.web}/avatars/{one.id}",
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": stamp(one.created),
        "updated_at": stamp(one.created),
    }


def status(hub: Hub, repo: Repository, one: Status) -> JSON:
    return {**simple_status(hub, repo, one), "creator": author(hub, one.creator)}
