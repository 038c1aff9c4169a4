"""What the evidence branch holds, and whether it still holds it as it was put there.

Nothing but new files belongs on that branch. So its own history tells of every document that was edited, deleted, or
deleted and put back: such a document proves nothing any more, whatever it says now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from gatehouse.evaluate.result import Result
from gatehouse.git import Repository
from gatehouse.git.repository import SIZE_LIMIT
from gatehouse.sync.places import BRANCH, Place

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Shelved:
    """One document of the branch as it was first put there, and the signed statement beside it (None: there is none).

    ``result`` is None where the document is no Result, and ``unreadable`` says why. ``altered`` says what was done to
    the document or its statement later, and in which commit; "" where nothing was.
    """

    path: str
    document: bytes
    envelope: bytes | None = None
    result: Result | None = None
    unreadable: str = ""
    altered: str = ""

    @property
    def key(self) -> str:
        """The evidence key that the document's name says; "" for a name that is none of ours."""
        place = Place.of(self.path)
        return place.key if place is not None else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file's first blob ("" for what is no regular file), in the ``since``-th commit, and what was done to it."""

    blob: str
    since: int
    altered: str = ""


Entries = Mapping[str, Entry]


def entries(repository: Repository, commit: str, folder: str = BRANCH) -> Entries:
    """Every file that ever lay below ``folder`` of the branch."""
    found: dict[str, Entry] = {}
    for step in _steps(repository, commit, folder):
        known = found.get(step.path)
        if known is None:
            found[step.path] = Entry(step.blob, step.number, step.done)
        elif not known.altered and (step.done or step.blob != known.blob):
            found[step.path] = replace(known, altered=step.done or f"replaced in commit {step.commit[:12]}")
    return found


def documents(repository: Repository, files: Entries, model: str) -> tuple[Shelved, ...]:
    """The documents of one model in the order in which they came, those that were deleted too."""
    mine = {path: entry for path, entry in files.items() if path.startswith(f"{BRANCH}/{model}/")}
    sizes = repository.sizes(sorted({entry.blob for entry in mine.values()} - {""}))
    small = sorted(blob for blob, size in sizes.items() if size <= SIZE_LIMIT)
    contents = repository.read_blobs(small)
    paths = [path for path in mine if path.endswith(".json") and not path.endswith(".intoto.json")]
    found, origins = [], dict[str, str]()
    for path in sorted(paths, key=lambda path: _age(path, mine[path])):
        one, origin = _shelved(path, mine, contents), origins.setdefault(mine[path].blob, path)
        # Put there again, an old pass would come after a later failure.
        found.append(one if origin == path or one.altered else replace(one, altered=f"copied from {origin}"))
    return tuple(found)


def _age(path: str, entry: Entry) -> tuple[int, int, str]:
    place = Place.of(path)
    return entry.since, place.number if place is not None else 0, path


def results(documents: Iterable[Shelved]) -> tuple[Result, ...]:
    """The results among documents, by the time of their check."""
    found = [one.result for one in documents if one.result is not None]
    return tuple(sorted(found, key=lambda result: result.evaluated))


def _shelved(path: str, files: Entries, contents: Mapping[str, bytes]) -> Shelved:
    entry, beside = files[path], files.get(f"{path.removesuffix('.json')}.intoto.json")
    document = contents.get(entry.blob)
    envelope = contents.get(beside.blob, b"") if beside is not None else None
    altered = entry.altered or (f"robbed of its statement: {beside.altered}" if beside and beside.altered else "")
    if document is None:
        fault = f"it has more than {SIZE_LIMIT:,} bytes" if entry.blob else "it is no regular file"
        return Shelved(path, b"", envelope, None, fault, altered)
    result, fault = read(document)
    return Shelved(path, document, envelope, result, fault, altered)


def read(document: bytes) -> tuple[Result | None, str]:
    """The result that a document holds; or None, and why it holds none."""
    try:
        result = msgspec.json.decode(document, type=Result)
    except RecursionError:
        return None, "it is nested too deeply"
    except (msgspec.MsgspecError, ValueError) as error:
        return None, str(error)[:300]
    if result.schema != SCHEMA:
        return None, f"its schema is {result.schema}, and this version reads {SCHEMA}"
    # Without a zone nobody can say which of two came first.
    return (result, "") if result.evaluated.tzinfo else (None, "the time of its check has no zone")


@dataclass(frozen=True, slots=True)
class _Step:
    """What one commit did to one file; ``done`` is "" where it only added it. ``blob`` is what it left or took away."""

    number: int
    commit: str
    path: str
    blob: str
    done: str


def _steps(repository: Repository, commit: str, folder: str) -> Iterator[_Step]:
    """Every change of every file, oldest first. A merge counts against each of its parents: none may drop a file."""
    said = repository.run_bytes(
        "-c", "log.showRoot=true", "log", "-z", "--reverse", "--topo-order", "--full-history", "-m", "--raw",
        "--no-abbrev", "--no-renames", "--format=%H", "--end-of-options", commit, "--", f":(literal){folder}",
    )  # fmt: skip
    number, at = 0, ""
    fields = iter(said.decode(errors="surrogateescape").split("\0"))
    for field in fields:
        line = field.lstrip("\n")
        if line.startswith(":"):
            yield _step(number, at, line[1:].split(" "), next(fields))
        elif line:
            number, at = number + 1, line


def _step(number: int, commit: str, raw: list[str], path: str) -> _Step:
    """From a line of git's raw format: modes and blobs before and after, and what happened."""
    modes, blobs, gone = raw[:2], raw[2:4], raw[4].startswith("D")
    plain = modes[0 if gone else 1].startswith("100")
    done = "deleted" if gone else "" if raw[4] == "A" else "edited"
    return _Step(
        number, commit, path, blobs[0 if gone else 1] if plain else "", done and f"{done} in commit {commit[:12]}"
    )
