"""Results beside what they rest on, so that a statement can be made of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from gatehouse.evaluate.key import Basis, evidence_key
from gatehouse.evaluate.question import ENGINE
from gatehouse.evaluate.result import Result
from tests.support import results
from tests.support.thousand import digest

NOTHING: Mapping[str, str] = MappingProxyType({})


def judged(result: Result | None = None, more: Mapping[str, str] = NOTHING) -> tuple[Result, Basis]:
    """A result whose key is that of the basis beside it; ``more`` are the digests of further gates or metrics."""
    made = results.passing() if result is None else result
    made = msgspec.structs.replace(made, data={"evaluation": digest("e"), "production": digest("f")})
    gates = {verdict.gate: digest(verdict.gate) for verdict in made.verdicts} | dict(more)
    basis = Basis(made.request, digest("policy"), gates, digest("e"), ENGINE)
    return msgspec.structs.replace(made, key=evidence_key(basis)), basis
