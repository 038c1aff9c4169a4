"""The demo's chapters: what is done, shown and said, in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from rich.table import Table

from tests.demo.narrator import Narrator, WentWrong
from tests.world.actions import Step
from tests.world.answering import filled
from tests.world.process import Completed
from tests.world.world import World

MODEL = "credit-risk"
BLOCKED = 1
# With this the five lines begin that a reviewer reads first.
BRIEF = "**Changes:**"


class Story:
    """The chapters, in order; each leaves the world as the next one needs it."""

    def __init__(self, world: World, narrator: Narrator) -> None:
        self.world = world
        self.tell = narrator
        # Nobody waits for a machine that works elsewhere: what is told is in order, what runs may overlap.
        self._runners = ThreadPoolExecutor(2)
        self._syncing: Future[list[Step]] | None = None
        self._proposing: dict[tuple[int, str], Future[Completed]] = {}

    def all(self) -> None:
        self.a_team_trains()
        self.version_1_goes_first()
        self.version_2_is_blocked()
        self.version_3_passes()
        self.it_is_rolled_back()
        self.an_auditor_asks()

    def a_team_trains(self) -> None:
        self.tell.chapter("A team trains three models")
        training = self._runners.submit(self.world.train)
        self.tell.say("What must be true before a model moves is written in files, in a git repository:")
        self.tell.command(self.world.gatehouse("validate"))
        self.tell.command(self.world.gatehouse("gates"), lines=16)
        self.tell.say(
            "Dana's team scores loan applications. Three versions are trained and registered in a real MLflow. On the "
            "data they were trained with, [bold]version 2 looks best[/]."
        )
        with self.tell.working("training and registering three versions in MLflow"):
            lines = training.result().splitlines()
        table = Table("version", "what it is", "ROC AUC on its own hold-out", box=None)
        for number, title, auc in (line.split("\t") for line in lines):
            table.add_row(number, title, auc)
        self.tell.table(table)

    def version_1_goes_first(self) -> None:
        self.tell.chapter("Version 1 goes first")
        self.tell.say(
            "Nothing serves yet, so there is no champion to beat: only the policy's absolute limits count. A promotion "
            "is a small file in a pull request. Staging needs the gates alone: when they pass, it merges itself."
        )
        self._gates(self._propose(1, "staging"), passes=True, lines=22)
        self._merged()
        self.tell.say(
            "Production wants the same version, with the same digest, to have been in staging first, and people who "
            "answer for it."
        )
        number = self._propose(1, "production")
        self._gates(number, passes=True, lines=4)
        with self.tell.working("Rosa and Ravi review it"):
            self.world.approve_in_browser(number, "rosa")
            self._ravi_too(number)
            steps = self.world.reviews()
        self._went(steps)
        self.tell.say("Rosa and Ravi do; with version 3 you can look over their shoulders. Ravi merges.")
        self._merged(number)
        self._start_proposing(2, "staging")
        self._synced()

    def version_2_is_blocked(self) -> None:
        self.tell.chapter("Version 2 beats it, and is blocked")
        self.tell.say(
            "Version 2 learned from an extract in which a join had lost most good loans behind the account package "
            "[italic]starter[/], which only small businesses buy. Its AUC is clearly better than version 1's, and how "
            "often the package occurs is what it always was. Watch the fairness gate."
        )
        number = self._propose(2, "staging")
        self._gates(number, passes=False, lines=40)
        self.tell.say(
            "The pull request says so too, where everybody reads it; nothing changed, and nobody had to argue. Dana "
            f"finds the join and closes it. While this runs you can look at it: [bold]{self._page(number)}[/]"
        )
        self.world.close(
            number, "dana", "The extract lost most good loans behind `starter`. Version 3 is trained anew."
        )

    def version_3_passes(self) -> None:
        self.tell.chapter("Version 3 passes")
        self.tell.say("The extract is mended, the package is out, and how late invoices are paid is in.")
        self._gates(self._propose(3, "staging"), passes=True, lines=40)
        self._merged()
        self.tell.say("To production. The gates judge it again, and there it waits, however green they are.")
        number = self._propose(3, "production")
        self._gates(number, passes=True, lines=4)
        self.people_decide(number)

    def people_decide(self, number: int) -> None:
        self.tell.chapter("People decide, in two minutes each")
        self.tell.say("The pull request begins with what they have to know:")
        self.tell.file("the comment's first lines", self._five_lines(number))
        self.tell.say("Ravi has a train to catch. He approves on GitHub: “LGTM”.")
        self.world.approve_in_browser(number, "ravi", "LGTM")
        with self.tell.working("judging the reviews"):
            done = self.world.gatehouse("review", str(number), "--verify")
        self.tell.command(done, BLOCKED, lines=11)
        self.tell.say(
            "That does not count: it names no evidence and answers nothing. Rosa reads, and answers for it in her "
            "terminal; the same form is in the comment, for whoever likes a browser more."
        )
        with self.tell.working("Rosa reads the report, and answers"):
            done = self.world.approve(number, "rosa")
        self.tell.file("what Rosa filled in", self.world.answers(number, "rosa").read_text(), lines=18)
        self.tell.command(done, lines=12)
        self.tell.say("On the train Ravi has the time, and fills in the form.")
        self._ravi_too(number)
        with self.tell.working("GitHub Actions looks at the reviews"):
            steps = self.world.reviews()
        self.tell.workflow("review", steps, [0], lines=[8])
        self.tell.say(
            "Ravi merges, now that main lets him. Sync believes no green tick, and asks GitHub itself who agreed."
        )
        self._merged(number)
        self._synced()
        self.tell.say("The registry's aliases follow the files, and serving is pinned by number and digest:")
        self._serving()

    def it_is_rolled_back(self) -> None:
        self.tell.chapter("Three in the morning: back to version 1")
        self.tell.say("Olga is on call, and the branch offices complain. One command, and she can go and look for why.")
        reason = "declines doubled in the branch offices"
        self.tell.command(self.world.gatehouse("rollback", MODEL, "--reason", reason, who="olga"), lines=16)
        self._serving()
        self.world.pull()

    def an_auditor_asks(self) -> None:
        self.tell.chapter("A year later: who decided that, and why?")
        asked = [
            self._runners.submit(self.world.gatehouse, *verb) for verb in (("history", MODEL), ("why", MODEL, "3"))
        ]
        with self.tell.working("asking git, the audit record, the evidence and the registry"):
            history, why = (each.result() for each in asked)
        self.tell.command(history, lines=14)
        self.tell.command(why, lines=40)
        self.tell.command(self.world.gatehouse("audit", "verify"))

    def _merged(self, number: int | None = None) -> None:
        """Merged by Ravi, or by the workflow already; the sync that GitHub starts is under way."""
        if number is not None:
            self.world.merge(number, "ravi")
        assert "sync" in self.world.started(), "GitHub starts no sync"
        self.world.pull()
        self._syncing = self._runners.submit(self.world.sync)

    def _went(self, steps: Sequence[Step]) -> None:
        """Stops the story where something that is not shown did not go as it is told."""
        for step in steps:
            if step.done.exit:
                raise WentWrong(step.done, 0)

    def _ravi_too(self, number: int) -> None:
        """He reads while Rosa does, so that no more time has to pass."""
        self.world.approve_in_browser(number, "ravi", filled(self.world.form(number)))

    def _five_lines(self, number: int) -> str:
        """What of the report's comment stands above everything else."""
        (comment,) = (each.body for each in self.world.repo.of(number) if BRIEF in each.body)
        lines = comment.splitlines()
        start = next(at for at, line in enumerate(lines) if BRIEF in line)
        # As the browser shows it, without the marks of Markdown.
        return re.sub(r"\*\*|</?code>", "", "\n".join(lines[start : start + 5]))

    def _synced(self) -> None:
        """Waits for the sync that a merge has started, and shows it."""
        if self._syncing is None:
            return
        with self.tell.working("merged: the sync workflow runs"):
            steps = self._syncing.result()
        self._syncing = None
        self.tell.workflow("sync", steps, [0], lines=[10])

    def _start_proposing(self, version: int, stage: str) -> Future[Completed]:
        started = self._runners.submit(self.world.gatehouse, "propose", MODEL, str(version), "--to", stage)
        return self._proposing.setdefault((version, stage), started)

    def _propose(self, version: int, stage: str) -> int:
        """Proposed, while the last sync may still run; the pull request's number."""
        started = self._proposing.get((version, stage)) or self._start_proposing(version, stage)
        with self.tell.working(f"proposing version {version} for {stage}"):
            done = started.result()
        self._synced()
        self.tell.command(done, lines=8)
        return self.world.the_pull().number

    def _gates(self, number: int, *, passes: bool, lines: int) -> None:
        with self.tell.working("the gates run") as say:
            steps = self.world.gates(number, before=lambda job, _: say(f"GitHub Actions runs the gates: {job}"))
        code = 0 if passes else BLOCKED
        # What hands files from job to job is not worth telling, unless it fails.
        told = [step for step in steps if step.verb or step.done.exit]
        self.tell.workflow("gates", told, [0, code, code, 0], lines=[2, lines, 1, 12])

    def _page(self, number: int) -> str:
        return f"{self.world.github.url}/{self.world.repo.slug}/pull/{number}"

    def _serving(self) -> None:
        """The serving config as the branch that serving reads has it."""
        git = self.world.repo.git
        for entry in git.entries("serving", recursive=True):
            if entry.kind == "blob" and MODEL in entry.path:
                self.tell.file(f"{entry.path}, on the branch serving", git.blob(entry.sha).decode())
