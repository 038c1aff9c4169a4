"""Reviews of a pull request, and who was asked for one."""

from __future__ import annotations

from enum import StrEnum

from gatehouse.github import parse, text
from gatehouse.github.line import Line
from gatehouse.github.refusal import Asking
from gatehouse.github.values import Requested, Review, ReviewState

_READ = "read access to pull requests"
_WRITE = "write access to pull requests"


class Decision(StrEnum):
    """What a review is submitted as."""

    APPROVE = "APPROVE"
    REQUEST_CHANGES = "REQUEST_CHANGES"
    COMMENT = "COMMENT"

    @property
    def state(self) -> ReviewState:
        """How it is listed afterwards."""
        return {
            Decision.APPROVE: ReviewState.APPROVED,
            Decision.REQUEST_CHANGES: ReviewState.CHANGES_REQUESTED,
            Decision.COMMENT: ReviewState.COMMENTED,
        }[self]


class ReviewReader:
    """Reads reviews. Raises NotFound for a pull request that is not there."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def list(self, number: int) -> tuple[Review, ...]:
        """Every review, oldest first."""
        pull = self._line.repository.get_pull(number)
        return self._line.read(
            Asking(f"list the reviews of pull request #{number}", _READ),
            lambda: tuple(parse.review(each) for each in pull.get_reviews()),
        )

    def requested(self, number: int) -> Requested:
        """Whose reviews are still awaited."""

        def ask() -> Requested:
            people, teams = self._line.repository.get_pull(number).get_review_requests()
            return Requested(tuple(each.login for each in people), tuple(each.slug for each in teams))

        return self._line.read(Asking(f"list the reviewers of pull request #{number}", _READ), ask)


class ReviewWriter:
    """Submits reviews as the token's own account."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._reader = ReviewReader(line)

    def submit(self, number: int, decision: Decision, body: str, commit: str) -> Review:
        """Submits a review of the head commit ``commit``. Raises Refused where GitHub does not take it (one's own pull
        request, an empty rejection, a commit that is not in it)."""
        whole = text.body(body)

        def send() -> Review:
            repository = self._line.repository
            reviewed = repository.get_commit(commit)
            return parse.review(repository.get_pull(number).create_review(reviewed, whole, decision.value))

        before = {review.id for review in self._reader.list(number)}

        def look() -> Review | None:
            # Submitted by us since we began: the same words may have been submitted before.
            return next((each for each in self._reader.list(number) if each.id not in before and same(each)), None)

        def same(review: Review) -> bool:
            ours = review.author.login.lower() == self._line.login.lower()
            return ours and (review.state, review.commit) == (decision.state, commit) and text.same(whole, review.body)

        return self._line.write(Asking(f"submit a review of pull request #{number}", _WRITE), send, look)
