"""Where a check lies on the evidence branch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.pin import MODEL
from gatehouse.sync.places import Place
from tests.support.thousand import digest

KEY = digest("a")
HEX = KEY.removeprefix("sha256:")


def test_the_first_check_has_no_number_and_the_further_ones_count_from_two() -> None:
    first = Place("credit-risk", KEY)
    assert first.document == f"evidence/credit-risk/{HEX}.json"
    assert first.envelope == f"evidence/credit-risk/{HEX}.intoto.json"
    assert first.further.document == f"evidence/credit-risk/{HEX}.2.json"
    assert first.further.further.envelope == f"evidence/credit-risk/{HEX}.3.intoto.json"


@given(st.from_regex(MODEL, fullmatch=True), st.integers(1, 10**9 - 1))
def test_a_path_leads_back_to_its_place(model: str, number: int) -> None:
    place = Place(model, KEY, number)
    assert Place.of(place.document) == Place.of(place.envelope) == place


@pytest.mark.parametrize(
    "path",
    [
        "",
        "README.md",
        f"evidence/{HEX}.json",
        f"evidence/m/{HEX}",
        f"evidence/m/{HEX}.json\n",
        f"evidence/m/{HEX}.1.json",
        f"evidence/m/{HEX}.0.json",
        f"evidence/m/{HEX}.02.json",
        f"evidence/m/{HEX}.2.statement.json",
        f"evidence/m/{HEX}.intoto.2.json",
        f"evidence/m/{HEX}.9999999999.json",
        f"evidence/m/{HEX.upper()}.json",
        f"evidence/m/{HEX[1:]}.json",
        f"evidence/../{HEX}.json",
        f"evidence/m/n/{HEX}.json",
        f"other/m/{HEX}.json",
        f"evidence/m/sha256:{HEX}.json",
    ],
)
def test_no_other_path_is_a_place(path: str) -> None:
    assert Place.of(path) is None
