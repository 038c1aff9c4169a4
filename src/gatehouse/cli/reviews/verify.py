"""``gatehouse review --verify``: judges the reviews of pull requests, and does what follows from that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gatehouse.cli.frame import BLOCKED, DONE, Progress, Settings, emit, note, progress
from gatehouse.cli.hub import connect
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.report.text import clean
from gatehouse.review.record import ReviewedPlace
from gatehouse.review.words import moment

if TYPE_CHECKING:
    from gatehouse.cli.reviews.bench import Bench, Seen
    from gatehouse.cli.reviews.settling import Settled
    from gatehouse.github import GitHubWriter, Pull


@dataclass(frozen=True, slots=True)
class Way:
    """How far it goes: sets the check, merges; for a merge queue's group ``group``, on the commit ``commit``."""

    set_check: bool = False
    merge: bool = False
    group: str = ""
    commit: str = ""


class Verified(msgspec.Struct, frozen=True):
    """What ``--format json`` prints of one pull request.

    ``state`` is GitHub's: open, closed or merged. ``passed``: people agree, or nobody has to; ``places`` has every
    rule's outcome for each pin that they are asked about, and who rejected any other; ``unblocks`` is from when on it
    can pass, where that is known.
    ``changed``: the check was set just now; ``recorded``: the evidence branch got a record; ``answered``: our comment
    has something to say; ``issue`` follows an emergency up; ``merge`` is what came of merging it.
    """

    pull: int
    head: str
    state: str
    passed: bool
    title: str
    judged: datetime | None = None
    unblocks: datetime | None = None
    places: Sequence[ReviewedPlace] = ()
    changed: bool = False
    recorded: bool = False
    answered: bool = False
    issue: str = ""
    merge: str = ""


class Open(msgspec.Struct, frozen=True):
    """What ``--format json`` prints without a number: main as it was looked at, and each pull request with pins."""

    main: str
    pulls: Sequence[Verified]


def verify(settings: Settings, number: int | None, way: Way) -> int:
    """Judges the reviews of one pull request, of a merge queue's group, or of every open one that changes promotions.

    Exit 0 where people agree or nobody has to, 1 where not. With ``set_check`` the check says which, and the exit code
    is 0 once it does; of a group it stays 1, because a queue's run is its answer.
    """
    from gatehouse.cli.reviews import queued
    from gatehouse.cli.reviews.bench import Bench

    wanted = queued.named(way.group) if way.group else number
    if bool(way.group and way.set_check) is not bool(way.commit):
        raise GatehouseError(
            "a group and its commit go together",
            "give both: --group REF --commit SHA, as github.event.merge_group has it",
        )
    with progress(settings) as say, connect(settings) as github:
        say("reading main and the evidence")
        if wanted is None:
            return _every(Bench.now(settings, github), way, say)
        with _told(github, wanted, way):
            say(f"looking at #{wanted}")
            return _one(Bench.now(settings, github), wanted, way)


def _one(bench: Bench, number: int, way: Way) -> int:
    from gatehouse.cli.reviews.bench import Seen
    from gatehouse.review import telling

    done = _group(bench, number, way) if way.group else _done(bench, number, way)
    answer = verified(done)
    lines = telling.lines(done.seen.judgement) if isinstance(done.seen, Seen) else []
    emit(bench.settings, answer, [*lines, _line(answer)])
    return DONE if answer.passed or (way.set_check and not way.group) else BLOCKED


def _done(bench: Bench, number: int, way: Way) -> Settled:
    from gatehouse.cli.reviews.settling import Settled, settle

    return settle(bench, number, merges=way.merge) if way.set_check else Settled(bench.look(number))


def _group(bench: Bench, number: int, way: Way) -> Settled:
    """Only the check is set: a queue may write nothing else, and the pull request has had its record and answers."""
    from gatehouse.cli.reviews.bench import Seen, green
    from gatehouse.cli.reviews.queued import on_record
    from gatehouse.cli.reviews.settling import Settled

    seen = bench.look(number)
    done = Settled(seen, record=on_record(bench, seen) if isinstance(seen, Seen) else "")
    if way.set_check:
        check = green(done.record, seen.check.summary) if done.record else seen.check
        done.changed = bench.github.checks.renew(way.commit, check)
    return done


