"""Edits of declared files that keep a person's comments, order and layout: text in, text out.

Every edit is read back before it is returned, so that no command ever writes a file that the next one refuses. Rules
between values are left to ``validate``: a canary that has become the champion is cleared by a second edit.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from gatehouse.declare.fault import Fault, dotted
from gatehouse.declare.reader import read
from gatehouse.declare.rewrite import flow, rewritten
from gatehouse.declare.schema import Kind, schema
from gatehouse.errors import GatehouseError
from gatehouse.pin import Pin, Role


def set_pin(text: str | None, role: Role, pin: Pin, percent: float | None = None, experiment: str | None = None) -> str:
    """The promotion file with a role's pin set; ``text`` None: the file is new.

    A role that is new beside the champion needs its percent (and a challenger its experiment); one that is there keeps
    what is not given. Raises GatehouseError for a file with faults, or a result that would have some.
    """
    before = _value(text, "promotion") if text is not None else {}
    if not before and role is not Role.CHAMPION:
        raise GatehouseError(f"there is no champion beside which a {role} could stand", "pin a champion first")
    given = {"version": pin.version, "digest": pin.digest, "percent": percent, "experiment": experiment}
    fields = {key: value for key, value in given.items() if value is not None}
    changed = fields if role is Role.CHAMPION else {str(role): {**before.get(role, {}), **fields}}
    return _written(text, "promotion", {**before, **changed})


def clear(text: str, role: Role) -> str:
    """The promotion file without a canary, challenger or shadow; as it was where there is none.

    Raises GatehouseError for the champion: a slot without one is a slot without its file.
    """
    if role is Role.CHAMPION:
        raise GatehouseError("a promotion file cannot lose its champion", "delete the file, or pin another version")
    before = _value(text, "promotion")
    return _written(text, "promotion", {key: value for key, value in before.items() if key != role})


def add_hold(text: str | None, version: int, reason: str, since: date, digest: str | None = None) -> str:
    """The hold file with one more version on hold; ``text`` None: the file is new.

    As it was where exactly this version (and digest) is held already. Raises GatehouseError as ``set_pin`` does.
    """
    before = _value(text, "hold") if text is not None else {"versions": []}
    if any(held["version"] == version and held.get("digest") == digest for held in before["versions"]):
        return text or ""
    entry = {"version": version, "digest": digest, "reason": reason, "since": since.isoformat()}
    fields = {key: value for key, value in entry.items() if value is not None}
    return _written(text, "hold", {**before, "versions": [*before["versions"], fields]})


def _value(text: str, kind: Kind) -> dict[str, Any]:
    document, faults = read(f"{kind} file", text.encode())
    if document is not None:
        faults += map(document.fault, schema(kind).complaints(document.value))
    if document is None or faults:
        raise GatehouseError(f"cannot edit a file with faults: {faults[0]}", "mend it first; see `gatehouse validate`")
    return dict(document.value)


def _written(text: str | None, kind: Kind, after: dict[str, Any]) -> str:
    for said in schema(kind).complaints(after):
        raise GatehouseError(str(Fault(f"{kind} file", 1, dotted(said.keys), said.message, said.fix)))
    if text is None:
        return _fresh(after)
    try:
        return rewritten(text.removeprefix("\ufeff"), after)
    except ValueError as error:
        raise GatehouseError(f"the {kind} file cannot be edited in place", "write the change by hand") from error


def _fresh(value: dict[str, Any]) -> str:
    lines = []
    for key, item in value.items():
        lines += (
            [f"{key}:", *(f"  - {flow(one)}" for one in item)] if isinstance(item, list) else [f"{key}: {flow(item)}"]
        )
    return "\n".join(lines) + "\n"
