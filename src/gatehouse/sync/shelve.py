"""Putting results on the evidence branch, where they stay: paths are added there, and none is ever written again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result
from gatehouse.git import Repository
from gatehouse.git.repository import SIZE_LIMIT
from gatehouse.sync.append import append
from gatehouse.sync.places import BRANCH, Place

# Makes the signed statement on a result, from the result and its document.
Seal = Callable[[Result, bytes], bytes]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is to lie on the branch of one result; ``first`` is the place of the first check of its question."""

    first: Place
    document: bytes
    envelope: bytes | None


def shelve(
    repository: Repository, results: Sequence[Result], remote: str | None = "origin", seal: Seal | None = None
) -> str | None:
    """Commits each result to the evidence branch of the remote, on top of what is there; the branch's commit, or None
    where there is no branch and nothing to put on it.

    A further check of a question gets a number of its own; a document that lies there already is not written again, but
    gets its signed statement where it had none. A branch that moved meanwhile is read again. Raises Unreachable when
    the remote does not answer, GatehouseError when it refuses every attempt, and for a result that has no place there
    or is too large to be read again.
    """
    kept = [_kept(result, seal) for result in results]
    message = "\n".join(["Evidence", "", *(_line(result) for result in results)])
    return append(repository, remote, lambda parent: _new(repository, parent, kept), message)[0]


def place(result: Result) -> Place:
    """Where the first check of a result's question lies. Raises GatehouseError for a result that names no such place:
    it comes from where models ran, and may not choose another path."""
    found = Place(result.request.slot.model, result.key)
    if Place.of(found.document) != found:
        raise GatehouseError("a result has no evidence key, or its model no name", "run the check again")
    return found


def document(result: Result) -> bytes:
    """A result as the branch keeps it: UTF-8 JSON, one field a line.

    Pictures are left out where it would be larger than what is read back. Raises GatehouseError where it is so without
    them, since one such document would hide every other of its model.
    """
    written = _written(result)
    if len(written) > SIZE_LIMIT:
        plain = tuple(msgspec.structs.replace(verdict, exhibits=()) for verdict in result.verdicts)
        written = _written(msgspec.structs.replace(result, verdicts=plain))
    if len(written) > SIZE_LIMIT:
        raise GatehouseError(
            f"the result for {result.request.slot} has {len(written):,} bytes, and is read back up to {SIZE_LIMIT:,}",
            "find the gate that says so much, and let it say less",
        )
    return written


def _written(result: Result) -> bytes:
    return msgspec.json.format(msgspec.json.encode(result, order="deterministic"), indent=1)


def _kept(result: Result, seal: Seal | None) -> _Kept:
    written = document(result)
    return _Kept(place(result), written, seal(result, written) if seal is not None else None)


def _new(repository: Repository, commit: str | None, kept: Sequence[_Kept]) -> dict[str, bytes]:
    """The files that a commit of the branch lacks, each under a path that it never had."""
    files: dict[str, bytes] = {}
    for one in kept:
        blobs, taken = _there(repository, commit, one.first)
        there = _same(repository, blobs, one)
        if there is None:
            there = _free(one.first, taken | files.keys())
            files[there.document] = one.document
        if one.envelope is not None and there.envelope not in taken:
            files[there.envelope] = one.envelope
    return files


def _there(repository: Repository, commit: str | None, first: Place) -> tuple[dict[str, str], set[str]]:
    """What lies at a commit, by path (the blob of a regular file, "" for anything else); and every path of the question
    that was ever used.

    What was deleted counts as used: evidence that comes back under an old name is no longer what lay there.
    """
    if commit is None:
        return {}, set()
    question = f"{BRANCH}/{first.model}/{first.key.removeprefix('sha256:')}.*"
    listed = repository.run_bytes("ls-tree", "-r", "-z", commit, f"{BRANCH}/{first.model}/")
    past = ("log", "-m", "--full-history", "-z", "--no-renames", "--name-only", "--format=", commit, "--", question)
    entries = [line.partition("\t") for line in listed.decode(errors="surrogateescape").split("\0") if line]
    blobs = {path: meta.split()[2] if meta.startswith("100") else "" for meta, _, path in entries}
    return blobs, blobs.keys() | set(repository.run_bytes(*past).decode(errors="surrogateescape").split("\0"))


def _same(repository: Repository, blobs: dict[str, str], one: _Kept) -> Place | None:
    """Where the very same document lies already."""
    mine = repository.run("hash-object", "--no-filters", "--stdin", data=one.document)
    places = [Place.of(path) for path, blob in blobs.items() if blob == mine]
    return next((found for found in places if found is not None and found.key == one.first.key), None)


def _free(first: Place, taken: set[str]) -> Place:
    free = first
    while free.document in taken or free.envelope in taken:
        free = free.further
    return free


def _line(result: Result) -> str:
    request = result.request
    return f"{request.slot} version {request.candidate.version} as {request.role}: {result.outcome}"
