"""Plain scalars mean what they look like, or are refused with what to write."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.declare.scalars import Trap, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("47", 47),
        ("-3", -3),
        ("0", 0),
        ("0.82", 0.82),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("1.0e5", 100_000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("sha256:00", "sha256:00"),
        ("2026-09-01", "2026-09-01"),
        ("30s", "30s"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("nobody", "nobody"),
        ("9223372036854775807", 9223372036854775807),
    ],
)
def test_what_every_reader_takes_alike_is_taken(text: str, value: object) -> None:
    got = plain(text)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("047", 'write 47 for the number, or "047" for the text'),
        ("00", 'write 0 for the number, or "00" for the text'),
        ("0x1F", 'write it in decimal for the number, or "0x1F" for the text'),
        ("0o17", 'write it in decimal for the number, or "0o17" for the text'),
        ("0b1", 'write it in decimal for the number, or "0b1" for the text'),
        ("1_000", 'write 1000 for the number, or "1_000" for the text'),
        ("1:30", 'write "1:30"'),
        ("yes", 'write true, or "yes" for the word'),
        ("No", 'write false, or "No" for the word'),
        ("on", 'write true, or "on" for the word'),
        ("OFF", 'write false, or "OFF" for the word'),
        (".nan", "write a finite number"),
        ("-.INF", "write a finite number"),
        ("1e999", "write a smaller number"),
        ("9223372036854775808", "put it in quotes if it is a text, such as a digest"),
        ("1" * 10_000, "put it in quotes if it is a text, such as a digest"),
    ],
)
def test_what_readers_take_differently_is_refused_with_what_to_write(text: str, fix: str) -> None:
    with pytest.raises(Trap) as trap:
        plain(text)
    assert trap.value.fix == fix
    assert len(trap.value.message) < 120


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), max_size=8))
def test_a_plain_scalar_is_never_another_number_to_pyyaml(text: str) -> None:
    try:
        value = plain(text)
    except Trap:
        return
    try:
        other = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return  # not a plain scalar at all
    if isinstance(other, bool | int | float) and not isinstance(value, str):
        assert value == other
        assert isinstance(value, bool) == isinstance(other, bool)
    if isinstance(other, int | float):
        assert not isinstance(value, str), "PyYAML would read a number where we read a text"
