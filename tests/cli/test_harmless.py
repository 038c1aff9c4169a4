"""Text on its way to a terminal or a log. What a whole corpus of attacks does there is in tests/fuzz."""

from __future__ import annotations

import json

import pytest

from gatehouse.cli.harmless import json_line, legible, unheard


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本", "plain é 日本"),
        ("12\u00a0ms\nnext", "12\u00a0ms\nnext"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb\tc", "a\\rb\\tc"),
        ("\u202egnp.exe\u200b", "\\u202egnp.exe\\u200b"),
        ("name \udcff", "name \\udcff"),
    ],
)
def test_what_cannot_be_seen_is_written_out_and_the_rest_stays(text: str, shown: str) -> None:
    assert legible(text) == shown
    assert legible(shown) == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("::add-mask::x", "\\::add-mask::x"),
        ("a\n  ::error::x", "a\n  \\::error::x"),
        ("\u3000::error::x", "\u3000\\::error::x"),
        ("a ##[group]x", "a ##\\[group]x"),
        ("##vso[task.setvariable variable=x]y", "##vso\\[task.setvariable variable=x]y"),
        ("std::vector and a :: b", "std::vector and a :: b"),
        ("# [1] ## 2", "# [1] ## 2"),
    ],
)
def test_a_command_to_the_ci_system_gets_a_backslash_and_nothing_else_does(text: str, said: str) -> None:
    assert unheard(text) == said


@pytest.mark.parametrize("value", ["##[group]x", "\x9b2J", "\u202e", "\U000e0041", "\\u202e", "é", '"'])
def test_json_reads_back_as_what_it_was(value: str) -> None:
    written = json_line(json.dumps([value], ensure_ascii=False))
    assert json.loads(written) == [value]
    assert "##[" not in written
    assert written.isprintable()
