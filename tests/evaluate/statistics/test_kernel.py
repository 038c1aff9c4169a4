from __future__ import annotations

import pickle

import msgspec
import numpy as np
import pytest

from gatehouse.evaluate.statistics.kernel import pack, unpack


def test_arrays_come_back_as_they_were() -> None:
    state = {"a": np.arange(6).reshape(2, 3), "b": np.zeros(0), "c": np.array(5), "d": np.array([1, 2], np.uint8)}
    found = unpack(pack(state))
    for name, array in state.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tolist() == array.tolist()
    found["a"][0, 0] = 9  # writable, so that a kernel can go on adding


@pytest.mark.parametrize("data", [b"", b"junk", pickle.dumps({"a": 1}), msgspec.msgpack.encode({"a": 1})])
def test_nothing_but_packed_arrays_is_unpacked(data: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, ValueError)):
        unpack(data)


def test_objects_are_never_unpacked() -> None:
    evil = msgspec.msgpack.encode({"a": ("|O", (1,), b"\x00" * 8)})
    with pytest.raises(ValueError, match="OBJECT"):
        unpack(evil)
