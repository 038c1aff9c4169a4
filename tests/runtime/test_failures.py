from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.errors import GatehouseError
from gatehouse.runtime import failures
from gatehouse.runtime.failures import harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("  two\n\tlines \r\n", "two lines"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\u202eright to left", "\\u202eright to left"),
        ("a\u2028b", "a b"),
        ("\udcff", "\\udcff"),
        ("naïve — ✓", "naïve — ✓"),
        ("x" * 500, "x" * 500),
        ("x" * 501, "x" * 500 + "…"),
    ],
)
def test_quoted_text_is_one_printable_line(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text(), st.integers(1, 50))
def test_whatever_is_quoted_is_printable_and_bounded(text: str, limit: int) -> None:
    shown = harmless(text, limit)

    assert shown.isprintable()
    assert len(shown) <= 10 * limit + 1


def test_every_failure_of_a_model_is_a_model_error_that_a_person_can_act_on() -> None:
    kinds = [kind for name, kind in vars(failures).items() if name.startswith("Model")]

    assert len(kinds) == 7
    assert all(issubclass(kind, failures.ModelError) and issubclass(kind, GatehouseError) for kind in kinds)
