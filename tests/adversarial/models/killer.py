"""Kills what else runs: the champion, a service beside it, whatever would judge it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.adversarial.models._told import Writer

OUTCOME = "FAIL"
SAYS = r"roc_auc 0\.5"
PROOF = "killed"


class Model(Writer):
    def steps(self) -> Iterator[Any]:
        yield partial(os.kill, self.told["victim"], signal.SIGKILL)
