"""What people said of pull requests, as the evidence branch keeps it: added, and never written again.

``reviews/<number>/<head>.json`` is the first record of what was said of a commit, ``<head>.2.json`` the second: one for
each time that something else was said, or that something else came of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.git import Repository
from gatehouse.git.repository import SIZE_LIMIT
from gatehouse.review.record import SCHEMA, Reviewed, ReviewedPlace
from gatehouse.sync.append import append
from gatehouse.sync.kept import Entries, entries

FOLDER = "reviews"
_PATH = re.compile(
    rf"{FOLDER}/(?P<number>[1-9][0-9]{{0,9}})/(?P<head>[0-9a-f]{{40}})(?:\.(?P<which>[1-9][0-9]{{0,8}}))?\.json"
)
# These come and go by themselves, whatever people say; whether the pin passes is compared all the same.
_TICKING = frozenset({"line", "calendar", "hours"})


def keep(repository: Repository, reviewed: Reviewed, remote: str | None = "origin") -> bool:
    """Commits a record to the evidence branch of the remote, unless the last one of the commit says the same already,
    or nobody said anything yet; whether it did.

    A branch that moved meanwhile is read again. Raises Unreachable when the remote does not answer, GatehouseError when
    it refuses every attempt.
    """

    def lacking(parent: str | None) -> dict[str, bytes]:
        files = {} if parent is None else _files(repository, parent, reviewed.number)
        before = newest(_read(repository, files), reviewed.head)
        same = _said(before) == _said(reviewed) if before is not None else not _spoken(reviewed)
        return {} if same else {_free(reviewed, files): _document(reviewed)}

    return append(repository, remote, lacking, _message(reviewed))[1]


def kept(repository: Repository, commit: str, number: int | None = None) -> tuple[Reviewed, ...]:
    """The records up to one commit of the branch, of one pull request or of all, in the order in which they came.

    What is no record, lies where another belongs, was altered later, or is an earlier one put there again, proves
    nothing and is left out.
    """
    return tuple(_read(repository, _files(repository, commit, number)))


def newest(records: Iterable[Reviewed], head: str) -> Reviewed | None:
    """The last record of a commit."""
    return next((one for one in reversed(tuple(records)) if one.head == head), None)


def _files(repository: Repository, commit: str, number: int | None) -> Entries:
    return entries(repository, commit, FOLDER if number is None else f"{FOLDER}/{number}")


def _read(repository: Repository, files: Entries) -> Iterator[Reviewed]:
    sound = {path: entry for path, entry in files.items() if entry.blob and not entry.altered and _PATH.fullmatch(path)}
    sizes = repository.sizes(sorted({entry.blob for entry in sound.values()}))
    contents = repository.read_blobs(sorted(blob for blob, size in sizes.items() if size <= SIZE_LIMIT))
    seen: set[str] = set()
    for path in sorted(sound, key=lambda path: (sound[path].since, _which(path), path)):
        blob = sound[path].blob
        found = None if blob in seen else _record(path, contents.get(blob, b""))
        seen.add(blob)
        if found is not None:
            yield found


def _record(path: str, document: bytes) -> Reviewed | None:
    try:
        found = msgspec.json.decode(document, type=Reviewed)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    place = _PATH.fullmatch(path)
    assert place is not None, "only such paths are read"
    here = (int(place["number"]), place["head"]) == (found.number, found.head)
    return found if here and found.schema == SCHEMA and found.judged.tzinfo is not None else None


def _which(path: str) -> int:
    place = _PATH.fullmatch(path)
    return int(place["which"] or 1) if place is not None else 0


def _free(reviewed: Reviewed, taken: Mapping[str, object]) -> str:
    """A path that was never used: what was deleted does not come back under its name."""
    stem, which = f"{FOLDER}/{reviewed.number}/{reviewed.head}", 1
    path = f"{stem}.json"
    while path in taken:
        which += 1
        path = f"{stem}.{which}.json"
    return path


def _spoken(reviewed: Reviewed) -> bool:
    """Whether somebody approved, rejected or called an emergency, be it in vain."""
    return any(place.rejections or any(ruled.review is not None for ruled in place.rules) for place in reviewed.places)


def _said(reviewed: Reviewed) -> tuple[object, ...]:
    """What makes one record differ from another: who said what, and what came of it, but not the time that it is."""
    return (reviewed.author, reviewed.passed, *map(_said_of, reviewed.places))


def _said_of(place: ReviewedPlace) -> tuple[object, ...]:
    about = place.slot, place.role, place.candidate, place.evidence, place.token, place.passed
    # A sentence may name the moment at which it was said, so it is by the outcome that two are compared.
    ruled = tuple((each.rule, each.ok, each.flag, each.review) for each in place.rules if each.rule not in _TICKING)
    return (*about, place.approvals, place.rejections, ruled)


def _document(reviewed: Reviewed) -> bytes:
    """As the branch keeps it: UTF-8 JSON, one field a line. Where strangers said so much that it would not be read
    back, what they said in vain is left out."""
    written = _written(reviewed)
    if len(written) <= SIZE_LIMIT:
        return written
    places = (
        msgspec.structs.replace(place, rules=tuple(each for each in place.rules if each.review is None or each.flag))
        for place in reviewed.places
    )
    written = _written(msgspec.structs.replace(reviewed, places=tuple(places)))
    if len(written) > SIZE_LIMIT:
        raise GatehouseError(
            f"the reviews of #{reviewed.number} have {len(written):,} bytes, and are read back up to {SIZE_LIMIT:,}",
            "promote in pull requests of fewer pins",
        )
    return written


def _written(reviewed: Reviewed) -> bytes:
    return msgspec.json.format(msgspec.json.encode(reviewed, order="deterministic"), indent=1)


def _message(reviewed: Reviewed) -> str:
    came = "people agree" if reviewed.passed else "people do not agree yet"
    lines = [f"{place.slot} version {place.candidate.version} as {place.role}" for place in reviewed.places]
    return "\n".join([f"Reviews of #{reviewed.number} at {reviewed.head[:12]}: {came}", "", *lines])
