"""Pull requests: opening, listing, changing, merging, and what is in them."""

from __future__ import annotations

from typing import Any

from tests.github import rules, shapes
from tests.github.hub import Hub
from tests.github.state import Pull, Repository
from tests.github.wire import LIMIT, Answer, Asked, Refused, invalid, paged, route

PULL = "/repos/{owner}/{repo}/pulls/{pull_number}"


def pull_of(asked: Asked) -> Pull:
    """The pull request that the path names. Refuses with 404."""
    found = asked.repo.pulls.get(asked.number)
    if found is None:
        raise Refused(404, "Not Found")
    return found


def whole(hub: Hub, repo: Repository, pull: Pull) -> dict[str, Any]:
    """A pull request with its mergeability worked out."""
    mergeable, state = None, "unknown"
    tip = repo.git.resolve(f"refs/heads/{pull.base}")
    if pull.state == "open" and tip is not None:
        mergeable = repo.git.mergeable(tip, pull.head_sha)
        state = "clean" if mergeable else "dirty"
        if mergeable and (pull.draft or rules.blockers(repo, pull)):
            state = "draft" if pull.draft else "blocked"
    return shapes.pull_request(hub, repo, pull, mergeable, state)


@route("POST", "/repos/{owner}/{repo}/pulls", grant="pull_requests")
def create(hub: Hub, asked: Asked) -> Answer:
    given = asked.fields()
    repo, head = asked.repo, str(given["head"]).removeprefix(f"{asked.repo.owner}:")
    body = checked_text("PullRequest", given.get("body") or "")
    tips = {name: repo.git.resolve(f"refs/heads/{ref}") for name, ref in (("head", head), ("base", given["base"]))}
    for name, sha in tips.items():
        if sha is None:
            raise invalid("PullRequest", name)
    if not str(given.get("title") or "").strip():
        raise invalid("PullRequest", "title", "missing_field")
    for pull in repo.pulls.values():
        if pull.state == "open" and (pull.head, pull.base) == (head, given["base"]):
            said = f"A pull request already exists for {repo.owner}:{head}."
            raise invalid("PullRequest", "head", message=said)
    return Answer(201, whole(hub, repo, _opened(hub, asked, given, head, body, tips)))


def _opened(hub: Hub, asked: Asked, given: dict[str, Any], head: str, body: str, tips: dict[str, str | None]) -> Pull:
    repo, head_sha, base_sha = asked.repo, tips["head"] or "", tips["base"] or ""
    if repo.git.contains(base_sha, head_sha):
        raise invalid("PullRequest", "head", message=f"No commits between {given['base']} and {head}")
    pull = Pull(
        id=hub.number(),
        number=repo.next_number,
        title=given["title"],
        body=body,
        author=asked.login,
        head=head,
        base=given["base"],
        head_sha=head_sha,
        base_sha=base_sha,
        created=hub.now(),
        updated=hub.now(),
        draft=bool(given.get("draft")),
    )
    repo.pulls[pull.number] = pull
    repo.git.move(f"refs/pull/{pull.number}/head", head_sha)
    return pull


def checked_text(resource: str, text: str) -> str:
    """The text, where GitHub would take it. Refuses one that is too long."""
    if len(text) > LIMIT:
        raise invalid(resource, "body", message=f"body is too long (maximum is {LIMIT} characters)")
    return text


@route("GET", "/repos/{owner}/{repo}/pulls", grant="pull_requests")
def listed(hub: Hub, asked: Asked) -> Answer:
    want = {name: asked.query.get(name) for name in ("head", "base")}
    state = asked.query.get("state", "open")
    found = [
        pull
        for pull in asked.repo.pulls.values()
        if state in ("all", pull.state)
        and want["head"] in (None, f"{asked.repo.owner}:{pull.head}")
        and want["base"] in (None, pull.base)
    ]
    key = "updated" if asked.query.get("sort") == "updated" else "number"
    found.sort(key=lambda pull: getattr(pull, key), reverse=asked.query.get("direction", "desc") == "desc")
    return paged(hub, asked, [shapes.simple_pull(hub, asked.repo, pull) for pull in found])


@route("GET", PULL, grant="pull_requests")
def get(hub: Hub, asked: Asked) -> Answer:
    return Answer(200, whole(hub, asked.repo, pull_of(asked)))


@route("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", grant="pull_requests")
def of_commit(hub: Hub, asked: Asked) -> Answer:
    """The merged pull request that brought a commit to the default branch; of a commit that is not there, also those
    that it lies in."""
    repo = asked.repo
    sha = repo.git.resolve(asked.parameters["commit_sha"])
    if sha is None:
        raise Refused(422, f"No commit found for SHA: {asked.parameters['commit_sha']}")
    landed = repo.git.contains(repo.git.resolve(f"refs/heads/{repo.default}") or "", sha)
    found = [pull for pull in repo.pulls.values() if (pull.merged or not landed) and _brings(repo, pull, sha)]
    return paged(hub, asked, [shapes.simple_pull(hub, repo, pull) for pull in found])


