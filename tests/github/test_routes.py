"""What the stand-in answers, path by path; each exchange is held against GitHub's description as well."""

from __future__ import annotations

import base64

import pytest

from tests.github import GitHub
from tests.github.conftest import SLUG
from tests.github.raw import Raw
from tests.github.state import Pull, Repository


def test_a_repository_tells_what_one_may_do_in_it(ada: Raw) -> None:
    told = ada.get("")
    assert (told["full_name"], told["default_branch"]) == (SLUG, "main")
    assert told["permissions"] == {"pull": True, "triage": True, "push": True, "maintain": False, "admin": False}


@pytest.mark.parametrize(("login", "permission"), [("acme", "admin"), ("ada", "write"), ("eve", "read")])
def test_a_collaborators_permission_is_told(login: str, permission: str, github: GitHub, ada: Raw) -> None:
    assert ada.get(f"/collaborators/{login}/permission")["permission"] == permission
    assert ada.call("GET", f"/collaborators/{login}") == (204, None)


def test_strangers_and_the_unknown_have_none(github: GitHub, ada: Raw) -> None:
    github.token("stranger")
    assert ada.get("/collaborators/stranger/permission")["permission"] == "none"
    assert ada.call("GET", "/collaborators/stranger")[0] == 404
    assert ada.call("GET", "/collaborators/nobody/permission")[0] == 404


def test_files_commits_and_trees_come_from_git(repo: Repository, ada: Raw) -> None:
    file = ada.get("/contents/a.yaml?ref=topic")
    assert base64.b64decode(file["content"]) == b"version: 2\n"
    assert [each["path"] for each in ada.get("/contents/sub")] == ["sub/b.txt"]
    assert ada.call("GET", "/contents/none")[0] == 404
    tree = ada.get("/git/trees/topic?recursive=1")["tree"]
    assert {"sub", "sub/b.txt"} < {each["path"] for each in tree}
    assert base64.b64decode(ada.get(f"/git/blobs/{file['sha']}")["content"]) == b"version: 2\n"
    assert ada.get("/commits?sha=topic&path=a.yaml")[0]["commit"]["message"] == "Change a"
    commit = ada.get("/commits/topic")
    assert (commit["author"]["login"], commit["files"][0]["patch"]) == (
        "ada",
        "@@ -1 +1 @@\n-version: 1\n+version: 2",
    )
    assert ada.call("GET", "/commits/none")[0] == 422


def test_two_branches_are_compared_from_where_they_part(github: GitHub, repo: Repository, ada: Raw) -> None:
    github.push(repo, "main", {"other": "x"})
    told = ada.get("/compare/main...topic")
    assert (told["status"], told["ahead_by"], told["behind_by"]) == ("diverged", 1, 1)
    assert [file["filename"] for file in told["files"]] == ["a.yaml"]
    assert ada.get("/compare/main...main")["status"] == "identical"
    assert ada.call("GET", "/compare/main...none")[0] == 404


def test_branches_are_made_moved_and_deleted(repo: Repository, ada: Raw) -> None:
    main, topic = (repo.git.resolve(name) for name in ("main", "topic"))
    new = {"ref": "refs/heads/a/b", "sha": topic}
    assert ada.call("POST", "/git/refs", new)[0] == 201
    assert ada.call("POST", "/git/refs", new)[0] == 422
    assert ada.get("/git/ref/heads/a/b")["object"]["sha"] == topic
    assert ada.call("PATCH", "/git/refs/heads/a/b", {"sha": main})[1]["message"] == "Update is not a fast forward"
    assert ada.call("PATCH", "/git/refs/heads/a/b", {"sha": main, "force": True})[0] == 200
    assert ada.get("/branches/a/b")["commit"]["sha"] == main
    assert ada.call("DELETE", "/git/refs/heads/a/b") == (204, None)
    assert ada.call("GET", "/git/ref/heads/a/b")[0] == 404


def test_a_pull_request_is_listed_by_head_base_and_state(
    github: GitHub, repo: Repository, ada: Raw, pull: Pull
) -> None:
    def numbers(query: str) -> list[int]:
        return [each["number"] for each in ada.get(f"/pulls?{query}")]

    assert numbers("head=acme:topic&base=main") == [1]
    assert numbers("head=acme:other") == numbers("base=other") == numbers("state=closed") == []
    assert ada.call("PATCH", "/pulls/1", {"state": "closed", "title": "Never mind"})[1]["state"] == "closed"
    assert numbers("state=all") == numbers("state=closed") == [1]
    assert ada.call("PATCH", "/pulls/1", {"state": "open", "body": "again"})[1]["body"] == "again"
    assert [event["event"] for event in ada.get("/issues/1/timeline")][1:] == ["renamed", "closed", "reopened"]


