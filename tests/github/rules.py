"""What stands between a pull request and its merge, and what a push does to open pull requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.github.hub import Hub
from tests.github.owning import unapproved
from tests.github.state import Activity, CheckRun, Event, Pull, Repository


def rules_for(repo: Repository, branch: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The active (ruleset, rule) pairs that apply to a branch."""
    names = {"~ALL", f"refs/heads/{branch}"} | ({"~DEFAULT_BRANCH"} if branch == repo.default else set())
    return [
        (ruleset, rule)
        for ruleset in repo.rulesets
        if ruleset["enforcement"] == "active" and names & set(ruleset["conditions"]["ref_name"]["include"])
        for rule in ruleset["rules"]
    ]


# The number of a repository's administrators among the actors that may walk around a ruleset.
_ADMINS = 5


def blockers(repo: Repository, pull: Pull, login: str = "") -> list[str]:
    """Why the branch's rules do not let a pull request be merged; empty where nothing is in the way. ``login`` is who
    merges it, where the rulesets may let them walk around."""
    asked = [rule for ruleset, rule in rules_for(repo, pull.base) if not _walks_around(repo, ruleset, login)]
    return [*_missing_approvals(repo, pull, asked), *_missing_checks(repo, pull, asked)]


def _walks_around(repo: Repository, ruleset: Mapping[str, Any], login: str) -> bool:
    actors = {(each["actor_type"], each["actor_id"]) for each in ruleset["bypass_actors"]}
    return repo.may(login, "admin") and ("RepositoryRole", _ADMINS) in actors


