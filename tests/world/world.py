"""``with World(folder) as world``: people, a GitHub, a promotions repository, a registry; and the commands they use."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from tests.github.standin import GitHub
from tests.github.state import Pull
from tests.world import trained
from tests.world.actions import Before, Step, Told, play
from tests.world.line import CREDIT_RISK, PROJECT, Line
from tests.world.process import Completed, end_all, run
from tests.world.runner import Event, Runner
from tests.world.store import QUIET, Store

if TYPE_CHECKING:
    from github.Repository import Repository as Remote

SLUG = "acme/models"
# login: (name, role). dana trains and proposes, rosa and ravi review, olga is on call.
PEOPLE = {
    "dana": ("Dana Data", "write"),
    "rosa": ("Rosa Risk", "write"),
    "ravi": ("Ravi Release", "write"),
    "olga": ("Olga On-call", "maintain"),
}
TEAMS = {
    "credit-risk": ["dana", "rosa"],
    "model-risk": ["ravi", "rosa"],
    "ml-release": ["ravi"],
    "ml-platform": ["olga"],
}
BOT = "gatehouse"
# What of the project makes a promotions repository: the rules, and the engine that the workflows set up.
COPIED = ("gates", ".github", "scripts", "src", "pyproject.toml", "requirements.lock", "README.md", "LICENSE")
# What no job that runs models may see. MLflow on SQLite asks for no token and ignores them.
READ_TOKEN, WRITE_TOKEN = "canary-registry-read", "canary-registry-write"
BIN = Path(sys.executable).parent


class World:
    """A company in ``folder``.

    ``here`` is dana's clone; ``repo`` is the repository as the stand-in sees it (``repo.git`` reads any branch). With
    ``store`` the registry starts as a copy of that one; without, it is empty until ``train``.
    """

    def __init__(self, folder: Path, line: Line = CREDIT_RISK, store: Store | None = None) -> None:
        self.folder = folder.resolve()
        self.line = line
        self.here = self.folder / "models"
        self.store = Store(self.folder / "registry")
        self._start = store
        self.github = GitHub(self.folder / "github")
        # What scripts/setup comes to in a job's folder, on a machine that has everything.
        self.set_up = link_environment
        # The secret of registry-write that evidence is signed with; "" as where none is set.
        self.signing_key = ""
        self._runs = 0

    def __enter__(self) -> World:
        self.github.__enter__()
        try:
            self._people()
            self._repository()
            if self._start is not None:
                trained.copy(self._start, self.store.folder)
        except BaseException:
            self.github.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_all()
        self.github.__exit__(kind, error, trace)

    def train(self) -> str:
        """Trains and registers every version; a line for each: number, title, ROC AUC as the trainer measured it."""
        return trained.make(self.line, self.store)

    def environment(self, who: str | None = None) -> dict[str, str]:
        """The environment of a person's shell (``who`` None: of a runner, which holds no token of its own)."""
        theirs = self._theirs(who) if who else {"CI": "true", "GITHUB_ACTIONS": "true"}
        return {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder / "home" / (who or "runner")),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_REPOSITORY": SLUG,
            "MLFLOW_TRACKING_URI": self.store.uri,
            "GATEHOUSE_AUDIT": f"sqlite:///{self.folder}/audit.db",
            **QUIET,
            **theirs,
        }

    def gatehouse(self, *args: str, who: str = "dana") -> Completed:
        """Runs the real command in the clone, as one of the people."""
        return run(("gatehouse", *args), self.here, self.environment(who))

    def git(self, *args: str) -> str:
        """Git in the clone, as dana; raises AssertionError, with what git said, when it fails."""
        done = run(("git", *args), self.here, self.environment("dana"))
        assert done.exit == 0, f"git {' '.join(args)}: {done.err}"
        return done.out.strip()

    def pull(self) -> None:
        """Brings the clone to where the remote's main is."""
        self.git("pull", "--quiet", "--ff-only", "origin", "main")

    def gates(
        self, number: int, told: Told = lambda job, command: None, before: Before = lambda job, artifacts: None
    ) -> list[Step]:
        """What GitHub Actions does with a pull request: the gates workflow, as main has it."""
        values = {
            "github.event.pull_request.number": str(number),
            "github.event.pull_request.head.sha": self._commit(f"refs/pull/{number}/head"),
        }
        return self._workflow("gates", Event("pull_request_target", values), told, before)

    def sync(self, told: Told = lambda job, command: None) -> list[Step]:
        """What GitHub Actions does after a merge: the sync workflow on main."""
        return self._workflow("sync", Event("push"), told)

    def evidence(self) -> list[Step]:
        """What else GitHub Actions does after a merge: the evidence of what is open, against main as it is now."""
        return self._workflow("evidence", Event("push"))

    def queue(self, number: int) -> tuple[str, list[Step]]:
        """A merge queue takes a pull request: the group's commit, as GitHub makes it, and the queue workflow on it."""
        git, main, head = self.repo.git, self._commit("main"), self._commit(f"refs/pull/{number}/head")
        group = git.merge(main, head, "merge", f"Merge pull request #{number}", self.github.hub.signature("ravi"))
        assert group is not None, "it does not merge"
        git.move(f"refs/heads/gh-readonly-queue/main/pr-{number}-{main}", group)
        values = {"github.event.merge_group.base_sha": main, "github.event.merge_group.head_sha": group}
        return group, self._workflow("queue", Event("merge_group", values))

    def approve(self, number: int, who: str, body: str = "Read the report and the model card.") -> None:
        """An approving review, through the API."""
        self.remote(who).get_pull(number).create_review(body=body, event="APPROVE")

    def merge(self, number: int, who: str = "ravi") -> str:
        """A merge through the API, held to the branch's rules; the merge commit."""
        return str(self.remote(who).get_pull(number).merge().sha)

    def close(self, number: int, who: str, why: str) -> None:
        """A pull request closed unmerged, with a last comment, through the API."""
        pull = self.remote(who).get_pull(number)
        pull.create_issue_comment(why)
        pull.edit(state="closed")

    def remote(self, who: str) -> Remote:
        """The repository through PyGithub, with somebody's token."""
        import github

        auth = github.Auth.Token(self.tokens[who])
        return github.Github(auth=auth, base_url=self.github.api_url, retry=0).get_repo(SLUG)

    def the_pull(self) -> Pull:
        """The pull request that was opened last."""
        return self.repo.pulls[max(self.repo.pulls)]

    @cached_property
    def tokens(self) -> Mapping[str, str]:
        return {**{login: self.github.token(login) for login in PEOPLE}, BOT: self.github.app_token(BOT)}

    def _theirs(self, who: str) -> dict[str, str]:
        """A person's token, and the name under which they commit, whoever's clone it is."""
        user = self.github.hub.users[who]
        name = {f"GIT_{part}_NAME": user.name for part in ("AUTHOR", "COMMITTER")}
        email = {f"GIT_{part}_EMAIL": user.email for part in ("AUTHOR", "COMMITTER")}
        return {"GITHUB_TOKEN": self.tokens[who], **name, **email}

    def _people(self) -> None:
        for login, (name, _) in PEOPLE.items():
            self.github.hub.user(login, name)
        roles = {login: role for login, (_, role) in PEOPLE.items()}
        self.repo = self.github.repository(SLUG, roles)  # type: ignore[arg-type]  # the roles are GitHub's own words
        for team, members in TEAMS.items():
            self.github.team(self.repo, team, members)

    def _repository(self) -> None:
        """dana's clone of a promotions repository: the project's own files, and this line's data and policy."""
        home = Path(self.environment("dana")["HOME"])
        home.mkdir(parents=True)
        run(("git", "clone", "--quiet", self.repo.remote, str(self.here)), self.folder, self.environment("dana"))
        for name in COPIED:
            if (PROJECT / name).is_file():
                shutil.copyfile(PROJECT / name, self.here / name)
            else:
                shutil.copytree(
                    PROJECT / name, self.here / name, ignore=shutil.ignore_patterns("__pycache__", "tests.yml")
                )
        self._promotions()
        (self.here / ".gitignore").write_text(".venv/\n__pycache__/\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"The promotions of {self.line.model}")
        self.git("push", "--quiet", "origin", "HEAD:main")

    def _promotions(self) -> None:
        folder = self.here / "promotions"
        folder.mkdir()
        for name in ("stages.yaml", "freeze.yaml", "README.md"):
            shutil.copyfile(PROJECT / "promotions" / name, folder / name)
        policy = folder / self.line.model / "policy.yaml"
        policy.parent.mkdir()
        policy.write_text(self.line.policy(self.line.write(self.here / "data")))

    def _workflow(
        self,
        name: str,
        event: Event,
        told: Told = lambda job, command: None,
        before: Before = lambda job, artifacts: None,
    ) -> list[Step]:
        """Plays a workflow as main has it; its jobs lie in ``runner/NN-name``."""
        self._runs += 1
        folder = self.folder / "runner" / f"{self._runs:02d}-{name}"
        folder.mkdir(parents=True)
        env = {**self.environment(), "HOME": str(folder / "home")}
        (folder / "home").mkdir()
        # Where there is a registry or a record at all is the workflow's to say, job by job.
        audit = env.pop("GATEHOUSE_AUDIT")
        where = {"MLFLOW_TRACKING_URI": env.pop("MLFLOW_TRACKING_URI")}
        secrets = {
            "registry-read": {**where, "MLFLOW_READ_TOKEN": READ_TOKEN},
            "registry-write": {
                **where,
                "MLFLOW_WRITE_TOKEN": WRITE_TOKEN,
                "GATEHOUSE_AUDIT": audit,
                "GATEHOUSE_SIGNING_KEY": self.signing_key,
            },
        }
        runner = Runner(self.repo.remote, folder, env, secrets, self._token, self.set_up)
        return play(self._file(f".github/workflows/{name}.yml"), event, runner, told, before)

    def _file(self, path: str) -> str:
        """A file as main has it on the remote."""
        (found,) = (entry for entry in self.repo.git.entries("main", recursive=True) if entry.path == path)
        return self.repo.git.blob(found.sha).decode()

    def _token(self, permissions: Mapping[str, str]) -> str:
        """A job's own token: GitHub answers 403 to what its permissions do not say."""
        return self.github.app_token(BOT, {name.replace("-", "_"): level for name, level in permissions.items()})

    def _commit(self, name: str) -> str:
        found = self.repo.git.resolve(name)
        assert found is not None, f"there is no {name}"
        return found


def link_environment(folder: Path) -> None:
    """This project's own environment as the folder's: the engine in it is the one that the folder holds a copy of."""
    (folder / ".venv").symlink_to(BIN.parent)