def test_a_pull_request_is_opened_once_from_a_branch_with_commits(repo: Repository, ada: Raw) -> None:
    new = {"title": "T", "head": "topic", "base": "main"}
    assert ada.call("POST", "/pulls", new)[0] == 201
    assert "already exists" in ada.call("POST", "/pulls", new)[1]["errors"][0]["message"]
    assert ada.call("POST", "/pulls", {**new, "head": "main"})[1]["errors"][0]["message"].startswith("No commits")
    assert ada.call("POST", "/pulls", {**new, "head": "none"})[1]["errors"][0]["field"] == "head"
    assert ada.call("POST", "/pulls", {**new, "title": " ", "base": "topic"})[1]["errors"][0]["field"] == "title"


@pytest.mark.parametrize("path", ["/issues/1/comments", "/pulls/1/reviews"])
def test_a_body_above_the_limit_is_refused(path: str, bo: Raw, pull: Pull) -> None:
    body = {"body": "x" * 65_535, "event": "COMMENT"} if "reviews" in path else {"body": "x" * 65_535}
    assert bo.call("POST", path, body)[0] in (200, 201)
    assert bo.call("POST", path, {**body, "body": "x" * 65_536})[0] == 422


def test_pages_are_linked(github: GitHub, repo: Repository, ada: Raw, pull: Pull) -> None:
    for number in range(65):
        github.comment(repo, 1, str(number), by="bo")
    assert [each["body"] for each in ada.get("/issues/1/comments?page=3")] == ["60", "61", "62", "63", "64"]
    assert len(ada.get("/issues/1/comments?per_page=100")) == 65


def test_comments_are_changed_by_their_author_or_a_writer_alone(
    github: GitHub, repo: Repository, ada: Raw, pull: Pull
) -> None:
    eve = Raw(github, github.token("eve"), SLUG)
    ours, hers = (github.comment(repo, 1, "text", by=login).id for login in ("ada", "eve"))
    assert eve.call("PATCH", f"/issues/comments/{ours}", {"body": "forged"})[0] == 403
    assert eve.call("DELETE", f"/issues/comments/{ours}")[0] == 403
    assert eve.call("PATCH", f"/issues/comments/{hers}", {"body": "mine"})[0] == 200
    assert ada.call("DELETE", f"/issues/comments/{hers}")[0] == 204
    assert ada.get(f"/issues/comments/{ours}")["body"] == "text"
    assert ada.call("GET", f"/issues/comments/{hers}")[0] == 404
    assert ada.call("POST", "/issues/1/comments", {"body": " "})[0] == 422
    assert ada.get("/issues/1")["comments"] == 1


def test_a_review_is_edited_by_its_author_and_dismissed_by_a_writer(
    github: GitHub, repo: Repository, ada: Raw, bo: Raw, pull: Pull
) -> None:
    review = bo.call("POST", "/pulls/1/reviews", {"event": "APPROVE", "body": "fine"})[1]
    path = f"/pulls/1/reviews/{review['id']}"
    assert ada.call("PUT", path, {"body": "forged"})[0] == 403
    assert bo.call("PUT", path, {"body": "edited"})[1]["body"] == "edited"
    assert ada.call("PUT", f"{path}/dismissals", {"message": "stale"})[1]["state"] == "DISMISSED"
    assert bo.get(path)["state"] == "DISMISSED"
    dismissed = next(each for each in ada.get("/issues/1/timeline") if each["event"] == "review_dismissed")
    assert dismissed["dismissed_review"] == {
        "state": "approved",
        "review_id": review["id"],
        "dismissal_message": "stale",
    }
    assert ada.call("PUT", f"{path}/dismissals", {"message": "twice"})[0] == 422


def test_a_pending_review_is_seen_by_its_author_alone(ada: Raw, bo: Raw, pull: Pull) -> None:
    assert bo.call("POST", "/pulls/1/reviews", {"body": "draft"})[1]["state"] == "PENDING"
    assert len(bo.get("/pulls/1/reviews")) == 1
    assert ada.get("/pulls/1/reviews") == []


def test_reviewers_are_asked_and_released(github: GitHub, repo: Repository, ada: Raw, pull: Pull) -> None:
    github.team(repo, "risk", ["bo"])
    asked = {"reviewers": ["bo"], "team_reviewers": ["risk"]}
    assert ada.call("POST", "/pulls/1/requested_reviewers", asked)[0] == 201
    assert ada.call("POST", "/pulls/1/requested_reviewers", {"reviewers": ["ada"]})[0] == 422
    assert ada.call("POST", "/pulls/1/requested_reviewers", {"team_reviewers": ["none"]})[0] == 422
    told = ada.get("/pulls/1/requested_reviewers")
    assert ([each["login"] for each in told["users"]], [each["slug"] for each in told["teams"]]) == (["bo"], ["risk"])
    assert ada.call("DELETE", "/pulls/1/requested_reviewers", asked)[0] == 200
    assert ada.get("/pulls/1/requested_reviewers") == {"users": [], "teams": []}
    kinds = [event["event"] for event in ada.get("/issues/1/timeline")]
    assert kinds.count("review_requested") == kinds.count("review_request_removed") == 2


