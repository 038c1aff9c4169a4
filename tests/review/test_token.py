"""A token names one pull request, commit, pin and evidence, and no other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.pin import Role, Slot
from gatehouse.review.token import token

SLOT = Slot("credit-risk", "production")
ASKED = (7, "a" * 40, SLOT, Role.CHAMPION, "sha256:" + "b" * 64)


def test_it_stays_what_it_is() -> None:
    """An approval given yesterday holds today: another number here would void every open one."""
    assert token(*ASKED) == "6b7b9aa2baf2"


@pytest.mark.parametrize(
    "other",
    [
        (8, *ASKED[1:]),
        (7, "c" * 40, *ASKED[2:]),
        (7, "a" * 40, Slot("credit-risk", "production", "eu"), *ASKED[3:]),
        (7, "a" * 40, Slot("credit-risk2", "production"), *ASKED[3:]),
        (*ASKED[:3], Role.CANARY, ASKED[4]),
        (*ASKED[:4], "sha256:" + "d" * 64),
    ],
)
def test_another_pull_request_commit_slot_role_or_evidence_has_another(other: tuple[int, str, Slot, Role, str]) -> None:
    assert token(*other) != token(*ASKED)


parts = st.tuples(
    st.integers(0, 99),
    st.text(max_size=4),
    st.builds(Slot, st.text(max_size=3), st.text(max_size=3)),
    st.text(max_size=4),
)


@given(parts, parts)
def test_parts_never_run_together(one: tuple[int, str, Slot, str], two: tuple[int, str, Slot, str]) -> None:
    first, second = (token(number, head, slot, Role.CHAMPION, key) for number, head, slot, key in (one, two))
    assert re.fullmatch(r"[0-9a-f]{12}", first)
    same = (one[0], one[1], str(one[2]), one[3]) == (two[0], two[1], str(two[2]), two[3])
    assert (first == second) == same
