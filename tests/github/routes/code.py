"""Commits, branches, trees and files: straight from the bare repository."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from tests.github import bare, shapes
from tests.github.hub import Hub
from tests.github.wire import Answer, Asked, Refused, paged, route

GIT = "/repos/{owner}/{repo}/git"


def _resolved(asked: Asked, revision: str, status: int = 404) -> str:
    found = asked.repo.git.resolve(revision)
    if found is None:
        raise Refused(status, "Not Found" if status == 404 else f"No commit found for SHA: {revision}")
    return found


@route("GET", "/repos/{owner}/{repo}/commits", grant="contents")
def commits(hub: Hub, asked: Asked) -> Answer:
    start = _resolved(asked, asked.query.get("sha", asked.repo.default))
    paths = [asked.query["path"]] if "path" in asked.query else []
    wanted = set(asked.repo.git.git("rev-list", start, "--", *paths).splitlines())
    found = [each for each in asked.repo.git.log(start) if each.sha in wanted]
    return paged(hub, asked, [shapes.commit(hub, asked.repo, each) for each in found])


@route("GET", "/repos/{owner}/{repo}/commits/{ref}", grant="contents")
def commit(hub: Hub, asked: Asked) -> Answer:
    sha = _resolved(asked, asked.parameters["ref"], 422)
    return Answer(200, shapes.whole_commit(hub, asked.repo, asked.repo.git.commit(sha)))


@route("GET", "/repos/{owner}/{repo}/compare/{basehead}", grant="contents")
def compare(hub: Hub, asked: Asked) -> Answer:
    base, _, head = asked.parameters["basehead"].partition("...")
    one, other = _resolved(asked, base), _resolved(asked, head)
    git = asked.repo.git
    fork = git.merge_base(one, other)
    if fork is None:
        raise Refused(404, f"No common ancestor between {base} and {head}.")
    ahead, behind = git.log("--reverse", f"{one}..{other}"), git.log(f"{other}..{one}")
    names = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    html = f"{shapes.page(hub, asked.repo)}/compare/{quote(asked.parameters['basehead'])}"
    return Answer(
        200,
        {
            "url": f"{shapes.at(hub, asked.repo)}/compare/{quote(asked.parameters['basehead'])}",
            **{name: html + end for name, end in _COMPARE_LINKS.items()},
            "base_commit": shapes.commit(hub, asked.repo, git.commit(one)),
            "merge_base_commit": shapes.commit(hub, asked.repo, git.commit(fork)),
            "status": names[bool(ahead), bool(behind)],
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [shapes.commit(hub, asked.repo, each) for each in ahead],
            "files": [shapes.change(hub, asked.repo, each, other) for each in git.changes(fork, other)],
        },
    )


_COMPARE_LINKS = {"html_url": "", "permalink_url": "", "diff_url": ".diff", "patch_url": ".patch"}


@route("GET", GIT + "/ref/{ref}", grant="contents")
def get_ref(hub: Hub, asked: Asked) -> Answer:
    name = f"refs/{asked.parameters['ref']}"
    sha = asked.repo.git.refs(name).get(name)
    if sha is None:
        raise Refused(404, "Not Found")
    return Answer(200, shapes.reference(hub, asked.repo, name, sha))


@route("POST", GIT + "/refs", grant="contents", role="write")
def create_ref(hub: Hub, asked: Asked) -> Answer:
    given = asked.fields()
    name, sha = given["ref"], _resolved(asked, given["sha"], 422)
    if not name.startswith("refs/"):
        raise Refused(422, "Reference name must start with 'refs/'.")
    try:
        asked.repo.git.move(name, sha, "")
    except bare.GitError:
        raise Refused(422, "Reference already exists") from None
    return Answer(201, shapes.reference(hub, asked.repo, name, sha))


@route("PATCH", GIT + "/refs/{ref}", grant="contents", role="write")
def update_ref(hub: Hub, asked: Asked) -> Answer:
    given, name = asked.fields(), f"refs/{asked.parameters['ref']}"
    old, new = asked.repo.git.resolve(name), _resolved(asked, given["sha"], 422)
    if old is None:
        raise Refused(422, "Reference does not exist")
    if not given.get("force") and not asked.repo.git.contains(new, old):
        raise Refused(422, "Update is not a fast forward")
    asked.repo.git.move(name, new, old)
    return Answer(200, shapes.reference(hub, asked.repo, name, new))


@route("DELETE", GIT + "/refs/{ref}", grant="contents", role="write")
def delete_ref(hub: Hub, asked: Asked) -> Answer:
    name = f"refs/{asked.parameters['ref']}"
    if name not in asked.repo.git.refs(name):
        raise Refused(422, "Reference does not exist")
    asked.repo.git.delete(name)
    return Answer(204)


@route("GET", GIT + "/trees/{tree_sha}", grant="contents")
def tree(hub: Hub, asked: Asked) -> Answer:
    sha = asked.parameters["tree_sha"]
    try:
        entries = asked.repo.git.entries(sha, recursive="recursive" in asked.query)
    except bare.GitError:
        raise Refused(404, "Not Found") from None
    me = f"{shapes.at(hub, asked.repo)}/git"
    told = []
    for each in entries:
        one = {"path": each.path, "mode": each.mode, "type": each.kind, "sha": each.sha}
        size = {} if each.size is None else {"size": each.size}
        told.append({**one, **size, "url": f"{me}/{each.kind}s/{each.sha}"})
    return Answer(200, {"sha": sha, "url": f"{me}/trees/{sha}", "truncated": False, "tree": told})


@route("GET", GIT + "/blobs/{file_sha}", grant="contents")
def blob(hub: Hub, asked: Asked) -> Answer:
    sha = asked.parameters["file_sha"]
    try:
        data = asked.repo.git.blob(sha)
    except bare.GitError:
        raise Refused(404, "Not Found") from None
    me = f"{shapes.at(hub, asked.repo)}/git/blobs/{sha}"
    told = {"sha": sha, "node_id": shapes.node("Blob", sha), "size": len(data), "url": me}
    return Answer(200, {**told, "encoding": "base64", "content": base64.encodebytes(data).decode()})


@route("GET", "/repos/{owner}/{repo}/contents/{path}", grant="contents")
def contents(hub: Hub, asked: Asked) -> Answer:
    path, revision = asked.parameters["path"].strip("/"), asked.query.get("ref", asked.repo.default)
    commit = _resolved(asked, revision)
    found = [each for each in asked.repo.git.entries(commit, recursive=True) if each.path == path]
    if not found:
        raise Refused(404, "Not Found")
    if found[0].kind == "tree":
        inside = asked.repo.git.entries(found[0].sha)
        below = [bare.Entry(f"{path}/{each.path}", each.mode, each.kind, each.sha, each.size) for each in inside]
        return Answer(200, [_content(hub, asked, each, revision) for each in below])
    data = asked.repo.git.blob(found[0].sha)
    text = {"encoding": "base64", "content": base64.encodebytes(data).decode()}
    return Answer(200, {**_content(hub, asked, found[0], revision), **text})


def _content(hub: Hub, asked: Asked, entry: bare.Entry, revision: str) -> dict[str, Any]:
    me = f"{shapes.at(hub, asked.repo)}/contents/{quote(entry.path)}?ref={quote(revision)}"
    html = f"{shapes.page(hub, asked.repo)}/blob/{quote(revision)}/{quote(entry.path)}"
    git = f"{shapes.at(hub, asked.repo)}/git/{entry.kind}s/{entry.sha}"
    kinds = {"blob": "file", "tree": "dir", "commit": "submodule"}
    return {
        "type": "symlink" if entry.mode == "120000" else kinds[entry.kind],
        "size": entry.size or 0,
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "url": me,
        "git_url": git,
        "html_url": html,
        "download_url": None,
        "_links": {"self": me, "git": git, "html": html},
    }


@route("GET", "/repos/{owner}/{repo}/activity", grant="contents")
def activities(hub: Hub, asked: Asked) -> Answer:
    """How the branches moved, newest first."""
    ref = "refs/heads/" + asked.query.get("ref", "").removeprefix("refs/heads/")
    found = [each for each in reversed(asked.repo.activities) if "ref" not in asked.query or each.ref == ref]
    size = min(int(asked.query.get("per_page", 30)), 100)
    return Answer(200, [shapes.activity(hub, each) for each in found[:size]])
