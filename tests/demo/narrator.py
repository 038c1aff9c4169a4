"""How the demo speaks: chapters, plain prose, and commands as they are typed, with what they really printed."""

from __future__ import annotations

import shlex
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tests.world.actions import Step
from tests.world.process import Completed

WIDTH = 116


class WentWrong(Exception):
    """A command did not end as the story says: the demo must not tell what did not happen."""

    def __init__(self, done: Completed, wanted: int) -> None:
        super().__init__(f"`{shlex.join(done.command)}` ended with {done.exit}, where the story says {wanted}")
        self.done = done


class Narrator:
    """Tells a story on a console; every command it shows was run, and its output is cut, never changed."""

    def __init__(self, console: Console | None = None) -> None:
        self.screen = console or Console(highlight=False)
        # Output redirected to a file is as wide as a wide terminal, so that tables stay whole.
        self.screen.width = min(self.screen.width, WIDTH) if self.screen.is_terminal else WIDTH
        self._chapter = 0
        self._started = time.monotonic()

    def title(self, name: str, motto: str) -> None:
        self.screen.print()
        self.screen.print(Text.assemble("  ", (name, "bold cyan"), f" · {motto}"))

    def chapter(self, title: str) -> None:
        self._chapter += 1
        at = f"{time.monotonic() - self._started:.0f} s"
        self.screen.print()
        self.screen.print(Rule(f"[bold]{self._chapter} · {title}[/]  [dim]{at}[/]", align="left", style="cyan"))

    def say(self, text: str) -> None:
        """A paragraph; rich's markup is understood."""
        self.screen.print()
        self.screen.print(Padding(Text.from_markup(text), (0, 2)))

    def table(self, table: Table) -> None:
        self.screen.print()
        self.screen.print(Padding(table, (0, 2)))

    @contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        """A spinner for work that takes a while; gives a function that changes what it says."""
        if not self.screen.is_terminal:
            self.screen.print(f"  … {what}", markup=False)
            yield lambda more: self.screen.print(f"  … {more}", markup=False)
            return
        with self.screen.status(what) as status:
            yield status.update

    def command(self, done: Completed, exit: int = 0, *, lines: int = 12, written: str = "") -> None:  # noqa: A002
        """A command and what it printed, cut to ``lines``. Raises WentWrong unless it ended with ``exit``."""
        self.screen.print()
        line = Text.assemble("  $ ", (written or shlex.join(done.command), "bold"), (f"   {done.seconds:.1f} s", "dim"))
        self.screen.print(line)
        if done.exit != exit:
            for said in (done.out, done.err):
                self._output(said, lines=60)
            raise WentWrong(done, exit)
        self._output(done.out if done.out.strip() else done.err, lines)
        if exit:
            self.screen.print(Text(f"  │ exit {exit}", "yellow"))

    def workflow(self, name: str, steps: Sequence[Step], exits: Sequence[int], *, lines: Sequence[int]) -> None:
        """The steps of a workflow that ran, each with the exit code it must have and the lines it may show."""
        for step, code, shown in zip(steps, exits, lines, strict=False):
            written = step.written.replace(".venv/bin/", "")
            self.screen.print()
            self.screen.print(Text(f"  GitHub Actions · {name} · {step.job}", "cyan"))
            self.command(step.done, code, lines=shown, written=written)
        if len(steps) != len(exits):
            raise WentWrong(steps[-1].done, exits[-1])

    def file(self, name: str, text: str, lines: int = 24) -> None:
        """A file as it is, cut to ``lines``."""
        self.screen.print()
        self.screen.print(Text(f"  {name}", "bold"))
        self._output(text, lines)

    def _output(self, text: str, lines: int) -> None:
        said = text.strip("\n").splitlines()
        for line in said[:lines]:
            for part in self._folded(line.rstrip()):
                self.screen.print(Text.assemble(("  │ ", "dim"), part), no_wrap=True)
        if len(said) > lines:
            self.screen.print(Text(f"  │ … {len(said) - lines} more lines", "dim"))

    def _folded(self, line: str) -> list[str]:
        """A line folded to the screen's width, its rest further in."""
        inner = " " * (len(line) - len(line.lstrip()) + 4)
        return textwrap.wrap(line, self.screen.width - 5, subsequent_indent=inner) or [""]

    def places(self, places: Sequence[tuple[str | Path, str]]) -> None:
        """What a person should look at next: each place and why."""
        table = Table.grid(padding=(0, 2))
        for place, why in places:
            table.add_row(Text(str(place), "bold"), why)
        self.table(table)
