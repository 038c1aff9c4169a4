"""Where a request says which segment it belongs to and which unit it is of: in a header, a field, or its host name.

As a person writes it, and ``read`` reads it:

    segment: {header: x-country, values: {DE: eu, FR: eu, US: us}}   # or {field: …}, or {host: true, values: …}
    unit:    {header: x-user-id}                                     # or {field: user_id}

What names no segment that is pinned belongs to the pins without a segment. Whoever may set the header may choose its
segment and its arm: let the gateway set it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Integral

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.pin import NAME
from gatehouse.runtime.failures import harmless

# Characters of a unit or a segment's value; the hash of more would cost a caller nothing and us our time.
TEXT_LIMIT = 512
# From here on a float no longer tells one whole number from the next.
_WHOLE = 2.0**53
_SHOWN = 40


class Unreadable(GatehouseError):
    """The caller's mistake: a request whose unit or segment cannot be read."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a request says of itself. ``headers`` by their names in lower case, ``fields`` by theirs, as ``agreed``
    found them over its rows; ``host`` as the request has it, with its port."""

    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, object] = field(default_factory=dict)
    host: str = ""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One place of a request: a header by its name in any case, a field of its rows, or its host name."""

    header: str | None = None
    field: str | None = None
    host: bool = False

    def __post_init__(self) -> None:
        if (self.header is not None) + (self.field is not None) + self.host != 1:
            raise ValueError("name one place: `header`, `field` or `host`")
        if "" in (self.header, self.field):
            raise ValueError("a header and a field have names")

    def find(self, said: Said) -> str | None:
        """What the request says there; None where it says nothing. Raises Unreadable."""
        if self.header is not None:
            return text(said.headers.get(self.header.lower()), f"header {self.header}")
        if self.field is not None:
            return text(said.fields.get(self.field), f"field {self.field}")
        return text(_hostname(said.host), "host")


class Segments(Source, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the segment is, and which ``values`` mean which; without any, the value itself is the segment's name.

    Header and field values are compared as they are, host names in any case.
    """

    values: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.values and (self.host or self.values is not None):
            raise ValueError("say in `values` which values mean which segment")
        wrong = [name for name in (self.values or {}).values() if not NAME.fullmatch(name)]
        if wrong:
            raise ValueError(f"`{harmless(wrong[0], _SHOWN)}` cannot be a segment")
        strange = [host for host in self.values or {} if self.host and host != _hostname(host)]
        if strange:
            raise ValueError(f"write host names in lower case, without a port: `{harmless(strange[0], _SHOWN)}`")

    def of(self, said: Said) -> str | None:
        """The segment that a request names, pinned or not; None where it names none. Raises Unreadable."""
        found = self.find(said)
        return found if found is None or self.values is None else self.values.get(found)


class RequestKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where requests say their segment and their unit. Without the first all belong to the pins without a segment,
    without the second every request is a unit of its own."""

    segment: Segments | None = None
    unit: Source | None = None

    def __post_init__(self) -> None:
        if self.unit is not None and self.unit.host:
            raise ValueError("a host name is no unit: name a header or a field")

    def segment_of(self, said: Said) -> str | None:
        """The segment that a request names. Raises Unreadable."""
        return None if self.segment is None else self.segment.of(said)

    def unit_of(self, said: Said) -> str | None:
        """The unit of a request. Raises Unreadable."""
        return None if self.unit is None else self.unit.find(said)


def read(value: object, where: str) -> RequestKeys:
    """From what a file holds; ``where`` names it in errors. Raises GatehouseError with the key that is wrong."""
    try:
        return msgspec.convert(value, RequestKeys)
    except msgspec.ValidationError as error:
        raise GatehouseError(
            f"{where}: {harmless(str(error))}",
            "write segment: {header: x-country, values: {DE: eu}} and unit: {header: x-user-id}, or `field` instead",
        ) from error


def text(value: object, where: str) -> str | None:
    """A value as the text that is hashed, compared and logged: a whole number in decimal, text as it is.

    So the id 47 is the same unit in a header, as a number in JSON, and as 47.0 in a column that has gaps. None, NaN
    and empty text are None. Raises Unreadable for what is neither, is too long, or is no Unicode.
    """
    if isinstance(value, float):
        value = _whole(value, where)
    if value is None or value == "":
        return None
    if isinstance(value, Integral) and not isinstance(value, bool):
        # Text of a number that has thousands of digits is refused by Python, after long work by some others.
        if not -(2**63) <= int(value) < 2**64:
            raise Unreadable(f"{where}: a whole number of more than 64 bits", "send it as text")
        return str(int(value))
    if not isinstance(value, str):
        raise Unreadable(f"{where}: expected text or a whole number, got {type(value).__name__}", "send it as text")
    if len(value) > TEXT_LIMIT:
        raise Unreadable(f"{where}: {len(value):,} characters, where {TEXT_LIMIT} are read", "send a shorter id")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise Unreadable(f"{where}: half a character (a lone surrogate)", "send valid Unicode")
    return value


def agreed(values: Iterable[object], where: str) -> str | None:
    """What all rows of one request say in a field. Raises Unreadable where two rows differ, since one version answers
    them all."""
    rows = iter(values)
    first = text(next(rows, None), where)
    for value in rows:
        if (other := text(value, where)) != first:
            shown = " and ".join("nothing" if one is None else f"`{harmless(one, _SHOWN)}`" for one in (first, other))
            raise Unreadable(f"{where}: rows of one request say {shown}", "send them as requests of their own")
    return first


def _whole(value: float, where: str) -> int | None:
    if math.isnan(value):
        return None
    if not value.is_integer() or abs(value) >= _WHOLE:
        raise Unreadable(f"{where}: expected text or a whole number, got {value}", "send it as text")
    return int(value)


def _hostname(host: str) -> str:
    """Without port and final dot, in lower case; an IPv6 address in its brackets. RFC 9110, 7.2; RFC 3986, 3.2.2."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].rstrip(".").lower()
