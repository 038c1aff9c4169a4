"""The evidence key: one hash that changes when anything a verdict rests on changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from gatehouse.evaluate.result import Request


class Basis(msgspec.Struct, frozen=True):
    """What a verdict rests on. ``gates`` maps each gate that was asked for to the digest of its code, and
    each of the team's own metrics, as ``metrics/<name>``."""

    request: Request
    policy: str
    gates: Mapping[str, str]
    data: str
    engine: str


def evidence_key(basis: Basis) -> str:
    """``sha256:…`` over candidate, champion, slot, role, policy, gates, evaluation data and engine version.

    The slot and role are part of it, so that a pass for one place cannot be carried to another; the commits are not:
    the same question asked again has the same answer.
    """
    request = basis.request
    parts = {
        "slot": request.slot.path,
        "role": request.role,
        "candidate": request.candidate.digest,
        "champion": request.champion.digest if request.champion else None,
        "policy": basis.policy,
        "gates": dict(basis.gates),
        "data": basis.data,
        "engine": basis.engine,
    }
    return "sha256:" + hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()
