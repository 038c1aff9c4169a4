"""What every shape is made with: time stamps, node ids, addresses."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from tests.github.hub import Hub
from tests.github.state import Repository

JSON = dict[str, Any]


def stamp(time: datetime | None) -> str | None:
    return None if time is None else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def node(kind: str, number: object) -> str:
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def at(hub: Hub, repo: Repository) -> str:
    """The API's address of a repository."""
    return f"{hub.api}/repos/{repo.slug}"


def page(hub: Hub, repo: Repository) -> str:
    """The address that a person opens."""
    return f"{hub.web}/{repo.slug}"