def _missing_approvals(repo: Repository, pull: Pull, asked: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    needed = [rule["parameters"]["required_approving_review_count"] for rule in asked if rule["type"] == "pull_request"]
    guard = repo.protection.get(pull.base, {}).get("required_pull_request_reviews", {})
    needed.append(guard.get("required_approving_review_count", 0))
    states = decisions(repo, pull)
    if max(needed) > list(states.values()).count("APPROVED"):
        yield f"At least {max(needed)} approving review is required by reviewers with write access."
    if max(needed) and "CHANGES_REQUESTED" in states.values():
        yield "Changes were requested by reviewers with write access."
    approving = {login for login, state in states.items() if state == "APPROVED"}
    wanted = [rule["parameters"] for rule in asked if rule["type"] == "pull_request"]
    if any(each.get("require_code_owner_review") for each in wanted) and unapproved(repo, pull, approving):
        yield "Waiting on code owner review."
    # Whoever it is asked of: also where no approval is counted.
    if any(each.get("require_last_push_approval") for each in wanted) and not approving - {_last(repo, pull)}:
        yield "New changes require approval from someone other than the last pusher."


def _last(repo: Repository, pull: Pull) -> str:
    return pusher(repo, pull.head, pull.head_sha) or pull.author


def decisions(repo: Repository, pull: Pull) -> dict[str, str]:
    """What each reviewer with write access last said, comments aside; a dismissed review says nothing."""
    said: dict[str, str] = {}
    for review in pull.reviews:
        if review.state in ("APPROVED", "CHANGES_REQUESTED") and repo.may(review.author, "write"):
            said[review.author] = review.state
    return said


def _missing_checks(repo: Repository, pull: Pull, asked: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    needed: dict[str, int | None] = {}
    for rule in asked:
        if rule["type"] == "required_status_checks":
            checks = rule["parameters"]["required_status_checks"]
            needed |= {each["context"]: each.get("integration_id") for each in checks}
    guard = repo.protection.get(pull.base, {}).get("required_status_checks", {})
    needed |= {each["context"]: each["app_id"] for each in guard.get("checks", [])}
    passed = _passed(repo, pull.head_sha)
    for context, app in needed.items():
        if (context, app) not in passed and (app is not None or context not in {name for name, _ in passed}):
            yield f'Required status check "{context}" is expected.'


def _passed(repo: Repository, sha: str) -> set[tuple[str, int | None]]:
    # GitHub takes a skipped job for a success.
    fine = ("success", "skipped", "neutral")
    passed: set[tuple[str, int | None]] = {
        (run.sent["name"], run.app.id) for run in latest_runs(repo, sha) if run.sent.get("conclusion") in fine
    }
    states = {status.context: status.state for status in repo.statuses if status.sha == sha}
    return passed | {(context, None) for context, state in states.items() if state == "success"}


def latest_runs(repo: Repository, sha: str) -> list[CheckRun]:
    """The check runs of a commit; of one app's runs under one name, the newest alone."""
    return list({(run.app.id, run.sent["name"]): run for run in repo.checks.values() if run.head_sha == sha}.values())


def notice_pushes(hub: Hub, repo: Repository) -> None:
    """Brings open pull requests up to date with branches that were pushed past the API."""
    heads = repo.git.refs()
    notice_moves(hub, repo, heads)
    for pull in repo.pulls.values():
        if pull.state == "open":
            _notice(hub, repo, pull, heads.get(f"refs/heads/{pull.head}"), heads.get(f"refs/heads/{pull.base}"))


def notice_moves(hub: Hub, repo: Repository, heads: Mapping[str, str], by: str = "") -> None:
    """Writes down which branches moved since it was last looked, and who did it: by the last commit's committer, where
    nobody is named."""
    branches = {ref: sha for ref, sha in heads.items() if ref.startswith("refs/heads/")}
    for ref in sorted(branches.keys() | repo.seen.keys()):
        before, after = repo.seen.get(ref), branches.get(ref)
        if before == after:
            continue
        if before is None or after is None:
            kind = "branch_creation" if before is None else "branch_deletion"
        else:
            kind = "push" if repo.git.contains(after, before) else "force_push"
        actor = by or (_committer(hub, repo, after) if after else "")
        moved = (before or _NOWHERE, after or _NOWHERE)
        repo.activities.append(Activity(hub.number(), *moved, ref, hub.now(), kind, actor))
    repo.seen = branches


_NOWHERE = "0" * 40


def _committer(hub: Hub, repo: Repository, sha: str) -> str:
    found = hub.by_email(repo.git.log("-1", sha)[0].committer.email)
    return found.login if found else ""


def pusher(repo: Repository, branch: str, sha: str) -> str:
    """Who last moved a branch to a commit; "" where nobody is known."""
    moved = [each for each in repo.activities if (each.ref, each.after) == (f"refs/heads/{branch}", sha)]
    return moved[-1].actor if moved else ""


def _notice(hub: Hub, repo: Repository, pull: Pull, head: str | None, base: str | None) -> None:
    if head is not None and head != pull.head_sha:
        _pushed(hub, repo, pull, head, base)
    if base is not None and base != pull.base_sha and repo.git.contains(base, pull.head_sha):
        close(hub, pull, merged_as=base)
    elif head is None or base is None:
        close(hub, pull)


def _pushed(hub: Hub, repo: Repository, pull: Pull, head: str, base: str | None) -> None:
    if not repo.git.contains(head, pull.head_sha):
        by = pusher(repo, pull.head, head) or pull.author
        record(hub, pull, "head_ref_force_pushed", by, commit_id=head)
    pull.head_sha, pull.base_sha, pull.updated = head, base or pull.base_sha, hub.now()
    repo.git.move(f"refs/pull/{pull.number}/head", head)
    if any(rule.get("parameters", {}).get("dismiss_stale_reviews_on_push") for _, rule in rules_for(repo, pull.base)):
        for review in pull.reviews:
            if review.state == "APPROVED":
                dismiss(hub, pull, review.id, pull.author, "")


def dismiss(hub: Hub, pull: Pull, review_id: int, actor: str, message: str) -> None:
    """Takes a review's word away, and says so in the timeline."""
    review = next(each for each in pull.reviews if each.id == review_id)
    was = {"state": review.state.lower(), "review_id": review.id, "dismissal_message": message}
    review.state = "DISMISSED"
    record(hub, pull, "review_dismissed", actor, dismissed_review=was)


def close(hub: Hub, pull: Pull, merged_as: str | None = None, by: str | None = None) -> None:
    """Closes a pull request, as merged where a commit is given."""
    pull.state, pull.closed, pull.updated = "closed", hub.now(), hub.now()
    if merged_as is not None:
        pull.merged, pull.merged_by, pull.merge_sha = hub.now(), by, merged_as
        record(hub, pull, "merged", by or pull.author, commit_id=merged_as)
    record(hub, pull, "closed", by or pull.author)


def record(hub: Hub, pull: Pull, kind: str, actor: str, **more: Any) -> None:
    pull.events.append(Event(hub.number(), kind, actor, hub.now(), more))
