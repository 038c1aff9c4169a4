from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.runtime import wire

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def everything(_: object) -> int:
    return wire.BODY_LIMIT


@pytest.mark.parametrize(
    "header",
    [
        wire.Ready(0, "sklearn", "by hand", "scores", (0, "one", 2.5, True), ("a", "b"), 1.0, 2.0),
        wire.Answered(2**40, "probabilities", "float64", 3, 2, ("yes", "no")),
        wire.Failed(1, "ValueError", "naïve — \x00"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)) * 1000])
def test_a_frame_comes_back_as_it_was_sent(pair: Pair, header: wire.FromChild, body: bytes) -> None:
    sender = threading.Thread(target=wire.send, args=(pair[0], header, body))
    sender.start()
    received, content = wire.Reader(pair[1]).receive(wire.decode_from_child, everything)
    sender.join()

    assert received == header
    assert bytes(content) == body


def test_frames_sent_together_are_received_one_by_one(pair: Pair) -> None:
    for number in range(50):
        wire.send(pair[0], wire.Predict(number), bytes([number]) * number)
    reader = wire.Reader(pair[1])

    for number in range(50):
        header, body = reader.receive(wire.decode_from_parent, everything)
        assert (header, bytes(body)) == (wire.Predict(number), bytes([number]) * number)


def test_a_frame_may_come_in_single_bytes(pair: Pair) -> None:
    wire.send(pair[0], wire.Predict(5, b"schema"), b"body")
    whole = pair[1].recv(1000)
    for byte in whole:
        pair[0].send(bytes([byte]))

    header, body = wire.Reader(pair[1]).receive(wire.decode_from_parent, everything)
    assert (header, bytes(body)) == (wire.Predict(5, b"schema"), b"body")


def test_a_body_larger_than_its_room_is_not_read(pair: Pair) -> None:
    wire.send(pair[0], wire.Predict(1), b"12345")
    with pytest.raises(wire.Malformed, match="5 bytes, more than 4"):
        wire.Reader(pair[1]).receive(wire.decode_from_parent, lambda _: 4)


def test_a_body_of_just_its_room_is_read(pair: Pair) -> None:
    wire.send(pair[0], wire.Predict(1), b"12345")

    assert wire.Reader(pair[1]).receive(wire.decode_from_parent, lambda _: 5)[1] == b"12345"


def test_a_header_above_the_limit_is_not_read(pair: Pair) -> None:
    pair[0].send(wire.PREFIX.pack(wire.HEADER_LIMIT + 1, 0))
    with pytest.raises(wire.Malformed, match="1,000,001 bytes"):
        wire.Reader(pair[1]).receive(wire.decode_from_parent, everything)


@pytest.mark.parametrize("torn", [0, 5, 12, 15, -1])
def test_an_end_in_the_middle_is_an_end(pair: Pair, torn: int) -> None:
    wire.send(pair[0], wire.Predict(1), b"body")
    whole = pair[1].recv(1000)
    pair[0].send(whole[:torn])
    pair[0].close()
    with pytest.raises(EOFError):
        wire.Reader(pair[1]).receive(wire.decode_from_parent, everything)


def test_receiving_and_sending_end_at_their_deadline(pair: Pair) -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        wire.Reader(pair[1]).receive(wire.decode_from_parent, everything, began + 0.05)
    with pytest.raises(TimeoutError):
        wire.send(pair[0], wire.Predict(1), bytes(10**7), began + 0.1)
    with pytest.raises(TimeoutError):
        wire.send(pair[0], wire.Predict(1), b"", began)

    assert 0.1 <= time.monotonic() - began < 1


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_frame_an_end_or_malformed(noise: bytes) -> None:
    one, other = socket.socketpair()
    with one, other:
        one.send(noise + b"\0")
        one.shutdown(socket.SHUT_WR)
        with pytest.raises((wire.Malformed, EOFError)):
            _read_on(other)


def _read_on(sock: socket.socket) -> None:
    reader = wire.Reader(sock)
    while True:
        reader.receive(wire.decode_from_child, lambda _: 10_000)


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.integers(-(2**63), 2**63), st.text(), st.none(), st.floats())))
def test_a_header_that_is_no_header_does_not_decode(fields: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        wire.decode_from_child(msgspec.msgpack.encode(fields))
