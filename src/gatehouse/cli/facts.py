"""What is known of a pull request when its reviews are judged: asked of GitHub, of git, and of the evidence branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.cli.frame import Settings

if TYPE_CHECKING:
    from gatehouse.github import GitHubReader
    from gatehouse.review.facts import Facts


def gather(settings: Settings, github: GitHubReader, number: int, base: str | None = None) -> Facts:
    """Everything that the rules about reviews look at, for one pull request, open or merged.

    ``base`` is the commit that asks for the review: main as it is now for an open pull request, for a merged one the
    commit before its merge. Raises Unreachable where GitHub or the remote does not answer, Forbidden naming the
    permission that the token lacks, NotFound for a number that is not there, and GatehouseError for pins that do not
    read.
    """
    raise NotImplementedError
