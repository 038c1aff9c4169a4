"""Pull requests: finding the one for a slot, opening it once, merging it as it was reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError
from gatehouse.github import parse, text
from gatehouse.github.line import Line, again
from gatehouse.github.refusal import Asking, Forbidden, Refused
from gatehouse.github.values import Change, Opened, Pull

if TYPE_CHECKING:
    from github.PullRequest import PullRequest

_READ = "read access to pull requests"
_WRITE = "write access to pull requests"
# What a merge is answered with that the branch's rules do not let through.
_NOT_YET = 405
_AWAIT = """mutation ($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { clientMutationId }
}"""


class PullReader:
    """Reads pull requests. Raises NotFound for a number that is not there."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def get(self, number: int) -> Pull:
        """One pull request, with its mergeability where GitHub has worked it out."""

        def ask() -> Pull:
            found = self._line.repository.get_pull(number)
            return parse.pull(found, mergeable=found.mergeable)

        return self._line.read(Asking(f"show pull request #{number}", _READ), ask)

    def files(self, number: int) -> tuple[Change, ...]:
        """Every file that a pull request changes (GitHub lists at most 3,000)."""
        pull = self._line.repository.get_pull(number)
        return self._line.read(
            Asking(f"list the files of pull request #{number}", _READ),
            lambda: tuple(parse.change(each) for each in pull.get_files()),
        )

    def open(self, base: str = "main") -> tuple[Pull, ...]:
        """Every open pull request to a branch, oldest first."""
        return self._listed(f"list the open pull requests to {base}", base)

    def since(self, moment: datetime, base: str = "main", most: int = 200) -> tuple[Pull, ...]:
        """The pull requests to a branch that were opened since then, whatever became of them, newest first: one request
        for each 100, and no more than ``most``."""

        def ask() -> tuple[Pull, ...]:
            found = self._line.repository.get_pulls("all", "created", "desc", base)
            newest = (parse.pull(each) for each in islice(found, most))
            return tuple(takewhile(lambda pull: pull.created >= moment, newest))

        return self._line.read(Asking(f"list the latest pull requests to {base}", _READ), ask)

    def open_for(self, head: str, base: str = "main") -> Pull | None:
        """The open pull request from a branch of this repository."""
        found = self._listed(f"look for a pull request from {head}", base, f"{self._line.owner}:{head}")
        return next((pull for pull in found if pull.head == head), None)

    def of_commit(self, sha: str) -> tuple[Pull, ...]:
        """The pull requests that a commit of this repository came in by, or lies in: one request.

        Raises NotFound or Refused for a commit that GitHub does not have.
        """
        asking = Asking(f"tell which pull request brought {sha[:12]}", _READ)

        def ask() -> tuple[Pull, ...]:
            return tuple(parse.pull(each) for each in self._line.repository.get_commit(sha).get_pulls())

        return self._line.read(asking, ask)

    def open_promotions(self, path: str, base: str = "main") -> tuple[Pull, ...]:
        """The open pull requests that touch a file, from whatever branch or fork, oldest first: one request for each
        open pull request."""
        return tuple(
            pull for pull in self.open(base) if any(change.touches(path) for change in self.files(pull.number))
        )

    def _listed(self, doing: str, base: str, head: str | None = None) -> tuple[Pull, ...]:
        def ask() -> tuple[Pull, ...]:
            from github.GithubObject import NotSet

            found = self._line.repository.get_pulls("open", "created", "asc", base, NotSet if head is None else head)
            return tuple(parse.pull(each) for each in found)

        return self._line.read(Asking(doing, _READ), ask)


