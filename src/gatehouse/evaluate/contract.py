"""What callers of the champion would notice of the candidate: parameters that they send, and answers that they read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gatehouse.evaluate.schema import NUMPY, Fit, suits
from gatehouse.registry.signature import Column, DataType, Object, Param, Scalar, Signature, Tensor


class Kind(StrEnum):
    """How a part of the contract differs; the first four are what a caller breaks on."""

    GONE = "is gone"
    RETYPED = "is of another type"
    RESHAPED = "is of another shape"
    UNSOUND = "is unsound"  # a parameter whose default is missing, or is not of its own type
    ADDED = "is new"
    DEFAULT = "has another default"
    EASED = "is of another type, and every value still fits"

    @property
    def breaks(self) -> bool:
        return self in (Kind.GONE, Kind.RETYPED, Kind.RESHAPED, Kind.UNSOUND)


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter or output: its name, how it differs, what it was (None: nothing) and what it is (None: nothing)."""

    name: str
    kind: Kind
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Contract:
    """``compared`` is False where nobody can say what callers rely on: no champion yet, or one without a signature."""

    params: tuple[Change, ...]
    outputs: tuple[Change, ...]
    compared: bool


def contract(candidate: Signature, champion: Signature | None) -> Contract:
    """What differs, in the champion's order and then the candidate's; the candidate's own faults too."""
    unsound = tuple(_unsound(candidate.params))
    if champion is None:
        return Contract(unsound, (), compared=False)
    return Contract(
        params=(*unsound, *_params(candidate.params, champion.params)),
        outputs=tuple(_outputs(candidate.outputs or (), champion.outputs or ())),
        compared=True,
    )


# --- parameters


def _unsound(params: Sequence[Param]) -> Iterator[Change]:
    for param in params:
        if not param.defaulted:
            yield Change(param.name, Kind.UNSOUND, None, f"{_param(param)} without a default, which does not load")
        elif not _holds(param):
            yield Change(param.name, Kind.UNSOUND, None, f"{_param(param)} with the default {_json(param.default)}")


def _params(now: Sequence[Param], before: Sequence[Param]) -> Iterator[Change]:
    there = {param.name: param for param in now}
    for was in before:
        found = there.pop(was.name, None)
        if found is None:
            yield Change(was.name, Kind.GONE, _param(was), None)
            continue
        kind = _moved(was, found)
        if kind is not None:
            yield Change(was.name, kind, _param(was), _param(found))
        if _json(was.default) != _json(found.default):
            yield Change(was.name, Kind.DEFAULT, _json(was.default), _json(found.default))
    for param in there.values():
        yield Change(param.name, Kind.ADDED, None, f"{_param(param)}, {_json(param.default)} where it is not sent")


def _moved(was: Param, now: Param) -> Kind | None:
    """How a parameter's type differs, for a caller who sends what the champion took."""
    if was.shape != now.shape:
        return Kind.RESHAPED
    return _eased(suits(now.type, was.type))


def _eased(fit: Fit) -> Kind | None:
    if fit is Fit.SAME:
        return None
    return Kind.EASED if fit is Fit.WIDENED else Kind.RETYPED


def _holds(param: Param) -> bool:
    """Whether a parameter's default is of its own type; none at all is how MLflow says that it can be left out."""
    if param.default is None:
        return True
    if param.shape is None:
        return _of(param.type, param.default)
    return isinstance(param.default, list) and all(_of(param.type, value) for value in param.default)


def _of(kind: DataType, value: Any) -> bool:
    if isinstance(kind, Object):
        return isinstance(value, dict)
    accepted = _PYTHON.get(kind.name) if isinstance(kind, Scalar) else None
    return accepted is None or type(value) in accepted


_PYTHON: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (float, int),
    "double": (float, int),
    "string": (str,),
    "datetime": (str,),
}


def _param(param: Param) -> str:
    return f"{param.type}" if param.shape is None else f"list of {param.type}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


# --- outputs


def _outputs(now: Sequence[Column | Tensor], before: Sequence[Column | Tensor]) -> Iterator[Change]:
    there = dict(_keyed(now))
    for name, was in _keyed(before):
        found = there.pop(name, None)
        kind = Kind.GONE if found is None else _differs(was, found)
        if kind is not None:
            yield Change(name, kind, _output(was), None if found is None else _output(found))
    for name, found in there.items():
        yield Change(name, Kind.ADDED, None, _output(found))


def _keyed(specs: Sequence[Column | Tensor]) -> Iterator[tuple[str, Column | Tensor]]:
    """Each output under its name, or its place where it has none."""
    for at, spec in enumerate(specs, start=1):
        yield spec.name if spec.name is not None else f"output {at}", spec


def _differs(was: Column | Tensor, now: Column | Tensor) -> Kind | None:
    """How an answer differs, for a caller who reads what the champion gave."""
    if isinstance(was, Tensor) and isinstance(now, Tensor):
        if len(was.shape) != len(now.shape) or any(
            old not in (-1, new) for old, new in zip(was.shape, now.shape, strict=True)
        ):
            return Kind.RESHAPED
        return _retyped(was.dtype, now.dtype)
    if isinstance(was, Column) and isinstance(now, Column):
        return Kind.RETYPED if was.required and not now.required else _eased(suits(was.type, now.type))
    return Kind.RETYPED


def _retyped(was: str, now: str) -> Kind | None:
    """How one numpy type differs from another; one that a signature has no word for is like no other."""
    if was == now:
        return None
    if was not in NUMPY or now not in NUMPY:
        return Kind.RETYPED
    return _eased(suits(Scalar(NUMPY[was]), Scalar(NUMPY[now])))


def _output(spec: Column | Tensor) -> str:
    if isinstance(spec, Tensor):
        return f"tensor of {spec.dtype} {list(spec.shape)}"
    return f"{spec.type}" if spec.required else f"{spec.type} (optional)"
