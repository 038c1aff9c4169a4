"""Merges are git's own, rules stand in their way, and pushes past the API are noticed."""

from __future__ import annotations

import pytest

from tests.github import GitHub
from tests.github.raw import Raw
from tests.github.state import Pull, Repository


def review_rule(**changed: object) -> dict[str, object]:
    usual = {
        "required_approving_review_count": 1,
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    return {"type": "pull_request", "parameters": {**usual, **changed}}


def check_rule(context: str, app: int | None = None) -> dict[str, object]:
    check: dict[str, object] = {"context": context} if app is None else {"context": context, "integration_id": app}
    parameters = {"required_status_checks": [check], "strict_required_status_checks_policy": False}
    return {"type": "required_status_checks", "parameters": parameters}


def merge(raw: Raw, **body: str) -> tuple[int, str]:
    status, told = raw.call("PUT", "/pulls/1/merge", body)
    return status, told["message"]


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
def test_each_way_to_merge_is_a_real_commit(
    method: str, parents: int, github: GitHub, repo: Repository, ada: Raw, pull: Pull
) -> None:
    tip = github.push(repo, "main", {"other": "x"})
    assert merge(ada, merge_method=method) == (200, "Pull Request successfully merged")
    commit = repo.git.commit(repo.git.resolve("main") or "")
    assert (len(commit.parents), commit.parents[0]) == (parents, tip)
    assert repo.git.git("show", "main:a.yaml") == "version: 2"
    assert repo.git.git("show", "main:other") == "x"
    told = ada.get("/pulls/1")
    assert (told["merged"], told["merged_by"]["login"], told["merge_commit_sha"]) == (True, "ada", commit.sha)
    assert ada.call("GET", "/pulls/1/merge")[0] == 204
    assert [file["filename"] for file in ada.get("/pulls/1/files")] == ["a.yaml"]
    assert len(ada.get("/pulls/1/commits")) == 1
    assert ada.call("PATCH", "/pulls/1", {"state": "open"})[0] == 422


@pytest.mark.parametrize("method", ["merge", "rebase"])
def test_a_conflict_is_405_and_a_moved_head_409(
    method: str, github: GitHub, repo: Repository, ada: Raw, pull: Pull
) -> None:
    assert ada.call("GET", "/pulls/1/merge")[0] == 404
    assert merge(ada, sha="0" * 40)[0] == 409
    tip = github.push(repo, "main", {"a.yaml": "version: 3\n"})
    assert ada.get("/pulls/1")["mergeable_state"] == "dirty"
    assert merge(ada, merge_method=method) == (405, "Pull Request is not mergeable")
    assert repo.git.resolve("main") == tip


def test_a_draft_is_not_merged(ada: Raw, pull: Pull) -> None:
    pull.draft = True
    assert ada.get("/pulls/1")["mergeable_state"] == "draft"
    assert merge(ada)[0] == 405


def test_a_reader_does_not_merge(github: GitHub, repo: Repository, pull: Pull) -> None:
    assert merge(Raw(github, github.token("eve"), repo.slug))[0] == 403


def test_a_required_review_is_a_writers_approval(github: GitHub, repo: Repository, ada: Raw, pull: Pull) -> None:
    github.ruleset(repo, review_rule())
    github.review(repo, 1, "APPROVED", by="eve")
    assert ada.get("/pulls/1")["mergeable_state"] == "blocked"
    assert "approving review is required" in merge(ada)[1]
    github.review(repo, 1, "APPROVED", by="bo")
    github.review(repo, 1, "CHANGES_REQUESTED", by="bo")
    assert merge(ada)[0] == 405
    github.review(repo, 1, "APPROVED", by="bo")
    github.review(repo, 1, "COMMENTED", by="bo")
    assert merge(ada)[0] == 200


OWNERS = "* @bo\n/gates/ @acme/risk\n/gates/*.md\n"


@pytest.mark.parametrize(
    ("path", "approves", "merged"),
    [
        ("a.yaml", "bo", True),
        ("a.yaml", "cy", False),
        ("deep/down/a.yaml", "cy", False),
        ("gates/deep/a.py", "cy", True),
        ("gates/deep/a.py", "bo", False),
        # A line without owners un-owns, and a star stops at a slash.
        ("gates/a.md", "", True),
        ("gates/deep/a.md", "bo", False),
    ],
)
def test_a_code_owner_of_each_file_has_to_approve_where_the_rules_say_so(
    path: str, approves: str, merged: bool, github: GitHub, repo: Repository, ada: Raw
) -> None:
    repo.roles["cy"] = "write"
    github.team(repo, "risk", ["cy"])
    github.push(repo, "main", {".github/CODEOWNERS": OWNERS})
    github.push(repo, "owned", {path: "x"}, by="ada")
    pull = github.pull(repo, "owned", by="ada")
    github.ruleset(repo, review_rule(required_approving_review_count=0, require_code_owner_review=True))
    if approves:
        github.review(repo, pull.number, "APPROVED", by=approves)
    assert (ada.call("PUT", f"/pulls/{pull.number}/merge")[0] == 200) is merged


def test_somebody_else_than_the_last_pusher_has_to_approve_where_the_rules_say_so(
    github: GitHub, repo: Repository, ada: Raw, pull: Pull
) -> None:
    github.ruleset(repo, review_rule(required_approving_review_count=0, require_last_push_approval=True))
    assert merge(ada)[0] == 405
    github.push(repo, "topic", {"more": "x"}, by="bo")
    github.review(repo, 1, "APPROVED", by="bo")
    assert merge(ada) == (405, "New changes require approval from someone other than the last pusher.")
    repo.roles["cy"] = "write"
    github.review(repo, 1, "APPROVED", by="cy")
    assert merge(ada)[0] == 200


def test_an_administrator_walks_around_a_ruleset_that_lets_them_and_nobody_else_does(
    github: GitHub, repo: Repository, ada: Raw, pull: Pull
) -> None:
    ruleset = github.ruleset(repo, review_rule(), check_rule("gatehouse"))
    admin = Raw(github, github.token(repo.owner), repo.slug)
    assert merge(admin)[0] == 405
    ruleset["bypass_actors"] = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
    assert merge(ada)[0] == 405
    assert merge(admin)[0] == 200


@pytest.mark.parametrize(("dismissing", "states"), [(True, ["DISMISSED"]), (False, ["APPROVED"])])
def test_a_push_dismisses_approvals_where_the_rules_say_so(
    dismissing: bool, states: list[str], github: GitHub, repo: Repository, ada: Raw, pull: Pull
) -> None:
    github.ruleset(repo, review_rule(dismiss_stale_reviews_on_push=dismissing))
    github.review(repo, 1, "APPROVED", by="bo")
    github.push(repo, "topic", {"more": "x"}, by="ada")
    assert [each["state"] for each in ada.get("/pulls/1/reviews")] == states
    assert merge(ada)[0] == (405 if dismissing else 200)


def test_a_required_check_counts_from_the_right_app_alone(
    github: GitHub, repo: Repository, ada: Raw, pull: Pull
) -> None:
    bots = {slug: Raw(github, github.app_token(slug), repo.slug) for slug in ("gatehouse", "impostor")}
    github.ruleset(repo, check_rule("gates", github.hub.apps["gatehouse"].id))
    done = {"name": "gates", "head_sha": pull.head_sha, "status": "completed", "conclusion": "success"}
    bots["impostor"].call("POST", "/check-runs", done)
    ada.call("POST", f"/statuses/{pull.head_sha}", {"state": "success", "context": "gates"})
    assert merge(ada) == (405, 'Required status check "gates" is expected.')
    bots["gatehouse"].call("POST", "/check-runs", done)
    bots["gatehouse"].call("POST", "/check-runs", {**done, "conclusion": "failure"})
    assert merge(ada)[0] == 405
    bots["gatehouse"].call("POST", "/check-runs", {**done, "conclusion": "skipped"})
    assert merge(ada)[0] == 200


def test_branch_protection_stands_in_the_way_too(github: GitHub, repo: Repository, ada: Raw, pull: Pull) -> None:
    repo.protection["main"] = {
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "required_status_checks": {"checks": [{"context": "gates", "app_id": None}]},
    }
    assert "review" in merge(ada)[1]
    github.review(repo, 1, "APPROVED", by="bo")
    assert "gates" in merge(ada)[1]
    ada.call("POST", f"/statuses/{pull.head_sha}", {"state": "success", "context": "gates"})
    assert merge(ada)[0] == 200


def test_a_merge_that_was_pushed_closes_the_pull_request_as_merged(
    github: GitHub, repo: Repository, ada: Raw, pull: Pull
) -> None:
    repo.git.move("refs/heads/main", pull.head_sha)
    told = ada.get("/pulls/1")
    assert (told["state"], told["merged"], told["merge_commit_sha"]) == ("closed", True, pull.head_sha)


def test_deleting_the_branch_closes_the_pull_request(repo: Repository, ada: Raw, pull: Pull) -> None:
    repo.git.delete("refs/heads/topic")
    told = ada.get("/pulls/1")
    assert (told["state"], told["merged"]) == ("closed", False)
    assert ada.call("PATCH", "/pulls/1", {"state": "open"})[0] == 422


def test_a_push_and_a_forced_push_are_on_the_timeline(github: GitHub, repo: Repository, ada: Raw, pull: Pull) -> None:
    def kinds() -> list[str]:
        return [each["event"] for each in ada.get("/issues/1/timeline")]

    assert kinds() == ["committed"]
    github.push(repo, "topic", {"more": "x"}, by="ada")
    assert kinds() == ["committed", "committed"]
    repo.git.move("refs/heads/topic", repo.git.resolve("main") or "")
    github.push(repo, "topic", {"a.yaml": "version: 9\n"}, by="ada")
    assert sorted(kinds()) == ["committed", "head_ref_force_pushed"]
    assert repo.git.resolve("refs/pull/1/head") == ada.get("/pulls/1")["head"]["sha"]


def test_git_itself_clones_and_pushes(github: GitHub, repo: Repository, ada: Raw, pull: Pull, tmp_path: object) -> None:
    import subprocess

    def git(*args: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        done = subprocess.run(("git", *who, *args), cwd=str(tmp_path), capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("clone", "--quiet", "--branch", "topic", repo.remote, "clone")
    git("-C", "clone", "commit", "--quiet", "--allow-empty", "-m", "Pushed for real")
    git("-C", "clone", "push", "--quiet", "origin", "topic")
    assert ada.get("/pulls/1")["head"]["sha"] == git("-C", "clone", "rev-parse", "HEAD")