class PullWriter:
    """Opens and merges pull requests; safe to repeat after any failure."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._reader = PullReader(line)

    def open(self, head: str, base: str, title: str, body: str, reviewers: Sequence[str] = ()) -> Opened:
        """The open pull request from ``head``, opened now or before, with ``reviewers`` asked.

        Reviewers are ``@login`` or ``@owner/team``, with or without the @; the author is left out. Raises Refused where
        GitHub will not open it (no commits between the branches, say) or a reviewer cannot be asked.
        """
        opened = self._opened(head, base, text.line(title), text.body(body))
        self.request(opened.pull, reviewers)
        return opened

    def _opened(self, head: str, base: str, title: str, body: str) -> Opened:
        if existing := self._reader.open_for(head, base):
            return Opened(existing, new=False)
        try:
            made = self._line.write(
                Asking(f"open a pull request from {head} to {base}", _WRITE),
                lambda: parse.pull(self._line.repository.create_pull(base, head, title=title, body=body)),
                lambda: self._reader.open_for(head, base),
            )
        except Refused:
            # Somebody else may have opened it in between.
            if existing := self._reader.open_for(head, base):
                return Opened(existing, new=False)
            raise
        return Opened(made, new=True)

    def describe(self, number: int, body: str) -> None:
        """Puts other words in a pull request's body; whatever stood there is gone."""
        whole = text.body(body)
        self._line.write(
            Asking(f"describe pull request #{number}", _WRITE), lambda: self._pull(number).edit(body=whole), again
        )

    def request(self, pull: Pull, reviewers: Sequence[str]) -> None:
        """Asks for reviews; asking somebody twice changes nothing."""
        names = [name.removeprefix("@") for name in reviewers]
        people = [name for name in names if "/" not in name and name.lower() != pull.author.login.lower()]
        teams = [name.partition("/")[2] for name in names if "/" in name]
        if people or teams:
            self._line.write(
                Asking(f"request reviews of pull request #{pull.number} from {', '.join(people + teams)}", _WRITE),
                lambda: self._pull(pull.number).create_review_request(people, teams),
                again,
            )

    def merge(self, number: int, sha: str, method: str = "merge") -> str:
        """Merges a pull request while its head still is ``sha``; the commit that the base branch is at then.

        Merged already at that head, it returns the same. Raises Refused where the head has moved (409), or the branch's
        rules or a conflict stand in the way (405).
        """
        pull = self._reader.get(number)
        if pull.merged:
            return self._merged_as(pull, sha)

        def look() -> str | None:
            now = self._reader.get(number)
            return self._merged_as(now, sha) if now.merged else None

        return self._line.write(
            Asking(f"merge pull request #{number}", "write access to contents"),
            lambda: self._pull(number).merge(sha=sha, merge_method=method).sha,
            look,
        )

    def merge_when_ready(self, number: int, sha: str, method: str = "merge") -> str | None:
        """Merges a pull request at ``sha`` now, or has GitHub merge it once its branch's rules are met (None).

        GitHub keeps the second for repositories that allow auto-merge, and only for what cannot be merged yet, so it is
        merged first. Raises Refused where neither can be.
        """
        try:
            return self.merge(number, sha, method)
        except Refused as refused:
            if refused.status != _NOT_YET or not self._awaited(number, sha, method):
                raise
        return None

    def _awaited(self, number: int, sha: str, method: str) -> bool:
        """Whether GitHub will merge it; False where it does not do so here, or a draft or conflict is in the way."""
        pull = self._reader.get(number)
        given = {"pullRequestId": pull.node, "expectedHeadOid": sha, "mergeMethod": method.upper()}
        if not pull.open or pull.mergeable is False:
            return False
        try:
            self._line.graphql(Asking(f"merge pull request #{number} when it can be", _WRITE), _AWAIT, {"input": given})
        except Forbidden:
            raise
        except Refused:
            return False
        return True

    def _merged_as(self, pull: Pull, sha: str) -> str:
        if pull.head_sha != sha or pull.merge_sha is None:
            raise GatehouseError(
                f"pull request #{pull.number} was merged at {pull.head_sha[:12]}, not at {sha[:12]}",
                "look at what was merged; `gatehouse sync` judges it by its evidence",
            )
        return pull.merge_sha

    def _pull(self, number: int) -> PullRequest:
        return self._line.repository.get_pull(number)
