"""A pull request's conversation as a person would see it on GitHub: one page, served live or written to a file."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from tests.github import bare, markdown, rules, shapes
from tests.github.hub import Hub
from tests.github.state import CheckRun, Event, Pull, Repository, Review

_PULL = re.compile(r"/([^/]+/[^/]+)/pull/(\d+)/?")
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def serve(hub: Hub, target: str) -> tuple[int, str]:
    """The page at an address: status and HTML."""
    path = unquote(target.partition("?")[0])
    if path == "/":
        return 200, index(hub)
    match = _PULL.fullmatch(path)
    repo = hub.repositories.get(match[1]) if match else None
    pull = repo.pulls.get(int(match[2])) if repo and match else None
    if repo is None or pull is None:
        return 404, _templates().get_template("missing.html").render(path=path)
    return 200, conversation(hub, repo, pull)


def export(hub: Hub, folder: Path) -> Path:
    """Writes every page as a file that opens without a server: ``index.html`` and one file a pull request."""
    folder.mkdir(parents=True, exist_ok=True)
    for repo in hub.repositories.values():
        for pull in repo.pulls.values():
            file = folder / _file(repo, pull)
            file.write_text(conversation(hub, repo, pull, static=True), encoding="utf-8")
    start = folder / "index.html"
    start.write_text(index(hub, static=True), encoding="utf-8")
    return start


def _file(repo: Repository, pull: Pull) -> str:
    return f"{repo.owner}-{repo.name}-pull-{pull.number}.html"


def index(hub: Hub, *, static: bool = False) -> str:
    """The list of every repository's pull requests, newest first."""
    for repo in hub.repositories.values():
        rules.notice_pushes(hub, repo)
    listed = [
        (repo, [(pull, _file(repo, pull) if static else f"/{repo.slug}/pull/{pull.number}") for pull in pulls])
        for repo in hub.repositories.values()
        for pulls in [sorted(repo.pulls.values(), key=lambda each: -each.number)]
    ]
    return _templates().get_template("index.html").render(listed=listed, checks=_checks, now=hub.now())


@dataclass(frozen=True)
class Line:
    """One line of a diff; ``kind`` is add, del, hunk or "" for context."""

    kind: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True)
class Check:
    """A check run or a commit status, as the merge box lists it; ``mood`` is good, bad, waiting or quiet."""

    name: str
    by: str
    mood: str
    word: str
    title: str
    summary: str
    text: str
    notes: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Item:
    """One thing on the timeline; ``kind`` picks how it is shown, ``order`` tells two of the same second apart."""

    at: datetime
    order: int
    kind: str
    who: str
    what: str
    body: str = ""
    sha: str = ""
    mood: str = "quiet"
    badge: str = ""
    edited: bool = False


def conversation(hub: Hub, repo: Repository, pull: Pull, *, static: bool = False) -> str:
    """The page of one pull request."""
    rules.notice_pushes(hub, repo)
    changes = shapes.changes(repo, pull)
    return (
        _templates()
        .get_template("pull.html")
        .render(
            repo=repo,
            pull=pull,
            items=sorted(_items(hub, repo, pull), key=lambda item: (item.at, item.order)),
            checks=_checks(repo, pull),
            blockers=rules.blockers(repo, pull) if pull.state == "open" else [],
            conflict=_conflict(repo, pull),
            files=[(change, list(_lines(change))) for change in changes],
            decisions=rules.decisions(repo, pull),
            home="index.html" if static else "/",
            now=hub.now(),
        )
    )


def _conflict(repo: Repository, pull: Pull) -> bool:
    tip = repo.git.resolve(f"refs/heads/{pull.base}")
    return pull.state == "open" and tip is not None and not repo.git.mergeable(tip, pull.head_sha)


_REVIEWS = {
    "APPROVED": ("approved these changes", "good"),
    "CHANGES_REQUESTED": ("requested changes", "bad"),
    "COMMENTED": ("reviewed", "quiet"),
    "DISMISSED": ("reviewed (dismissed)", "quiet"),
}


