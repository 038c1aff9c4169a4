"""Comments, and the one that sticks: found by its marker and its author, so that nobody else can speak in its name."""

from __future__ import annotations

from gatehouse.github import parse, text
from gatehouse.github.line import Line, again
from gatehouse.github.refusal import Asking
from gatehouse.github.values import Comment

_READ = "read access to pull requests"
_WRITE = "write access to pull requests"


class CommentReader:
    """Reads the comments of a pull request. Raises NotFound for a number that is not there."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def list(self, number: int) -> tuple[Comment, ...]:
        """Every comment, oldest first."""
        issue = self._line.repository.get_issue(number)
        return self._line.read(
            Asking(f"list the comments of pull request #{number}", _READ),
            lambda: tuple(parse.comment(each) for each in issue.get_comments()),
        )

    def stuck(self, number: int, name: str, author: str) -> tuple[Comment, ...]:
        """The comments of ``author`` that start with the marker of ``name``, oldest first; nobody else's."""
        return tuple(
            comment
            for comment in self.list(number)
            if comment.author.login.lower() == author.lower() and text.marked(comment.body, name)
        )


class CommentWriter:
    """Writes comments as the token's own account; touches nobody else's."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._reader = CommentReader(line)

    def stick(self, number: int, name: str, body: str) -> Comment:
        """Our one comment under ``name``: written, or rewritten where it is there; a second one of ours is deleted.

        ``name`` is a word such as ``check`` (ValueError for odd characters); it becomes an invisible first line.
        """
        whole = text.body(f"{text.marker(name)}\n{body}")
        mine = self._mine(number, name)
        if not mine:
            return self._created(number, name, whole)
        for extra in mine[1:]:
            self._deleted(number, extra)
        return mine[0] if text.same(whole, mine[0].body) else self._edited(number, mine[0], whole)

    def say(self, number: int, body: str) -> Comment:
        """A comment beside all others, also where we said the same before."""
        whole = text.body(body)
        before = {comment.id for comment in self._reader.list(number)}

        def look() -> Comment | None:
            return next((each for each in self._reader.list(number) if each.id not in before and same(each)), None)

        def same(comment: Comment) -> bool:
            return comment.author.login.lower() == self._line.login.lower() and text.same(whole, comment.body)

        return self._line.write(
            Asking(f"comment on pull request #{number}", _WRITE),
            lambda: parse.comment(self._line.repository.get_issue(number).create_comment(whole)),
            look,
        )

    def _mine(self, number: int, name: str) -> tuple[Comment, ...]:
        return self._reader.stuck(number, name, self._line.login)

    def _created(self, number: int, name: str, body: str) -> Comment:
        return self._line.write(
            Asking(f"comment on pull request #{number}", _WRITE),
            lambda: parse.comment(self._line.repository.get_issue(number).create_comment(body)),
            lambda: next((each for each in self._mine(number, name) if text.same(body, each.body)), None),
        )

    def _edited(self, number: int, comment: Comment, body: str) -> Comment:
        def edit() -> Comment:
            found = self._line.repository.get_issue(number).get_comment(comment.id)
            found.edit(body)
            return parse.comment(found)

        return self._line.write(Asking(f"update our comment on pull request #{number}", _WRITE), edit, again)

    def _deleted(self, number: int, comment: Comment) -> None:
        def look() -> bool | None:
            return None if any(each.id == comment.id for each in self._reader.list(number)) else True

        def delete() -> bool:
            self._line.repository.get_issue(number).get_comment(comment.id).delete()
            return True

        self._line.write(Asking(f"delete our second comment on pull request #{number}", _WRITE), delete, look)
