from __future__ import annotations

import math
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from gatehouse.serve.bucket import NOBODY, SPAN, Share, fraction, key, part, place, prefix
from tests.serve.page import table

SALTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=80)
HUNDREDTHS = st.integers(0, 10_000)
USERS = [f"user-{number}" for number in range(50_000)]


def places(salt: str, users: list[str] = USERS) -> np.ndarray:
    """(n,) fractions of the line."""
    salted = prefix(salt)
    return np.array([place(salted, key(user)) / SPAN for user in users])


@pytest.mark.parametrize("row", table("salt"), ids=lambda row: f"{row['salt'][-6:]} {row['unit']}")
def test_the_published_places_are_those_that_are_used(row: dict[str, str]) -> None:
    found = place(prefix(row["salt"]), key(row["unit"]))
    assert f"{found:016x}" == row["place, hexadecimal"]
    assert found == int(row["place"])
    assert f"{fraction(row['salt'], row['unit']):.6f}" == row["as a fraction"]


@given(salt=SALTS, unit=st.text(max_size=50))
def test_a_place_is_the_first_eight_bytes_of_sha_256_of_salt_zero_and_unit(salt: str, unit: str) -> None:
    expected = int(sha256(salt.encode() + b"\0" + unit.encode("utf-8", "surrogatepass")).hexdigest()[:16], 16)
    assert place(prefix(salt), key(unit)) == expected
    assert 0 <= fraction(salt, unit) < 1
    assert abs(fraction(salt, unit) - expected / SPAN) <= 2**-53


def test_the_end_of_the_salt_is_where_it_seems_to_be() -> None:
    assert place(prefix("a"), key("bc")) != place(prefix("ab"), key("c"))
    assert place(prefix("a"), key("\0b")) != place(prefix("a"), key("b"))


@pytest.mark.parametrize("salt", ["", "\0", "a\0b"])
def test_a_salt_that_is_empty_or_holds_the_separator_is_refused(salt: str) -> None:
    with pytest.raises(ValueError, match="without 0x00"):
        prefix(salt)


@pytest.mark.parametrize("percent", [-0.01, 100.01, math.nan, math.inf, -math.inf])
def test_a_percentage_beyond_0_and_100_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        part(percent)


@pytest.mark.parametrize(
    ("percent", "written"),
    [(0, "0"), (0.01, "1/10000"), (0.07, "7/10000"), (5, "1/20"), (33.33, "3333/10000"), (1e-7, "1/1000000000")],
)
def test_a_percentage_is_what_is_written_and_not_the_float_beside_it(percent: float, written: str) -> None:
    assert part(percent) == Fraction(written)


def test_every_hundredth_of_a_percent_takes_exactly_as_many_of_ten_thousand_even_places() -> None:
    grid = [-(-cell * SPAN // 10_000) for cell in range(10_000)]
    limits = [Share.of("s", part(hundredths / 100)).limit for hundredths in range(10_001)]
    # The limit of h hundredths stands at cell h of the grid, so it takes the cells 0 to h - 1.
    assert limits == [*grid, SPAN]


def test_0_percent_takes_no_place_and_100_percent_takes_the_last_one() -> None:
    assert Share.of("s", part(0)).limit == 0
    assert Share.of("s", part(100)).limit > SPAN - 1
    assert not any(NOBODY.takes(key(user)) for user in USERS[:100])
    assert all(Share.of("s", part(100)).takes(key(user)) for user in USERS[:100])


@given(salt=SALTS, low=HUNDREDTHS, high=HUNDREDTHS, unit=st.text(max_size=20))
def test_a_share_that_grows_keeps_the_units_it_has(salt: str, low: int, high: int, unit: str) -> None:
    small, large = (Share.of(salt, part(percent / 100)) for percent in sorted((low, high)))
    assert small.takes(key(unit)) <= large.takes(key(unit))


@given(salt=SALTS, unit=st.text(max_size=20))
def test_a_unit_joins_at_one_percentage_and_stays(salt: str, unit: str) -> None:
    taken = [Share.of(salt, Fraction(step, 100)).takes(key(unit)) for step in range(101)]
    assert sum(before != after for before, after in pairwise(taken)) == 1


@given(salt=SALTS, numerator=st.integers(0, 10**9), unit=st.text(max_size=20))
def test_whole_numbers_decide_as_exact_fractions_do(salt: str, numerator: int, unit: str) -> None:
    share = Fraction(numerator, 10**9)
    found = Share.of(salt, share)
    assert found.takes(key(unit)) == (Fraction(place(prefix(salt), key(unit)), SPAN) < share)
    assert 0 <= found.part - share < Fraction(1, SPAN)
    assert found.salt == salt


@pytest.mark.parametrize("salt", ["a", "b", "credit-risk/production/challenger/gbm-q4"])
def test_numbered_users_are_spread_evenly(salt: str) -> None:
    counts = np.histogram(places(salt), 100, (0, 1))[0]
    assert chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize(
    ("one", "other"), [("exp-1", "exp-2"), ("a/canary/x", "a/challenger/x"), ("s", "s "), ("eu", "us")]
)
def test_lines_of_two_salts_know_nothing_of_each_other(one: str, other: str) -> None:
    assert _dependence(places(one), places(other)) > 0.001


def test_a_dependence_of_one_in_fifty_between_lines_would_be_seen() -> None:
    first, second = places("exp-1"), places("exp-2")
    first[::50] = second[::50]
    assert _dependence(first, second) < 1e-6


def _dependence(one: np.ndarray, other: np.ndarray) -> float:
    """The p-value of independence, on 20 x 20 cells."""
    return float(chi2_contingency(np.histogram2d(one, other, 20, ((0, 1), (0, 1)))[0]).pvalue)
