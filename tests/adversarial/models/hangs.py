"""Never answers, and cannot be asked to stop."""

from __future__ import annotations

import signal
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SANDBOX = "seconds: 10"
SAYS = r"ran for more than 10 s and was killed|used more than 10 s of|was ended by SIG(XCPU|KILL)"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
        while True:
            pass
