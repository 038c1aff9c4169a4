"""Accounts and apps."""

from __future__ import annotations

from urllib.parse import quote

from tests.github.hub import Hub
from tests.github.shapes.basics import JSON, node, stamp
from tests.github.state import App, User


def user(hub: Hub, account: User) -> JSON:
    me = f"{hub.api}/users/{quote(account.login)}"
    below = {
        "followers_url": "followers",
        "following_url": "following{/other_user}",
        "gists_url": "gists{/gist_id}",
        "starred_url": "starred{/owner}{/repo}",
        "subscriptions_url": "subscriptions",
        "organizations_url": "orgs",
        "repos_url": "repos",
        "events_url": "events{/privacy}",
        "received_events_url": "received_events",
    }
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node("User", account.id),
        "avatar_url": f"{hub.web}/avatars/{account.id}",
        "gravatar_id": "",
        "url": me,
        "html_url": f"{hub.web}/{quote(account.login)}",
        **{name: f"{me}/{path}" for name, path in below.items()},
        "type": "Bot" if account.bot else "Organization" if account.organization else "User",
        "site_admin": False,
        "user_view_type": "public",
    }


def author(hub: Hub, login: str) -> JSON:
    """The account that wrote something; the ghost where it has been deleted."""
    return user(hub, hub.users.get(login) or User("ghost", 10137, hub.now(), "Deleted user"))


def whole_user(hub: Hub, account: User) -> JSON:
    """An account with all that only its own page tells."""
    unknown = ("company", "blog", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **user(hub, account),
        "name": account.name,
        **dict.fromkeys(unknown),
        **dict.fromkeys(counts, 0),
        "created_at": stamp(account.created),
        "updated_at": stamp(account.created),
    }


def myself(hub: Hub, account: User) -> JSON:
    counts = ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators")
    private = {"user_view_type": "private", "two_factor_authentication": True}
    return {**whole_user(hub, account), **dict.fromkeys(counts, 0), **private}


def app(hub: Hub, one: App) -> JSON:
    return {
        "id": one.id,
        "slug": one.slug,
        "node_id": node("App", one.id),
        "owner": user(hub, one.bot),
        "name": one.slug,
        "description": None,
        "external_url": f"{hub.web}/apps/{one.slug}",
        "html_url": f"{hub.web}/apps/{one.slug}",
        "created_at": stamp(one.created),
        "updated_at": stamp(one.created),
        "permissions": {"metadata": "read"},
        "events": [],
    }
