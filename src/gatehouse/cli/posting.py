"""Where a report goes when it is ready: the pull request, the model version's tags, the evidence branch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gatehouse.cli.frame import Settings, console
from gatehouse.cli.hub import connect
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.report.context import Context

if TYPE_CHECKING:
    from gatehouse.declare.types import Declared
    from gatehouse.evaluate.result import Result
    from gatehouse.github import Check

NAME = "gatehouse"
COMMENT = "report"


def post(settings: Settings, results: Sequence[Result], context: Context, pull: int) -> None:
    """Updates the one comment, and sets the check on the commit that was judged.

    Raises GatehouseError where GitHub refuses, Unreachable where it does not answer; both may be repeated.
    """
    from gatehouse.report.markdown import comment

    with connect(settings) as github:
        head = results[0].request.head if results else github.reader.pulls.get(pull).head_sha
        github.comments.stick(pull, COMMENT, comment(results, context))
        github.checks.report(head, _check(results, context))


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


def _check(results: Sequence[Result], context: Context) -> Check:
    from gatehouse.github import Annotation, Check, Conclusion, Level
    from gatehouse.report.checks import annotate, summary_line
    from gatehouse.report.markdown import comment

    blocked = [result for result in results if not result.passed]
    title = summary_line((blocked or list(results))[0]) if results else "No promotion in this pull request"
    notes = tuple(
        Annotation(note.path, note.line, note.message, note.title, Level(note.level))
        for result in results
        for note in annotate(result)
    )
    conclusion = Conclusion.FAILURE if blocked else Conclusion.SUCCESS
    return Check(NAME, conclusion, title, comment(results, context), annotations=notes, link=context.links.report)


def record(settings: Settings, results: Sequence[Result], declared: Declared) -> None:
    """Keeps results: on the evidence branch, and as tags on the versions.

    The branch is what counts, so its failure is raised. Tags are a convenience: a registry that may not be written to
    from here is said, and blocks nothing.
    """
    from gatehouse.registry.writer import RegistryWriter
    from gatehouse.report.tags import tags
    from gatehouse.sync.shelve import shelve

    shelve(settings.repository, results)
    for result in results:
        stage = declared.stages.get(result.request.slot.stage)
        assert stage is not None, "a result's slot was read from declared files"
        try:
            writer = RegistryWriter(stage.registry)
            writer.set_tags(result.request.slot.model, result.request.candidate.version, tags(result))
        except GatehouseError as error:
            console(stderr=True).print(f"! no tags were set: {error.message}", markup=False)
