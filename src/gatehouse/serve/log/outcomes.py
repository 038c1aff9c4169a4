"""What ``POST /outcomes`` takes: one record, a list of them, or one a line; each is judged on its own.

A record is ``{"request_id": "…", "label": 1, "observed": "2026-03-02T08:00:00Z"}``. A label is a finite number, or true
or false; ``observed`` may be left out for now, and has a zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from gatehouse.serve.log.rows import Outcome

BODY_LIMIT = 1 << 20
RECORD_LIMIT = 10_000
ID_LIMIT = 1_024
# Clocks differ; a label from later than this would not count, and is refused.
AHEAD = timedelta(minutes=5)
_UNDECODABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Refused(msgspec.Struct, frozen=True):
    """``record`` counts from 1; for a file it is the line, for a table the row."""

    record: int
    error: str


class TooMuch(ValueError):
    """The body is larger than is read (HTTP 413)."""


class NoRecords(ValueError):
    """The body is no JSON of records at all (HTTP 400)."""


@dataclass(frozen=True, slots=True)
class Received:
    """``status`` is the HTTP status to answer with, when ``rows`` have been handed over."""

    rows: tuple[Outcome, ...]
    refused: tuple[Refused, ...]

    @property
    def status(self) -> int:
        return 202 if self.rows or not self.refused else 400

    def answer(self) -> bytes:
        """The JSON to answer with: how many records were accepted, and each that was not, with its error."""
        return msgspec.json.encode({"accepted": len(self.rows), "refused": self.refused})


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    request_id: Annotated[str, msgspec.Meta(min_length=1, max_length=ID_LIMIT)]
    label: float | bool
    observed: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_record = msgspec.json.Decoder(_Record)
_list = msgspec.json.Decoder(list[msgspec.Raw])


def receive(body: bytes, now: datetime) -> Received:
    """The records of a body. Raises TooMuch and NoRecords for one of which nothing can be said record by record."""
    if len(body) > BODY_LIMIT:
        raise TooMuch(f"a body of {len(body):,} bytes; at most {BODY_LIMIT:,} are read")
    rows, refused = [], []
    for place, raw in enumerate(_records(body), start=1):
        if place > RECORD_LIMIT:
            raise TooMuch(f"more than {RECORD_LIMIT:,} records; send them in several requests")
        try:
            rows.append(_outcome(_record.decode(raw), now))
        except (*_UNDECODABLE, ValueError) as error:
            refused.append(Refused(place, _said(error)))
    if not rows and not refused:
        raise NoRecords("the body holds no record; send a JSON object, a list of them, or one a line")
    return Received(tuple(rows), tuple(refused))


def moment(observed: datetime | None, now: datetime) -> int:
    """Microseconds since 1970. Raises ValueError for a time that has no zone, is before 1970, or is yet to come."""
    if observed is None:
        observed = now
    if observed.tzinfo is None:
        raise ValueError("observed has no zone")
    if observed > now + AHEAD:
        raise ValueError("observed is in the future")
    passed = (observed - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if passed < 0:
        raise ValueError("observed is before 1970")
    return passed


def _records(body: bytes) -> Iterator[bytes | msgspec.Raw]:
    text = body.strip()
    if not text.startswith(b"["):
        parts = text.splitlines() if _by_line(text) else [text]
        yield from (part for part in parts if part.strip())
        return
    try:
        yield from _list.decode(text)
    except _UNDECODABLE as error:
        raise NoRecords(f"the body is no JSON list: {_said(error)}") from error


def _by_line(text: bytes) -> bool:
    """Whether the first line is a record by itself, rather than the beginning of one."""
    first, _, rest = text.partition(b"\n")
    return bool(rest) and first.rstrip().endswith(b"}")


def _outcome(record: _Record, now: datetime) -> Outcome:
    # A number that overflows is refused by the decoder, and JSON has no other that is not finite.
    record.request_id.encode()
    return Outcome(record.request_id, float(record.label), moment(record.observed, now))


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, UnicodeError):
        return "text that is no UTF-8"
    return str(error)[:300]
