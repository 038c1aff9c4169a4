"""Commits, what they change, and references."""

from __future__ import annotations

from urllib.parse import quote

from tests.github import bare
from tests.github.hub import Hub
from tests.github.shapes.basics import JSON, at, node, page, stamp
from tests.github.shapes.people import author, user
from tests.github.state import Activity, Repository


def change(hub: Hub, repo: Repository, one: bare.Change, commit: str) -> JSON:
    path = quote(one.path, errors="surrogateescape")
    told = {
        "sha": one.blob,
        "filename": one.path,
        "status": one.status,
        "additions": one.additions,
        "deletions": one.deletions,
        "changes": one.additions + one.deletions,
        "blob_url": f"{page(hub, repo)}/blob/{commit}/{path}",
        "raw_url": f"{page(hub, repo)}/raw/{commit}/{path}",
        "contents_url": f"{at(hub, repo)}/contents/{path}?ref={commit}",
    }
    if one.patch:
        told["patch"] = one.patch
    return told if one.previous is None else {**told, "previous_filename": one.previous}


def commit(hub: Hub, repo: Repository, one: bare.Commit) -> JSON:
    """A commit; its people are accounts where the address is an account's."""

    def signed(who: bare.Signature) -> JSON:
        return {"name": who.name, "email": who.email, "date": stamp(who.time)}

    def account(who: bare.Signature) -> JSON:
        found = hub.by_email(who.email)
        return user(hub, found) if found else {}

    me = f"{at(hub, repo)}/commits/{one.sha}"
    return {
        "sha": one.sha,
        "node_id": node("Commit", one.sha),
        "url": me,
        "html_url": f"{page(hub, repo)}/commit/{one.sha}",
        "comments_url": f"{me}/comments",
        "commit": {
            "url": f"{at(hub, repo)}/git/commits/{one.sha}",
            "author": signed(one.author),
            "committer": signed(one.committer),
            "message": one.message,
            "comment_count": 0,
            "tree": {"sha": one.tree, "url": f"{at(hub, repo)}/git/trees/{one.tree}"},
        },
        "author": account(one.author),
        "committer": account(one.committer),
        "parents": [{"sha": sha, "url": f"{at(hub, repo)}/commits/{sha}"} for sha in one.parents],
    }


def whole_commit(hub: Hub, repo: Repository, one: bare.Commit) -> JSON:
    changed = repo.git.changes(one.parents[0], one.sha) if one.parents else []
    added, gone = sum(each.additions for each in changed), sum(each.deletions for each in changed)
    return {
        **commit(hub, repo, one),
        "stats": {"additions": added, "deletions": gone, "total": added + gone},
        "files": [change(hub, repo, each, one.sha) for each in changed],
    }


def reference(hub: Hub, repo: Repository, name: str, sha: str) -> JSON:
    return {
        "ref": name,
        "node_id": node("Ref", name),
        "url": f"{at(hub, repo)}/git/{quote(name)}",
        "object": {"type": "commit", "sha": sha, "url": f"{at(hub, repo)}/git/commits/{sha}"},
    }


def activity(hub: Hub, one: Activity) -> JSON:
    return {
        "id": one.id,
        "node_id": node("PushEvent", one.id),
        "before": one.before,
        "after": one.after,
        "ref": one.ref,
        "timestamp": stamp(one.at),
        "activity_type": one.kind,
        "actor": author(hub, one.actor) if one.actor in hub.users else None,
    }
