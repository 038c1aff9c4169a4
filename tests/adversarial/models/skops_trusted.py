"""A skops file, which is said to be safe: the list of types that its loader trusts is the model's own."""

from __future__ import annotations

import cProfile
import operator
from pathlib import Path
from typing import Any

from tests.adversarial.saving import sklearn
from tests.support import models

GATES = "artifact, accuracy"
SAYS = r"the model raised TypeError"
PROOF = "written"


def save(folder: Path, told: dict[str, Any]) -> None:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    code = f"__import__('shutil').copy({told['home']!r}, {told['results']!r} + '/stolen')"
    # DataFrame.pipe((function, keyword), argument) calls function(argument, keyword=frame).
    step = FunctionTransformer(operator.methodcaller("pipe", (cProfile.run, "sort"), code))
    sklearn(make_pipeline(step, models.train()), folder, "skops", trusted(step))


def trusted(step: Any) -> list[str]:
    """What a careful person would have to be asked about, and MLflow reads from the model instead."""
    import skops.io

    return list(skops.io.get_untrusted_types(data=skops.io.dumps(step)))
