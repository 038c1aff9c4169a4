"""What the check of the name gatehouse says on a commit: as the gates judged, or why it is red all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from gatehouse.evaluate.result import Result
    from gatehouse.github import Check
    from gatehouse.report.context import Context
    from gatehouse.report.outlook import Word

NAME = "gatehouse"
REVIEW = "gatehouse review"
"""The check of what people say of a pull request, beside that of its gates."""


def judged(results: Sequence[Result], context: Context, word: Word | None = None) -> Check:
    """The check as the gates judged; with ``word`` it fails all the same, for that reason.

    Without a result nothing was asked, which passes.
    """
    from gatehouse.github import Annotation, Check, Conclusion, Level
    from gatehouse.report import outlook
    from gatehouse.report.checks import annotate, summary_line
    from gatehouse.report.markdown import LIMIT, comment

    if not results:
        said = word or outlook.holds(())
        return Check(NAME, Conclusion.FAILURE if word else Conclusion.SUCCESS, said.title, said.summary)
    blocked = [result for result in results if not result.passed]
    notes = tuple(
        Annotation(note.path, note.line, note.message, note.title, Level(note.level))
        for result in results
        for note in annotate(result)
    )
    # While something keeps it from being merged, an approval would be one of evidence that does not hold.
    report = (
        comment(results, context)
        if word is None
        else comment(results, msgspec.structs.replace(context, asking=()), LIMIT - len(word.summary.encode()) - 1)
    )
    return Check(
        NAME,
        Conclusion.FAILURE if blocked or word else Conclusion.SUCCESS,
        word.title if word else summary_line((blocked or list(results))[0]),
        f"{word.summary}\n{report}" if word else report,
        annotations=notes,
        link=context.links.report,
    )


def failure(word: Word) -> Check:
    from gatehouse.github import Check, Conclusion

    return Check(NAME, Conclusion.FAILURE, word.title, word.summary)
