"""The JSON document: what ``--format json`` prints, what travels between jobs, what scripts may rely on.

``{"schema": 1, "passed": …, "results": [ … ]}``, and ``refused`` and ``fix`` where nothing could be checked; a result's
fields are those of ``gatehouse.evaluate.result.Result``. Reading is strict, because the document may come from a job in
which a model ran.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result, Subject
from gatehouse.pin import DIGEST
from gatehouse.report.text import clean
from gatehouse.verdict import Curve, Exhibit, Interval, Measure, Row, Rows, Verdict

SCHEMA = 1
MAX_BYTES = 16 * 1024 * 1024
MAX_RESULTS, MAX_VERDICTS, MAX_MEASURES, MAX_POINTS = 200, 200, 5_000, 50_000
FIX = "run the check again; if it stays, the job that wrote the document is not to be trusted"

Series = Mapping[str, Sequence[tuple[float, float]]]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Every result of one check. ``passed``: no result that does not pass, and nothing refused.

    ``refused`` says why nothing could be checked at all, and ``fix`` what to do about it; there are no results then.
    """

    schema: int
    passed: bool
    results: tuple[Result, ...]
    refused: str = ""
    fix: str = ""


def document(results: Sequence[Result]) -> Document:
    """The document of some results, with what JSON cannot carry taken out: a value that is no finite number becomes
    null, and an interval, a limit or a point with such a number in it is left out."""
    finite = tuple(_finite(result) for result in results)
    return Document(SCHEMA, all(result.passed for result in finite), finite)


def encode(results: Sequence[Result]) -> bytes:
    """UTF-8 JSON in two-space indentation; the same results always give the same bytes."""
    return msgspec.json.format(msgspec.json.encode(document(results), order="deterministic"), indent=2) + b"\n"


def refusal(error: GatehouseError) -> bytes:
    """The document of a check that could not look at anything: promotions that do not read, say."""
    return msgspec.json.encode(Document(SCHEMA, False, (), clean(error.message, 2000), clean(error.fix, 1000))) + b"\n"


def decode(data: bytes) -> tuple[Result, ...]:
    """The results of a document. Raises GatehouseError for one that says that nothing was checked, and for what is too
    large, malformed, of another version, or says of itself what its verdicts do not say."""
    if len(data) > MAX_BYTES:
        raise GatehouseError(f"the report document has more than {MAX_BYTES:,} bytes", FIX)
    try:
        found = msgspec.json.decode(data, type=Document)
    except RecursionError as error:
        raise GatehouseError("the report document is nested too deeply", FIX) from error
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise GatehouseError(f"the report document cannot be read: {clean(str(error), 300)}", FIX) from error
    fault = _fault(found)
    if fault:
        raise GatehouseError(f"the report document cannot be believed: {fault}", FIX)
    if found.refused:
        raise GatehouseError(clean(found.refused, 2000), clean(found.fix, 1000))
    return found.results


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document."""
    made: dict[str, Any] = msgspec.json.schema(Document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "gatehouse report", **made}


def _fault(found: Document) -> str:
    """What is wrong with a document that has the right form; "" where nothing is."""
    if found.schema != SCHEMA:
        return f"its schema is {found.schema}, and this version reads {SCHEMA}"
    if len(found.results) > MAX_RESULTS:
        return f"it holds {len(found.results):,} results, more than {MAX_RESULTS}"
    if found.refused and (found.results or found.passed):
        return "it says that nothing was checked, and holds results"
    if not found.refused and found.passed != all(result.passed for result in found.results):
        return f"it says passed: {str(found.passed).lower()}, and its verdicts say otherwise"
    return next(filter(None, map(_fault_of, found.results)), "")


def _fault_of(result: Result) -> str:
    if not DIGEST.fullmatch(result.key):
        return "an evidence key is not sha256: and 64 hex digits"
    if len(result.verdicts) > MAX_VERDICTS:
        return f"a result holds {len(result.verdicts):,} verdicts, more than {MAX_VERDICTS}"
    names = [verdict.gate for verdict in result.verdicts]
    if len(set(names)) < len(names):
        return "a gate has two verdicts"
    if any(len(verdict.measures) > MAX_MEASURES for verdict in result.verdicts):
        return f"a verdict holds more than {MAX_MEASURES:,} measures"
    points = sum(_size(exhibit) for verdict in result.verdicts for exhibit in verdict.exhibits)
    return f"a result draws {points:,} points, more than {MAX_POINTS:,}" if points > MAX_POINTS else ""


def _size(exhibit: Exhibit) -> int:
    return len(exhibit.rows) if isinstance(exhibit, Rows) else sum(len(points) for points in exhibit.series.values())


def _finite(result: Result) -> Result:
    champion = _subject(result.champion) if result.champion else None
    seconds = _number(result.seconds) or 0.0
    return msgspec.structs.replace(
        result,
        verdicts=tuple(_verdict(verdict) for verdict in result.verdicts),
        candidate=_subject(result.candidate),
        champion=champion,
        seconds=seconds,
    )


def _subject(subject: Subject) -> Subject:
    return msgspec.structs.replace(subject, metrics=_numbers(subject.metrics))


def _verdict(verdict: Verdict) -> Verdict:
    measures, exhibits = map(_measure, verdict.measures), map(_exhibit, verdict.exhibits)
    return msgspec.structs.replace(verdict, measures=tuple(measures), exhibits=tuple(exhibits))


def _measure(measure: Measure) -> Measure:
    return msgspec.structs.replace(
        measure,
        value=_number(measure.value),
        limit=_number(measure.limit),
        champion=_number(measure.champion),
        interval=_interval(measure.interval),
    )


def _exhibit(exhibit: Exhibit) -> Exhibit:
    if isinstance(exhibit, Rows):
        rows, limits = tuple(_row(row) for row in exhibit.rows), _numbers(exhibit.limits)
        return msgspec.structs.replace(exhibit, rows=rows, limits=limits, floor=_number(exhibit.floor))
    if isinstance(exhibit, Curve):
        return msgspec.structs.replace(exhibit, series=_series(exhibit.series), limits=_numbers(exhibit.limits))
    return msgspec.structs.replace(exhibit, series=_series(exhibit.series))


def _row(row: Row) -> Row:
    return msgspec.structs.replace(
        row, value=_number(row.value), champion=_number(row.champion), interval=_interval(row.interval)
    )


def _series(series: Series) -> Series:
    return {
        name: [(float(x), float(y)) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        for name, points in series.items()
    }


def _interval(interval: Interval | None) -> Interval | None:
    if interval is None or not all(map(math.isfinite, (interval.low, interval.high, interval.confidence))):
        return None
    return Interval(float(interval.low), float(interval.high), float(interval.confidence))


def _number(value: float | None) -> float | None:
    """A float even where a gate gave an integer, so that what is read back is written the same."""
    return float(value) if value is not None and math.isfinite(value) else None


def _numbers(values: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}
