"""One model at a time has the processor while they are timed: who is not asked must not slow down who is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gatehouse.runtime.process import ModelProcess

Answering = Callable[[Any], object]


@contextmanager
def turns(processes: Mapping[str, ModelProcess], answering: Mapping[str, Answering]) -> Iterator[dict[str, Answering]]:
    """What asks each model, as ``answering`` does, with all others paused meanwhile; in the end all of them run again.

    A pause takes some tenths of a millisecond, once for every time that another model is asked than before.
    """
    asked: list[str] = []

    def of(who: str) -> Answering:
        def ask(row: Any) -> object:
            if asked[-1:] != [who]:
                asked[:] = [who]
                for name, process in processes.items():
                    if name != who:
                        process.pause()
                processes[who].resume()
            return answering[who](row)

        return ask

    try:
        yield {who: of(who) for who in answering}
    finally:
        for process in processes.values():
            process.resume()
