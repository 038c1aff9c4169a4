"""What every statistic is: a kernel that is fed batches, merged with its like, and finished once.

The embedded engine feeds one kernel batch by batch. A distributed engine feeds one a partition, sends their bytes to
the driver, merges them there in partition order, and finishes: the same code, so the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.errors import GatehouseError

Batch = TypeVar("Batch", contravariant=True)
Answer = TypeVar("Answer", covariant=True)
State = Mapping[str, npt.NDArray[np.generic]]


class Kernel(Protocol[Batch, Answer]):
    """A mergeable statistic whose memory does not grow with the number of rows beyond a documented limit."""

    def update(self, batch: Batch) -> None:
        """Takes in the rows of one batch."""
        ...

    def merge(self, other: Self) -> None:
        """Takes in what another kernel of the same make has seen: rows that follow this one's."""
        ...

    def finish(self) -> Answer:
        """The statistic over all rows seen; the kernel can still be fed afterwards."""
        ...

    def to_bytes(self) -> bytes:
        """Everything seen so far, for ``from_bytes`` on another machine."""
        ...


class _Array(msgspec.Struct, frozen=True, array_like=True):
    dtype: str
    shape: tuple[int, ...]
    data: bytes


def pack(state: State) -> bytes:
    """Named arrays as bytes: msgpack, no pickle, nothing that could run."""
    return msgspec.msgpack.encode(
        {name: _Array(array.dtype.str, array.shape, array.tobytes()) for name, array in state.items()}
    )


def unpack(data: bytes) -> dict[str, npt.NDArray[np.generic]]:
    """What ``pack`` packed. Raises msgspec.MsgspecError or ValueError for anything else."""
    arrays = msgspec.msgpack.decode(data, type=dict[str, _Array])
    return {
        name: np.frombuffer(array.data, np.dtype(array.dtype)).reshape(array.shape).copy()
        for name, array in arrays.items()
    }


def same_kind(one: object, other: object) -> None:
    """Raises GatehouseError for two kernels of one column that are of different makes."""
    if type(one) is not type(other):
        raise GatehouseError("a column is of different types in two parts of the table", "write it with one schema")
