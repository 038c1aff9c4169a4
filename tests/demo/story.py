"""``scripts/demo``: one model's way to production and back, told while it happens on real parts.

Every command is the real one; the registry is MLflow on SQLite, the repository is git, GitHub is the stand-in of the
tests. Where something does not come out as told, the demo stops and fails.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from rich.markup import escape
from rich.table import Table

from tests.demo.narrator import Narrator, WentWrong
from tests.world.actions import Step
from tests.world.line import PROJECT
from tests.world.process import Completed
from tests.world.world import BIN, World

PLACE = PROJECT / "demo"
MARK = ".gatehouse-demo"
REPORT = "report.html"
MODEL = "credit-risk"
BLOCKED = 1


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
        self.version_3_goes_to_production()
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
            "is a small file in a pull request. Staging needs the gates alone."
        )
        self._promote(1, "staging", lines=22)
        self.tell.say("Production wants the same version, with the same digest, to have been in staging first.")
        self._promote(1, "production", lines=4)
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

    def version_3_goes_to_production(self) -> None:
        self.tell.chapter("Version 3 passes, and people decide")
        self.tell.say("The extract is mended, the package is out, and how late invoices are paid is in.")
        self._promote(3, "staging", lines=40)
        self.tell.say("To production. The gates judge it again, and Rosa and Ravi have to agree before it is merged.")
        self._promote(3, "production", lines=4)
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

    def _promote(self, version: int, stage: str, lines: int) -> None:
        """Proposed, judged, reviewed where the stage wants it, merged and synced."""
        number = self._propose(version, stage)
        self._gates(number, passes=True, lines=lines)
        if stage == "production":
            for reviewer in ("rosa", "ravi"):
                self.world.approve(number, reviewer)
            self.tell.say(
                "Rosa and Ravi read the report and approve on GitHub. Ravi merges, and the sync workflow starts."
            )
            self.world.merge(number, "ravi")
        else:
            self.tell.say("Nobody else has to agree to staging. Dana merges, and the sync workflow starts.")
            self.world.merge(number, "dana")
        self.world.pull()
        self._syncing = self._runners.submit(self.world.sync)

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
        self.tell.workflow("gates", told, [0, code, code], lines=[2, lines, 1])

    def _page(self, number: int) -> str:
        return f"{self.world.github.url}/{self.world.repo.slug}/pull/{number}"

    def _serving(self) -> None:
        """The serving config as the branch that serving reads has it."""
        git = self.world.repo.git
        for entry in git.entries("serving", recursive=True):
            if entry.kind == "blob" and MODEL in entry.path:
                self.tell.file(f"{entry.path}, on the branch serving", git.blob(entry.sha).decode())


def keepsakes(world: World, folder: Path) -> None:
    """Copies the pages that a person should open next into ``folder``."""
    world.github.export(folder / "github")
    for played in sorted((world.folder / "runner").glob("*-gates")):
        page = played / "report" / "report" / REPORT
        if page.exists():
            shutil.copyfile(page, folder / f"report-{played.name[:2]}.html")


def playground(world: World, folder: Path) -> None:
    """Leaves what a shell needs to go on in the company's folder."""
    wanted = {**world.environment("dana"), "PATH": f"{BIN}:$PATH"}
    # Without the stand-in, which ends with the demo, there is no GitHub to ask.
    left_out = {"HOME", "LANG", "GITHUB_API_URL", "GITHUB_TOKEN"}
    lines = [f'export {name}="{value}"' for name, value in wanted.items() if name not in left_out]
    (folder / "env.sh").write_text("\n".join(["# source this", *lines, f'cd "{world.here}"', ""]))


def room(folder: Path) -> Path:
    """The folder, empty: what an earlier demo left in it goes. Ends the program where somebody else's files lie."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        sys.exit(f"demo: {folder} holds files that no demo made\n  fix: name another folder: scripts/demo --keep DIR")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    return folder.resolve()


def ending(narrator: Narrator, pages: Path, company: Path | None) -> None:
    narrator.chapter("What to open next")
    places: list[tuple[str | Path, str]] = [
        (_near(pages / "github" / "index.html"), "the pull requests as people saw them; number 3 was blocked"),
        (_near(pages / "report-05.html"), "why: version 2's report, with the plots"),
        ("promotions/credit-risk/policy.yaml", "what had to be true, line by line"),
        ("gates/fairness.py", "the gate that said no; a gate is one file"),
        ("README.md", "how to use it for your own models"),
    ]
    if company is not None:
        places.insert(
            0, (f"source {_near(company / 'env.sh')}", "a shell in the company: gatehouse status, why, plan …")
        )
    narrator.places(places)


def _near(path: Path) -> Path:
    """The path from where the person stands, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def main() -> int:
    """Tells the story. Exit 0 when all came out as told, 1 when something did not, 130 when interrupted."""
    parser = argparse.ArgumentParser("scripts/demo", description="One model's way to production and back, in minutes.")
    parser.add_argument(
        "--keep", nargs="?", const=PLACE, type=Path, metavar="DIR", help="leave all of it in DIR (demo/)"
    )
    keep: Path | None = parser.parse_args().keep
    signal.signal(signal.SIGTERM, _interrupt)
    narrator = Narrator()
    pages = room(keep or PLACE)
    narrator.title("gatehouse", "a promotion is a reviewed change to a file")
    try:
        with _company(keep and pages) as folder, World(folder) as world:
            Story(world, narrator).all()
            keepsakes(world, pages)
            if keep:
                playground(world, folder)
        ending(narrator, pages, keep and pages)
    except KeyboardInterrupt:
        narrator.say(f"[yellow]Stopped.[/] Nothing is left running. {_left(keep, pages)}")
        return 130
    except WentWrong as error:
        narrator.say(f"[red]The story went wrong:[/] {escape(str(error))}. {_left(keep, pages)}")
        return 1
    return 0


@contextmanager
def _company(kept: Path | None) -> Iterator[Path]:
    """Where the company lives: in the folder that is kept, or in one that goes when the story is told."""
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="gatehouse-demo-") as scratch:
        yield Path(scratch)


def _left(keep: Path | None, pages: Path) -> str:
    if keep:
        return f"What was made so far lies in {pages}."
    return "What was made so far has been removed; with --keep it would have stayed."


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
