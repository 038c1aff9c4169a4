"""People, a GitHub, a promotions repository, a registry; and what people do with them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tests.github.standin import GitHub
from tests.github.state import Pull
from tests.world import trained
from tests.world.answering import ANSWERS, filled
from tests.world.line import CREDIT_RISK, PROJECT, Line
from tests.world.process import Completed, end_all, run
from tests.world.store import QUIET, TRAINER, Store

if TYPE_CHECKING:
    from github.Repository import Repository as Remote

SLUG = "acme/models"
# login: (name, role). dana trains and proposes, rosa and ravi review, olga is on call, anton may do everything.
PEOPLE = {
    "dana": ("Dana Data", "write"),
    "rosa": ("Rosa Risk", "write"),
    "ravi": ("Ravi Release", "write"),
    "olga": ("Olga On-call", "maintain"),
    "anton": ("Anton Admin", "admin"),
}
TEAMS = {
    "credit-risk": ["dana", "rosa"],
    "model-risk": ["ravi", "rosa"],
    "ml-release": ["ravi"],
    "ml-platform": ["olga"],
}
BOT = "gatehouse"
# What main asks for before a merge, of everybody but of administrators: what they merge past it is sync's to refuse.
CHECKS = ("gatehouse", "gatehouse review")
ADMINS = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
# How long a reviewer reads before they say something.
READS = timedelta(minutes=2)
# What of the project makes a promotions repository: the rules, and the engine that the workflows set up.
COPIED = ("gates", ".github", "scripts", "src", "pyproject.toml", "requirements.lock", "README.md", "LICENSE")
# What a person is called outside of GitHub.
NAMES = f"\npeople: {{dana: [{TRAINER}]}}\n"
# The form in a report's comment, in a block of code that is copied as it is.
FORM = re.compile(r"^(`{4,})markdown\n(.*?)^\1$", re.DOTALL | re.MULTILINE)
BIN = Path(sys.executable).parent


class Company:
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

    def __enter__(self) -> Self:
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

    def wait(self, number: int, span: timedelta = READS) -> None:
        """Time passes: what GitHub knows of a pull request happened that much longer ago.

        Nobody waits, and no clock is wrong: a program here would find what happens after it is still to come.
        """
        pull, branch = self.repo.pulls[number], f"refs/heads/{self.repo.pulls[number].head}"
        checks = (check for check in self.repo.checks.values() if check.head_sha == pull.head_sha)
        moves = (move for move in self.repo.activities if move.ref == branch)
        for one in (pull, *pull.events, *pull.reviews, *self.repo.of(number), *checks, *moves):
            _age(one, span)

    def approve(self, number: int, who: str, answers: Mapping[str, str] = ANSWERS) -> Completed:
        """An honest review from the terminal: the questionnaire printed, the report read, the answers submitted."""
        form = self.gatehouse("review", str(number), "--template", who=who)
        assert form.exit == 0, form.out + form.err
        file = self.answers(number, who)
        file.write_text(filled(form.out, answers))
        self.wait(number)
        return self.gatehouse("review", str(number), "--answers", f"../{file.name}", who=who)

    def answers(self, number: int, who: str) -> Path:
        """The file that somebody filled in."""
        return self.folder / f"answers-{number}-{who}.md"

    def approve_in_browser(self, number: int, who: str, body: str | None = None) -> None:
        """An honest review on GitHub's own page: the form of the report's comment filled in; ``body``: other words."""
        if body is None:
            self.wait(number)
            body = filled(self.form(number))
        self.remote(who).get_pull(number).create_review(body=body, event="APPROVE")

    def form(self, number: int) -> str:
        """The questionnaire to be filled in, as the report's comment holds it."""
        (found,) = (found for each in self.repo.of(number) if (found := FORM.search(each.body)))
        return found[2]

    def say(self, number: int, who: str, text: str) -> None:
        """A comment on a pull request."""
        self.remote(who).get_issue(number).create_comment(text)

    def merge(self, number: int, who: str = "ravi") -> str:
        """A merge through the API, held to the branch's rules; the merge commit."""
        return str(self.remote(who).get_pull(number).merge().sha)

    def close(self, number: int, who: str, why: str) -> None:
        """A pull request closed unmerged, with a last comment, through the API."""
        pull = self.remote(who).get_pull(number)
        pull.create_issue_comment(why)
        pull.edit(state="closed")

    @contextmanager
    def github_away(self) -> Iterator[None]:
        """No request to GitHub's API is answered; git goes on."""
        faults = [self.github.fail(method, "", None, times=sys.maxsize) for method in ("GET", "POST", "PUT", "PATCH")]
        try:
            yield
        finally:
            for fault in faults:
                fault.times = 0

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
        checks = {"required_status_checks": [{"context": check} for check in CHECKS]}
        rule = {
            "type": "required_status_checks",
            "parameters": {**checks, "strict_required_status_checks_policy": False},
        }
        self.github.ruleset(self.repo, rule)["bypass_actors"] = [ADMINS]

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
        owners = self.here / ".github" / "CODEOWNERS"
        owners.write_text(owners.read_text().replace(f"/{CREDIT_RISK.model}/", f"/{self.line.model}/"))
        (self.here / ".gitignore").write_text(".venv/\n__pycache__/\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"The promotions of {self.line.model}")
        self.git("push", "--quiet", "origin", "HEAD:main")

    def _promotions(self) -> None:
        folder = self.here / "promotions"
        folder.mkdir()
        for name in ("stages.yaml", "freeze.yaml", "README.md"):
            shutil.copyfile(PROJECT / "promotions" / name, folder / name)
        with (folder / "stages.yaml").open("a") as stages:
            stages.write(NAMES)
        policy = folder / self.line.model / "policy.yaml"
        policy.parent.mkdir()
        policy.write_text(self.line.policy(self.line.write(self.here / "data")))


def _age(one: object, span: timedelta) -> None:
    for name, value in vars(one).items():
        if isinstance(value, datetime):
            setattr(one, name, value - span)
