"""The parameters of a call, against those that a model's signature names."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gatehouse.registry.signature import Param, Scalar, Signature
from gatehouse.serve.protocols import nested
from gatehouse.serve.protocols.errors import Refused, Unfit, quoted
from gatehouse.serve.protocols.values import text, whole

_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d{1,9})?)?)?)?", re.ASCII)


def checked(given: Any, signature: Signature | None) -> dict[str, Any]:
    """What of ``given`` the signature names; the rest is ignored, as MLflow does. Empty where the model takes none.

    Values are as JSON gave them, whole numbers made floats where those are asked for. Raises Refused.
    """
    if signature is None or not signature.params or given is None:
        return {}
    if not isinstance(given, dict):
        raise Refused(f"Parameters must be a dictionary. Got type '{type(given).__name__}'.", schema=True)
    found = {}
    for param in signature.params:
        if param.name in given:
            try:
                found[param.name] = _value(given[param.name], param)
            except Unfit as error:
                raise Refused(f"Invalid parameters found: {quoted(param.name)}: {error}", schema=True) from error
    return found


def _value(given: Any, param: Param) -> Any:
    if not isinstance(param.type, Scalar):
        if (check := nested.filler(param.type, required=True)) is not None:
            check([given])
        return given
    if param.shape is None:
        return _scalar(given, param.type.name)
    if not isinstance(given, list):
        raise Unfit(f"{quoted(given)} is no list")
    return [_scalar(item, param.type.name) for item in given]


def _scalar(given: Any, name: str) -> Any:
    """Stricter than a column: only an integer is made a float, and nothing is read out of text but a date."""
    if given is None:
        return None
    check = _CHECKS.get(name)
    if check is None:
        return given
    kinds, convert = check
    if type(given) not in kinds:
        raise Unfit(f"{quoted(given)} is no {name}")
    return convert(given)


def _float(given: Any) -> float:
    try:
        return float(given)
    except OverflowError as error:
        raise Unfit(f"{quoted(given)} is too large") from error


def _date(given: str) -> str:
    if not _DATE.fullmatch(given):
        raise Unfit(f"{quoted(given)} is no date or time")
    return given


_CHECKS: dict[str, tuple[tuple[type, ...], Callable[[Any], Any]]] = {
    "boolean": ((bool,), bool),
    "integer": ((int,), lambda given: whole(given, 64)),
    "long": ((int,), lambda given: whole(given, 64)),
    "float": ((int, float), _float),
    "double": ((int, float), _float),
    "string": ((str,), text),
    "binary": ((str,), text),
    "datetime": ((str,), _date),
}
