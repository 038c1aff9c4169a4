"""Commits made by plumbing (blobs, a temporary index, ``commit-tree``) and pushed with a lease.

A person's checkout, dirty or not, is left alone, and a remote branch moves only when it still is where it was read.
Without a remote the branches are the repository's own; only then can one be checked out, and its checkout follows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatehouse.errors import GatehouseError
from gatehouse.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    email: str


class Writer:
    """Makes commits and moves branches on the remote (None: in the repository itself), without a checkout.

    Raises Unreachable when the remote does not answer and GatehouseError when it refuses.
    """

    def __init__(self, repository: Repository, remote: str | None = "origin", author: Author | None = None) -> None:
        self.repository = repository
        self.remote = remote
        self.author = author

    def fetch(self, branch: str) -> str | None:
        """Fetches a remote branch; its commit id, or None where the remote has no such branch."""
        if self.remote is None:
            local = f"refs/heads/{branch}"
            return self.repository.resolve(local) if self.repository.has(local) else None
        listed = self.repository.run("ls-remote", "--heads", self.remote, f"refs/heads/{branch}")
        if not listed:
            return None
        self.repository.run(
            "fetch", "--quiet", "--no-tags", self.remote, f"+refs/heads/{branch}:refs/remotes/{self.remote}/{branch}"
        )
        return self.repository.resolve(f"refs/remotes/{self.remote}/{branch}")

    def commit(self, parent: str | None, files: Mapping[str, bytes | None], message: str) -> str:
        """A new commit on ``parent`` (a root commit where None): files written, or deleted where the bytes are None.

        Returns its id; where nothing would change, the parent's own id.
        """
        git = self.repository.run
        with tempfile.TemporaryDirectory() as scratch:
            env = {"GIT_INDEX_FILE": str(Path(scratch) / "index"), **self._identity()}
            git("read-tree", *([parent] if parent else ["--empty"]), env=env)
            git("update-index", "-z", "--index-info", data=self._entries(files, Path(scratch)), env=env)
            tree = git("write-tree", env=env)
            if parent and tree == git("rev-parse", f"{parent}^{{tree}}"):
                return parent
            return git("commit-tree", tree, *(["-p", parent] if parent else []), data=message.encode(), env=env)

    def _entries(self, files: Mapping[str, bytes | None], scratch: Path) -> bytes:
        """The files as git's index takes them, their blobs written: two processes, however many files there are."""
        contents = {path: data for path, data in files.items() if data is not None}
        for number, data in enumerate(contents.values()):
            (scratch / str(number)).write_bytes(data)
        named = "".join(f"{scratch / str(number)}\n" for number in range(len(contents))).encode()
        blobs = self.repository.run("hash-object", "-w", "--no-filters", "--stdin-paths", data=named).split()
        lines = [f"100644 {blob}\t{path}" for path, blob in zip(contents, blobs, strict=True)]
        lines += [f"0 {'0' * 40}\t{path}" for path, data in files.items() if data is None]
        return "".join(f"{line}\0" for line in lines).encode(errors="surrogateescape")

    def push(self, commit: str, branch: str, expect: str | None) -> None:
        """Moves the remote branch to ``commit`` only if it still is at ``expect`` (None: does not exist yet)."""
        if self.remote is None:
            self._move(commit, branch, expect)
            return
        lease = f"--force-with-lease=refs/heads/{branch}:{expect or ''}"
        self.repository.run("push", "--quiet", lease, self.remote, f"{commit}:refs/heads/{branch}")

    def _move(self, commit: str, branch: str, expect: str | None) -> None:
        if self.repository.run("rev-parse", "--symbolic-full-name", "HEAD") != f"refs/heads/{branch}":
            self.repository.run("update-ref", f"refs/heads/{branch}", commit, expect or "0" * 40)
        elif self.fetch(branch) != expect:
            raise GatehouseError(f"branch {branch} has moved in the meantime", "run it again")
        else:
            # Moves the checkout along; git refuses where that would overwrite somebody's changes.
            self.repository.run("merge", "--quiet", "--ff-only", commit)

    def _identity(self) -> dict[str, str]:
        if self.author is None:
            return {}
        who = {"NAME": self.author.name, "EMAIL": self.author.email}
        return {f"GIT_{part}_{key}": value for part in ("AUTHOR", "COMMITTER") for key, value in who.items()}
