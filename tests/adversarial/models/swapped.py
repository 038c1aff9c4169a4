"""Is another model than the one that was pinned, behind the same version."""

from __future__ import annotations

from tests.adversarial.models._told import Told

GATE = "artifact"
OUTCOME = "FAIL"
SAYS = r"artifact"
PINNED = "sha256:" + "0" * 64


class Model(Told):
    pass
