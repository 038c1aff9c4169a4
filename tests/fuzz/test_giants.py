"""The largest answers that are believed at all: every form of the report is made of them in bounded time and length."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence

import msgspec
import pytest
from rich.console import Console

from gatehouse.evaluate.result import Result
from gatehouse.report import checks, html, junit, markdown, sarif, tags
from gatehouse.report.document import MAX_BYTES, decode, encode
from gatehouse.report.terminal import render
from gatehouse.verdict import Curve, Exhibit, Measure, Outcome, Relation, Row, Rows, Verdict
from tests.support import results
from tests.support.results import CONTEXT, HOSTILE

# Each takes seconds on a busy machine. What is quadratic in a megabyte takes hours.
PATIENCE_S = 180
# Of what is kept or sent, but the document itself: characters.
LONGEST = 30_000_000
MEASURE = Measure("x" * 20, 1.0, Outcome.FAIL, 0.5, Relation.AT_MOST)


def one(summary: str = "s", exhibits: tuple[Exhibit, ...] = (), advice: tuple[str, ...] = ()) -> Result:
    return results.result([Verdict("accuracy", Outcome.FAIL, summary, advice=advice, exhibits=exhibits)])


def changed(**fields: object) -> list[Result]:
    return [msgspec.structs.replace(results.passing(), **fields)]


GIANTS: dict[str, Callable[[], Sequence[Result]]] = {
    "figures": lambda: [results.result([Verdict(f"g{n}", Outcome.FAIL, "s", (MEASURE,) * 4_500) for n in range(17)])],
    "results": lambda: [results.result([Verdict(f"g{n}", Outcome.FAIL, "s") for n in range(20)])] * 200,
    "points": lambda: [one(exhibits=(Curve("c", "x", "y", {"a": [(float(n), 1.0) for n in range(49_000)]}),))] * 3,
    "lines": lambda: [one(exhibits=(Curve("c", "x", "y", {f"a{n}": [(1.0, 2.0)] for n in range(40_000)}),))] * 2,
    "rows": lambda: [one(exhibits=(Rows("c", "x", (Row("a" * 30, 1.0),) * 49_000),))] * 2,
    "limits": lambda: [
        one(exhibits=(Rows("c", "x", (Row("a", 1.0),), limits={f"a{n}": 1.0 for n in range(200_000)}),))
    ],
    "pictures": lambda: [one(exhibits=(Rows("c", "x", (Row("a", 1.0),)),) * 45_000)],
    "words": lambda: [one(HOSTILE * 40_000)],
    "blanks": lambda: [one(" " * 15_000_000)],
    "accents": lambda: [one("\u0301" * 7_000_000)],
    "markup": lambda: [one("[" * 7_000_000 + "](")],
    "dollars": lambda: [one("$" * 7_000_000)],
    "advice": lambda: [one(advice=("do",) * 900_000)],
    "undecidable": lambda: changed(undecidable=("do",) * 900_000),
    "tables": lambda: changed(data={f"a{n}": "b" for n in range(500_000)}),
}


@pytest.mark.slow
@pytest.mark.parametrize("giant", list(GIANTS))
def test_every_form_of_the_report_ends(giant: str) -> None:
    data = encode(GIANTS[giant]())
    assert MAX_BYTES / 20 < len(data) <= MAX_BYTES, "as large as may be, or the test tests nothing"
    began = time.monotonic()
    found = decode(data)
    made = [*_texts(found), *(text for result in found for text in _notes(result))]
    assert time.monotonic() - began < PATIENCE_S
    assert all(len(text) < LONGEST for text in made)
    assert len(markdown.comment(found, CONTEXT).encode()) <= markdown.LIMIT


def _texts(found: Sequence[Result]) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=100).print(render(found, CONTEXT))
    return [html.page(found, CONTEXT), junit.junit(found), sarif.sarif(found, CONTEXT).decode(), stream.getvalue()]


def _notes(result: Result) -> list[str]:
    """What stands at a line of the pull request, and at the version in the registry."""
    notes = checks.annotate(result)
    assert len(notes) <= checks.MAX_ANNOTATIONS
    return [*(note.message for note in notes), *tags.tags(result).values()]
