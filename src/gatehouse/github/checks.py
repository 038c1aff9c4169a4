"""A check on a commit: a check run with annotations where the token is an app's, a commit status where it is not."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gatehouse.github import text
from gatehouse.github.line import Line
from gatehouse.github.refusal import Asking, Forbidden
from gatehouse.github.values import Annotation, Check, Posted, Standing

if TYPE_CHECKING:
    from github.CheckRun import CheckRun

_CHECKS = "write access to checks"
_STATUSES = "write access to commit statuses"
_SEE_CHECKS = "read access to checks"
_SEE_STATUSES = "read access to commit statuses"
# GitHub lets a merge pass after these; a job that was skipped counts as a success.
_PASSES = frozenset({"success", "neutral", "skipped"})
# GitHub takes 50 annotations a request, and adds those of the next request to them.
_BATCH = 50


class CheckReader:
    """Reads the checks that the token's own account has set on commits; what others post under the same name is not
    seen."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def standing(self, sha: str, name: str) -> Standing | None:
        """Our own last word under this name, as a check run or else as a commit status; None where we said nothing.

        Raises Forbidden for a token that may see neither.
        """
        try:
            run = self._run(sha, name)
        except Forbidden:
            return self._status(sha, name)
        if run is not None:
            return run
        try:
            return self._status(sha, name)
        except Forbidden:
            # A token that may not see statuses sets none either: its word would have been a check run.
            return None

    def ended(self, sha: str, name: str) -> tuple[datetime, ...]:
        """When each of the checks that were posted on a commit under this name ended, earliest first.

        To an app these are its own; a person sees everybody's, and is not to decide anything by them. Raises Forbidden
        for a token that may see neither check runs nor statuses.
        """
        me = self._line.login
        by = me if me.endswith("[bot]") else None
        try:
            found = self._run_ends(sha, name, by)
        except Forbidden:
            return self._status_ends(sha, name, by)
        try:
            return found or self._status_ends(sha, name, by)
        except Forbidden:
            # A token that may not see statuses sets none either.
            return ()

    def _run_ends(self, sha: str, name: str, by: str | None) -> tuple[datetime, ...]:
        asking = Asking(f"list the checks of {sha[:12]}", _SEE_CHECKS)
        path = f"{self._line.repository.url}/commits/{sha}/check-runs"
        return self._line.read(
            asking,
            lambda: _sorted(
                datetime.fromisoformat(run["completed_at"])
                for run in self._line.items(path, asking, "check_runs", check_name=name, filter="all")
                if run["completed_at"] and (by is None or (run["app"] and f"{run['app']['slug']}[bot]" == by))
            ),
        )

    def _status_ends(self, sha: str, name: str, by: str | None) -> tuple[datetime, ...]:
        asking = Asking(f"list the statuses of {sha[:12]}", _SEE_STATUSES)
        path = f"{self._line.repository.url}/commits/{sha}/statuses"
        return self._line.read(
            asking,
            lambda: _sorted(
                datetime.fromisoformat(one["created_at"])
                for one in self._line.items(path, asking)
                if (one["context"], one["state"] != "pending") == (name, True)
                and (by is None or (one["creator"] or {}).get("login") == by)
            ),
        )

    def _run(self, sha: str, name: str) -> Standing | None:
        me = self._line.login
        if not me.endswith("[bot]"):
            # Only apps make check runs.
            return None
        found = self._line.read(
            Asking(f"list the checks of {sha[:12]}", _SEE_CHECKS),
            lambda: [
                run
                for run in self._line.repository.get_commit(sha).get_check_runs(name)
                if run.app is not None and f"{run.app.slug}[bot]" == me
            ],
        )
        if not found:
            return None
        newest = max(found, key=lambda run: run.id)
        said = newest.output
        return Standing(
            said.title or "", newest.status == "completed", newest.conclusion in _PASSES, said.summary or ""
        )

    def _status(self, sha: str, name: str) -> Standing | None:
        def ask() -> Standing | None:
            from github.CommitStatus import CommitStatus
            from github.PaginatedList import PaginatedList

            # Newest first. PyGithub's own list is at an address that GitHub no longer describes, and the combined
            # status does not say who set it.
            commit = self._line.repository.get_commit(sha)
            for one in PaginatedList(CommitStatus, commit.requester, f"{commit.url}/statuses", None):
                if one.context == name and one.creator is not None and one.creator.login == self._line.login:
                    return Standing(one.description or "", one.state != "pending", one.state == "success")
            return None

        return self._line.read(Asking(f"list the statuses of {sha[:12]}", _SEE_STATUSES), ask)


