"""System calls that no model needs, as a BPF program for the kernel: what namespaces and lost rights leave open.

A network namespace does not cover every socket (a virtual machine's host is reached by AF_VSOCK, which has no names to
hide), key rings belong to the user and not to the namespace, and memory in a file without a name is counted by nobody.
The rest makes the kernel a smaller target. The list is that of flatpak and Docker, without what libraries of a model
may use.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterator, Mapping

# From linux/audit.h: the kernel says by it whose numbers the system calls have.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# By name: the number on x86_64, and the one on aarch64 where it has the call.
_REFUSED: Mapping[str, tuple[int, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "init_module": (175, 105),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "open_by_handle_at": (304, 265),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
# Libraries try these first and have another way where the kernel does not know them.
_UNKNOWN: Mapping[str, tuple[int, int | None]] = {
    # Its flags lie in memory, where no filter looks; the C library falls back to clone.
    "clone3": (435, 435),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
}
_CLONE, _IOCTL, _SOCKET = (56, 220), (16, 29), (41, 198)
# AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK: all that the namespace covers, and all that libraries ask for.
_FAMILIES = (1, 2, 10, 16)
_NEW_NAMESPACES = 0x7E020000
# Typing for somebody else, into a terminal.
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE = 0, 4
Instruction = tuple[int, int, int, int]


def program(machine: str = "") -> bytes:
    """The filter for a machine as ``platform.machine()`` names it, this one by default; b"" for one not known here."""
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        return b""
    return b"".join(struct.pack("=HBBI", *one) for one in _instructions(machine))


def _instructions(machine: str) -> Iterator[Instruction]:
    column = list(_ARCHITECTURES).index(machine)
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _EQUAL, 1, 0, _ARCHITECTURES[machine]
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    if machine == "x86_64":
        yield _AT_LEAST, 0, 1, _X32
        yield _RETURN, 0, 0, _KILL
    for calls, error in ((_REFUSED, errno.EPERM), (_UNKNOWN, errno.ENOSYS)):
        for number in (numbers[column] for numbers in calls.values()):
            if number is not None:
                yield _EQUAL, 0, 1, number
                yield _RETURN, 0, 0, _ERROR | error
    yield from _when(
        _SOCKET[column], 0, [(_EQUAL, family, _ALLOW) for family in _FAMILIES], _ERROR | errno.EAFNOSUPPORT
    )
    yield from _when(_CLONE[column], 0, [(_ANY_BIT, _NEW_NAMESPACES, _ERROR | errno.EPERM)], _ALLOW)
    refused = _ERROR | errno.EPERM
    yield from _when(_IOCTL[column], 1, [(_EQUAL, _TIOCSTI, refused), (_EQUAL, _TIOCLINUX, refused)], _ALLOW)
    yield _RETURN, 0, 0, _ALLOW


def _when(call: int, argument: int, rules: list[tuple[int, int, int]], otherwise: int) -> Iterator[Instruction]:
    """Decides one call by the low half of an argument: the answer of the first rule that holds, or ``otherwise``."""
    yield _EQUAL, 0, 2 * len(rules) + 2, call
    yield _LOAD, 0, 0, 16 + 8 * argument
    for test, value, answer in rules:
        yield test, 0, 1, value
        yield _RETURN, 0, 0, answer
    yield _RETURN, 0, 0, otherwise
