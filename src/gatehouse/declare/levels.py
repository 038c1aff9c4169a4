"""How well the process of a model is walled off: the levels, weakest first.

===========  =====================================================================================================
level        what the model can reach
===========  =====================================================================================================
none         what the user that runs gatehouse can reach
cluster      what the workers of a cluster can reach, which is not ours to say; not this machine
unshare      its own folder, Python and the system's libraries, read-only: namespaces that gatehouse made
bubblewrap   the same, in namespaces that bubblewrap made: a program that others review too
===========  =====================================================================================================
"""

from __future__ import annotations

from typing import Literal

Level = Literal["none", "cluster", "unshare", "bubblewrap"]
LEVELS: tuple[Level, ...] = ("none", "cluster", "unshare", "bubblewrap")


def reaches(level: str, minimum: str) -> bool:
    """Whether ``level`` is at least ``minimum``. A level that nobody knows reaches nothing, and is reached by none."""
    known: tuple[str, ...] = LEVELS
    return level in known and minimum in known and known.index(level) >= known.index(minimum)
