"""Limits its own process for good, then becomes another program: ``python -m gatehouse.runtime.confine SPEC ARGV…``.

SPEC is JSON: ``rlimits`` maps names of the module ``resource`` to soft and hard limits, ``seccomp`` is a filter of
system calls in hexadecimal, or empty.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Mapping, Sequence

from gatehouse.runtime import kernel


def main(spec: str, argv: Sequence[str]) -> None:
    """Does not return. Raises OSError where a limit cannot be set or the program is not there."""
    wanted = json.loads(spec)
    lower(wanted["rlimits"])
    kernel.no_new_privileges()
    if wanted["seccomp"]:
        kernel.seccomp(bytes.fromhex(wanted["seccomp"]))
    # bubblewrap adds it; the environment is the same at every level.
    os.environ.pop("PWD", None)
    os.execv(argv[0], list(argv))  # noqa: S606 (what to start is ours)


def lower(rlimits: Mapping[str, Sequence[int]]) -> None:
    """Sets each limit, or leaves it where it is lower already."""
    for name, (soft, hard) in rlimits.items():
        kind = getattr(resource, name)
        _, most = resource.getrlimit(kind)
        bound = hard if most == resource.RLIM_INFINITY else min(hard, most)
        resource.setrlimit(kind, (min(soft, bound), bound))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
