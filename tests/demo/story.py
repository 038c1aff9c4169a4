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
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from rich.markup import escape

from tests.demo.chapters import Story
from tests.demo.narrator import Narrator, WentWrong
from tests.world.line import PROJECT
from tests.world.world import BIN, World

PLACE = PROJECT / "demo"
MARK = ".gatehouse-demo"
REPORT = "report.html"


def keepsakes(world: World, folder: Path) -> None:
    """Copies the pages that a person should open next into ``folder``."""
    world.github.export(folder / "github")
    # The gates ran once for each pull request.
    for number, played in enumerate(sorted((world.folder / "runner").glob("*-gates")), start=1):
        page = played / "report" / "report" / REPORT
        if page.exists():
            shutil.copyfile(page, folder / f"report-{number}.html")


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
        (
            _near(pages / "github" / "index.html"),
            "the pull requests as people saw them; number 3 was blocked, 5 reviewed",
        ),
        (_near(pages / "report-3.html"), "why: version 2's report, with the plots"),
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
