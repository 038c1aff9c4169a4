"""The few system calls that build a sandbox and that Python has no name for. Linux; every one raises OSError."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

# From linux/sched.h, sys/mount.h, linux/mount.h, linux/prctl.h and linux/capability.h.
NEW_USER, NEW_MOUNT, NEW_PID, NEW_NET = 0x10000000, 0x00020000, 0x20000000, 0x40000000
NEW_IPC, NEW_UTS, NEW_CGROUP = 0x08000000, 0x04000000, 0x02000000
RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8
_BIND, _REC, _SLAVE = 1 << 12, 1 << 14, 1 << 19
_DETACH = 2
_AT_RECURSIVE, _AT_FDCWD, _MOUNT_SETATTR = 0x8000, -100, 442
_PDEATHSIG, _DUMPABLE, _CAPBSET_DROP, _NO_NEW_PRIVS, _CAP_AMBIENT, _CLEAR_ALL = 1, 4, 24, 38, 47, 4
_SECCOMP, _FILTER = 22, 2
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    )


class _Program(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def unshare(flags: int) -> None:
    _done(_libc.unshare(flags), "unshare")


def private() -> None:
    """What is mounted from here on is seen here alone."""
    _mount(None, "/", None, _REC | _SLAVE)


def bind(source: Path, target: Path) -> None:
    """Shows a file or folder at ``target``, with all that is mounted below it."""
    _mount(source, target, None, _BIND | _REC)


def mount(kind: str, target: Path, flags: int, data: str = "") -> None:
    _mount(kind, target, kind, flags, data)


def restrict(target: Path, flags: int, *, below: bool = True) -> None:
    """Adds RDONLY and the like to what is mounted at ``target``, and to all that is mounted ``below`` it.

    Linux 5.12: it takes no flag away, which is what a user namespace may not do.
    """
    attr = _MountAttr(set=flags)
    where = ctypes.c_char_p(os.fsencode(target))
    mode = _AT_RECURSIVE if below else 0
    _done(
        _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, where, mode, ctypes.byref(attr), ctypes.sizeof(attr)), "mount_setattr"
    )


def pivot(root: Path) -> None:
    """Makes ``root`` the root, and lets go of the old one."""
    os.chdir(root)
    # The old root is stacked on the new one, under the same name, and taken off again.
    _done(_libc.pivot_root(b".", b"."), "pivot_root")
    _done(_libc.umount2(b".", _DETACH), "umount2")
    os.chdir("/")


def die_with_parent(signal: int) -> None:
    """Asks for ``signal`` when the thread that started this process ends."""
    _prctl(_PDEATHSIG, signal)


def unreadable() -> None:
    """What /proc says of this process belongs to root from here on, and no one attaches to it."""
    _prctl(_DUMPABLE, 0)


def no_new_privileges() -> None:
    """From here on no program that this process starts gains rights by being set-user-ID."""
    _prctl(_NO_NEW_PRIVS, 1)


def no_capabilities() -> None:
    """Drops every capability, for this process and all that it will start."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in range(last + 1):
        _prctl(_CAPBSET_DROP, capability)
    _prctl(_CAP_AMBIENT, _CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _done(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def seccomp(program: bytes) -> None:
    """Has the kernel ask a BPF program, 8 bytes an instruction, about every system call from here on."""
    filter_ = _Program(len(program) // 8, program)
    _done(_libc.prctl(_SECCOMP, _FILTER, ctypes.byref(filter_), 0, 0), "seccomp")


def _prctl(option: int, value: int) -> None:
    _done(_libc.prctl(option, value, 0, 0, 0), f"prctl {option}")


def _mount(source: str | Path | None, target: str | Path, kind: str | None, flags: int, data: str = "") -> None:
    names = [None if name is None else os.fsencode(name) for name in (source, target, kind)]
    _done(_libc.mount(*names, ctypes.c_ulong(flags), data.encode()), f"mount {target}")


def _done(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
