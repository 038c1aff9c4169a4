"""The bare git repository behind a repository of the stand-in: everything it says about commits comes from here."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_FIELDS = "%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B"
_STATUS = {"A": "added", "D": "removed", "M": "modified", "T": "changed", "R": "renamed", "C": "copied"}


class GitError(Exception):
    """Git said no; the text is what it said."""


@dataclass(frozen=True)
class Signature:
    name: str
    email: str
    time: datetime


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


@dataclass(frozen=True)
class Change:
    """One file of a diff; ``patch`` is its hunks as unified diff, "" for binary files and pure renames."""

    path: str
    status: str
    blob: str
    additions: int
    deletions: int
    patch: str
    previous: str | None = None


@dataclass(frozen=True)
class Entry:
    """One line of a tree; ``kind`` is blob, tree or commit."""

    path: str
    mode: str
    kind: str
    sha: str
    size: int | None


class Bare:
    """A bare repository; ``path`` is what a test gives to ``git clone``. Raises GitError where git refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, default: str = "main") -> Bare:
        path.mkdir(parents=True)
        made = cls(path)
        made.git("init", "--quiet", "--bare", "--template=", f"--initial-branch={default}")
        return made

    def git(self, *args: str, data: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        return self.raw(*args, data=data, env=env).decode(errors="replace").strip()

    def raw(self, *args: str, data: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(
            ("git", *args),
            cwd=self.path,
            input=data or b"",
            capture_output=True,
            env={**kept, "LC_ALL": "C", **_WHO, **(env or {})},
        )
        if done.returncode:
            raise GitError(done.stderr.decode(errors="replace").strip() or f"git {args[0]} said no")
        return done.stdout

    def refs(self, prefix: str = "refs/heads/") -> dict[str, str]:
        """Every ref below a prefix and the object it names."""
        said = self.git("for-each-ref", "--format=%(refname) %(objectname)", prefix)
        return dict(line.split(" ") for line in said.splitlines())

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, tag or (abbreviated) id names; None where there is none."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except GitError:
            return None

    def move(self, ref: str, new: str, old: str | None = None) -> None:
        """Sets a full ref; with ``old`` only where it still is there ("" for: does not exist)."""
        self.git("update-ref", "-m", "stand-in", ref, new, *([] if old is None else [old or "0" * 40]))

    def delete(self, ref: str) -> None:
        self.git("update-ref", "-d", ref)

    def log(self, *revisions: str) -> list[Commit]:
        """The commits of ``git log REVISIONS``, newest first."""
        said = self.raw("log", "-z", f"--format={_FIELDS}", *revisions, "--").decode(errors="replace")
        return [_commit(entry) for entry in said.split("\0") if entry.strip()]

    def commit(self, sha: str) -> Commit:
        return self.log("-1", sha)[0]

    def merge_base(self, one: str, other: str) -> str | None:
        try:
            return self.git("merge-base", one, other)
        except GitError:
            return None

    def contains(self, branch: str, commit: str) -> bool:
        return self.merge_base(branch, commit) == commit

    def changes(self, old: str, new: str) -> list[Change]:
        """What differs between two trees, renames found."""
        args = ("diff-tree", "-r", "-M", "--no-color", old, new)
        listed = self.raw(*args, "--raw", "--no-abbrev", "-z").decode(errors="surrogateescape").split("\0")
        patches = _patches(self.raw(*args, "--patch").decode(errors="replace"))
        found: list[Change] = []
        words = iter(listed)
        for meta in words:
            if not meta.startswith(":"):
                continue
            _, _, _, blob, status = meta.split(" ")
            first = next(words)
            path = next(words) if status[0] in "RC" else first
            patch = patches[len(found)]
            marks = [line[:1] for line in patch.split("\n")]
            found.append(
                Change(
                    path=path,
                    status=_STATUS[status[0]],
                    blob=blob,
                    additions=marks.count("+"),
                    deletions=marks.count("-"),
                    patch=patch,
                    previous=first if status[0] in "RC" else None,
                )
            )
        return found

    def entries(self, tree: str, *, recursive: bool = False) -> list[Entry]:
        said = self.raw("ls-tree", "-z", "-l", *(["-r", "-t"] if recursive else []), tree).decode(errors="replace")
        found = []
        for line in said.split("\0")[:-1]:
            meta, _, path = line.partition("\t")
            mode, kind, sha, size = meta.split()
            found.append(Entry(path, mode, kind, sha, None if size == "-" else int(size)))
        return found

    def blob(self, sha: str) -> bytes:
        return self.raw("cat-file", "blob", sha)

    def write(self, branch: str, files: Mapping[str, str | bytes | None], message: str, who: Signature) -> str:
        """A commit on a branch (made where it is not there), as a push of ``who`` would leave it; its id."""
        parent = self.resolve(f"refs/heads/{branch}")
        signed = f"{who.name} <{who.email}> {int(who.time.timestamp())} +0000"
        parts = [f"commit refs/heads/{branch}\nauthor {signed}\ncommitter {signed}\n".encode(), _data(message)]
        parts += [f"from {parent}\n".encode()] if parent else []
        for path, text in files.items():
            name = path.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'D "{name}"\n'.encode() if text is None else f'M 100644 inline "{name}"\n'.encode())
            parts += [] if text is None else [_data(text)]
        self.git("fast-import", "--quiet", data=b"".join(parts), env=_identity(who))
        return self.resolve(f"refs/heads/{branch}") or ""

    def merge(self, base: str, head: str, method: str, message: str, who: Signature) -> str | None:
        """Merges commit ``head`` into commit ``base`` by ``merge``, ``squash`` or ``rebase``; moves no branch.

        Returns the new commit, or None on a conflict.
        """
        if method == "rebase":
            return self._rebase(base, head, who)
        tree = self._merged_tree(base, head)
        if tree is None:
            return None
        return self._commit(tree, [base, head] if method == "merge" else [base], message, who)

    def mergeable(self, base: str, head: str) -> bool:
        return self._merged_tree(base, head) is not None

    def _merged_tree(self, base: str, head: str) -> str | None:
        try:
            return self.git("merge-tree", "--write-tree", "--no-messages", base, head).splitlines()[0]
        except GitError:
            return None

    def _rebase(self, base: str, head: str, who: Signature) -> str | None:
        tip = base
        for commit in reversed(self.log("--no-merges", f"{base}..{head}")):
            parent = commit.parents[0]
            # The tip's tree as a child of the commit's parent: their merge is the cherry-pick.
            tree = self._merged_tree(self._commit(self.commit(tip).tree, [parent], "", who), commit.sha)
            if tree is None:
                return None
            tip = self._commit(tree, [tip], commit.message, who, author=commit.author)
        return tip

    def _commit(
        self, tree: str, parents: Sequence[str], message: str, who: Signature, author: Signature | None = None
    ) -> str:
        given = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *given, data=message.encode(), env=_identity(who, author))


