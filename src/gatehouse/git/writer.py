"""Commits made by plumbing (blobs, a temporary index, ``commit-tree``) and pushed with a lease.

A person's checkout, dirty or not, is left alone, and a remote branch moves only when it still is where it was read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatehouse.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    email: str


class Writer:
    """Makes commits and moves branches on the remote, without a checkout.

    Raises Unreachable when the remote does not answer and GatehouseError when it refuses.
    """

    def __init__(self, repository: Repository, remote: str = "origin", author: Author | None = None) -> None:
        self.repository = repository
        self.remote = remote
        self.author = author

    def fetch(self, branch: str) -> str | None:
        """Fetches a remote branch; its commit id, or None where the remote has no such branch."""
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
            for path, data in files.items():
                if data is None:
                    git("update-index", "--force-remove", "--", path, env=env)
                    continue
                blob = git("hash-object", "-w", "--stdin", data=data)
                git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=env)
            tree = git("write-tree", env=env)
            if parent and tree == git("rev-parse", f"{parent}^{{tree}}"):
                return parent
            return git("commit-tree", tree, *(["-p", parent] if parent else []), data=message.encode(), env=env)

    def push(self, commit: str, branch: str, expect: str | None) -> None:
        """Moves the remote branch to ``commit`` only if it still is at ``expect`` (None: does not exist yet)."""
        lease = f"--force-with-lease=refs/heads/{branch}:{expect or ''}"
        self.repository.run("push", "--quiet", lease, self.remote, f"{commit}:refs/heads/{branch}")

    def _identity(self) -> dict[str, str]:
        if self.author is None:
            return {}
        who = {"NAME": self.author.name, "EMAIL": self.author.email}
        return {f"GIT_{part}_{key}": value for part in ("AUTHOR", "COMMITTER") for key, value in who.items()}
