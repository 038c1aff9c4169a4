"""The filter of system calls, run by an interpreter of ours; what the kernel makes of it is in test_walls.py."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.runtime import seccomp

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
# What a model does all the time.
USUAL = {
    "x86_64": {"read": 0, "write": 1, "mmap": 9, "futex": 202, "openat": 257, "execve": 59, "exit_group": 231},
    "aarch64": {"read": 63, "write": 64, "mmap": 222, "futex": 98, "openat": 56, "execve": 221, "exit_group": 94},
}
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def answer(machine: str, call: int, *arguments: int, architecture: int | None = None) -> int:
    """What the program says to a system call."""
    given = [*arguments, *[0] * (6 - len(arguments))]
    arch = MACHINES[machine] if architecture is None else architecture
    data = struct.pack("<IIQ6Q", call, arch, 0, *given)
    program = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    place = value = 0
    while True:
        code, yes, no, operand = program[place]
        if code == 0x06:
            return int(operand)
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
            place += 1
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            place += 1 + (yes if holds else no)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_every_program_does_is_allowed(machine: str) -> None:
    assert {answer(machine, call) for call in USUAL[machine].values()} == {ALLOW}


@pytest.mark.parametrize(("column", "machine"), list(enumerate(MACHINES)))
def test_every_call_of_the_list_is_refused_whatever_its_arguments(column: int, machine: str) -> None:
    for calls, error in ((seccomp._REFUSED, errno.EPERM), (seccomp._UNKNOWN, errno.ENOSYS)):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                assert answer(machine, number, *[2**64 - 1] * 6) == answer(machine, number) == ERROR | error


@pytest.mark.parametrize("machine", MACHINES)
@given(call=st.integers(0, 2**32 - 1), arguments=st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_every_call_gets_an_answer(machine: str, call: int, arguments: list[int]) -> None:
    assert answer(machine, call, *arguments) in {
        ALLOW, KILL, ERROR | errno.EPERM, ERROR | errno.ENOSYS, ERROR | errno.EAFNOSUPPORT,
    }  # fmt: skip


@pytest.mark.parametrize(("machine", "call"), [("x86_64", 41), ("aarch64", 198)])
@given(family=st.integers(0, 2**32 - 1), above=st.integers(0, 2**32 - 1))
def test_sockets_are_those_that_a_network_namespace_covers(machine: str, call: int, family: int, above: int) -> None:
    said = answer(machine, call, (above << 32) | family)
    assert said == (ALLOW if family in (1, 2, 10, 16) else ERROR | errno.EAFNOSUPPORT)


@pytest.mark.parametrize(("machine", "call"), [("x86_64", 56), ("aarch64", 220)])
def test_a_thread_may_be_cloned_and_a_namespace_not(machine: str, call: int) -> None:
    fork, thread = 0x01200011, 0x003D0F00
    assert answer(machine, call, fork) == answer(machine, call, thread) == ALLOW
    for namespace in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert answer(machine, call, fork | namespace) == ERROR | errno.EPERM


@pytest.mark.parametrize(("machine", "call"), [("x86_64", 16), ("aarch64", 29)])
def test_nothing_is_typed_into_a_terminal(machine: str, call: int) -> None:
    tcgets, tiocsti, tioclinux = 0x5401, 0x5412, 0x541C
    assert answer(machine, call, 0, tcgets) == ALLOW
    for request in (tiocsti, tioclinux, (1 << 32) | tiocsti):
        assert answer(machine, call, 0, request) == ERROR | errno.EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_of_another_architecture_kill(machine: str) -> None:
    i386, x32 = 0x40000003, 0x40000000
    assert answer(machine, 1, architecture=i386) == KILL
    assert answer("x86_64", x32 | 1) == KILL


def test_a_machine_that_is_not_known_has_no_filter() -> None:
    assert seccomp.program("riscv64") == b""


@pytest.mark.parametrize(("column", "machine"), list(enumerate(HEADERS)))
def test_the_numbers_are_the_kernels(column: int, machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip(f"{HEADERS[machine]} is not installed: on Debian, linux-libc-dev has it")
    text = HEADERS[machine].read_text()
    known = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    listed = {**seccomp._REFUSED, **seccomp._UNKNOWN}
    listed |= {"clone": seccomp._CLONE, "ioctl": seccomp._IOCTL, "socket": seccomp._SOCKET}
    ours = {name: numbers[column] for name, numbers in listed.items()}
    # The headers of an old kernel know no new calls.
    assert {name: number for name, number in ours.items() if name in known} == {
        name: number for name, number in known.items() if name in ours
    }
    assert len(known.keys() & ours.keys()) > 40
