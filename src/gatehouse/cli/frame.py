"""What every verb shares: its common options, where it runs, how it prints, and how errors become words."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from gatehouse.cli.harmless import json_line, legible, unheard
from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from gatehouse.git import Repository

DONE, BLOCKED, BROKEN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and how a verb runs. Only here is the environment read."""

    folder: Path
    environ: Mapping[str, str]
    json: bool

    @property
    def repository(self) -> Repository:
        """The promotions repository around the folder; raises NotFound outside one."""
        from gatehouse.git import Repository

        return Repository.around(self.folder)


def verb(function: Callable[..., int | None]) -> click.Command:
    """Makes a verb of a function ``(settings, **options) -> exit code``: adds the options that all verbs share."""

    @functools.wraps(function)
    def run(repo: Path, format: str, debug: bool, **options: Any) -> int | None:  # noqa: A002, ARG001
        return function(Settings(repo, dict(os.environ), format == "json"), **options)

    run = click.option("--debug", is_flag=True, help="Show the traceback of an error.")(run)
    run = click.option("--format", type=click.Choice(["text", "json"]), default="text", help="What to print.")(run)
    run = click.option(
        "--repo",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=Path(),
        help="The promotions repository (default: the one around this folder).",
    )(run)
    name = function.__module__.rpartition(".")[2]
    return click.command(name, context_settings={"help_option_names": ["-h", "--help"]})(run)


def console(*, stderr: bool = False) -> Console:
    """A console for people. Width comes from the terminal; 100 where there is none, so that logs stay readable."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 100, highlight=False, soft_wrap=not stream.isatty())


def emit(settings: Settings, document: Any, text: RenderableType | Sequence[RenderableType]) -> None:
    """Prints a verb's answer: the document as JSON, or the text for people."""
    if settings.json:
        click.echo(json_line(msgspec.json.format(_encoded(document), indent=2).decode()))
        return
    for part in [text] if isinstance(text, str) or not isinstance(text, Sequence) else text:
        _show(console(), part)


def show(settings: Settings, part: RenderableType) -> None:
    """Shows something while the verb goes on; on standard error where the answer is to be JSON."""
    _show(console(stderr=settings.json), part)


def note(text: str) -> None:
    """Says something beside the answer, on standard error."""
    _show(console(stderr=True), text)


def _encoded(document: Any) -> bytes:
    """The document in JSON, also where it names a file that is called by bytes that are no text."""
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        return msgspec.json.encode(_textual(msgspec.to_builtins(document, str_keys=True)))


def _textual(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_textual(name): _textual(each) for name, each in value.items()}
    return [_textual(each) for each in value] if isinstance(value, list | tuple) else value


def _show(screen: Console, part: RenderableType) -> None:
    """Prints as it is what may look like markup, and nothing that a terminal obeys but our own colours. A log is read
    by a machine as well, line by line, so that is looked at last, after everything was wrapped to its width."""
    from rich.segment import Segment, Segments

    if isinstance(part, str):
        shown: RenderableType = legible(part)
    else:
        # Where nobody watches a terminal a line is not broken, as it is not when text is printed.
        unbroken = screen.options.update(no_wrap=True, overflow="ignore") if screen.soft_wrap else None
        shown = Segments(
            each if each.control else Segment(legible(each.text), each.style) for each in screen.render(part, unbroken)
        )
    with screen.capture() as captured:
        screen.print(shown, markup=False)
    screen.file.write(unheard(captured.get()))
    screen.file.flush()


@dataclass(frozen=True, slots=True)
class Progress:
    """Called with each step, which the next one replaces; what is to ``stay`` does."""

    step: Callable[[str], None]
    stay: Callable[[str], None]

    def __call__(self, step: str) -> None:
        self.step(step)


@contextmanager
def progress(settings: Settings) -> Iterator[Progress]:
    """A line on standard error that says what is being done; plain lines where nobody watches a terminal."""
    from rich.markup import escape

    screen = console(stderr=True)
    if settings.json and not screen.is_terminal:
        yield Progress(lambda _: None, lambda _: None)
        return

    def stay(text: str) -> None:
        _show(screen, f"· {text}")

    if not screen.is_terminal:
        yield Progress(stay, stay)
        return
    with screen.status("starting") as status:
        yield Progress(lambda step: status.update(escape(legible(step))), stay)


def wants_debug(args: Sequence[str]) -> bool:
    return "--debug" in args


def explain(error: Exception, args: Sequence[str]) -> int:
    """Says an error in one or two lines, as JSON where that was asked for; the exit code."""
    if isinstance(error, GatehouseError):
        message, fix = error.message, error.fix
    else:
        message, fix = (
            f"unexpected {type(error).__name__}: {error}",
            "run it again with --debug and report what it shows",
        )
    if "json" in args or "--format=json" in args:
        said = {"message": legible(message), "fix": legible(fix)}
        click.echo(json_line(msgspec.json.encode({"error": said}).decode()))
    click.secho(unheard(legible(f"error: {message}")), fg="red", err=True)
    if fix:
        click.secho(unheard(legible(f"  fix: {fix}")), err=True)
    return BROKEN
