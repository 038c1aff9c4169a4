"""What happened to a pull request, when, and by whom: its timeline, its commits, the pushes to its branch, and whether
what was said is still what was submitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gatehouse.github.line import Line
from gatehouse.github.refusal import Asking
from gatehouse.github.values import (
    GHOST,
    Account,
    Authored,
    Comment,
    Edit,
    Push,
    Review,
    ReviewState,
    Signed,
    Timeline,
)

_READ = "read access to pull requests"
_CONTENTS = "read access to contents"
# GraphQL takes this many names at once.
_BATCH = 100
# The REST API shows a body as it reads now, and not that somebody changed it.
_EDITS = """query ($ids: [ID!]!) { nodes(ids: $ids) {
  ... on PullRequestReview { lastEditedAt editor { login } }
  ... on IssueComment { lastEditedAt editor { login } }
} }"""
_JSON = Mapping[str, Any]


class TimelineReader:
    """Reads the past of pull requests. Raises NotFound for a number that is not there."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def of(self, number: int) -> Timeline:
        """The whole timeline: one request for each 100 events."""
        asking = Asking(f"show the timeline of pull request #{number}", _READ)
        path = f"{self._line.repository.url}/issues/{number}/timeline"
        return self._line.read(asking, lambda: _timeline(list(self._line.items(path, asking)), self._line.owner))

    def commits(self, number: int) -> tuple[Authored, ...]:
        """The commits of a pull request, oldest first; GitHub lists at most 250."""
        asking = Asking(f"list the commits of pull request #{number}", _READ)
        path = f"{self._line.repository.url}/pulls/{number}/commits"
        return self._line.read(asking, lambda: tuple(map(_authored, self._line.items(path, asking))))

    def pushes(self, branch: str, slug: str) -> tuple[Push, ...]:
        """The last 100 times that a branch of the repository ``slug`` was moved, newest first, by GitHub's own clock.

        Empty for a branch that never was, NotFound for a repository that the token does not see.
        """
        asking = Asking(f"list the pushes to {branch} of {slug}", _CONTENTS)

        def ask() -> tuple[Push, ...]:
            found = self._line.get(f"/repos/{slug}/activity", asking, ref=f"refs/heads/{branch}", per_page=str(_BATCH))
            return tuple(
                Push(one["after"], _time(one["timestamp"]), _account(one["actor"]) if one["actor"] else None)
                for one in found
            )

        return self._line.read(asking, ask)

    def edits(self, nodes: Sequence[str]) -> Mapping[str, Edit]:
        """The last change of each of these reviews and comments that was changed; one request for each 100."""
        found: dict[str, Edit] = {}
        for start in range(0, len(nodes), _BATCH):
            found |= self._edited(nodes[start : start + _BATCH])
        return found

    def _edited(self, nodes: Sequence[str]) -> dict[str, Edit]:
        asking = Asking("tell which reviews were edited", _READ)
        told = self._line.graphql(asking, _EDITS, {"ids": list(nodes)})
        return self._line.read(asking, lambda: dict(_edits(nodes, told["nodes"])))


def _timeline(events: Sequence[_JSON], owner: str) -> Timeline:
    by_kind: dict[str, list[_JSON]] = {}
    for each in events:
        by_kind.setdefault(each["event"], []).append(each)
    ready = [_time(each["created_at"]) for each in by_kind.get("ready_for_review", ())]
    return Timeline(
        reviews=tuple(map(_review, by_kind.get("reviewed", ()))),
        comments=tuple(map(_comment, by_kind.get("commented", ()))),
        requested=_requested(by_kind.get("review_requested", ()), owner),
        ready=max(ready, default=None),
        forced=tuple(
            Push(each["commit_id"], _time(each["created_at"]), _account(each["actor"]) if each["actor"] else None)
            for each in by_kind.get("head_ref_force_pushed", ())
            if each["commit_id"]
        ),
    )


def _requested(events: Iterable[_JSON], owner: str) -> Mapping[str, datetime]:
    last: dict[str, datetime] = {}
    for each in events:
        # Neither is there where the account or the team is gone.
        person, team = each.get("requested_reviewer"), each.get("requested_team")
        name = person["login"] if person else f"{owner}/{team['slug']}" if team else None
        if name is not None:
            at = _time(each["created_at"])
            last[name] = max(at, last.get(name, at))
    return last


def _review(told: _JSON) -> Review:
    return Review(
        id=told["id"],
        author=_account(told["user"]),
        # Small letters here, capitals in the list of reviews.
        state=ReviewState(told["state"].upper()),
        body=told["body"] or "",
        commit=told["commit_id"],
        submitted=_time(told["submitted_at"]),
        url=told["html_url"],
        node=told["node_id"],
    )


def _comment(told: _JSON) -> Comment:
    times = _time(told["created_at"]), _time(told["updated_at"])
    author = _account(told["user"])
    return Comment(told["id"], author, told.get("body") or "", *times, told["html_url"], told["node_id"])


def _authored(told: _JSON) -> Authored:
    author, committer = (
        # Nobody's account: null, or an object without anything in it.
        Signed(told["commit"][role]["email"] or "", (told[role] or {}).get("login") or "")
        for role in ("author", "committer")
    )
    return Authored(told["sha"], author, committer, told["commit"]["message"])


def _edits(nodes: Sequence[str], told: Sequence[_JSON]) -> Iterable[tuple[str, Edit]]:
    """Paired by place: GitHub may answer to a node's old name with its new one."""
    for node, one in zip(nodes, told, strict=True):
        if one["lastEditedAt"] is not None:
            yield node, Edit(_time(one["lastEditedAt"]), (one["editor"] or {"login": GHOST.login})["login"])


def _account(told: _JSON | None) -> Account:
    return GHOST if told is None else Account(told["login"], told["type"] == "Bot")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
