"""A fault is one line that a person can act on, whoever wrote the file."""

from __future__ import annotations

import msgspec
import pytest

from gatehouse.declare.fault import Fault, dotted, meant, printable, quoted


def test_a_fault_is_one_line_with_place_key_message_and_fix() -> None:
    fault = Fault("promotions/m/production.yaml", 2, "version", 'expected an integer, got "48a"', "write 48")
    assert str(fault) == 'promotions/m/production.yaml:2: version: expected an integer, got "48a"; write 48'


def test_without_key_and_fix_nothing_stands_in_their_place() -> None:
    assert str(Fault("a.yaml", 1, "", "is empty")) == "a.yaml:1: is empty"


@pytest.mark.parametrize("hostile", ["a\nb", "a\x1b[31mb", "a\u202eb", "a\udcffb", "a\x00b"])
def test_what_a_terminal_or_an_encoder_would_choke_on_is_escaped(hostile: str) -> None:
    fault = Fault(hostile, 1, hostile, hostile, hostile)
    assert str(fault).isprintable()
    assert msgspec.json.decode(msgspec.json.encode(fault), type=Fault) == fault


def test_a_text_of_a_megabyte_is_cut() -> None:
    assert len(str(Fault("a.yaml", 1, "k" * 1_000_000, "m" * 1_000_000, "f" * 1_000_000))) < 2_000


def test_text_in_other_scripts_stays_readable() -> None:
    assert printable("größer als 風") == "größer als 風"


def test_keys_are_dotted_and_items_numbered() -> None:
    assert dotted(("stages", 1, "serving", "target")) == "stages[1].serving.target"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "nothing"),
        ({}, "a mapping"),
        ([1], "a list"),
        (True, "true"),
        ("48a", '"48a"'),
        (0.5, "0.5"),
        ("x" * 1_000, f'"{"x" * 58}…'),
    ],
)
def test_a_value_is_quoted_as_its_author_wrote_it_and_not_at_length(value: object, shown: str) -> None:
    assert quoted(value) == shown


def test_a_misspelt_word_is_answered_with_the_word_that_was_meant() -> None:
    assert meant("min_improvment", ["minimum", "min_improvement"]) == "did you mean `min_improvement`?"
    assert meant("polcy", ["staging"], also=["policy"]) == "did you mean `policy`?"


def test_a_word_like_no_other_is_answered_with_all_there_are() -> None:
    assert meant("zzz", ["b", "a"], also=["hidden"]) == "choose from a, b"
    assert meant("zzz", []) == ""
