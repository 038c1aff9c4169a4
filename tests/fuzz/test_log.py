"""Nothing that is printed is obeyed: neither by a terminal, nor by the log of a CI system."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from gatehouse.cli import frame
from gatehouse.cli.frame import Settings, emit, explain, note, progress
from gatehouse.cli.harmless import json_line, legible, unheard
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result
from gatehouse.report.document import document
from gatehouse.report.terminal import render
from gatehouse.runtime.failures import harmless
from tests.fuzz.corpus import COMMANDS, ESCAPES, EVERYTHING, texts
from tests.fuzz.runner import obeyed
from tests.support import hostile
from tests.support.results import CONTEXT

# What a terminal or the eye takes for something else than it is: controls, and what turns or hides text.
_LIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)
HERE = Settings(Path(), {}, json=False)
AS_JSON = Settings(Path(), {}, json=True)
# Long enough that what follows is wrapped to a line of its own, at any width that a log has.
PADDED = [f"{'x ' * 60}{text}" for text in COMMANDS]
Capture = pytest.CaptureFixture[str]


def _heard(log: str) -> list[str]:
    return [*obeyed(log), *_LIVE.findall(log)]


@pytest.mark.parametrize("text", [*EVERYTHING, *PADDED])
def test_an_answer_starts_nothing(text: str, capsys: Capture) -> None:
    emit(HERE, None, [text, f"{text}\n{text}"])
    assert _heard(capsys.readouterr().out) == []


@pytest.mark.parametrize("text", [*EVERYTHING, *PADDED])
def test_an_error_a_note_and_a_step_start_nothing(text: str, capsys: Capture) -> None:
    explain(GatehouseError(text, text), [])
    explain(ValueError(text), ["--format=json"])
    note(text)
    with progress(HERE) as say:
        say(text)
        say.stay(text)
    out, err = capsys.readouterr()
    assert _heard(out + err) == []


@settings(max_examples=200, deadline=None)
@given(texts)
def test_whatever_is_said_is_one_line_for_each_of_its_lines(text: str) -> None:
    assert _heard(unheard(legible(text))) == []
    assert unheard(legible(text)).count("\n") == text.count("\n")


@settings(max_examples=40, deadline=None)
@given(st.lists(hostile.results, min_size=1, max_size=2))
def test_a_report_in_a_log_starts_nothing_however_it_is_wrapped(made: list[Result]) -> None:
    assert _heard(_logged(render(made, CONTEXT))) == []


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
@pytest.mark.parametrize("text", ["::add-mask::e", "##[add-mask]e", "::stop-commands::x"])
def test_a_command_that_wrapping_puts_at_the_start_of_a_line_is_none(text: str, width: int) -> None:
    from gatehouse.verdict import Outcome, Verdict
    from tests.support import results

    summary = f"{'x ' * (width // 2)}{text} {'y ' * width}{text}"
    verdict = Verdict("accuracy", Outcome.FAIL, summary, advice=(summary,))
    assert obeyed(_logged(render([results.result([verdict])], CONTEXT), width)) == []


def _logged(report: object, width: int = 100) -> str:
    stream = io.StringIO()
    frame._show(Console(file=stream, width=width), report)  # type: ignore[arg-type]
    return stream.getvalue()


@settings(max_examples=60, deadline=None)
@given(st.lists(hostile.results, max_size=2))
def test_a_report_on_a_terminal_holds_no_escape_sequence_but_colours(made: list[Result]) -> None:
    stream = io.StringIO()
    screen = Console(file=stream, width=100, force_terminal=True, color_system="truecolor")
    screen.print(render(made, CONTEXT))
    assert _LIVE.findall(re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())) == []


@pytest.mark.parametrize("terminal", [True, False])
def test_a_table_holds_whatever_a_registry_or_a_commit_says_as_text(terminal: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    for text in [*EVERYTHING, *PADDED]:
        table = Table("version", "said", style="red")
        table.add_row(Text(text, style="green"), Text(text))
        stream = io.StringIO()
        frame._show(Console(file=stream, width=100, force_terminal=terminal), table)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()) if terminal else stream.getvalue()
        assert _heard(shown) == [], text


def test_a_table_without_anything_odd_is_printed_as_it_was_made() -> None:
    from rich.table import Table

    table = Table("version", "said", title="gates", style="red")
    table.add_row("1", "p95 12\u00a0ms ≤ 50\u00a0ms")
    plain, shown = io.StringIO(), io.StringIO()
    for stream, show in (
        (plain, lambda screen: screen.print(table)),
        (shown, lambda screen: frame._show(screen, table)),
    ):
        show(Console(file=stream, width=60, force_terminal=True, color_system="truecolor"))
    assert shown.getvalue() == plain.getvalue()


@pytest.mark.parametrize("text", EVERYTHING)
def test_json_means_the_same_and_starts_nothing(text: str, capsys: Capture) -> None:
    emit(AS_JSON, {"said": [text], text: 1}, "")
    out = capsys.readouterr().out
    whole = text.encode(errors="backslashreplace").decode()
    assert json.loads(out) == {"said": [whole], whole: 1}
    assert _heard(out) == []


@settings(max_examples=200, deadline=None)
@given(st.recursive(texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)))
def test_whatever_is_in_it_json_stays_what_it_was(value: object) -> None:
    plain = json.dumps(value, ensure_ascii=True)
    written = msgspec.json.encode(json.loads(plain.replace("\\ud", "\\\\ud"))).decode()
    assert json.loads(json_line(written)) == json.loads(written)
    assert _heard(json_line(written)) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(hostile.results, max_size=2))
def test_the_document_of_a_report_is_the_same_on_the_screen(made: list[Result]) -> None:
    written = msgspec.json.encode(document(made)).decode()
    assert json.loads(json_line(written)) == json.loads(written)
    assert _heard(json_line(written)) == []


@settings(max_examples=200, deadline=None)
@given(texts)
def test_what_a_model_printed_is_quoted_in_one_line_that_starts_nothing(text: str) -> None:
    assert _heard(unheard(legible(f"error: the model's process died; it last said: {harmless(text)}"))) == []


class TestTheOracle:
    """Raw, each of them would be obeyed."""

    @pytest.mark.parametrize("text", [text for text in COMMANDS if "::" in text or "##" in text])
    def test_every_command_of_the_corpus_is_obeyed_raw_unless_it_only_looks_like_one(self, text: str) -> None:
        only_looks = {"\u200b::add-mask::x", "##[group]x"[:0], "::echo::on"[:0]}
        assert obeyed(text) or text in only_looks or "\u2028" in text

    @pytest.mark.parametrize("text", [text for text in ESCAPES if "[" in text and not text.startswith("[")])
    def test_every_escape_sequence_of_the_corpus_is_seen_raw(self, text: str) -> None:
        assert _LIVE.search(text)

    def test_an_honest_line_is_printed_as_it_is(self) -> None:
        for line in ("gates::accuracy is fine", "p95 12\u00a0ms ≤ 50\u00a0ms", "# [x] a ## [y]", "a: b", "日本語 é"):
            assert unheard(legible(line)) == line


SOURCE = Path(frame.__file__).parents[1]
FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")


def test_no_module_writes_the_files_by_which_a_step_sets_variables() -> None:
    written = [path.name for path in SOURCE.rglob("*.py") if any(name in path.read_text() for name in FILES)]
    assert written == []


# What makes text run; of YAML's loaders, those that make only plain values do not.
RUNS = re.compile(
    r"shell=True|os\.system\(|os\.popen\(|\beval\(|\bexec\(|pickle\.loads?\(|yaml\.(?:unsafe_|full_)|Loader=yaml\.Loader"
)


def test_text_is_run_as_code_in_one_place_which_takes_it_from_the_base_commit() -> None:
    found = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if RUNS.search(path.read_text())}
    assert found == {"evaluate/code.py"}
