"""A request's JSON, read as MLflow's server reads it, and guarded against what is meant to harm a reader."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from gatehouse.serve.protocols.errors import Refused

_decode = msgspec.json.Decoder().decode
# ValueError: no JSON, no UTF-8, and an integer of more digits than Python converts.
_UNREADABLE = (ValueError, RecursionError)


def decode(body: bytes) -> dict[str, Any]:
    """The object in a body. Of a key that is there twice, the last counts. Raises Refused.

    NaN, Infinity and numbers beyond a float's range are no JSON, but Python's reader, and so MLflow, takes them.
    """
    try:
        decoded = _decode(body)
    except (msgspec.MsgspecError, *_UNREADABLE):
        decoded = _as_python_does(body)
    if not isinstance(decoded, dict):
        raise Refused(f"The body must be a JSON object. Received a {type(decoded).__name__}.")
    return decoded


def _as_python_does(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        said = f"{error.msg} at line {error.lineno}, column {error.colno}"
    except UnicodeDecodeError as error:
        said = f"byte {error.start} is no UTF-8"
    except _UNREADABLE:
        said = "a number has too many digits, or lists lie too deep in one another"
    raise Refused(f"Ensure that input is a valid JSON formatted string. Error: {said}")
