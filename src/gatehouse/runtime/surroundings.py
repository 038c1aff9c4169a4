"""What of the file system a sandboxed process sees, besides what its command names: the system's libraries."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import gatehouse

# Where a distribution keeps programs and libraries: /bin and the like are links into /usr on most.
_SYSTEM = tuple(Path(place) for place in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"))
# How libraries are found, and what time it is here. No users, no hosts, no certificates: there is no network.
_SETTINGS = tuple(
    Path(place)
    for place in ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime")
)


def links() -> dict[Path, Path]:
    """The system's folders that are symbolic links, with what they point to."""
    return {place: place.readlink() for place in _SYSTEM if place.is_symlink()}


def visible(readable: Iterable[Path]) -> tuple[Path, ...]:
    """Every path to show read-only, outer ones first, none of them inside another one.

    Python and gatehouse's own code are always among them: they start what a command names. A path that is reached
    through a symbolic link is shown under both names.
    """
    system = [place for place in _SYSTEM if place.is_dir() and not place.is_symlink()]
    settings = [place for place in _SETTINGS if place.exists()]
    named = {name for path in (*_own(), *readable) for name in (path.absolute(), path.resolve())}
    wanted = sorted({*system, *settings, *named}, key=lambda path: (len(path.parts), path))
    return tuple(path for path in wanted if not any(other in path.parents for other in wanted))


def _own() -> Iterator[Path]:
    """What starts a command: Python, gatehouse's package, and the links that lead to the interpreter, one by one."""
    yield from (Path(sys.prefix), Path(sys.base_prefix), Path(gatehouse.__path__[0]))
    path = Path(sys.executable)
    yield path
    while path.is_symlink():
        path = Path(os.path.normpath(path.parent / path.readlink()))
        yield path
