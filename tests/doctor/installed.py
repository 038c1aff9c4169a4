"""gatehouse installed as it should be: the project's own files on main, and a GitHub on which nothing is amiss.

A test takes one thing away, and doctor has to name it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatehouse.doctor.checks import judge
from gatehouse.doctor.facts import Facts
from gatehouse.doctor.finding import Finding, Level
from gatehouse.doctor.look import look
from gatehouse.git import Repository
from gatehouse.github import GitHubWriter, Patience
from tests.github import GitHub
from tests.github.hub import ACTIONS
from tests.github.state import Repository as Hosted

SLUG = "acme/models"
# What depends on where the tests run: the registry is a file, and the sandbox this machine's.
NO_SETTINGS = {"registry/server", "sandbox/level"}
ROOT = Path(__file__).parents[2]
QUICK = Patience(timeout=5, tries=2, pause=0.01, longest=0.5)
TEAMS = {"ml-platform": ["ada"], "ml-release": ["bo"], "credit-risk": ["cy"], "model-risk": ["di"]}
# Promotions to staging merge themselves, so that GitHub cannot ask for an approval of every last push.
CHOSEN = {"main/last-push"}
SECRETS = {
    "registry-read": ["MLFLOW_TRACKING_URI", "MLFLOW_READ_TOKEN"],
    "registry-write": [
        "MLFLOW_TRACKING_URI", "MLFLOW_WRITE_TOKEN", "GATEHOUSE_AUDIT", "GATEHOUSE_SIGNING_KEY", "GATEHOUSE_PUSH_KEY",
        "GATEHOUSE_TEAMS_TOKEN",
    ],
    "review": ["GATEHOUSE_PUSH_KEY", "GATEHOUSE_TEAMS_TOKEN"],
    "doctor": ["GATEHOUSE_DOCTOR_TOKEN", "MLFLOW_TRACKING_URI", "MLFLOW_READ_TOKEN"],
}  # fmt: skip
REVIEWS: dict[str, Any] = {
    "type": "pull_request",
    "parameters": {
        "required_approving_review_count": 0,
        "require_code_owner_review": True,
        "require_last_push_approval": False,
        "dismiss_stale_reviews_on_push": True,
        "required_review_thread_resolution": False,
    },
}
CHECKS: dict[str, Any] = {
    "type": "required_status_checks",
    "parameters": {
        "strict_required_status_checks_policy": False,
        "required_status_checks": [
            {"context": name, "integration_id": ACTIONS} for name in ("gatehouse", "gatehouse review")
        ],
    },
}
HISTORY: list[dict[str, Any]] = [{"type": "deletion"}, {"type": "non_fast_forward"}]
PUSHES: list[dict[str, Any]] = [
    {"type": "creation"},
    {"type": "update", "parameters": {"update_allows_fetch_and_merge": False}},
]
DEPLOY_KEY = {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}


def own_files() -> dict[str, str]:
    """What this project has in promotions/, gates/ and .github/, with evidence that has to be signed and a trainer."""
    folders = ("promotions", "gates", ".github")
    found = {
        str(path.relative_to(ROOT)): path.read_text()
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file() and path.suffix in ("", ".md", ".py", ".yaml", ".yml")
    }
    found["promotions/stages.yaml"] += "\nevidence: {keys: [.github/evidence.pem]}\npeople: {eve: [eve.l]}\n"
    found[".github/evidence.pem"] = "-----BEGIN PUBLIC KEY-----\n"
    return found


@dataclass
class Installed:
    """``admin`` is the token of somebody who may change every setting."""

    github: GitHub
    hosted: Hosted
    clone: Path
    admin: str
    registry: str

    @property
    def environ(self) -> dict[str, str]:
        return {
            "GITHUB_TOKEN": self.admin,
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_REPOSITORY": SLUG,
            "MLFLOW_TRACKING_URI": self.registry,
            "GATEHOUSE_AUDIT": "sqlite:///audit.db",
        }

    def push(self, files: Mapping[str, str | None]) -> None:
        """A commit on main."""
        self.github.push(self.hosted, "main", files, by="acme")

    def facts(self, token: str = "", app: str = "github-actions") -> Facts:
        with GitHubWriter(token or self.admin, self.github.api_url, SLUG, QUICK) as writer:
            return look(Repository(self.clone), self.environ, writer.reader.settings, app, lambda _: None)

    def findings(self, token: str = "") -> tuple[Finding, ...]:
        return judge(self.facts(token))

    def said(self, level: Level, token: str = "") -> dict[str, str]:
        """What is said at a level, by check; the first of several."""
        found = [finding for finding in self.findings(token) if finding.level is level]
        return {finding.check: finding.what for finding in reversed(found)}

    def ruleset(self, name: str) -> dict[str, Any]:
        """A ruleset, to be changed."""
        return next(one for one in self.hosted.rulesets if one["name"] == name)

    def rule(self, kind: str, ruleset: str = "main") -> dict[str, Any]:
        return next(one for one in self.ruleset(ruleset)["rules"] if one["type"] == kind)

    def without(self, kind: str, ruleset: str = "main") -> None:
        rules = self.ruleset(ruleset)["rules"]
        rules[:] = [one for one in rules if one["type"] != kind]


def installed(folder: Path, github: GitHub, files: Mapping[str, str] | None = None) -> Installed:
    """Everything as it should be, but for the registry: a file, so that no server has to run."""
    hosted = bare(folder, github, files)
    repo = hosted.hosted
    github.ruleset(repo, _copied(REVIEWS), _copied(CHECKS), *map(dict, HISTORY))
    for branch in ("evidence", "serving"):
        github.ruleset(repo, *map(dict, HISTORY), branch=f"refs/heads/{branch}", name=f"{branch} history")
        pushes = github.ruleset(repo, *map(dict, PUSHES), branch=f"refs/heads/{branch}", name=f"{branch} pushes")
        pushes["bypass_actors"] = [dict(DEPLOY_KEY)]
    repo.deploy_keys = {"gatehouse": True, "mirror": False}
    for name, secrets in SECRETS.items():
        github.environment(repo, name, *secrets)
    return hosted


def bare(folder: Path, github: GitHub, files: Mapping[str, str] | None = None) -> Installed:
    """The files on main, and a repository on GitHub as one gets it: nothing is set."""
    repo = github.repository(SLUG)
    github.hub.users["acme"].organization = True
    for slug, members in TEAMS.items():
        github.team(repo, slug, members)
    github.push(repo, "main", own_files() if files is None else files, by="acme")
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", repo.remote, clone], check=True)
    registry = folder / "mlflow.db"
    registry.touch()
    return Installed(github, repo, clone, github.token("acme"), f"sqlite:///{registry}")


def _copied(rule: dict[str, Any]) -> dict[str, Any]:
    import copy

    return copy.deepcopy(rule)
