"""Looks from the inside whether a sandbox holds: ``python -I -S trial.py CANARY`` prints each wall that is missing.

CANARY is a file that must not be seen. Exits 1 where something is missing.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

_OWN_PROCESSES = 4
# Of no namespace: the socket between a virtual machine and its host.
_AF_VSOCK = 40
_READ_ONLY = ("/", "/dev", "/proc", "/usr")


def missing(canary: Path) -> Iterator[str]:
    """A line for each wall that is not there."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    if any(int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")):
        yield "capabilities are left"
    if int(status["NoNewPrivs"]) != 1:
        yield "programs may gain rights"
    if sum(entry.name.isdigit() for entry in Path("/proc").iterdir()) > _OWN_PROCESSES:
        yield "other processes are seen"
    if any(name != "lo" for _, name in socket.if_nameindex()):
        yield "the network is reached"
    if answers(_AF_VSOCK):
        yield "the host of this virtual machine is reached"
    if canary.exists():
        yield "files of others are seen"
    yield from (f"{place} can be written" for place in _READ_ONLY if not os.statvfs(place).f_flag & os.ST_RDONLY)


def answers(family: int) -> bool:
    """Whether the kernel gives out sockets of a family."""
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    found = list(missing(Path(sys.argv[1])))
    sys.stdout.write("; ".join(found))
    sys.exit(1 if found else 0)
