"""Where a unit stands on a salted line, and which of its places a share takes. docs/bucketing.md has test vectors.

A place is the first eight bytes of SHA-256 over salt, 0x00 and unit, as a big-endian whole number: one of 2**64. A
share takes the low end of its line, so that growing it only adds units; another salt is another line, which knows
nothing of the first. SHA-256 costs half a microsecond here and is in every database and language, so that an auditor
finds the same places without this code; a truncated BLAKE2 is no quicker and is in few of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

# Places on a line, 0 to SPAN - 1.
SPAN = 1 << 64
# What ends the salt. A unit may hold it, a salt may not, or two pairs of salt and unit would read the same.
_END = "\0"


def prefix(salt: str) -> bytes:
    """What is hashed before the unit. Raises ValueError for a salt that is empty or that holds 0x00."""
    if not salt or _END in salt:
        raise ValueError(f"a salt is text without 0x00, got {salt!r}")
    return (salt + _END).encode()


def key(unit: str) -> bytes:
    """What is hashed of a unit: its UTF-8, as it is. Never raises, whatever a caller wrote."""
    return unit.encode("utf-8", "surrogatepass")


def place(salted: bytes, key: bytes) -> int:
    """Where a key stands on the line of ``prefix(salt)``: 0 to SPAN - 1, every place as likely."""
    return int.from_bytes(sha256(salted + key).digest()[:8], "big")


def fraction(salt: str, unit: str) -> float:
    """The place of a unit as a fraction in [0, 1), for people and for dice; shares compare whole numbers.

    The first 53 bits, because a float has no more: the last places of a line would be rounded to 1.
    """
    return (place(prefix(salt), key(unit)) >> 11) * 2.0**-53


def part(percent: float) -> Fraction:
    """The share as it is written: 0.01 is one ten-thousandth, not the float beside it.

    Raises ValueError for what is not between 0 and 100.
    """
    if not (math.isfinite(percent) and 0 <= percent <= 100):
        raise ValueError(f"a percentage is 0 to 100, got {percent}")
    return Fraction(str(percent)) / 100


@dataclass(frozen=True, slots=True)
class Share:
    """The places below ``limit`` on the line of a salt, whose prefix is ``salted``. A limit of 0 takes nobody, one of
    SPAN everybody."""

    salted: bytes
    limit: int

    @classmethod
    def of(cls, salt: str, part: Fraction) -> Share:
        """The lowest ``part`` of a salt's line, 0 to 1. Raises ValueError for a salt that is none."""
        # A whole number is below x just when it is below x rounded up: nothing is lost by the rounding.
        return cls(prefix(salt), math.ceil(part * SPAN))

    @property
    def salt(self) -> str:
        return self.salted.decode().removesuffix(_END)

    @property
    def part(self) -> Fraction:
        """What it takes of the line, exactly."""
        return Fraction(self.limit, SPAN)

    def takes(self, key: bytes) -> bool:
        """Whether a key stands in it."""
        return self.limit > 0 and place(self.salted, key) < self.limit


NOBODY = Share(b"", 0)
