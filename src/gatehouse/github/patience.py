"""How long GitHub is waited for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for one answer, tries in all, seconds before the second repetition (then doubled), and the longest
    ``retry-after``, in seconds, that is worth waiting for in a command that a person watches."""

    timeout: int = 15
    tries: int = 4
    pause: float = 1.0
    longest: float = 90.0


USUAL = Patience()
