"""Reviews and who was asked for one."""

from __future__ import annotations

from typing import Any

from tests.github import rules, shapes
from tests.github.hub import Hub
from tests.github.routes.pulls import PULL, pull_of
from tests.github.state import Pull, Review
from tests.github.wire import LIMIT, Answer, Asked, Refused, invalid, paged, route

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED", None: "PENDING"}


def _simple(message: str) -> Refused:
    """422, as reviews say it: their errors are plain lines."""
    return Refused(422, "Unprocessable Entity", message)


def _body(given: dict[str, Any]) -> str:
    body = str(given.get("body") or "")
    if len(body) > LIMIT:
        raise _simple(f"Body is too long (maximum is {LIMIT} characters)")
    return body


@route("GET", PULL + "/reviews", grant="pull_requests")
def listed(hub: Hub, asked: Asked) -> Answer:
    pull = pull_of(asked)
    seen = [each for each in pull.reviews if each.state != "PENDING" or each.author == asked.login]
    return paged(hub, asked, [shapes.review(hub, asked.repo, pull, each) for each in seen])


@route("POST", PULL + "/reviews", grant="pull_requests")
def create(hub: Hub, asked: Asked) -> Answer:
    pull, given = pull_of(asked), asked.fields()
    event, body = given.get("event"), _body(given)
    if pull.author == asked.login and event in ("APPROVE", "REQUEST_CHANGES"):
        said = "approve" if event == "APPROVE" else "request changes on"
        raise _simple(f"Can not {said} your own pull request")
    if event in ("REQUEST_CHANGES", "COMMENT") and not body and not given.get("comments"):
        raise _simple("Body can't be blank")
    commit = given.get("commit_id", pull.head_sha)
    if commit not in {each.sha for each in shapes.commits(asked.repo, pull)}:
        raise _simple("Commit is not part of the pull request")
    made = Review(hub.number(), asked.login, _STATES[event], body, commit, hub.now() if event else None)
    pull.reviews.append(made)
    if event and asked.login in pull.reviewers:
        pull.reviewers.remove(asked.login)
    return Answer(200, shapes.review(hub, asked.repo, pull, made))


def _review(asked: Asked, pull: Pull) -> Review:
    for each in pull.reviews:
        if each.id == int(asked.parameters["review_id"]):
            return each
    raise Refused(404, "Not Found")


@route("GET", PULL + "/reviews/{review_id}", grant="pull_requests")
def get(hub: Hub, asked: Asked) -> Answer:
    pull = pull_of(asked)
    return Answer(200, shapes.review(hub, asked.repo, pull, _review(asked, pull)))


@route("PUT", PULL + "/reviews/{review_id}", grant="pull_requests")
def update(hub: Hub, asked: Asked) -> Answer:
    pull = pull_of(asked)
    review = _review(asked, pull)
    if review.author != asked.login:
        raise Refused(403, "You can only edit your own reviews.")
    review.body, review.edited, review.editor = _body(asked.fields()), hub.now(), asked.login
    return Answer(200, shapes.review(hub, asked.repo, pull, review))


@route("PUT", PULL + "/reviews/{review_id}/dismissals", grant="pull_requests", role="write")
def dismiss(hub: Hub, asked: Asked) -> Answer:
    pull = pull_of(asked)
    review = _review(asked, pull)
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise _simple("Can not dismiss a commented pull request review")
    rules.dismiss(hub, pull, review.id, asked.login, asked.fields()["message"])
    return Answer(200, shapes.review(hub, asked.repo, pull, review))


@route("GET", PULL + "/requested_reviewers", grant="pull_requests")
def requested(hub: Hub, asked: Asked) -> Answer:
    pull = pull_of(asked)
    users = [shapes.author(hub, login) for login in pull.reviewers]
    teams = [shapes.team(hub, asked.repo, asked.repo.teams[slug]) for slug in pull.teams]
    return Answer(200, {"users": users, "teams": teams})


@route("POST", PULL + "/requested_reviewers", grant="pull_requests", role="write")
def request(hub: Hub, asked: Asked) -> Answer:
    pull, given = pull_of(asked), asked.fields()
    for login in given.get("reviewers", []):
        if login == pull.author:
            raise invalid("Pull Request", "reviewers", message="Review cannot be requested from pull request author.")
        if not asked.repo.may(login, "read"):
            raise _simple("Reviews may only be requested from collaborators. One or more are not collaborators")
        _ask(hub, asked, pull, pull.reviewers, login, requested_reviewer=shapes.author(hub, login))
    for slug in given.get("team_reviewers", []):
        if slug not in asked.repo.teams:
            raise _simple("Could not resolve to a node with the global id of the team")
        _ask(hub, asked, pull, pull.teams, slug, requested_team=shapes.team(hub, asked.repo, asked.repo.teams[slug]))
    return Answer(201, shapes.simple_pull(hub, asked.repo, pull))


def _ask(hub: Hub, asked: Asked, pull: Pull, waiting: list[str], name: str, **more: Any) -> None:
    if name not in waiting:
        waiting.append(name)
        by = shapes.author(hub, asked.login)
        rules.record(hub, pull, "review_requested", asked.login, review_requester=by, **more)


@route("DELETE", PULL + "/requested_reviewers", grant="pull_requests", role="write")
def withdraw(hub: Hub, asked: Asked) -> Answer:
    pull, given = pull_of(asked), asked.fields()
    by = shapes.author(hub, asked.login)
    for login in set(given["reviewers"]) & set(pull.reviewers):
        pull.reviewers.remove(login)
        who = shapes.author(hub, login)
        rules.record(hub, pull, "review_request_removed", asked.login, review_requester=by, requested_reviewer=who)
    for slug in set(given.get("team_reviewers", [])) & set(pull.teams):
        pull.teams.remove(slug)
        which = shapes.team(hub, asked.repo, asked.repo.teams[slug])
        rules.record(hub, pull, "review_request_removed", asked.login, review_requester=by, requested_team=which)
    return Answer(200, shapes.simple_pull(hub, asked.repo, pull))