def _brings(repo: Repository, pull: Pull, sha: str) -> bool:
    return sha in (pull.merge_sha, *pull.landed) or sha in {each.sha for each in shapes.commits(repo, pull)}


@route("PATCH", PULL, grant="pull_requests")
def update(hub: Hub, asked: Asked) -> Answer:
    pull, given = pull_of(asked), asked.fields()
    if pull.author != asked.login and not asked.repo.may(asked.login, "triage") and asked.token.app is None:
        raise Refused(403, "You do not have permission to update this pull request.")
    if "title" in given and given["title"] != pull.title:
        rules.record(hub, pull, "renamed", asked.login, rename={"from": pull.title, "to": given["title"]})
        pull.title = given["title"]
    if "body" in given:
        pull.body = checked_text("PullRequest", given["body"] or "")
    if given.get("state", pull.state) != pull.state:
        _turn(hub, asked, pull)
    pull.base = given.get("base", pull.base)
    pull.updated = hub.now()
    return Answer(200, whole(hub, asked.repo, pull))


def _turn(hub: Hub, asked: Asked, pull: Pull) -> None:
    """Closes an open pull request, or opens a closed one again."""
    if pull.state == "open":
        rules.close(hub, pull, by=asked.login)
        return
    if pull.merged or asked.repo.git.resolve(f"refs/heads/{pull.head}") is None:
        raise invalid("PullRequest", "state", message="state cannot be changed. The pull request cannot be reopened.")
    pull.state, pull.closed = "open", None
    rules.record(hub, pull, "reopened", asked.login)


@route("GET", PULL + "/commits", grant="pull_requests")
def commits(hub: Hub, asked: Asked) -> Answer:
    found = shapes.commits(asked.repo, pull_of(asked))[:250]
    return paged(hub, asked, [shapes.commit(hub, asked.repo, each) for each in found])


@route("GET", PULL + "/files", grant="pull_requests")
def files(hub: Hub, asked: Asked) -> Answer:
    pull = pull_of(asked)
    found = shapes.changes(asked.repo, pull)[:3000]
    return paged(hub, asked, [shapes.change(hub, asked.repo, each, pull.head_sha) for each in found])


@route("GET", PULL + "/merge", grant="pull_requests")
def merged(hub: Hub, asked: Asked) -> Answer:
    return Answer(204 if pull_of(asked).merged else 404)


@route("PUT", PULL + "/merge", grant="contents", role="write")
def merge(hub: Hub, asked: Asked) -> Answer:
    repo, pull, given = asked.repo, pull_of(asked), asked.fields()
    if pull.state != "open" or pull.draft:
        raise Refused(405, "Pull Request is not mergeable")
    if given.get("sha", pull.head_sha) != pull.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    if blockers := rules.blockers(repo, pull, asked.login):
        raise Refused(405, blockers[0])
    made = _merge(hub, repo, pull, asked.login, given)
    return Answer(200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"})


def _merge(hub: Hub, repo: Repository, pull: Pull, login: str, given: dict[str, Any]) -> str:
    """Makes the merge in git, moves the base branch there, and closes the pull request."""
    method = given.get("merge_method", "merge")
    titles = {"merge": f"Merge pull request #{pull.number} from {repo.owner}/{pull.head}"}
    title = given.get("commit_title", titles.get(method, f"{pull.title} (#{pull.number})"))
    message = f"{title}\n\n{given.get('commit_message', pull.title if method == 'merge' else '')}".strip() + "\n"
    tip = repo.git.resolve(f"refs/heads/{pull.base}") or ""
    made = repo.git.merge(tip, pull.head_sha, method, message, hub.signature(login))
    if made is None:
        raise Refused(405, "Pull Request is not mergeable")
    repo.git.move(f"refs/heads/{pull.base}", made, tip)
    pull.landed = repo.git.git("rev-list", "--first-parent", f"{tip}..{made}").split()
    rules.close(hub, pull, merged_as=made, by=login)
    return made


def merge_what_waits(hub: Hub, repo: Repository) -> None:
    """Merges the pull requests that were to be merged as soon as nothing stands in the way."""
    for pull in repo.pulls.values():
        if pull.auto_merge and pull.state == "open" and not pull.draft and not rules.blockers(repo, pull):
            method, login = pull.auto_merge
            _merge(hub, repo, pull, login, {"merge_method": method})
