"""Where a report goes when it is ready: the pull request, the model version's tags, the evidence branch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gatehouse.cli.checkrun import NAME, judged
from gatehouse.cli.frame import Settings, note
from gatehouse.cli.hub import connect
from gatehouse.cli.watch import Watch
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.report.context import Context

if TYPE_CHECKING:
    from gatehouse.declare.types import Declared
    from gatehouse.evaluate.result import Result
    from gatehouse.github import Check, GitHubWriter
    from gatehouse.pin import Slot

COMMENT = "report"
# Looks in all, until nothing has moved since what was posted; the next push to main looks again.
_LOOKS = 4


def post(settings: Settings, results: Sequence[Result], context: Context, pull: int) -> bool:
    """Updates the one comment, and sets the check on the commit that was judged; whether that passes.

    A check is green only while its evidence answers what main asks now, and no older pull request changes the same
    slot. What moves while this is posted is seen afterwards: by this look again, or by whoever moved it. A pull request
    without a pin gets the check and no comment. Raises GatehouseError where GitHub refuses, Unreachable where it or the
    remote does not answer; both may be repeated.
    """
    with connect(settings) as github:
        head = results[0].request.head if results else github.reader.pulls.get(pull).head_sha
        posted = None
        for _ in range(_LOOKS):
            watch = Watch.now(settings, github)
            check = _check(watch, results, context, pull, head)
            if check is None or check == posted:
                break
            _comment(github, results, context, pull, check)
            github.checks.report(head, check)
            posted = check
        if results:
            _pass_on(watch, results, pull)
    passed = posted is None or posted.conclusion.passed
    if posted is not None and not passed and all(result.passed for result in results):
        note(f"! the check is red all the same: {posted.title}")
    return passed


def _check(watch: Watch, results: Sequence[Result], context: Context, pull: int, head: str) -> Check | None:
    """What the check has to say now; None where the gates have yet to judge the commit."""
    if not all(result.passed for result in results):
        return judged(results, context)
    word, look = watch.word(pull, head, _slots(watch, results, pull))
    if not results and look.answers:
        # Pins were pushed since the gates found none: those of that push will say what they are worth.
        return None
    if word is None:
        return judged(results, context)
    return judged(results, context, word)


def _slots(watch: Watch, results: Sequence[Result], pull: int) -> frozenset[Slot]:
    judged_ones = frozenset(result.request.slot for result in results)
    return judged_ones | watch.slots(pull)


def _pass_on(watch: Watch, results: Sequence[Result], pull: int) -> None:
    """Tells the younger pull requests that change the same slots: they may have been green before this one came."""
    slots = _slots(watch, results, pull)
    for rival in watch.rivals:
        if rival.pull.number > pull and rival.slots & slots:
            watch.settle(rival)


def _comment(github: GitHubWriter, results: Sequence[Result], context: Context, pull: int, check: Check) -> None:
    from gatehouse.report.markdown import comment

    if results:
        github.comments.stick(pull, COMMENT, check.summary)
    elif github.reader.comments.stuck(pull, COMMENT, github.login):
        # An earlier push had a pin, and its report is there for all to read.
        github.comments.stick(pull, COMMENT, comment(results, context))


@contextmanager
def told(settings: Settings, pull: int | None) -> Iterator[None]:
    """Says an error on the pull request too, where there is one: whoever opened it is not looking at a job's log."""
    try:
        yield
    except Unreachable:
        raise
    except GatehouseError as error:
        if pull is not None:
            _refuse(settings, error, pull)
        raise


def _refuse(settings: Settings, error: GatehouseError, pull: int) -> None:
    from gatehouse.github import Check, Conclusion
    from gatehouse.report.markdown import refused

    with connect(settings) as github:
        body = refused(error)
        github.comments.stick(pull, COMMENT, body)
        head = github.reader.pulls.get(pull).head_sha
        github.checks.report(head, Check(NAME, Conclusion.FAILURE, "Nothing was checked", body))


def record(settings: Settings, results: Sequence[Result], declared: Declared) -> None:
    """Keeps results: on the evidence branch, signed where a key is configured, and as tags on the versions.

    The branch is what counts, so its failure is raised. Tags are a convenience: a registry that may not be written to
    from here is said, and blocks nothing.
    """
    from gatehouse.cli.notary import Notary
    from gatehouse.registry.writer import RegistryWriter
    from gatehouse.report.tags import tags
    from gatehouse.sync.shelve import shelve

    shelve(settings.repository, results, seal=Notary.of(settings).sealer(declared.stages))
    for result in results:
        stage = declared.stages.get(result.request.slot.stage)
        assert stage is not None, "a result's slot was read from declared files"
        try:
            writer = RegistryWriter(stage.registry)
            writer.set_tags(result.request.slot.model, result.request.candidate.version, tags(result))
        except GatehouseError as error:
            note(f"! no tags were set: {error.message}")
