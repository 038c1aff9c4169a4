"""The token that an approval repeats: it names the pull request, its final commit, the pin and the evidence."""

from __future__ import annotations

import hashlib

from gatehouse.pin import Role, Slot

LENGTH = 12
_PURPOSE = "gatehouse review 1"


def token(number: int, head: str, slot: Slot, role: Role, evidence: str) -> str:
    """Twelve hex digits that no other pull request, commit, slot, role or evidence has.

    It is no secret, and proves nothing alone: it ties an approval to what was there when it was given, so that none
    can be carried over from an older pull request, commit or check.
    """
    parts = (_PURPOSE, str(number), head, str(slot), str(role), evidence)
    # Each part with its length before it: no two lists of parts run together into one text.
    named = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]
