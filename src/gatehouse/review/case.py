"""One approval, held against one pin: what every rule about it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gatehouse.review.facts import Asked, Facts, Said, Standing
from gatehouse.review.judgement import Ruled
from gatehouse.review.reading import Reading
from gatehouse.review.who import Who


@dataclass(frozen=True, slots=True)
class Case:
    """``said`` is an approval or an emergency, ``reading`` what its words say of the pin ``asked``."""

    facts: Facts
    who: Who
    asked: Asked
    said: Said
    reading: Reading
    now: datetime

    @property
    def emergency(self) -> bool:
        return self.said.standing is Standing.EMERGENCY

    @property
    def login(self) -> str:
        return self.said.author.login

    @property
    def person(self) -> str:
        """Who it is, under whatever name."""
        return self.who.of(self.login)

    @property
    def did(self) -> str:
        return "called an emergency" if self.emergency else "approved"

    def ok(self, rule: str, said: str, *, flag: bool = False) -> Ruled:
        return Ruled(rule, True, said, flag=flag, review=self.said.id)

    def bad(self, rule: str, said: str, fix: str, unblocks: datetime | None = None) -> Ruled:
        return Ruled(rule, False, said, fix, unblocks=unblocks, review=self.said.id)