# Who commits where nobody else is named: merges in memory, that never become a branch.
_WHO = {
    "GIT_AUTHOR_NAME": "GitHub",
    "GIT_AUTHOR_EMAIL": "noreply@github.com",
    "GIT_COMMITTER_NAME": "GitHub",
    "GIT_COMMITTER_EMAIL": "noreply@github.com",
}


def _data(text: str | bytes) -> bytes:
    """Text in fast-import's form: its length, then itself."""
    data = text.encode() if isinstance(text, str) else text
    return f"data {len(data)}\n".encode() + data + b"\n"


def _identity(who: Signature, author: Signature | None = None) -> dict[str, str]:
    return {
        f"GIT_{part}_{key}": value
        for part, one in (("AUTHOR", author or who), ("COMMITTER", who))
        for key, value in (("NAME", one.name), ("EMAIL", one.email), ("DATE", one.time.isoformat()))
    }


def _commit(entry: str) -> Commit:
    sha, tree, parents, *people, message = entry.lstrip("\n").split("\x1f", 9)
    author, committer = (
        Signature(name, email, datetime.fromisoformat(time).astimezone(UTC))
        for name, email, time in (people[:3], people[3:])
    )
    return Commit(sha, tree, tuple(parents.split()), author, committer, message.strip())


def _patches(diff: str) -> list[str]:
    """The hunks of each file of a unified diff, in its order; a line of content never starts with "diff"."""
    found = []
    for part in ("\n" + diff).split("\ndiff --git ")[1:]:
        _, mark, hunks = part.partition("\n@@ ")
        found.append((f"@@ {hunks}" if mark else "").rstrip("\n"))
    return found
