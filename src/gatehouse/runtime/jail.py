"""Builds a sandbox out of namespaces, and becomes its outer process: ``python -m gatehouse.runtime.jail SPEC ARGV…``.

Three processes: this one, which waits outside; the first in the new process namespace, which builds the rest, drops all
rights and buries orphans; and the program. When one of the first two ends, the kernel kills everything inside.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatehouse.runtime import kernel

# Any number but 0, which some programs take for more rights than it has here.
_USER = 1000
_EVERYTHING = (
    kernel.NEW_USER
    | kernel.NEW_MOUNT
    | kernel.NEW_PID
    | kernel.NEW_NET
    | kernel.NEW_IPC
    | kernel.NEW_UTS
    | kernel.NEW_CGROUP
)
_DEVICES = ("null", "zero", "full", "random", "urandom")
_STREAMS = {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def main(spec: str, argv: Sequence[str]) -> int:
    """Returns the program's exit status, 128 + n for a signal n."""
    kernel.die_with_parent(signal.SIGKILL)
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(_EVERYTHING)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{_USER} {uid} 1")
    _write("/proc/self/gid_map", f"{_USER} {gid} 1")
    alive, ours = os.pipe()
    first = os.fork()
    if first == 0:
        os.close(ours)
        _first(json.loads(spec), argv, alive)
    # The model's connection is the program's alone: whoever else held it open would keep its end from being noticed.
    os.closerange(3, ours)
    os.closerange(ours + 1, _most())
    return _status(os.waitpid(first, 0)[1])


def _first(spec: Mapping[str, Any], argv: Sequence[str], alive: int) -> None:
    """The first process inside; does not return."""
    kernel.die_with_parent(signal.SIGKILL)
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)  # the parent ended before it could be asked for
    root(Path(spec["scratch"]), spec)
    socket.sethostname("model")
    _loopback()
    kernel.no_capabilities()
    kernel.no_new_privileges()
    program = os.fork()
    if program == 0:
        os.setsid()
        os.chdir(spec["scratch"])
        os.execv(argv[0], list(argv))  # noqa: S606 (what to start is ours)
    kernel.unreadable()
    os.closerange(3, _most())
    while True:
        ended, status = os.wait()
        if ended == program:
            os._exit(_status(status))


def root(new: Path, spec: Mapping[str, Any]) -> None:
    """Makes a new root, first mounted at ``new``, of what ``spec`` shows; nothing else is left to be seen."""
    kernel.private()
    kernel.mount("tmpfs", new, kernel.NOSUID | kernel.NODEV, "mode=0755,size=1m,nr_inodes=4096")
    for link, target in spec["links"].items():
        _inside(new, link).symlink_to(target)
    for path in spec["visible"]:
        _shown(Path(path), _inside(new, path), kernel.RDONLY | kernel.NOSUID | kernel.NODEV)
    _proc(_inside(new, "/proc"))
    _dev(_inside(new, "/dev"), spec["size"])
    # After what is readable: it may lie inside of that.
    _tmpfs(_inside(new, spec["scratch"]), spec["size"])
    kernel.pivot(new)
    kernel.restrict(Path("/"), kernel.RDONLY, below=False)


def _proc(place: Path) -> None:
    place.mkdir()
    kernel.mount("proc", place, kernel.NOSUID | kernel.NODEV | kernel.NOEXEC)
    # No namespace inside this one, in which a program would have rights again.
    _write(place / "sys/user/max_user_namespaces", "0")
    kernel.restrict(place, kernel.RDONLY)


def _dev(place: Path, size: int) -> None:
    place.mkdir()
    kernel.mount("tmpfs", place, kernel.NOSUID | kernel.NOEXEC, "mode=0755,size=1m,nr_inodes=64")
    for name in _DEVICES:
        _shown(Path("/dev") / name, place / name, kernel.NOSUID | kernel.NOEXEC)
    for name, target in _STREAMS.items():
        (place / name).symlink_to(f"/proc/self/{target}")
    _tmpfs(place / "shm", size)
    kernel.restrict(place, kernel.RDONLY, below=False)


def _tmpfs(place: Path, size: int) -> None:
    place.mkdir(parents=True, exist_ok=True)
    kernel.mount("tmpfs", place, kernel.NOSUID | kernel.NODEV, f"mode=1777,size={size},nr_inodes=65536")


def _shown(source: Path, target: Path, flags: int) -> None:
    if source.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    kernel.bind(source, target)
    kernel.restrict(target, flags)


def _inside(new: Path, path: str) -> Path:
    """Where ``path`` is below the new root, its parents made."""
    place = new / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _loopback() -> None:
    """Takes up the network that a machine without a network has: itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(sock, _SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0)))
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def _write(place: str | Path, text: str) -> None:
    # In one call, unbuffered: the kernel reads these files so.
    with Path(place).open("wb", buffering=0) as file:
        file.write(text.encode())


def _status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def _most() -> int:
    return os.sysconf("SC_OPEN_MAX")


if __name__ == "__main__":
    os._exit(main(sys.argv[1], sys.argv[2:]))
