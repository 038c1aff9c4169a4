"""What is thought of the reviews of a pull request, as frozen values: every rule's outcome, and who counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from gatehouse.review.facts import Asked


class Ruled(msgspec.Struct, frozen=True):
    """One rule's outcome, in plain words: what it found, and what to do where it is broken.

    ``flag``: it holds, but an auditor should look. ``unblocks``: from when on it can hold. ``review`` is the number of
    the review or comment that was judged; None where the rule is about the place, and only such a one blocks.
    """

    rule: str
    ok: bool
    said: str
    fix: str = ""
    flag: bool = False
    unblocks: datetime | None = None
    review: int | None = None


class Counted(msgspec.Struct, frozen=True):
    """An approval that counts. ``seconds`` are those from when it could be reviewed to when it was.

    ``answers`` by the question's id; an emergency's reason is under ``emergency``. ``acknowledged`` are the known
    limitations that were ticked.
    """

    who: str
    at: datetime
    seconds: float
    flagged: bool
    answers: Mapping[str, str]
    url: str
    acknowledged: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """One pin that people must agree to. ``unblocks``: from when on it can pass, where that is known."""

    asked: Asked
    passed: bool
    counted: tuple[Counted, ...]
    rules: tuple[Ruled, ...]
    unblocks: datetime | None = None

    @property
    def flagged(self) -> tuple[Ruled, ...]:
        """What an auditor should look at."""
        return tuple(ruled for ruled in self.rules if ruled.flag)

    @property
    def emergency(self) -> bool:
        """Whether it passes by an emergency, which lifted the calendar and more, and has to be followed up."""
        return any(ruled.rule == "emergency" and ruled.ok and ruled.flag for ruled in self.rules)


class Judgement(msgspec.Struct, frozen=True):
    """A whole pull request: passed where every place is; with no place there is nothing to agree to."""

    passed: bool
    places: tuple[Place, ...]
