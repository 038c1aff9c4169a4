"""``gatehouse evidence``: what the evidence that is kept says, without a model being run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, note, progress, verb
from gatehouse.cli.hub import connect
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.report.outlook import Answer
from gatehouse.report.text import clean

if TYPE_CHECKING:
    from gatehouse.cli.watch import State, Watch
    from gatehouse.report.outlook import Word


class Checked(msgspec.Struct, frozen=True):
    """What ``evidence check --format json`` prints: one answer a pin that HEAD sets, and whether all of them hold."""

    good: bool
    base: str
    head: str
    answers: Sequence[Answer]


class Opened(msgspec.Struct, frozen=True):
    """What ``evidence open --format json`` prints: main as it was looked at, and each pull request that moves pins."""

    main: str
    pulls: Sequence[State]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Hold the evidence that is kept against main as it is now; no model is run."""


@verb
@click.option("--base", metavar="REV", required=True, help="The state of main that asks.")
@click.option("--head", metavar="REV", required=True, help="What main would be: a merge group, or a branch.")
@click.option("--commit", metavar="SHA", help="Also set the check `gatehouse` on this commit.")
def check(settings: Settings, base: str, head: str, commit: str | None) -> int:
    """Say whether the kept evidence answers for every pin that HEAD sets.

    Each pin is asked as sync will ask: by the policy, the gates and the champion just before the commit that brings
    it. Exit 1 where one has no evidence, or evidence that does not hold any more. For a merge queue.
    """
    from gatehouse.cli import rivals
    from gatehouse.cli.outlook import Outlook
    from gatehouse.report.outlook import holds, outdated, words

    with _told(settings, commit), progress(settings) as say:
        say("reading main and the evidence")
        outlook = Outlook.now(settings)
        for revision in (base, head):
            rivals.bring(outlook.trunk, revision)
        start, end = (settings.repository.resolve(revision) for revision in (base, head))
        look = outlook.merged(start, end)
    if commit is not None:
        _set(settings, commit, (holds if look.good else outdated)(look.answers), passed=look.good)
    answer = Checked(look.good, start, end, look.answers)
    emit(settings, answer, words(look.answers) or "no pin changes: no evidence is needed")
    return DONE if look.good else BLOCKED


@verb
def open_(settings: Settings) -> int:
    """Look at every open pull request that moves a pin, and set its check where main has moved on.

    A check that was green turns red, and says what moved, where its evidence does not answer what main asks now, or an
    older pull request changes the same slot; it turns green again where that has passed. A pull request whose gates
    have not ended, or did not pass, is left alone. Run it after every merge to main; a second run changes nothing.
    """
    from gatehouse.cli.watch import Watch

    with progress(settings) as say, connect(settings) as github:
        say("reading main and the open pull requests")
        watch = Watch.now(settings, github)
        states, troubles = [], []
        for rival in watch.rivals:
            say(f"looking at #{rival.pull.number}")
            try:
                states.append(watch.settle(rival))
            except Unreachable:
                raise
            except GatehouseError as error:
                # One that cannot be set must not leave the others green.
                troubles.append((rival.pull.number, error))
    emit(settings, Opened(watch.outlook.trunk.commit, states), _lines(states, watch))
    if troubles:
        named = "; ".join(f"#{number}: {error.message}" for number, error in troubles)
        raise GatehouseError(f"not every pull request could be looked at: {named}", troubles[0][1].fix)
    return DONE


@verb
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--key",
    "keys",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A public key (PEM) that counts; may be repeated.",
)
@click.option(
    "--artifact",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Also hold the model in this folder against the statement's digest.",
)
def verify(settings: Settings, file: Path, keys: tuple[Path, ...], artifact: Path | None) -> int:
    """Verify the signed statement on a check, offline: FILE.json of the evidence branch, or its FILE.intoto.json.

    The other of the two is looked for beside it; a statement without its document is verified by its signature alone.
    Exit 1 where none of the keys has signed it, or it is about something else.
    """
    from gatehouse.cli.statements import lines, verified
    from gatehouse.report.keys import named

    answer = verified(file, [named(str(key), _bytes(key)) for key in keys], artifact)
    emit(settings, answer, lines(answer))
    return DONE if answer.good else BLOCKED


command.add_command(check, "check")
command.add_command(open_, "open")
command.add_command(verify, "verify")


@contextmanager
def _told(settings: Settings, commit: str | None) -> Iterator[None]:
    """Says an error on the commit too: a merge queue waits for the check, and nobody is looking at the job's log."""
    try:
        yield
    except GatehouseError as error:
        if commit is not None:
            from gatehouse.report.outlook import unread

            try:
                _set(settings, commit, unread(error.message, error.fix), passed=False)
            except GatehouseError as second:
                # The first error is the one to mend; without a check the queue waits, and then drops the group.
                note(f"! the check could not be set either: {second.message}")
        raise


def _set(settings: Settings, commit: str, word: Word, *, passed: bool) -> None:
    from gatehouse.cli.checkrun import NAME
    from gatehouse.github import Check, Conclusion

    with connect(settings) as github:
        conclusion = Conclusion.SUCCESS if passed else Conclusion.FAILURE
        github.checks.report(commit, Check(NAME, conclusion, word.title, word.summary))


def _lines(states: Sequence[State], watch: Watch) -> list[str]:
    if not states:
        return [f"no open pull request changes a promotion; {watch.outlook.trunk.words}"]
    signs = {"good": "✓", "waiting": "·", "failed": "·"}
    count = f"{len(states)} open pull request{'s' * (len(states) != 1)} with promotions"
    lines = [f"{count}, held against {watch.outlook.trunk.words}"]
    for state in states:
        said = {"waiting": "its gates have not ended", "good": "its evidence holds"}.get(state.state, state.title)
        lines.append(clean(f"{signs.get(state.state, '✗')} #{state.pull} {said}{' (set now)' * state.changed}", 400))
    return lines


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise GatehouseError(f"{file} cannot be read: {error.strerror}", "name a file that you may read") from error
