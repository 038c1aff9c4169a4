"""Everything that doctor judges, as it was found: frozen, so that the judging is pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gatehouse.declare.owners import Owners
from gatehouse.declare.types import Policy, Stages
from gatehouse.doctor.finding import Unseen
from gatehouse.doctor.workflows import Job, Workflow
from gatehouse.github.hosted import Environment, Hosted, OwnersError, Ruleset, Source, TokenPower
from gatehouse.registry.server import Server
from gatehouse.runtime.isolation import Probed

MAIN = "main"
EVIDENCE = "evidence"
CHECK, REVIEW = "gatehouse", "gatehouse review"
"""What the gates say, and what people said, as checks."""
CHECKS = (CHECK, REVIEW)
"""The checks that a pull request waits for."""


@dataclass(frozen=True, slots=True)
class OwnersFile:
    """The CODEOWNERS file that counts; ``owners`` None where it is too large for GitHub to load."""

    path: str
    size: int
    owners: Owners | None


@dataclass(frozen=True, slots=True)
class Main:
    """The branch main: its paths, what it declares, and the faults that keep it from being read.

    ``fetched``: it was just asked for; else it is as it was when somebody last did.
    """

    commit: str
    fetched: bool
    paths: tuple[str, ...]
    owners: OwnersFile | None
    workflows: tuple[Workflow, ...]
    stages: Stages
    policies: Mapping[str, Policy] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    @property
    def serving(self) -> tuple[str, ...]:
        """The branches that carry serving configs."""
        return tuple(dict.fromkeys(stage.serving.branch for stage in self.stages.stages if stage.serving))

    @property
    def signed(self) -> bool:
        """Whether sync takes signed evidence alone."""
        return bool(self.stages.evidence_keys)

    def jobs(self) -> Iterator[Job]:
        for workflow in self.workflows:
            yield from workflow.jobs


@dataclass(frozen=True, slots=True)
class Branch:
    """What guards a branch; what could not be seen of it is ``Unseen``."""

    name: str
    rulesets: tuple[Source, ...] | Unseen = ()
    protection: Source | Unseen | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every guard that is seen."""
        seen = self.rulesets if not isinstance(self.rulesets, Unseen) else ()
        return (*seen, self.protection) if isinstance(self.protection, Source) else seen

    @property
    def blind(self) -> Unseen | None:
        """Why something that guards it may not have been seen."""
        return next((each for each in (self.rulesets, self.protection) if isinstance(each, Unseen)), None)


@dataclass(frozen=True, slots=True)
class OnGitHub:
    """The repository's settings. ``tip`` is where main is; ``app`` the number of the app that posts the check, called
    ``app_slug``, and ``actions`` that of GitHub Actions; ``push_keys`` are the titles of deploy keys that may write;
    ``members`` are those of each team whose approval counts, ``org/team`` in lower case (None: not seen)."""

    host: Hosted
    tip: str | None
    app_slug: str
    app: int | Unseen
    actions: int | Unseen
    branches: Mapping[str, Branch]
    rulesets: tuple[Ruleset, ...] | Unseen
    environments: tuple[Environment, ...] | Unseen
    secrets: tuple[str, ...] | Unseen
    power: TokenPower | Unseen
    push_keys: tuple[str, ...] | Unseen
    members: Mapping[str, frozenset[str] | None]
    owners_errors: tuple[OwnersError, ...] | Unseen

    def settings(self, page: str) -> str:
        """The address of a page of the repository's settings."""
        return f"{self.host.url}/settings/{page}"

    def environment(self, name: str) -> Environment | None:
        found = () if isinstance(self.environments, Unseen) else self.environments
        return next((one for one in found if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where doctor runs: its MLflow, its sandboxes, strongest first, and whether it is a workflow's runner."""

    mlflow: str
    sandboxes: tuple[Probed, ...]
    runner: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """``registries`` are the stages' MLflow servers, by the address that may be shown."""

    main: Main
    github: OnGitHub | Unseen
    registries: Mapping[str, Server | Unseen]
    machine: Machine

    def page(self, path: str, line: int = 0) -> str:
        """Where a file of main is seen on GitHub; "" where GitHub did not answer."""
        if isinstance(self.github, Unseen):
            return ""
        return f"{self.github.host.url}/blob/{MAIN}/{path}" + (f"#L{line}" if line else "")

    @property
    def hub(self) -> OnGitHub:
        """GitHub, for the checks that are judged only where it answered."""
        assert not isinstance(self.github, Unseen), self.github
        return self.github
