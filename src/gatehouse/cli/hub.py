"""GitHub from the command line's point of view: which repository, which token, which API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gatehouse.cli.frame import Settings
from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    from gatehouse.github import GitHubWriter

PUBLIC_API = "https://api.github.com"
TEAMS = "GATEHOUSE_TEAMS_TOKEN"
_SLUG = re.compile(r"[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")


def slug(settings: Settings) -> str:
    """``owner/name``: from GITHUB_REPOSITORY, else from the address of the remote; "" where neither says."""
    named = settings.environ.get("GITHUB_REPOSITORY", "")
    if named:
        return named
    address = settings.repository.run("config", "--default", "", "--get", "remote.origin.url")
    found = _SLUG.search(address) if "://" in address or "@" in address else None
    return found[1] if found else ""


def page(settings: Settings) -> str:
    """The repository's page on the web; "" where no workflow runs."""
    server, repository = settings.environ.get("GITHUB_SERVER_URL", ""), slug(settings)
    return f"{server}/{repository}" if server and repository else ""


def run_page(settings: Settings) -> str:
    """The page of the workflow run that this is part of; "" where none is."""
    run, repository = settings.environ.get("GITHUB_RUN_ID", ""), page(settings)
    return f"{repository}/actions/runs/{run}" if repository and run else ""


def connect(settings: Settings, otherwise: str = "") -> GitHubWriter:
    """Raises GatehouseError naming the variable that is missing; ``otherwise`` is what one can do without GitHub.

    A workflow's own token never sees who is in a team: for that, and for nothing else, GATEHOUSE_TEAMS_TOKEN is used
    where it is set.
    """
    from gatehouse.github import GitHubWriter

    token, repository = settings.environ.get("GITHUB_TOKEN", ""), slug(settings)
    if not token:
        raise GatehouseError(
            "no GITHUB_TOKEN is set, so GitHub cannot be asked",
            "export GITHUB_TOKEN: `gh auth token` prints one" + (f"; or {otherwise}" if otherwise else ""),
        )
    if not repository:
        raise GatehouseError(
            "which GitHub repository is this? The remote does not say", "export GITHUB_REPOSITORY=owner/name"
        )
    address, teams = settings.environ.get("GITHUB_API_URL", PUBLIC_API), settings.environ.get(TEAMS, "")
    return GitHubWriter(token, address, repository, teams_token=teams)
