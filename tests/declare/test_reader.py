"""Text that a stranger may have written becomes plain values, or faults with a line and a fix; never anything else."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.declare.reader import DEPTH_LIMIT, FAULT_LIMIT, WIDTH_LIMIT, read

PATH = "promotions/m/production.yaml"


def faults(text: str | bytes) -> list[str]:
    _, found = read(PATH, text.encode() if isinstance(text, str) else text)
    return [str(fault).removeprefix(f"{PATH}:") for fault in found]


def test_values_and_the_line_of_every_key_are_read_in_one_pass() -> None:
    document, found = read(PATH, b"# top\nversion: 47\n\ncanary:\n  version: 48\nlist:\n- a\n- {b: 1}\n")
    assert not found
    assert document is not None
    assert document.value == {"version": 47, "canary": {"version": 48}, "list": ["a", {"b": 1}]}
    assert document.lines == {
        ("version",): 2,
        ("canary",): 4,
        ("canary", "version"): 5,
        ("list",): 6,
        ("list", 0): 7,
        ("list", 1): 8,
        ("list", 1, "b"): 8,
    }


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    document, _ = read(PATH, b"a: 1\ncanary:\n  version: 48\n")
    assert document is not None
    assert document.line(("canary", "digest", "x")) == 2
    assert document.line(("nowhere",)) == 1


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "~"])
def test_an_empty_file_says_so(text: str) -> None:
    assert faults(text) == ["1: is empty; write its keys, or delete the file"]


@pytest.mark.parametrize(("text", "got"), [("- a\n", "a list"), ("just words\n", '"just words"'), ("47", "47")])
def test_a_file_is_a_mapping(text: str, got: str) -> None:
    assert faults(text) == [f"1: expected a mapping of keys to values, got {got}; write `key: value` lines"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nowner: @acme/x", '2: a text cannot begin with `@`; put it in quotes: "@acme/x"'),
        ("a:\n\t- b", "2: a tab where YAML wants spaces; indent with spaces"),
        ("digest: sha256: 12", "1: a `: ` where no value can begin; check the indentation"),
        ("a: 1\n b: 2", "2: a `: ` where no value can begin"),
        ("a: [1, 2\nb: 3", "1: a list that is not closed; close it with `]`"),
        ("\n\na: {b: 1\n", "3: a mapping that is not closed; close it with `}`"),
        ("a: {version: 48 digest: x}", "1: a mapping that is not closed"),
        ('\na: "x\n', "2: a quote that is not closed; close it"),
        ('a: "\\q"', "1: an unknown escape in a quoted text; double the backslash"),
        ("- a\nb: 1", "2: a key among the items of a list"),
        ("a: 1\nb\n", "3: a key without its colon; write `key: value`"),
        ("a:\n  b: 1\n c: 2", "3: an indentation that fits nothing above"),
        ("a: 1\nb: \x07", "2: a character that YAML does not allow"),
        ("a: [\n", "2: no value where one must be; write it, and close the brackets"),
        ("%FOO\na: 1", "1: is no YAML: found unknown directive name; check the line and the one above it"),
    ],
)
def test_text_that_does_not_parse_is_said_with_its_line_and_what_to_do(text: str, fault: str) -> None:
    assert fault in "\n".join(faults(text))


def test_text_in_another_encoding_is_named_with_its_line() -> None:
    assert faults("a: 1\nb: é".encode("latin-1")) == ["2: is not UTF-8 text; save it as UTF-8"]
    assert faults("a: 1".encode("utf-16")) == ["1: is not UTF-8 text; save it as UTF-8"]


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    document, found = read(PATH, "\ufeffa: 1\r\nb: 2\r\n".encode())
    assert document is not None
    assert (document.value, document.lines[("b",)], found) == ({"a": 1, "b": 2}, 2, [])


def test_duplicate_keys_are_refused_and_both_lines_named() -> None:
    assert faults("version: 1\na: {x: 1, x: 2}\nversion: 2\n") == [
        "2: a.x: is written twice, first on line 2; keep one of the two",
        "3: version: is written twice, first on line 1; keep one of the two",
    ]


def test_keys_stay_the_words_that_they_are() -> None:
    document, _ = read(PATH, b"on: 1\n047: 2\nnull: 3\n")
    assert document is not None
    assert document.value == {"on": 1, "047": 2, "null": 3}


def test_a_collection_cannot_be_a_key() -> None:
    assert faults("? [a]\n: b") == ["1: a key must be a word, not a collection; write `key: value`"]


def test_every_trap_of_a_file_is_reported_not_the_first() -> None:
    assert [fault.split(":")[1].strip() for fault in faults("a: 047\nb: [yes, 1:30]\nc: .nan")] == [
        "a",
        "b[0]",
        "b[1]",
        "c",
    ]


def test_anchors_and_aliases_are_refused_where_they_stand() -> None:
    assert faults("a: &x 1\nb: *x\n") == [
        "1: a: `&x` names a value for reuse; take it away; write values out",
        "2: b: `*x` refers to a value elsewhere; write the value out",
    ]
    assert faults("*x") == ["1: `*x` refers to a value elsewhere; write the value out"]


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [echo]", "!!str 1", "!custom {a: 1}"])
def test_tags_are_refused_and_never_acted_on(tag: str) -> None:
    assert ["is not read; take it away" in fault for fault in faults(f"a: {tag}")] == [True]


def test_a_second_document_is_refused() -> None:
    assert faults("a: 1\n---\nb: 2\n") == [
        "2: begins a second document; keep one document a file, without a second `---`"
    ]


def test_a_bomb_of_aliases_ends_at_once() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(20)
    )
    started = time.perf_counter()
    assert "refers to a value elsewhere" in faults(bomb)[-1]
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_a_bomb_of_depth_ends_at_the_limit(opening: str) -> None:
    started = time.perf_counter()
    assert faults(opening * 100_000)
    assert time.perf_counter() - started < 2


def test_depth_is_allowed_up_to_the_limit_and_not_beyond() -> None:
    def nested(levels: int) -> str:
        return "a: " + "[" * (levels - 1) + "]" * (levels - 1)

    assert faults(nested(DEPTH_LIMIT)) == []
    assert faults(nested(DEPTH_LIMIT + 1)) == [
        f"1: nests deeper than {DEPTH_LIMIT} levels; no declared file needs that; flatten it"
    ]


def test_width_is_allowed_up_to_the_limit_and_not_beyond() -> None:
    assert faults("a: [" + "1, " * WIDTH_LIMIT + "]") == []
    assert faults("a: [" + "1, " * (WIDTH_LIMIT + 1) + "]") == [
        "1: a: holds more than 1,000 entries; no declared file needs that"
    ]
    assert "holds more than 1,000" in faults("".join(f"k{i}: 1\n" for i in range(WIDTH_LIMIT + 1)))[0]


def test_faults_of_a_file_are_looked_for_up_to_the_limit_and_not_beyond() -> None:
    assert len(faults("a: 1\n" * FAULT_LIMIT)) == FAULT_LIMIT - 1
    assert len(faults("a: 1\n" * 10 * FAULT_LIMIT)) == FAULT_LIMIT


@given(st.binary(max_size=60))
def test_any_bytes_end_in_a_document_or_in_faults(data: bytes) -> None:
    document, found = read(PATH, data)
    assert document is not None or found


@given(st.text("ab:-[]{}\"'#&*!|>%@`\t\n 01?,.", max_size=40))
def test_what_reads_here_without_a_fault_reads_the_same_in_pyyaml(text: str) -> None:
    document, found = read(PATH, text.encode())
    if document is None or found:
        return

    def words(value: object) -> object:
        if isinstance(value, dict):
            return {key: words(item) for key, item in value.items()}
        return [words(item) for item in value] if isinstance(value, list) else None

    # The shape is PyYAML's own; keys are compared as the words that BaseLoader leaves them.
    assert words(document.value) == words(yaml.load(text, Loader=yaml.CBaseLoader))
