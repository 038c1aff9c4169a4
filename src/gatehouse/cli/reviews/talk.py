"""Speaking with a person at the terminal: lines, several lines, an editor, a yes, and waiting."""

from __future__ import annotations

import select
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from gatehouse.cli.frame import Settings, console, show

if TYPE_CHECKING:
    from rich.console import RenderableType

_MORE = "… "
# What is pasted arrives at once; nobody types so fast.
_PASTED_S = 0.05


def present() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


class Talk:
    """What is shown goes to standard error where the answer is to be JSON, and so do the prompts.

    ``line`` and all that asks raise EOFError and KeyboardInterrupt where the person leaves.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def show(self, part: RenderableType) -> None:
        show(self._settings, part)

    def line(self, prompt: str) -> str:
        """One line, without its end and the blanks around it."""
        if self._settings.json:
            click.echo(prompt, nl=False, err=True)
            return input().strip()
        with suppress(ImportError):
            import readline  # noqa: F401  # with it, input() knows the arrow keys

        return input(prompt).strip()

    def text(self, prompt: str) -> str:
        """One line, or several: where one ends with a backslash, or more of it was pasted, an empty one is the end."""
        lines = [self.line(prompt)]
        several = False
        while lines[-1].endswith("\\") or several or _waiting():
            if not several and not lines[-1].endswith("\\"):
                self.show("(several lines: an empty one is the end)")
            several = True
            lines[-1] = lines[-1].removesuffix("\\").rstrip()
            line = self.line(_MORE)
            if not line and not _waiting():
                break
            lines.append(line)
        return "\n".join(lines).strip()

    def edit(self, text: str) -> str:
        """The text as it comes back from the person's editor; as it was, where none can be opened or nothing saved."""
        try:
            edited = click.edit(text, extension=".md")
        except click.ClickException as error:
            self.show(f"no editor could be opened ({error.format_message()}): set EDITOR, or type it here")
            return text
        return text if edited is None else edited.strip()

    def sure(self, question: str) -> bool:
        """Whether the whole word yes is typed; Enter, or anything else, is a no."""
        return self.line(f"{question} Type yes to do it: ").lower() == "yes"

    def wait(self, seconds: float, what: str) -> None:
        """Lets the time pass, with a bar that shows it."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        screen = console(stderr=True)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(24), TimeRemainingColumn(compact=True))
        end = time.monotonic() + seconds
        with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
            task = bar.add_task(what, total=seconds)
            while (left := end - time.monotonic()) > 0:
                bar.update(task, completed=seconds - left)
                time.sleep(min(left, 0.25))


def _waiting() -> bool:
    """Whether more was sent already than was read."""
    try:
        return bool(select.select([sys.stdin], [], [], _PASTED_S)[0])
    except (OSError, ValueError):
        # Nothing that could be waited for.
        return False