class CheckWriter:
    """Sets checks on commits. What is posted last under a name counts."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._reader = CheckReader(line)

    def begin(self, sha: str, name: str, title: str, link: str = "") -> Posted:
        """Says that a check is on its way, so that a pull request waits for it."""
        try:
            run = self._create(sha, name, {"status": "in_progress", "output": _output(title, title)}, link)
        except Forbidden:
            return self._status(sha, name, "pending", title, link)
        return Posted("check", run.html_url or run.url)

    def report(self, sha: str, check: Check) -> Posted:
        """Posts how a check ended, as a check run; as a commit status where the token may not make check runs.

        With many annotations the check stays unfinished until the last of them is there: a crash in between blocks.
        """
        batches = _batches(check.annotations)
        end = {"status": "completed", "conclusion": check.conclusion.value}
        first = end if len(batches) == 1 else {"status": "in_progress"}
        output = _output(check.title, check.summary, check.text)
        try:
            run = self._create(sha, check.name, {**first, "output": {**output, "annotations": batches[0]}}, check.link)
        except Forbidden:
            state = "success" if check.conclusion.passed else "failure"
            return self._status(sha, check.name, state, check.title, check.link)
        for number, batch in enumerate(batches[1:], 2):
            more = end if number == len(batches) else {}
            self._add(run, {**more, "output": {**output, "annotations": batch}}, (number - 1) * _BATCH + len(batch))
        return Posted("check", run.html_url or run.url)

    def renew(self, sha: str, check: Check) -> bool:
        """Posts how a check ended where that is not our own last word already; whether it did."""
        standing = self._reader.standing(sha, check.name)
        if standing is not None and _says(standing, check):
            return False
        self.report(sha, check)
        return True

    def _create(self, sha: str, name: str, fields: dict[str, Any], link: str) -> CheckRun:
        # Names this one request: after a breakdown it tells our run from an earlier one on the same commit.
        sent = {**fields, "external_id": str(uuid.uuid4()), **({"details_url": link} if link else {})}

        def look() -> CheckRun | None:
            found = self._line.read(
                Asking(f"list the checks of {sha[:12]}", _SEE_CHECKS),
                lambda: list(self._line.repository.get_commit(sha).get_check_runs(name, filter="all")),
            )
            return next((run for run in found if run.external_id == sent["external_id"]), None)

        return self._line.write(
            Asking(f"set the check {name!r}", _CHECKS),
            lambda: self._line.repository.create_check_run(name, sha, **sent),
            look,
        )

    def _add(self, run: CheckRun, fields: dict[str, Any], total: int) -> None:
        """Adds annotations to a run; there are ``total`` of them then, and a second try does not add them twice."""
        asking = Asking(f"annotate the check {run.name!r}", _CHECKS)

        def look() -> bool | None:
            now = self._line.read(asking, lambda: self._line.repository.get_check_run(run.id).output.annotations_count)
            return True if now >= total else None

        def send() -> bool:
            run.edit(**fields)
            return True

        self._line.write(asking, send, look)

    def _status(self, sha: str, name: str, state: str, title: str, link: str) -> Posted:
        description = text.line(title, text.STATUS_LIMIT)

        def send() -> Posted:
            from github.GithubObject import NotSet

            commit = self._line.repository.get_commit(sha)
            return Posted("status", commit.create_status(state, link or NotSet, description, name).url)

        def look() -> Posted | None:
            statuses = self._line.read(
                Asking(f"list the statuses of {sha[:12]}", _SEE_STATUSES),
                lambda: self._line.repository.get_commit(sha).get_combined_status().statuses,
            )
            said = (name, state, description)
            same = (each.url for each in statuses if (each.context, each.state, each.description) == said)
            return next((Posted("status", url) for url in same), None)

        return self._line.write(Asking(f"set the status {name!r}", _STATUSES), send, look)


def _sorted(times: Iterable[datetime]) -> tuple[datetime, ...]:
    return tuple(sorted(times))


def _output(title: str, summary: str, more: str = "") -> dict[str, Any]:
    output = {"title": text.line(title), "summary": text.body(summary)}
    return {**output, "text": text.body(more)} if more else output


def _says(standing: Standing, check: Check) -> bool:
    """Whether a check ended so, and says the same; of a commit status there is only the title, which may be cut."""
    if not standing.ended or standing.passed is not check.conclusion.passed:
        return False
    if standing.summary is None:
        return standing.title == text.line(check.title, text.STATUS_LIMIT)
    return standing.title == text.line(check.title) and text.same(text.body(check.summary), standing.summary)


def _batches(annotations: Sequence[Annotation]) -> list[list[dict[str, Any]]]:
    """GitHub's form, in as many requests as it takes; one, empty, where there is nothing to annotate."""
    told = [_annotation(each) for each in annotations]
    return [told[start : start + _BATCH] for start in range(0, len(told), _BATCH)] or [[]]


def _annotation(one: Annotation) -> dict[str, Any]:
    told = {
        "path": one.path,
        "start_line": one.line,
        "end_line": one.line,
        "annotation_level": one.level.value,
        "message": text.body(one.message),
    }
    return {**told, "title": text.line(one.title)} if one.title else told
