"""How a repository is set up on GitHub, as frozen values: what guards a branch and who may walk around it,
environments, secrets by name, and what a workflow's own token may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Hosted:
    """The repository itself; ``url`` is its page, ``admin`` whether the token's account may change its settings,
    ``auto_merge`` whether a pull request can be left to GitHub to merge; False also where the token may not see it."""

    slug: str
    url: str
    default: str
    private: bool
    organization: bool
    admin: bool
    auto_merge: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Who may do what others may not. ``kind`` as GitHub says it: Integration (an app), DeployKey, Team, User,
    RepositoryRole, OrganizationAdmin; ``mode`` pull_request: only by merging one."""

    kind: str
    id: int | None = None
    name: str = ""
    mode: str = "always"

    def __str__(self) -> str:
        words = {"DeployKey": "deploy keys", "OrganizationAdmin": "organization owners", "Integration": "app"}
        named = words.get(self.kind, self.kind)
        return named if self.id is None and not self.name else f"{named} {self.name or self.id}"


@dataclass(frozen=True, slots=True)
class Required:
    """A check that must pass; ``app`` is who must have posted it, None: anybody who may write."""

    name: str
    app: int | None = None


@dataclass(frozen=True, slots=True)
class Guards:
    """What one ruleset or protection asks of a branch, whichever of the two says it.

    ``restricted``: only those on its list may push; ``creation``: the same for making the branch.
    """

    pull_request: bool = False
    approvals: int = 0
    code_owners: bool = False
    last_push: bool = False
    dismiss_stale: bool = False
    checks: tuple[Required, ...] = ()
    no_force_push: bool = False
    no_deletion: bool = False
    restricted: bool = False
    creation: bool = False
    queue: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where guards come from: a ruleset (of the repository, its organization or enterprise), or branch protection.

    ``bypass`` are those whom its guards do not hold, None where the token may not see them; ``pushers`` those who may
    push a restricted branch.
    """

    name: str
    url: str
    guards: Guards
    bypass: tuple[Actor, ...] | None = ()
    pushers: tuple[Actor, ...] | None = ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A ruleset of the repository's own, as it is listed; ``enforcement``: active, evaluate or disabled."""

    id: int
    name: str
    enforcement: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A pattern of branches (or tags) that may use an environment."""

    id: int
    pattern: str
    kind: str = "branch"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who must agree before a job gets an environment: ``kind`` User or Team."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Environment:
    """``policy``: whom it admits: ``all`` branches, ``protected`` ones, or those of the patterns in ``admitted``.

    ``secrets`` are names; None where the token may not see them.
    """

    name: str
    url: str
    policy: Literal["all", "protected", "custom"]
    admitted: tuple[Admitted, ...] = ()
    secrets: tuple[str, ...] | None = None
    wait: int = 0
    reviewers: tuple[Reviewer, ...] = ()
    no_self_review: bool = False


@dataclass(frozen=True, slots=True)
class TokenPower:
    """What GITHUB_TOKEN may do in a workflow that asks for nothing, ``read`` or ``write``; and whether it approves."""

    default: str
    approves: bool


@dataclass(frozen=True, slots=True)
class OwnersError:
    """What GitHub says is wrong with a line of CODEOWNERS: its syntax, or an owner without access."""

    line: int
    kind: str
    message: str
    path: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A ruleset to be set up on branches of this repository; ``bypass`` walks around it."""

    name: str
    branches: tuple[str, ...]
    guards: Guards
    bypass: tuple[Actor, ...] = ()
