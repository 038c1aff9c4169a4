"""Limits its own process for good, then becomes another program: ``python -I -S confine.py SPEC PROGRAM ARGUMENT…``.

SPEC is JSON: ``rlimits`` maps names of the module ``resource`` to soft and hard limits. Runs before anything else does
inside a sandbox, so it knows nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from collections.abc import Mapping, Sequence

_PR_SET_NO_NEW_PRIVS = 38


def main(spec: str, argv: Sequence[str]) -> None:
    """Does not return. Raises OSError where a limit cannot be set or the program is not there."""
    wanted = json.loads(spec)
    lower(wanted["rlimits"])
    no_new_privileges()
    os.execv(argv[0], list(argv))  # noqa: S606 (what to start is ours)


def lower(rlimits: Mapping[str, Sequence[int]]) -> None:
    """Sets each limit, or leaves it where it is lower already."""
    for name, (soft, hard) in rlimits.items():
        kind = getattr(resource, name)
        _, most = resource.getrlimit(kind)
        bound = hard if most == resource.RLIM_INFINITY else min(hard, most)
        resource.setrlimit(kind, (min(soft, bound), bound))


def no_new_privileges() -> None:
    """From here on no program that this process starts gains rights by being set-user-ID."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs cannot be set")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
