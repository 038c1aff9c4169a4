"""What is unusual of a check, held against the checks that led to the last promotions of the same slot."""

from __future__ import annotations

from collections.abc import Sequence

from gatehouse.evaluate.result import Result
from gatehouse.report.context import Earlier


def against(result: Result, earlier: Sequence[Earlier]) -> tuple[str, ...]:
    """A sentence each, plain text, the weightiest first; ``earlier`` oldest first."""
    return ()
