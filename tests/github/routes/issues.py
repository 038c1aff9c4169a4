"""What a pull request shares with an issue: its comments and its timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.github import shapes
from tests.github.hub import Hub
from tests.github.routes.pulls import checked_text, pull_of
from tests.github.state import Comment, Issue, Pull, Repository
from tests.github.wire import Answer, Asked, Refused, invalid, paged, route

ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
COMMENT = "/repos/{owner}/{repo}/issues/comments/{comment_id}"


@route("GET", ISSUE, grant="pull_requests")
def get(hub: Hub, asked: Asked) -> Answer:
    return Answer(200, shapes.issue(hub, asked.repo, pull_of(asked)))


@route("GET", "/repos/{owner}/{repo}/issues", grant="issues")
def listed(hub: Hub, asked: Asked) -> Answer:
    """Issues, and pull requests, which are issues too."""
    repo, state = asked.repo, asked.query.get("state", "open")
    both: list[Issue | Pull] = [*repo.issues.values(), *repo.pulls.values()]
    found = [each for each in both if state in ("all", each.state)]
    if "since" in asked.query:
        found = [each for each in found if each.updated >= _since(asked)]
    found.sort(key=lambda each: each.number, reverse=asked.query.get("direction", "desc") == "desc")
    return paged(hub, asked, [_shape(hub, repo, each) for each in found])


def _shape(hub: Hub, repo: Repository, one: Issue | Pull) -> dict[str, Any]:
    return shapes.issue(hub, repo, one) if isinstance(one, Pull) else shapes.plain_issue(hub, repo, one)


@route("POST", "/repos/{owner}/{repo}/issues", grant="issues")
def open_(hub: Hub, asked: Asked) -> Answer:
    repo, given, now = asked.repo, asked.fields(), hub.now()
    if not repo.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    body = checked_text("Issue", given.get("body") or "")
    made = Issue(hub.number(), repo.next_number, str(given["title"]), body, asked.login, now, now)
    repo.issues[made.number] = made
    return Answer(201, shapes.plain_issue(hub, repo, made))


@route("GET", ISSUE + "/comments", grant="pull_requests")
def comments(hub: Hub, asked: Asked) -> Answer:
    found = asked.repo.of(pull_of(asked).number)
    if "since" in asked.query:
        found = [each for each in found if each.updated >= _since(asked)]
    return paged(hub, asked, [shapes.comment(hub, asked.repo, each) for each in found])


@route("POST", ISSUE + "/comments", grant="pull_requests")
def create(hub: Hub, asked: Asked) -> Answer:
    pull, body = pull_of(asked), _body(asked)
    now = hub.now()
    made = Comment(hub.number(), pull.number, asked.login, body, now, now, asked.token.app)
    asked.repo.comments[made.id] = made
    pull.updated = now
    return Answer(201, shapes.comment(hub, asked.repo, made))


def _since(asked: Asked) -> datetime:
    return datetime.strptime(asked.query["since"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _body(asked: Asked) -> str:
    body = asked.fields()["body"]
    if not body.strip():
        raise invalid("IssueComment", "body", "missing_field")
    return checked_text("IssueComment", body)


def _comment(asked: Asked) -> Comment:
    found = asked.repo.comments.get(asked.number)
    if found is None:
        raise Refused(404, "Not Found")
    return found


@route("GET", COMMENT, grant="pull_requests")
def get_comment(hub: Hub, asked: Asked) -> Answer:
    return Answer(200, shapes.comment(hub, asked.repo, _comment(asked)))


@route("PATCH", COMMENT, grant="pull_requests")
def update(hub: Hub, asked: Asked) -> Answer:
    comment = _comment(asked)
    _own(asked, comment)
    comment.body, comment.updated = _body(asked), hub.now()
    comment.edited, comment.editor = comment.updated, asked.login
    return Answer(200, shapes.comment(hub, asked.repo, comment))


@route("DELETE", COMMENT, grant="pull_requests")
def delete(hub: Hub, asked: Asked) -> Answer:
    _own(asked, _comment(asked))
    del asked.repo.comments[asked.number]
    return Answer(204)


def _own(asked: Asked, comment: Comment) -> None:
    """Only the author, or who may write to the repository, changes a comment."""
    if asked.login != comment.author and not asked.repo.may(asked.login, "write"):
        raise Refused(403, "Must have admin rights to Repository.")


@route("GET", ISSUE + "/timeline", grant="pull_requests")
def timeline(hub: Hub, asked: Asked) -> Answer:
    return paged(hub, asked, shapes.timeline(hub, asked.repo, pull_of(asked)))
