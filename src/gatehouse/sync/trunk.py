"""Where ``main`` is: on the remote when there is one, since what counts is what was merged, not what lies here."""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.git import Author, Repository, Writer

BRANCH = "main"
# Who commits what gatehouse generates.
MACHINE = Author("gatehouse", "gatehouse@users.noreply.github.com")


@dataclass(frozen=True, slots=True)
class Trunk:
    """One commit of main, and the remote it was fetched from (None: the repository has no remote)."""

    repository: Repository
    commit: str
    remote: str | None

    @property
    def words(self) -> str:
        """For the first line of an answer: ``origin/main at 1a2b3c4d5e6f``."""
        place = f"{self.remote}/{BRANCH}" if self.remote else f"the local branch {BRANCH} (there is no remote)"
        return f"{place} at {self.commit[:12]}"

    def writer(self, author: Author | None = None) -> Writer:
        """Writes to where this main is; without ``author`` commits carry git's own identity."""
        return Writer(self.repository, self.remote, author)


def remote_of(repository: Repository) -> str | None:
    """The remote where main is; None where there is none."""
    remotes = repository.run("remote").split()
    return "origin" if "origin" in remotes else next(iter(remotes), None)


def locate(repository: Repository) -> Trunk:
    """Main as it is now, fetched. Neither a checkout nor a clean tree is needed.

    Raises Unreachable when the remote does not answer, NotFound where there is no branch main, and GatehouseError for
    a shallow clone: without history nobody can say what was staged, and since when.
    """
    remote = remote_of(repository)
    commit = Writer(repository, remote).fetch(BRANCH)
    if commit is None:
        raise NotFound(
            f"{remote or repository.root} has no branch {BRANCH}", f"push one: git push origin HEAD:{BRANCH}"
        )
    if repository.run("rev-parse", "--is-shallow-repository") == "true":
        raise GatehouseError(f"{repository.root} is a shallow clone, without main's history", "git fetch --unshallow")
    return Trunk(repository, commit, remote)