def test_only_the_app_that_made_a_check_run_changes_it(github: GitHub, bot: Raw, ada: Raw, pull: Pull) -> None:
    run = bot.call("POST", "/check-runs", {"name": "gates", "head_sha": pull.head_sha})[1]
    other = Raw(github, github.app_token("other"), SLUG)
    done = {"status": "completed", "conclusion": "success"}
    assert other.call("PATCH", f"/check-runs/{run['id']}", done)[0] == 403
    assert ada.call("POST", "/check-runs", {"name": "gates", "head_sha": pull.head_sha})[0] == 403
    assert bot.call("PATCH", f"/check-runs/{run['id']}", done)[1]["conclusion"] == "success"
    assert ada.get(f"/check-runs/{run['id']}")["status"] == "completed"
    listed = ada.get(f"/commits/{pull.head_sha}/check-runs?check_name=gates&status=completed")
    assert listed["total_count"] == 1
    assert ada.get("/commits/main/check-runs")["check_runs"] == []
    assert ada.get(f"/check-runs/{run['id']}/annotations") == []


def test_the_newest_status_of_each_context_makes_the_combined_one(ada: Raw, pull: Pull) -> None:
    def combined() -> str:
        return str(ada.get("/commits/topic/status")["state"])

    def post(state: str, context: str) -> int:
        return ada.call("POST", f"/statuses/{pull.head_sha}", {"state": state, "context": context})[0]

    assert combined() == "pending"
    assert post("failure", "a") == 201
    assert combined() == "failure"
    assert post("success", "a") == 201
    assert combined() == "success"
    assert len(ada.get("/commits/topic/statuses")) == 2
    too_long = {"state": "success", "description": "x" * 141}
    assert ada.call("POST", f"/statuses/{pull.head_sha}", too_long)[0] == 422


def test_settings_are_shown_as_they_were_set(github: GitHub, repo: Repository, ada: Raw) -> None:
    assert ada.get("/rulesets") == ada.get("/rules/branches/main") == []
    rule = {"type": "non_fast_forward"}
    made = github.ruleset(repo, rule)
    assert "rules" not in ada.get("/rulesets")[0]
    assert ada.get(f"/rulesets/{made['id']}")["rules"] == [rule]
    assert ada.get("/rules/branches/main") == [
        {**rule, "ruleset_id": made["id"], "ruleset_source": SLUG, "ruleset_source_type": "Repository"}
    ]
    assert ada.get("/rules/branches/topic") == []
    assert ada.call("GET", "/rulesets/1")[0] == 404
    made["enforcement"] = "disabled"
    assert ada.get("/rules/branches/main") == []


def test_branch_protection_is_for_admins_to_see(github: GitHub, repo: Repository, ada: Raw) -> None:
    owner = Raw(github, github.token("acme"), SLUG)
    assert owner.call("GET", "/branches/main/protection") == (
        404,
        {"message": "Branch not protected", "documentation_url": "https://docs.github.com/rest", "status": "404"},
    )
    repo.protection["main"] = {"enforce_admins": {"url": "https://example.org", "enabled": True}}
    assert owner.get("/branches/main/protection") == repo.protection["main"]
    assert ada.call("GET", "/branches/main/protection")[0] == 403
    assert ada.get("/branches/main")["protected"] is True


def test_the_hours_requests_are_counted_down(github: GitHub, repo: Repository) -> None:
    import requests

    token = github.token("ada", limit=3)
    left = []
    for _ in range(4):
        answer = requests.get(f"{github.api_url}/rate_limit", headers={"Authorization": f"token {token}"}, timeout=5)
        left.append((answer.status_code, answer.headers["X-RateLimit-Remaining"]))
    assert left == [(200, "2"), (200, "1"), (200, "0"), (403, "0")]
    github.advance(hours=1, seconds=1)
    assert requests.get(f"{github.api_url}/user", headers={"Authorization": f"token {token}"}, timeout=5).ok


@pytest.mark.parametrize("header", [{}, {"Authorization": "token nonsense"}, {"Authorization": "Basic abc"}])
def test_without_a_known_token_nothing_is_answered(header: dict[str, str], github: GitHub, repo: Repository) -> None:
    import requests

    assert requests.get(f"{github.api_url}/user", headers=header, timeout=5).status_code == 401


def test_users_are_told_apart_from_apps(github: GitHub, repo: Repository) -> None:
    import requests

    github.app_token("gatehouse")
    headers = {"Authorization": f"token {github.token('ada')}"}
    kinds = [
        requests.get(f"{github.api_url}/users/{login}", headers=headers, timeout=5).json().get("type")
        for login in ("ada", "gatehouse[bot]", "nobody")
    ]
    assert kinds == ["User", "Bot", None]


def test_an_app_does_what_it_was_given_and_no_more(github: GitHub, repo: Repository, pull: Pull) -> None:
    app = Raw(github, github.app_token("reader", {"pull_requests": "read"}), SLUG)
    assert app.call("GET", "/pulls/1")[0] == 200
    assert app.call("POST", "/issues/1/comments", {"body": "x"})[0] == 403
    assert app.call("GET", "/contents/a.yaml")[0] == 403


def test_a_path_that_nobody_answers_is_not_found(ada: Raw) -> None:
    assert ada.call("GET", "/nonsense")[0] == 404
    assert ada.call("GET", "/pulls/99")[0] == 404
