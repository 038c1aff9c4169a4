"""What a request of either protocol comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What a request asks the model. ``params`` are those the caller gave and the signature names.

    Rows of two requests may be predicted as one batch where both are ``mergeable`` and their schemas are equal.
    """

    batch: pa.RecordBatch
    mergeable: bool
    params: dict[str, Any] = field(default_factory=dict)
