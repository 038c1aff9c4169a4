"""Is another model than the one that was pinned, behind the same version."""

from __future__ import annotations

from tests.adversarial.models._told import Told

GATES = "artifact, accuracy"
GATE = "artifact"
OUTCOME = "FAIL"
SAYS = r"digest"
PINNED = "sha256:" + "0" * 64


class Model(Told):
    pass
