"""Ends with status 0 before it is asked anything."""

from __future__ import annotations

import os
from typing import Any

from tests.adversarial.models._told import Told

SAYS = r"exited with status 0"


class Model(Told):
    def load_context(self, context: Any) -> None:
        os._exit(0)
