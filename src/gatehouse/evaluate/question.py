"""What one question's answer rests on, from the trusted base: the same before anything is fetched and after."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gatehouse import __version__
from gatehouse.evaluate.key import Basis
from gatehouse.evaluate.result import Request
from gatehouse.pin import ROOT

if TYPE_CHECKING:
    from gatehouse.declare.source import Source
    from gatehouse.evaluate.gates import Gate
    from gatehouse.evaluate.statistics.own import Own

ENGINE = f"gatehouse {__version__}"


def basis(request: Request, base: Source, judges: Mapping[str, str], data: str) -> Basis:
    """``judges`` are the digests of ``judging``, ``data`` that of the evaluation table ("" where there is none)."""
    return Basis(request, _policy_digest(base, request.slot.model), judges, data, ENGINE)


def judging(names: Sequence[str], gates: Mapping[str, Gate], own: Own) -> dict[str, str]:
    """The digest of each gate of ``gates.asked`` ("" where it does not exist), and of each of the team's metrics."""
    return {name: gates[name].digest if name in gates else "" for name in names} | dict(own.digests)


def _policy_digest(base: Source, model: str) -> str:
    content = base.read(f"{ROOT}/{model}/policy.yaml") or b""
    return "sha256:" + hashlib.sha256(content).hexdigest()
