from __future__ import annotations

from typing import Any, cast

import pytest

from gatehouse.evaluate.contract import Change, Contract, Kind, contract
from gatehouse.registry import signature
from gatehouse.registry.signature import Array, Column, DataType, Field, Object, Param, Scalar, Signature, Tensor


def kind(name: Any) -> DataType:
    return Scalar(cast(Any, name)) if isinstance(name, str) else cast(DataType, name)


def param(type_: Any = "double", default: Any = 0.5, shape: tuple[int, ...] | None = None, **more: Any) -> Param:
    return Param("threshold", kind(type_), default, shape, **more)


def params(now: Param | None, before: Param | None) -> tuple[Change, ...]:
    found = contract(
        Signature(params=() if now is None else (now,)), Signature(params=() if before is None else (before,))
    )
    assert found.outputs == ()
    return found.params


def outputs(now: Any, before: Any) -> tuple[Change, ...]:
    return contract(Signature(outputs=now), Signature(outputs=before)).outputs


def test_what_is_the_same_is_no_change() -> None:
    nan = param(default=float("nan"))
    assert params(param(), param()) == ()
    assert params(nan, nan) == ()  # not a number is what it was, though it equals nothing
    assert params(None, None) == ()


def test_without_a_champions_signature_nothing_is_compared() -> None:
    assert contract(Signature(params=(param(),)), None) == Contract((), (), compared=False)


def test_a_parameter_that_is_gone_breaks_who_sends_it() -> None:
    assert params(None, param()) == (Change("threshold", Kind.GONE, "double", None),)


def test_a_new_parameter_breaks_nobody_and_says_what_it_is_when_it_is_not_sent() -> None:
    assert params(param(), None) == (Change("threshold", Kind.ADDED, None, "double, 0.5 where it is not sent"),)
    assert params(param(default=None), None)[0].now == "double, null where it is not sent"


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ("double", "float", Kind.EASED),  # what is sent as a float fits into a double
        ("float", "double", Kind.RETYPED),
        ("long", "integer", Kind.EASED),
        ("integer", "long", Kind.RETYPED),
        ("string", "double", Kind.RETYPED),
        ("datetime", "string", Kind.RETYPED),
    ],
)
def test_a_parameters_type_may_take_more_and_not_less(now: str, before: str, expected: Kind) -> None:
    (change,) = params(param(now, None), param(before, None))

    assert change == Change("threshold", expected, before, now)


def test_a_list_and_a_single_value_are_not_alike() -> None:
    assert params(param(default=[0.5], shape=(-1,)), param(default=0.5))[0] == Change(
        "threshold", Kind.RESHAPED, "double", "list of double"
    )
    assert params(param(default=0.5), param(default=[0.5], shape=(-1,)))[0].kind is Kind.RESHAPED


@pytest.mark.parametrize(("now", "before"), [(0.4, 0.5), (None, 0.5), (0.5, None), (float("nan"), 0.5)])
def test_another_default_is_told_and_breaks_nothing(now: Any, before: Any) -> None:
    (change,) = params(param(default=now), param(default=before))

    assert change.kind is Kind.DEFAULT
    assert not change.kind.breaks


@pytest.mark.parametrize(
    ("type_", "default", "shape"),
    [
        ("boolean", True, None), ("integer", 1, None), ("long", 2**40, None), ("float", 0.5, None), ("double", 1, None),
        ("double", float("nan"), None), ("string", "a", None), ("datetime", "2026-03-01T00:00:00", None),
        ("double", [0.5, 1], (-1,)), ("double", [], (-1,)), ("long", None, None), ("double", None, (-1,)),
        (Object((Field("a", Scalar("long")),)), {"a": 1}, None), ("any", object, None),
    ],
)  # fmt: skip
def test_a_default_of_its_own_type_is_sound(type_: Any, default: Any, shape: Any) -> None:
    assert contract(Signature(params=(param(type_, default, shape),)), None).params == ()


@pytest.mark.parametrize(
    ("type_", "default", "shape"),
    [
        ("boolean", 1, None), ("integer", True, None), ("long", 1.5, None), ("double", "0.5", None),
        ("double", True, None), ("string", 1, None), ("datetime", 20260301, None),
        ("double", 0.5, (-1,)), ("double", [0.5, "a"], (-1,)),
        ("double", [0.5], None), (Object(()), [], None),
    ],
)  # fmt: skip
def test_a_default_of_another_type_is_unsound_also_at_a_first_promotion(type_: Any, default: Any, shape: Any) -> None:
    (change,) = contract(Signature(params=(param(type_, default, shape),)), None).params

    assert change.kind is Kind.UNSOUND
    assert change.kind.breaks


