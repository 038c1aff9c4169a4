"""What a log's files are called: names that sort by time, and that no two writers ever give.

``20261129T163553123456Z-<host>-<chance>``: the time in UTC to the microsecond, eight hex digits of the host's name's
sha256, sixteen by chance. A dot before and a suffix behind make it a file that is still being written.
"""

from __future__ import annotations

import re
import secrets
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

_NAME = re.compile(r"\.?(\d{8}T\d{12})Z-([0-9a-f]{8})-[0-9a-f]{16}\.[a-z]+")
_STAMP = "%Y%m%dT%H%M%S%f"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def here() -> str:
    """This host, in names."""
    return sha256(socket.gethostname().encode()).hexdigest()[:8]


class Names:
    """One writer's names, each later than the one before, also where the clock goes backwards. ``clock`` gives
    nanoseconds since 1970."""

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._last = 0
        self._host = here()

    def next(self) -> str:
        self._last = max(self._clock() // 1000, self._last + 1)
        moment = _EPOCH + timedelta(microseconds=self._last)
        return f"{moment.strftime(_STAMP)}Z-{self._host}-{secrets.token_hex(8)}"


def stamped(file: str) -> datetime | None:
    """The time in a file's name; None for a name that no writer gave."""
    found = _NAME.fullmatch(file)
    return None if found is None else _moment(found[1])


def host(file: str) -> str | None:
    """The host in a file's name; None for a name that no writer gave."""
    found = _NAME.fullmatch(file)
    return None if found is None else found[2]


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
