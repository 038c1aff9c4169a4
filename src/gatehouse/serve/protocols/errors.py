"""Why a request is refused, before either protocol puts it into its own words."""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.errors import GatehouseError

BAD_REQUEST, TOO_LARGE, WRONG_TYPE = 400, 413, 415


class Refused(GatehouseError):
    """A request that cannot be answered as it came; ``status`` is the HTTP status.

    ``schema`` is True where the rows are well formed but not what the model's signature asks for. Callers see the
    message and the fix, so neither may name anything but the request and the signature.
    """

    def __init__(self, message: str, fix: str = "", *, status: int = BAD_REQUEST, schema: bool = False) -> None:
        super().__init__(message, fix)
        self.status = status
        self.schema = schema

    @property
    def text(self) -> str:
        """Both in one line."""
        return f"{self.message}; {self.fix}" if self.fix else self.message


class Unfit(ValueError):
    """A value that does not fit its column. Whoever knows the column's name makes a Refused of it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold. ``depth`` is how deep lists and objects may lie in one another where no signature
    says it; ``cells`` bounds rows times columns, because a thousand columns cost more than a thousand rows."""

    body_bytes: int = 16 << 20
    rows: int = 100_000
    columns: int = 4096
    cells: int = 4_000_000
    depth: int = 16


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer without its connection."""

    status: int
    content_type: str
    body: bytes


def quoted(value: object, limit: int = 60) -> str:
    """A caller's value as part of a message: short, printable, never a whole payload."""
    try:
        shown = ascii(value[: limit + 1] if isinstance(value, str | list) else value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, or lists within lists
        return f"a {type(value).__name__}"
    return shown if len(shown) <= limit else f"{shown[:limit]}…"


def check_size(body: bytes, limits: Limits) -> None:
    if len(body) > limits.body_bytes:
        raise Refused(
            f"the body has {len(body):,} bytes, more than {limits.body_bytes:,}",
            "send fewer rows at a time",
            status=TOO_LARGE,
        )


def check_extent(rows: int, columns: int, limits: Limits) -> None:
    """Raises Refused for a table too large to be read, before its values are looked at."""
    if columns > limits.columns:
        raise Refused(f"{columns:,} columns, more than {limits.columns:,}", status=TOO_LARGE)
    if rows > limits.rows or rows * columns > limits.cells:
        raise Refused(
            f"{rows:,} rows of {columns:,} columns; at most {limits.rows:,} rows and {limits.cells:,} values are read",
            "send fewer rows at a time",
            status=TOO_LARGE,
        )
