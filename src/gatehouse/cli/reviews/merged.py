"""Who agreed to what main says: the reviews behind a commit, asked of GitHub, which alone knows what was merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gatehouse.cli import hub, rivals
from gatehouse.cli.frame import Settings
from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.sync.approved import Merged, Unasked
from gatehouse.sync.trunk import BRANCH, locate

if TYPE_CHECKING:
    from gatehouse.git import Repository
    from gatehouse.github import GitHubReader, Pull
    from gatehouse.sync.trunk import Trunk

# GitHub rebases no more commits of a pull request.
_MOST = 100
# A rebase takes seconds; what was committed longer before its last commit came in by another merge.
_AT_ONCE = 60
_FORMAT = "%H%x1f%P%x1f%ct%x1f%an%x1f%ae%x1f%at%x1f%B"


@dataclass
class Reviews:
    """Each commit and each pull request is asked about once; once GitHub does not answer, it is not asked again."""

    settings: Settings
    _by_commit: dict[str, Merged | None] = field(default_factory=dict)
    _by_number: dict[int, Merged] = field(default_factory=dict)
    _away: Unasked | None = None

    def __call__(self, commit: str) -> Merged | None:
        """The merged pull request that brought a commit of main, with its reviews judged as of its merge.

        Raises Unasked where GitHub cannot be asked now, and GatehouseError where what was merged is not what was
        reviewed, or its pins do not read.
        """
        if self._away is not None:
            raise self._away
        if commit not in self._by_commit:
            self._by_commit[commit] = self._asked(commit)
        return self._by_commit[commit]

    def _asked(self, commit: str) -> Merged | None:
        from gatehouse.github import Refused

        try:
            connected = hub.connect(self.settings)
        except GatehouseError as error:
            raise _unasked(error) from error
        try:
            with connected as github:
                return self._found(github.reader, commit)
        except Unreachable as error:
            self._away = _unasked(error)
            raise self._away from error
        except (Refused, NotFound) as error:
            raise _unasked(error) from error

    def _found(self, github: GitHubReader, commit: str) -> Merged | None:
        pulls = github.pulls.of_commit(commit)
        trunk = locate(self.settings.repository) if pulls else None
        for pull in pulls:
            assert trunk is not None
            landed = _landed(trunk, pull)
            if landed is None or commit not in landed.commits:
                continue
            if pull.number not in self._by_number:
                self._by_number[pull.number] = self._judged(github, pull, landed.base)
            return self._by_number[pull.number]
        return None

    def _judged(self, github: GitHubReader, pull: Pull, base: str) -> Merged:
        from gatehouse.cli.reviews.facts import gather
        from gatehouse.review.judge import judge
        from gatehouse.review.record import reviewed

        assert pull.merged is not None, "only what was merged has landed"
        facts = gather(self.settings, github, pull.number, base)
        return Merged(pull.number, pull.merged, reviewed(facts, judge(facts, pull.merged), pull.merged))


def _unasked(error: GatehouseError) -> Unasked:
    fix = f"{error.fix}; the next sync asks again" if error.fix else "the next sync asks again"
    return Unasked(f"nobody can be asked now who agreed to it: {error.message}", fix)


@dataclass(frozen=True, slots=True)
class _Landed:
    """The commits that a merge left on main, and the one before them."""

    commits: tuple[str, ...]
    base: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """A commit, and what a rebase leaves of it as it was."""

    id: str
    parents: tuple[str, ...]
    committed: int
    kept: str


def _landed(trunk: Trunk, pull: Pull) -> _Landed | None:
    """What a pull request brought to main; None where it was not merged there. Raises GatehouseError where the commit
    that merged it merges something else than its last commit, which is what people judged, and NotFound where the
    remote does not have its commits."""
    repository = trunk.repository
    if pull.merged is None or pull.merge_sha is None or pull.base != BRANCH or not repository.has(pull.merge_sha):
        return None
    line = list(_marks(repository, "--first-parent", f"--max-count={_MOST}", pull.merge_sha))
    tip = line[0]
    if len(tip.parents) > 1:
        if tip.parents[1:] != (pull.head_sha,):
            raise GatehouseError(
                f"commit {tip.id[:12]} merged {', '.join(each[:12] for each in tip.parents[1:])} for #{pull.number}, "
                f"whose last commit is {pull.head_sha[:12]}",
                "find out who pushed it; then revert it, and propose it again",
            )
        return _Landed((tip.id,), tip.parents[0])
    copied = list(_copied(line, list(_own(trunk, pull))))
    commits = copied or [tip]
    # A root commit has nothing before it that could judge it.
    return _Landed(tuple(each.id for each in commits), commits[-1].parents[0]) if commits[-1].parents else None


def _own(trunk: Trunk, pull: Pull) -> Iterator[_Mark]:
    """The pull request's own commits."""
    for commit in (pull.head_sha, pull.base_sha):
        rivals.bring(trunk, commit)
    return _marks(trunk.repository, "--no-merges", f"{pull.base_sha}..{pull.head_sha}")


def _copied(line: list[_Mark], own: list[_Mark]) -> Iterator[_Mark]:
    """The end of main's line that a rebase made of the pull request's commits, or that are these themselves."""
    ids, kept = {each.id for each in own}, {each.kept for each in own}
    for each in line:
        again = each.kept in kept and line[0].committed - each.committed <= _AT_ONCE
        if len(each.parents) > 1 or not (each.id in ids or again):
            return
        yield each


def _marks(repository: Repository, *which: str) -> Iterator[_Mark]:
    said = repository.run_bytes("log", "-z", f"--format={_FORMAT}", *which, "--").decode(errors="replace")
    for entry in said.split("\0"):
        if entry.strip():
            commit, parents, committed, kept = entry.lstrip("\n").split("\x1f", 3)
            yield _Mark(commit, tuple(parents.split()), int(committed), kept.strip())
