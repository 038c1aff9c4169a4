"""What the stand-in remembers as GitHub's JSON, complete: every field that GitHub's description requires."""

from tests.github.shapes.basics import at, node, page, stamp
from tests.github.shapes.checks import annotation, check_run, simple_status, status
from tests.github.shapes.code import activity, change, commit, reference, whole_commit
from tests.github.shapes.environments import deploy_key, environment, secret
from tests.github.shapes.people import app, author, myself, user, whole_user
from tests.github.shapes.pulls import (
    changes,
    comment,
    commits,
    event,
    issue,
    plain_issue,
    pull_request,
    review,
    simple_pull,
    timeline,
)
from tests.github.shapes.repository import label, minimal_repository, powers, repository, team

__all__ = [
    "activity",
    "annotation",
    "app",
    "at",
    "author",
    "change",
    "changes",
    "check_run",
    "comment",
    "commit",
    "commits",
    "deploy_key",
    "environment",
    "event",
    "issue",
    "label",
    "minimal_repository",
    "myself",
    "node",
    "page",
    "plain_issue",
    "powers",
    "pull_request",
    "reference",
    "repository",
    "review",
    "secret",
    "simple_pull",
    "simple_status",
    "stamp",
    "status",
    "team",
    "timeline",
    "user",
    "whole_commit",
    "whole_user",
]