def _items(hub: Hub, repo: Repository, pull: Pull) -> Iterator[Item]:
    yield Item(pull.created, -1, "comment", pull.author, "opened this pull request", pull.body, badge="author")
    for comment in repo.of(pull.number):
        badge = "bot" if comment.author in hub.users and hub.users[comment.author].bot else repo.role(comment.author)
        edited = comment.updated != comment.created
        yield Item(
            comment.created,
            comment.id,
            "comment",
            comment.author,
            "commented",
            comment.body,
            badge=badge,
            edited=edited,
        )
    yield from (_reviewed(repo, review) for review in pull.reviews if review.state != "PENDING")
    for event in pull.events:
        # A merge closes too, and says so by itself.
        if event.kind in _HAPPENED and not (event.kind == "closed" and pull.merged):
            yield _happened(event)
    for commit in shapes.commits(repo, pull):
        # What was committed before the pull request was opened comes right below its opening.
        time = max(commit.committer.time, pull.created)
        yield Item(time, 0, "commit", commit.author.name, commit.subject, sha=commit.sha)


def _reviewed(repo: Repository, review: Review) -> Item:
    what, mood = _REVIEWS[review.state]
    assert review.submitted is not None
    edited = review.edited is not None
    role = repo.role(review.author)
    return Item(
        review.submitted, review.id, "review", review.author, what, review.body, review.commit, mood, role, edited
    )


_HAPPENED = {
    "review_requested": ("requested a review from {0}", "quiet"),
    "review_request_removed": ("removed the request for a review from {0}", "quiet"),
    "review_dismissed": ("dismissed a review", "quiet"),
    "renamed": ("changed the title", "quiet"),
    "head_ref_force_pushed": ("force-pushed the branch", "quiet"),
    "merged": ("merged this pull request", "merged"),
    "closed": ("closed this", "bad"),
    "reopened": ("opened this again", "good"),
}


def _happened(event: Event) -> Item:
    what, mood = _HAPPENED[event.kind]
    about = event.more.get("requested_reviewer", event.more.get("requested_team", {}))
    name = about.get("login", about.get("slug", ""))
    sha = event.more.get("commit_id") or ""
    return Item(event.at, event.id, "event", event.actor, what.format(name), sha=sha, mood=mood)


_MOODS = {"success": "good", "failure": "bad", "error": "bad", "action_required": "bad", "timed_out": "bad",
          "pending": "waiting", "queued": "waiting", "in_progress": "waiting"}  # fmt: skip


def _checks(repo: Repository, pull: Pull) -> list[Check]:
    found = [_check(run) for run in rules.latest_runs(repo, pull.head_sha)]
    statuses = {each.context: each for each in repo.statuses if each.sha == pull.head_sha}
    for each in statuses.values():
        mood = _MOODS.get(each.state, "quiet")
        found.append(Check(each.context, each.creator, mood, each.state, each.description or "", "", ""))
    return found


def _check(run: CheckRun) -> Check:
    output, word = run.sent.get("output", {}), run.sent.get("conclusion") or run.status
    return Check(
        name=run.sent["name"],
        by=run.app.slug,
        mood=_MOODS.get(word, "quiet"),
        word=word.replace("_", " "),
        title=output.get("title") or "",
        summary=output.get("summary") or "",
        text=output.get("text") or "",
        notes=tuple(
            (note["annotation_level"], f"{note['path']}:{note['start_line']}", note["message"])
            for note in run.annotations
        ),
    )


def _lines(change: bare.Change) -> Iterator[Line]:
    """A patch's lines with their numbers on either side."""
    old = new = 0
    for text in change.patch.split("\n") if change.patch else ():
        if match := _HUNK.match(text):
            old, new = int(match[1]), int(match[2])
            yield Line("hunk", None, None, text)
        elif text.startswith("+"):
            yield Line("add", None, new, text[1:])
            new += 1
        elif text.startswith("-"):
            yield Line("del", old, None, text[1:])
            old += 1
        elif not text.startswith("\\"):
            yield Line("", old, new, text[1:])
            old, new = old + 1, new + 1


def _ago(time: datetime, now: datetime) -> str:
    """How long ago, as people say it."""
    seconds = int((now - time).total_seconds())
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


@functools.cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"markdown": lambda text: Markup(markdown.render(text)), "ago": _ago}
    return made
