"""What a schema cannot say about one file: values that must fit each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from gatehouse.declare import calendar, days, duration, tables
from gatehouse.declare.fault import Complaint, Keys, meant, quoted
from gatehouse.declare.formats import moment
from gatehouse.declare.schema import Kind
from gatehouse.declare.types import Review
from gatehouse.pin import RESERVED, Role

_BESIDE = (Role.CANARY, Role.CHALLENGER, Role.SHADOW)
# Names that mean something else already: files beside the promotions, aliases of production's roles, MLflow's own.
_TAKEN = frozenset({*RESERVED, *Role, "latest", "none", "archived"})

_ZONES = "write a name of the IANA database, such as Europe/Berlin; a machine without that database knows UTC alone"


def broken(kind: Kind, value: Mapping[str, Any]) -> Iterator[Complaint]:
    """The rules that a file of this kind breaks; the value has passed its schema."""
    return _RULES[kind](value)


def _promotion(value: Mapping[str, Any]) -> Iterator[Complaint]:
    champion = value["version"], value["digest"]
    for role in _BESIDE:
        beside = value.get(role)
        if beside is not None and (beside["version"], beside["digest"]) == champion:
            fix = f"pin another version, or take the {role} away"
            yield Complaint((str(role), "version"), f"is the champion itself, version {champion[0]}", fix)
    # A shadow's answers go nowhere, so it may see all of the traffic that the others share.
    shares = {str(role): value[role]["percent"] for role in (Role.CANARY, Role.CHALLENGER) if role in value}
    if sum(shares.values()) > 100:
        said = " and ".join(f"{role} {percent:g}" for role, percent in shares.items())
        yield Complaint(
            (*list(shares)[-1:], "percent"), f"{said} are over 100 % together", "leave the champion its share"
        )


def _policy(value: Mapping[str, Any]) -> Iterator[Complaint]:
    for name, stage in value["stages"].items():
        yield from _repeated(("stages", name, "gates"), stage["gates"])
    yield from tables.complaints(value)
    yield from _groups(value.get("data", {}).get("evaluation", {}).get("groups", []))
    yield from _review(value)
    steps = value.get("rollout", {}).get("steps")
    if steps is not None and (not _ascending(steps) or steps[-1] != 100):
        yield Complaint(("rollout", "steps"), "steps must ascend and end at 100", "write them like [5, 25, 100]")


def _groups(groups: Sequence[Any]) -> Iterator[Complaint]:
    keys: Keys = ("data", "evaluation", "groups")
    yield from _repeated(keys, [group["name"] if isinstance(group, dict) else group for group in groups])
    for at, group in enumerate(groups):
        if isinstance(group, dict) and not _ascending(group["edges"]):
            yield Complaint((*keys, at, "edges"), "edges must ascend", f"write {sorted(set(group['edges']))}")


def _review(value: Mapping[str, Any]) -> Iterator[Complaint]:
    review = value.get("review", {})
    if value["risk"] == "high" and review.get("approvals", 2) < 2:
        yield Complaint(("review", "approvals"), "high risk needs two approvals", "write 2, or lower the risk")
    usual = Review()
    block = duration.parse(review["block_under"]) if "block_under" in review else usual.block_under
    flag = duration.parse(review["flag_under"]) if "flag_under" in review else usual.flag_under
    if flag < block:
        key = "flag_under" if "flag_under" in review else "block_under"
        said = f"an approval blocked under {duration.shown(block)} can never be flagged under {duration.shown(flag)}"
        yield Complaint(("review", key), said, "let flag_under be at least block_under")

    yield from _asked(review)
    pool = review.get("pool")
    wanted = review.get("approvals", 2 if value["risk"] == "high" else 1)
    if pool is not None and len(pool) < wanted:
        said = f"{len(pool)} cannot give {wanted} approvals"
        yield Complaint(("review", "pool"), said, "name more people, or take the pool away: then code owners are asked")


# What a review says besides its answers, and under which name.
_PARTS = {
    "limitations": "a review's form has a part `limitations` already, made from the list of that name",
    "emergency": "the reason of an emergency goes on record as `emergency`",
}


def _asked(review: Mapping[str, Any]) -> Iterator[Complaint]:
    yield from _repeated(("review", "limitations"), review.get("limitations", []))
    yield from _repeated(("review", "pool"), review.get("pool", []), str.lower)
    for at, question in enumerate(review.get("questions", [])):
        yield from _repeated(("review", "questions", at, "answers"), question.get("answers", []), str.lower)
    names = [question["id"] for question in review.get("questions", [])]
    for keys, said, fix in _repeated(("review", "questions"), names):
        yield Complaint((*keys, "id"), said, fix)
    for taken, said in _PARTS.items():
        if taken in names:
            yield Complaint(("review", "questions", names.index(taken), "id"), said, "give the question another id")


def _stages(value: Mapping[str, Any]) -> Iterator[Complaint]:
    names = [stage["name"] for stage in value["stages"]]
    for at, name in enumerate(names):
        if name in _TAKEN:
            yield Complaint(("stages", at, "name"), f"`{name}` cannot name a stage", "it has another meaning already")
        if name in names[:at]:
            yield Complaint(("stages", at, "name"), f"`{name}` is listed twice", "keep one of the two")
    yield from _repeated(("evidence", "keys"), value.get("evidence", {}).get("keys", []))
    yield from _people(value.get("people", {}))


def _people(people: Mapping[str, Sequence[str]]) -> Iterator[Complaint]:
    """A name of two people would make one of them answer for what the other did."""
    whose: dict[str, str] = {}
    for login, names in people.items():
        for at, name in enumerate((login, *names)):
            first = whose.setdefault(name.lower(), login)
            if first != login:
                keys: Keys = ("people", login, at - 1) if at else ("people", login)
                yield Complaint(keys, f"`{name}` is a name of `{first}` too", "keep one of the two")


def _freeze(value: Mapping[str, Any]) -> Iterator[Complaint]:
    for at, window in enumerate(value.get("windows", [])):
        if moment(window["end"]) <= moment(window["start"]):
            yield Complaint(("windows", at, "end"), f"{quoted(window['end'])} is not after the start", "swap the two")
    if "holidays" in value and (wrong := days.unknown(value["holidays"])) is not None:
        yield Complaint(("holidays",), *wrong)
    if "timezone" in value and calendar.unknown_zone(value["timezone"]):
        said = f"this machine knows no time zone `{value['timezone']}`"
        yield Complaint(("timezone",), said, meant(value["timezone"], (), available_timezones()) or _ZONES)
    yield from _hours(value)


def _hours(value: Mapping[str, Any]) -> Iterator[Complaint]:
    yield from _repeated(("oncall",), value.get("oncall", []), str.lower)
    hours = value.get("hours")
    if hours is None:
        if "oncall" in value:
            yield Complaint(
                ("oncall",), "without hours nobody on call is ever needed", "declare hours, or take it away"
            )
        return
    yield from _repeated(("hours", "days"), hours.get("days", []))
    if hours["to"] <= hours["from"]:
        fix = "let people go later than they come, on the same day"
        yield Complaint(("hours", "to"), f"{quoted(hours['to'])} is not after {quoted(hours['from'])}", fix)
    if "oncall" not in value:
        yield Complaint(("hours",), "nobody could approve outside of these hours", 'add `oncall: ["@…"]`')


_RULES: Mapping[Kind, Callable[[Mapping[str, Any]], Iterator[Complaint]]] = {
    "promotion": _promotion,
    "policy": _policy,
    "stages": _stages,
    "hold": lambda _: iter(()),
    "freeze": _freeze,
}


def _repeated(keys: Keys, names: Sequence[str], alike: Callable[[str], str] = str) -> Iterator[Complaint]:
    seen: set[str] = set()
    for at, name in enumerate(names):
        if alike(name) in seen:
            yield Complaint((*keys, at), f"`{name}` is listed twice", "keep one of the two")
        seen.add(alike(name))


def _ascending(numbers: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(numbers))