def _every(bench: Bench, way: Way, say: Progress) -> int:
    from gatehouse.cli.reviews.merging import MERGED
    from gatehouse.cli.rivals import rivals
    from gatehouse.sync.trunk import BRANCH

    trunk = bench.outlook.trunk
    # Listed first: the commits that were there are looked at now, and pins that are pushed meanwhile are not let pass.
    there = bench.github.reader.pulls.open(BRANCH) if way.set_check else ()
    found = [rival.pull.number for rival in rivals(trunk, bench.github.reader)]
    answers: list[Verified] = []
    troubles: list[tuple[int, GatehouseError]] = []
    for number in found:
        say(f"looking at #{number}")
        try:
            with _told(bench.github, number, way):
                answers.append(verified(_done(bench, number, way)))
        except Unreachable:
            raise
        except GatehouseError as error:
            # One that cannot be judged must not leave the others as they were.
            troubles.append((number, error))
            continue
        if answers[-1].merge == MERGED:
            # Main is another one now.
            bench = bench.now(bench.settings, bench.github)
    _let_pass(bench, [pull for pull in there if pull.number not in found])
    emit(bench.settings, Open(trunk.commit, answers), _lines(answers, trunk.words))
    if troubles:
        named = "; ".join(f"#{number}: {error.message}" for number, error in troubles)
        raise GatehouseError(f"not every pull request could be judged: {named}", troubles[0][1].fix)
    return DONE if way.set_check or all(answer.passed for answer in answers) else BLOCKED


def _let_pass(bench: Bench, others: Sequence[Pull]) -> None:
    """A required check must not block what changes no promotion, also where the run that its push started was lost."""
    from gatehouse.cli.reviews.bench import UNCONCERNED

    for pull in others:
        bench.github.checks.renew(pull.head_sha, UNCONCERNED)


@contextmanager
def _told(github: GitHubWriter, number: int, way: Way) -> Iterator[None]:
    """Says on the check that nobody could look, but where GitHub is away: then what was said last stays, and sync asks
    again itself before it believes anything."""
    try:
        yield
    except Unreachable:
        raise
    except GatehouseError as error:
        if way.set_check:
            from gatehouse.cli.reviews.bench import red

            try:
                head = way.commit or github.reader.pulls.get(number).head_sha
                github.checks.renew(head, red("The reviews could not be judged", error))
            except GatehouseError as second:
                note(f"! the check could not be set either: {second.message}")
        raise


def verified(done: Settled) -> Verified:
    """What is told of a pull request that was looked at."""
    from gatehouse.cli.reviews.bench import Seen
    from gatehouse.cli.reviews.merging import MERGED

    seen, pull = done.seen, done.seen.pull
    state = "merged" if pull.merged or done.merge == MERGED else pull.state
    made = done.changed, done.recorded, done.answered, done.issue, done.merge
    title = done.record or seen.title
    if not isinstance(seen, Seen):
        return Verified(pull.number, pull.head_sha, state, False, title, None, None, (), *made)
    places = seen.record.places
    passed = seen.passed or bool(done.record)
    return Verified(pull.number, pull.head_sha, state, passed, title, seen.now, _unblocks(seen), places, *made)


def _unblocks(seen: Seen) -> datetime | None:
    """When all that is blocked can pass, if that is known of each."""
    moments = [place.unblocks for place in seen.judgement.places if not place.passed]
    known = [moment for moment in moments if moment is not None]
    return max(known) if known and len(known) == len(moments) else None


def _lines(answers: Sequence[Verified], words: str) -> list[str]:
    if not answers:
        return [f"no open pull request changes a promotion; {words}"]
    count = f"{len(answers)} open pull request{'s' * (len(answers) != 1)} with promotions"
    return [f"{count}, judged by {words}", *map(_line, answers)]


def _line(answer: Verified) -> str:
    closed = f" ({answer.state})" if answer.state != "open" and not answer.merge else ""
    said = [
        f"{'✓' if answer.passed else '✗'} #{answer.pull}{closed} {answer.title}",
        *(["it can pass from " + moment(answer.unblocks) + " on"] if answer.unblocks else []),
        *(["the check is set"] if answer.changed else []),
        *(["on record"] if answer.recorded else []),
        *([f"followed up in {answer.issue}"] if answer.issue else []),
        *([answer.merge] if answer.merge else []),
    ]
    return clean("; ".join(said), 600)
