"""What a process has beside its environment, and a neighbour may get at: kernel keys and shared memory, by ctypes."""

from __future__ import annotations

import ctypes
import os

CANARY = "GATEHOUSE_TEST_CANARY"
KEY = "gatehouse-test"
_ADD_KEY, _KEYCTL = 248, 250
_JOIN, _SETPERM, _SESSION = 1, 5, -3
_EVERYTHING = 0x3F3F3F3F
_CREATE, _REMOVE = 0o1000, 0
_SIZE = 4096


def acquire() -> None:
    """A session keyring of its own with the canary in it."""
    library = ctypes.CDLL(None, use_errno=True)
    secret = os.environ[CANARY].encode()
    library.syscall(_KEYCTL, _JOIN, None)
    key = library.syscall(_ADD_KEY, b"user", KEY.encode(), secret, len(secret), _SESSION)
    library.syscall(_KEYCTL, _SETPERM, key, _EVERYTHING)


def share(number: int, secret: bytes) -> int:
    """A segment of System V shared memory that holds the secret; what ``unshare`` takes."""
    library = ctypes.CDLL(None, use_errno=True)
    library.shmat.restype = ctypes.c_void_p
    segment = int(library.shmget(number, _SIZE, _CREATE | 0o666))
    address = library.shmat(segment, None, 0)
    ctypes.memmove(address, secret, len(secret))
    library.shmdt(ctypes.c_void_p(address))
    return segment


def unshare(segment: int) -> None:
    ctypes.CDLL(None).shmctl(segment, _REMOVE, None)
