"""Columns side by side: numpy sorts without the interpreter's lock, so two threads take half as long on two cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")
# More threads than this wait for memory, not for a core.
MOST = 4


def each(work: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
    """The answers in the order of the items. Items must not share what ``work`` changes."""
    listed = list(items)
    threads = min(MOST, os.cpu_count() or 1, len(listed))
    if threads < 2:
        return [work(item) for item in listed]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, listed))
