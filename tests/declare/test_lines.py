"""Where in a file a key is written."""

from __future__ import annotations

from gatehouse.declare.lines import line_of

TEXT = "version: 1\ncanary:\n  version: 2\nstages:\n- name: a\n- name: b\n"


def test_a_key_an_item_and_what_is_missing_have_a_line() -> None:
    assert line_of(TEXT, "version") == 1
    assert line_of(TEXT, "canary", "version") == 3
    assert line_of(TEXT, "stages", 1, "name") == 6
    assert line_of(TEXT, "canary", "percent") == 2
    assert line_of(TEXT, "nothing") == 1
    assert line_of(TEXT) == 1


def test_broken_text_gives_the_lines_that_could_be_read() -> None:
    assert line_of("a: 1\nb: 2\nc: [", "b") == 2
    assert line_of("@", "b") == 1
