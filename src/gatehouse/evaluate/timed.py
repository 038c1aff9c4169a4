"""One model's latency as a gate reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from gatehouse.evaluate.statistics.latency import Latency

if TYPE_CHECKING:
    from gatehouse.evaluate.load import Samples


@dataclass(frozen=True, slots=True)
class Timed:
    """Percentiles in milliseconds, and what happened around them.

    ``jitter_ms`` is how late the load generator itself was in 99 % of requests; ``throttled`` how often the control
    group was denied the processor (None: cannot be read).
    """

    latency: Latency
    offered_per_s: float
    achieved_per_s: float
    errors: int
    unanswered: int
    overloaded: bool
    jitter_ms: float
    throttled: int | None

    @classmethod
    def of(cls, samples: Samples) -> Self:
        import numpy as np

        from gatehouse.evaluate.statistics.latency import latency

        lateness = samples.lateness_s
        return cls(
            latency=latency(samples.latency_s * 1000),
            offered_per_s=samples.offered_per_s,
            achieved_per_s=samples.achieved_per_s,
            errors=samples.errors,
            unanswered=samples.unanswered,
            overloaded=samples.overloaded,
            jitter_ms=float(np.quantile(lateness, 0.99)) * 1000 if len(lateness) else 0.0,
            throttled=samples.throttled,
        )
