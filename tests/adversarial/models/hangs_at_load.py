"""Is never ready."""

from __future__ import annotations

import time
from typing import Any

from tests.adversarial.models._told import Told

SANDBOX = "seconds: 10"
SAYS = r"ran for more than 10 s and was killed"


class Model(Told):
    def load_context(self, context: Any) -> None:
        time.sleep(3600)
