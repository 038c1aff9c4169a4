"""Leaves a process behind that outlives the check, in a session of its own, its parent gone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.adversarial.models._told import Writer

OUTCOME = "FAIL"
SAYS = r"roc_auc 0\.5"
PROOF = "left"


class Model(Writer):
    def steps(self) -> Iterator[Any]:
        yield self._leave

    def _leave(self) -> None:
        if os.fork() == 0:
            os.setsid()
            code = f"import time; time.sleep(600)  # {self.told['note']}"
            subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
            os._exit(0)
        os.wait()
