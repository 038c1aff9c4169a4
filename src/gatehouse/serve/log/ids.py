"""Names of requests: the caller's own where fit for a log, else a UUID of version 7 (RFC 9562), in order of time."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable

# What a header may carry without being quoted or escaped anywhere.
_FIT = re.compile(r"[\x21-\x7e]{1,128}")
_VERSION, _VARIANT, _CHANCE = 7 << 76, 2 << 62, (1 << 62) - 1


class Ids:
    """Makes ids, each greater as text than the one before, also where the clock goes backwards.

    The first 48 bits are milliseconds since 1970, the next 12 their fraction (RFC 9562, section 6.2, method 3), pushed
    on by one where the clock has not moved; 62 are by chance. ``clock`` gives nanoseconds since 1970.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        nanoseconds = self._clock()
        tick = (nanoseconds // 1_000_000 << 12) | (nanoseconds % 1_000_000 << 12) // 1_000_000
        with self._lock:
            self._last = tick = max(tick, self._last + 1)
        chance = int.from_bytes(os.urandom(8), "big") & _CHANCE
        digits = f"{(tick >> 12) << 80 | _VERSION | (tick & 0xFFF) << 64 | _VARIANT | chance:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def of(self, given: str | None) -> str:
        """What the caller calls the request, where that is 1 to 128 visible ASCII characters; else a new id."""
        return given if given is not None and _FIT.fullmatch(given) else self.new()


def row_id(request: str, row: int, rows: int) -> str:
    """The log's id of one row of a request: the request's own where it has one row, else that and the row's place from
    0 (``<request>.0``), because the log has one answer a line and counts an id once."""
    return request if rows == 1 else f"{request}.{row}"
