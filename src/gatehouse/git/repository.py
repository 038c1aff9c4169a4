"""Reading a git repository at any revision, without a checkout."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gatehouse.errors import GatehouseError, NotFound, Unreachable

# A file that a pull request may hand us is at most this large.
SIZE_LIMIT = 1_000_000
# What a committer may fill with anything goes last: a name with a separator in it must not move the commit's time.
_FIELDS = "%H%x1f%P%x1f%cI%x1f%an%x1f%ae%x1f%B"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; ``time`` is when it was committed (with its zone), ``message`` the whole text."""

    id: str
    parents: tuple[str, ...]
    author: str
    email: str
    time: datetime
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


class TooMuch(GatehouseError):
    """Git has more to say than anybody reads."""


class Repository:
    """Reads a git repository; never writes to it.

    Raises NotFound for a revision or a repository that is not there, Unreachable when a remote does not answer.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that contains ``folder``."""
        top = cls(folder).run("rev-parse", "--show-toplevel", missing=f"{folder} is not inside a git repository")
        return cls(Path(top))

    def run(
        self, *args: str, data: bytes | None = None, missing: str = "", env: Mapping[str, str] | None = None
    ) -> str:
        """Git's standard output, stripped. With ``missing`` a failure raises NotFound with that text."""
        return self.run_bytes(*args, data=data, missing=missing, env=env).decode(errors="replace").strip()

    def run_bytes(
        self, *args: str, data: bytes | None = None, missing: str = "", env: Mapping[str, str] | None = None
    ) -> bytes:
        done = subprocess.run(
            ("git", *args),
            cwd=self.root,
            input=data,
            stdin=None if data is not None else subprocess.DEVNULL,
            capture_output=True,
            # Never wait for a person to type a password, and never speak another language than the one matched below.
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(env or {})},
        )
        if done.returncode == 0:
            return done.stdout
        said = done.stderr.decode(errors="replace").strip()
        raise _failure(args, said, missing)

    def run_bounded(self, *args: str, most: int) -> bytes:
        """Git's standard output, of which at most ``most`` bytes are read: a few trees can name billions of files.

        Raises TooMuch, with git stopped, where there is more.
        """
        with tempfile.TemporaryFile() as complaint:
            env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
            with subprocess.Popen(
                ("git", *args),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaint,
                env=env,
            ) as git:
                assert git.stdout is not None
                said = git.stdout.read(most + 1)
                if len(said) > most:
                    git.kill()
            if len(said) > most:
                raise TooMuch(f"git {args[0]} says more than the {most:,} bytes that are read", "commit fewer files")
            if git.returncode == 0:
                return said
            complaint.seek(0)
            raise _failure(args, complaint.read(100_000).decode(errors="replace").strip(), "")

    def resolve(self, revision: str) -> str:
        """The full commit id of a branch, tag, or abbreviated id."""
        return self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
            missing=f"no revision {revision!r} in {self.root}",
        )  # fmt: skip

    def has(self, revision: str) -> bool:
        try:
            self.resolve(revision)
        except NotFound:
            return False
        return True

    def blobs(self, revision: str, prefix: str = "") -> dict[str, str]:
        """The path and blob id of each regular file below ``prefix``; links and submodules are left out."""
        listed = self.run_bytes(
            "ls-tree", "-r", "-z", "--end-of-options", self.resolve(revision), *([prefix] if prefix else [])
        )
        found = {}
        for line in listed.decode(errors="surrogateescape").split("\0"):
            meta, _, path = line.partition("\t")
            if meta.startswith("100"):
                found[path] = meta.split()[2]
        return found

    def read(self, revision: str, path: str) -> bytes | None:
        """A file's bytes at a revision, or None where there is none. Raises GatehouseError above SIZE_LIMIT."""
        blob = self.blobs(revision, path).get(path)
        return None if blob is None else self.read_blobs([blob])[blob]

    def sizes(self, ids: Sequence[str]) -> dict[str, int]:
        """The bytes of each blob, in one git process."""
        if not ids:
            return {}
        said = self.run("cat-file", "--batch-check=%(objectname) %(objectsize)", data="\n".join(ids).encode() + b"\n")
        return {blob: int(size) for blob, size in map(str.split, said.splitlines())}

    def read_blobs(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Many blobs in one git process. Raises GatehouseError for one above SIZE_LIMIT, before it is read."""
        if not ids:
            return {}
        for blob, size in self.sizes(ids).items():
            if size > SIZE_LIMIT:
                raise GatehouseError(
                    f"git blob {blob[:12]} has {size} bytes, more than {SIZE_LIMIT:,}", "commit a smaller file"
                )
        asked = "\n".join(ids).encode() + b"\n"
        stream, found, at = self.run_bytes("cat-file", "--batch", data=asked), {}, 0
        for blob in ids:
            body = stream.index(b"\n", at) + 1
            end = body + int(stream[at:body].split()[2])
            found[blob], at = stream[body:end], end + 1
        return found

    def log(self, revision: str, *paths: str, first_parent: bool = True, limit: int | None = None) -> list[Commit]:
        """The commits that changed ``paths`` (all commits where none is named), newest first.

        With ``first_parent`` a merge counts as one change, made when it was merged: that is when it came into force.
        """
        args = ["log", "-z", f"--format={_FIELDS}", *(["--first-parent", "-m"] if first_parent else [])]
        args += [f"--max-count={limit}"] if limit else []
        said = self.run_bytes(*args, "--end-of-options", self.resolve(revision), "--", *paths)
        return [_commit(entry) for entry in said.decode(errors="replace").split("\0") if entry.strip()]

    def merge_base(self, one: str, other: str) -> str:
        commits = self.resolve(one), self.resolve(other)
        return self.run("merge-base", *commits, missing=f"{one} and {other} have no common commit")

    def changed(self, base: str, head: str) -> list[str]:
        """The paths that differ between two revisions, renames shown as both paths."""
        said = self.run_bytes("diff", "--name-only", "--no-renames", "-z", "--end-of-options", base, head, "--")
        return [path for path in said.decode(errors="surrogateescape").split("\0") if path]


def _commit(entry: str) -> Commit:
    commit_id, parents, time, author, email, message = entry.lstrip("\n").split("\x1f", 5)
    return Commit(commit_id, tuple(parents.split()), author, email, datetime.fromisoformat(time), message.strip())


# What git says when the other end is not there, as opposed to when it says no.
_GONE = (
    "could not resolve host",
    "could not read from remote",
    "does not appear to be a git repository",
    "unable to access",
    "connection refused",
    "connection timed out",
    "no such remote",
)


def _failure(args: Sequence[str], said: str, missing: str) -> GatehouseError:
    lowered = said.lower()
    if args[0] in ("push", "fetch", "ls-remote") and any(sign in lowered for sign in _GONE):
        return Unreachable(
            f"the git remote did not answer: {_last(said)}", "check `git remote -v` and the network, then run it again"
        )
    if missing:
        return NotFound(missing, "check the name, or fetch it first with `git fetch`")
    if args[0] == "push":
        return GatehouseError(f"the git remote refused the push: {_last(said)}", "fetch, and run it again")
    return GatehouseError(f"git {args[0]} failed: {_last(said)}")


def _last(said: str) -> str:
    """The line of git's complaint that names the cause."""
    lines = [
        line for line in said.splitlines() if line.startswith(("fatal:", "error:", "remote:", " !"))
    ] or said.splitlines()
    return lines[0].strip() if lines else "no reason given"