def test_a_parameter_without_any_default_does_not_load() -> None:
    read = signature.parse(None, None, '[{"name": "threshold", "type": "double", "shape": null}]')

    (change,) = contract(read, None).params

    assert change.kind is Kind.UNSOUND
    assert change.now == "double without a default, which does not load"


@pytest.mark.parametrize("text", [None, "[]"])
def test_a_signature_without_parameters_has_none(text: str | None) -> None:
    assert contract(signature.parse(None, None, text), signature.parse(None, None, None)).params == ()


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ("double", "double", None),
        ("float", "double", Kind.EASED),  # every float can be read as a double
        ("double", "float", Kind.RETYPED),
        ("integer", "long", Kind.EASED),
        ("long", "integer", Kind.RETYPED),
        ("long", "double", Kind.RETYPED),
        ("string", "long", Kind.RETYPED),
        ("string", "any", None),
        ("any", "string", Kind.RETYPED),
        (Array(Scalar("double")), "double", Kind.RETYPED),
        (Array(Scalar("float")), Array(Scalar("double")), Kind.EASED),
        (Object((Field("a", Scalar("long")),)), Object((Field("a", Scalar("long")),)), None),
        (Object(()), Object((Field("a", Scalar("long")),)), Kind.RETYPED),
    ],
)
def test_an_answers_type_may_give_less_and_not_more(now: Any, before: Any, expected: Kind | None) -> None:
    found = outputs((Column("score", kind(now)),), (Column("score", kind(before)),))

    assert [one.kind for one in found] == ([] if expected is None else [expected])


def test_an_answer_that_can_be_missing_now_breaks_who_reads_it() -> None:
    optional, always = Column("score", Scalar("double"), required=False), Column("score", Scalar("double"))

    assert outputs((optional,), (always,)) == (Change("score", Kind.RETYPED, "double", "double (optional)"),)
    assert outputs((always,), (optional,)) == ()


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (("float64", (-1,)), ("float64", (-1,)), None),
        (("float32", (-1,)), ("float64", (-1,)), Kind.EASED),
        (("float64", (-1,)), ("float32", (-1,)), Kind.RETYPED),
        (("int64", (-1,)), ("float64", (-1,)), Kind.RETYPED),
        (("float64", (-1, 2)), ("float64", (-1,)), Kind.RESHAPED),
        (("float64", (-1, 3)), ("float64", (-1, 2)), Kind.RESHAPED),
        (("float64", (-1, 3)), ("float64", (-1, -1)), None),  # any length was to be expected
        (("float64", (-1, -1)), ("float64", (-1, 3)), Kind.RESHAPED),
        (("complex128", (-1,)), ("complex128", (-1,)), None),
        (("complex128", (-1,)), ("complex64", (-1,)), Kind.RETYPED),
    ],
)
def test_a_tensors_answer_keeps_its_shape_where_it_was_fixed(now: Any, before: Any, expected: Kind | None) -> None:
    found = outputs((Tensor(None, *now),), (Tensor(None, *before),))

    assert [(one.name, one.kind) for one in found] == ([] if expected is None else [("output 1", expected)])


def test_a_tensor_is_no_column() -> None:
    (change,) = outputs((Column(None, Scalar("double")),), (Tensor(None, "float64", (-1,)),))

    assert change == Change("output 1", Kind.RETYPED, "tensor of float64 [-1]", "double")


def test_answers_go_by_name_in_any_order_and_those_without_by_place() -> None:
    long, text = Scalar("long"), Scalar("string")

    assert outputs((Column("b", text), Column("a", long)), (Column("a", long), Column("b", text))) == ()
    assert (
        outputs((Column(None, text), Column(None, long)), (Column(None, long), Column(None, text)))[0].name
        == "output 1"
    )


def test_an_answer_that_is_gone_breaks_and_one_more_does_not() -> None:
    one, two = Column("a", Scalar("long")), Column("b", Scalar("long"))

    assert outputs((one,), (one, two)) == (Change("b", Kind.GONE, "long", None),)
    assert outputs(None, (one,)) == (Change("a", Kind.GONE, "long", None),)
    assert outputs((one, two), (one,)) == (Change("b", Kind.ADDED, None, "long"),)
    assert outputs((one,), None) == (Change("a", Kind.ADDED, None, "long"),)
