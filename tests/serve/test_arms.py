from __future__ import annotations

import random
import time
from collections import Counter
from fractions import Fraction
from itertools import pairwise, product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency

from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.serve.arms import Decision, NoRoute, Routing, Split, split
from gatehouse.serve.bucket import SPAN, key
from gatehouse.serve.config import Route, ServingConfig
from tests.serve.page import table
from tests.serve.routed import CANARY, CHALLENGER, MODEL, beside, champion, config, ready, route

USERS = [f"user-{number}" for number in range(40_000)]
# The order in which growing shares move a unit.
RANK = {Role.CHAMPION: 0, Role.CANARY: 1, Role.CHALLENGER: 2}
UNITS = st.text(max_size=30)


@st.composite
def percentages(draw: st.DrawFn) -> tuple[float, float, float]:
    """Canary, challenger and shadow, to the hundredth, as a file may have them together."""
    canary = draw(st.integers(0, 10_000))
    return canary / 100, draw(st.integers(0, 10_000 - canary)) / 100, draw(st.integers(0, 10_000)) / 100


def said(decision: Decision) -> str:
    """A decision as docs/bucketing.md writes it."""
    return ", ".join(
        [str(decision.arm.role), *["enrolled"] * bool(decision.experiment), *["copied"] * bool(decision.shadow)]
    )


@pytest.mark.parametrize(
    ("column", "shares"),
    [
        ("canary 5", (5, None, None)),
        ("canary 25", (25, None, None)),
        ("canary 25, challenger 50, shadow 10", (25, 50, 10)),
        ("canary 25, challenger 75, shadow 100", (25, 75, 100)),
    ],
)
def test_the_published_decisions_are_those_that_are_made(column: str, shares: tuple[float | None, ...]) -> None:
    made = ready(*shares)
    rows = table("unit")
    assert len(rows) > 10
    assert {row["unit"]: said(made.of(key(row["unit"]))) for row in rows} == {row["unit"]: row[column] for row in rows}


class TestShares:
    @given(percentages())
    def test_each_arm_gets_what_the_file_says(self, asked: tuple[float, float, float]) -> None:
        shares = ready(*asked).shares
        canary, challenger, shadow = (Fraction(round(percent * 100), 10_000) for percent in asked)
        wanted = {
            Role.CHAMPION: 1 - canary - challenger,
            Role.CANARY: canary,
            Role.CHALLENGER: challenger,
            Role.SHADOW: shadow,
        }
        assert shares.keys() == wanted.keys()
        assert all(abs(shares[role] - wanted[role]) < Fraction(2, SPAN) for role in wanted)

    @pytest.mark.parametrize(("canary", "challenger"), [(30, 25), (60, 40), (0.9, 99), (5, 0), (0, 5), (4, 20)])
    def test_over_a_grid_of_both_lines_the_arms_come_out_exactly(self, canary: float, challenger: float) -> None:
        made, cells = ready(canary, challenger), 100
        grid = [-(-cell * SPAN // cells) for cell in range(cells)]
        counts = Counter(
            made.at(x < made.challenger.limit, y < made.canary.limit, False).arm.role for x, y in product(grid, grid)
        )
        # Percentages that take whole columns, and of the columns that are left whole rows.
        assert counts[Role.CHALLENGER] == round(challenger * 100)
        assert counts[Role.CANARY] == round(canary * 100)
        assert counts.total() == cells**2

    def test_of_many_users_each_arm_gets_what_the_file_says(self) -> None:
        made = ready(5, 20, 1)
        found = [made.of(key(user)) for user in USERS]
        roles = Counter(decision.arm.role for decision in found)
        for role, share in ((Role.CANARY, 0.05), (Role.CHALLENGER, 0.2), (Role.CHAMPION, 0.75)):
            assert binomtest(roles[role], len(USERS), share).pvalue > 0.001
        copies = sum(decision.shadow is not None for decision in found)
        assert binomtest(copies, len(USERS), 0.01).pvalue > 0.001

    def test_the_smallest_share_is_a_ten_thousandth(self) -> None:
        made = ready(0.01, 0.01, 0.01)
        assert made.shares[Role.CHALLENGER] - Fraction(1, 10_000) < Fraction(1, SPAN)
        units = [f"user-{number}" for number in range(200_000)]
        taken = sum(made.canary.takes(key(unit)) for unit in units)
        assert binomtest(taken, len(units), 0.0001).pvalue > 0.001

    @pytest.mark.parametrize("role", [Role.CANARY, Role.CHALLENGER])
    def test_0_percent_is_no_arm_and_100_percent_is_all(self, role: Role) -> None:
        def roles(percent: float) -> set[Role]:
            made = split(MODEL, Route("production", None, (champion(), beside(role, percent))))
            return {made.of(key(user)).arm.role for user in USERS[:500]}

        assert roles(0) == {Role.CHAMPION}
        assert roles(100) == {role}

    def test_canary_and_challenger_of_100_percent_together_leave_the_champion_nobody(self) -> None:
        made = ready(99.99, 0.01)
        assert made.shares[Role.CHAMPION] == 0
        assert Role.CHAMPION not in {made.of(key(user)).arm.role for user in USERS}


class TestGrowing:
    @given(unit=UNITS, small=percentages(), data=st.data())
    def test_whichever_share_grows_a_unit_goes_from_champion_to_canary_to_challenger_and_never_back(
        self, unit: str, small: tuple[float, float, float], data: st.DataObject
    ) -> None:
        canary, challenger = (round(percent * 100) for percent in small[:2])
        more = data.draw(st.integers(0, 10_000 - canary - challenger))
        further = data.draw(st.integers(0, 10_000 - canary - challenger - more))
        grown = ready((canary + more) / 100, (challenger + further) / 100)
        before, after = (RANK[made.of(key(unit)).arm.role] for made in (ready(*small), grown))
        assert before <= after

    def test_a_unit_changes_arm_at_most_once_while_a_canary_goes_from_0_to_100(self) -> None:
        steps = [ready(percent) for percent in (0, 0.01, 1, 5, 5.01, 25, 50, 99.99, 100)]
        for user in USERS[:1000]:
            roles = [made.of(key(user)).arm.role for made in steps]
            assert sum(one != other for one, other in pairwise(roles)) == 1

    @given(unit=UNITS, challenger=st.integers(1, 5000), data=st.data())
    def test_a_canary_that_comes_grows_and_goes_moves_nobody_into_or_out_of_the_challenger(
        self, unit: str, challenger: int, data: st.DataObject
    ) -> None:
        canary = data.draw(st.integers(0, 10_000 - challenger))
        with_canary, without = ready(canary / 100, challenger / 100), ready(None, challenger / 100)
        roles = [made.of(key(unit)).arm.role for made in (with_canary, without)]
        assert roles.count(Role.CHALLENGER) in (0, 2)


class TestDeterminism:
    @given(unit=UNITS, asked=percentages(), dice=st.floats(0, 1, exclude_max=True))
    def test_a_unit_is_answered_alike_by_every_router_whatever_the_dice_say(
        self, unit: str, asked: tuple[float, float, float], dice: float
    ) -> None:
        written = config(route(*asked))
        read = msgspec.json.decode(msgspec.json.encode(written), type=ServingConfig)
        assert Routing.of(written).decide(unit, 0.5) == Routing.of(read).decide(unit, dice)

    def test_another_experiment_draws_other_users(self) -> None:
        def drawn(salt: str) -> list[bool]:
            made = split(MODEL, Route("production", None, (champion(), beside(Role.CHALLENGER, 20, salt))))
            return [made.of(key(user)).arm.role is Role.CHALLENGER for user in USERS]

        first, second = drawn("gbm-q4"), drawn("gbm-q5")
        cells = [[sum((a, b) == (x, y) for a, b in zip(first, second, strict=True)) for x in (0, 1)] for y in (0, 1)]
        assert chi2_contingency(cells).pvalue > 0.001

    def test_what_the_shadow_sees_does_not_depend_on_who_answers(self) -> None:
        made = ready(20, 30, 50)
        counts = Counter((found.arm.role, found.shadow is None) for found in (made.of(key(user)) for user in USERS))
        table = [[counts[role, copied] for role in RANK] for copied in (True, False)]
        assert chi2_contingency(table).pvalue > 0.001

    def test_requests_without_a_unit_are_decided_by_chance_each_on_its_own(self) -> None:
        routing, dice = Routing.of(config(route(10, 20, 30))), random.Random(1)
        found = [routing.decide(None, dice.random()) for _ in USERS]
        roles = Counter(decision.arm.role for decision in found)
        for role, share in ((Role.CANARY, 0.1), (Role.CHALLENGER, 0.2)):
            assert binomtest(roles[role], len(found), share).pvalue > 0.001
        copied = Counter((decision.arm.role, decision.shadow is None) for decision in found)
        assert chi2_contingency([[copied[role, flag] for role in RANK] for flag in (True, False)]).pvalue > 0.001

    def test_an_id_that_looks_like_nothing_is_a_unit_like_any_other(self) -> None:
        routing = Routing.of(config(route(50)))
        for unit in ("", "\0", "\ud800", "x" * 100_000):
            assert routing.decide(unit, 0.1) == routing.decide(unit, 0.9)


class TestExperiment:
    @given(unit=UNITS, asked=percentages())
    def test_enrolled_units_name_the_experiment_and_the_share_of_their_arm(
        self, unit: str, asked: tuple[float, float, float]
    ) -> None:
        found = ready(*asked).of(key(unit))
        if found.experiment is None:
            assert found.share is None
        else:
            assert found.experiment == "gbm-q4"
            part = asked[1] / 100
            assert found.share == pytest.approx(part if found.arm.role is Role.CHALLENGER else 1 - part, abs=1e-12)
            assert found.arm.role is not Role.CANARY

    @pytest.mark.parametrize("canary", [None, 5, 25, 60])
    def test_of_the_enrolled_units_the_challenger_has_its_share_at_every_step_of_a_canary(
        self, canary: float | None
    ) -> None:
        made = ready(canary, 20)
        found = [one for one in (made.of(key(user)) for user in USERS) if one.experiment]
        ours = [one for one in found if one.arm.role is Role.CHALLENGER]
        assert {one.share for one in ours} == {0.2}
        assert {one.share for one in found if one.arm.role is Role.CHAMPION} == {0.8}
        assert binomtest(len(ours), len(found), 0.2).pvalue > 0.001
        assert binomtest(len(found), len(USERS), float(made.enrolled)).pvalue > 0.001

    @given(unit=UNITS, small=st.integers(0, 4000), large=st.integers(0, 4000))
    def test_a_growing_canary_takes_units_out_of_the_experiment_and_moves_none_to_its_other_arm(
        self, unit: str, small: int, large: int
    ) -> None:
        small, large = sorted((small, large))
        before, after = (ready(canary / 100, 50).of(key(unit)) for canary in (small, large))
        if after.experiment is not None:
            assert before == after

    def test_without_a_canary_everybody_is_enrolled(self) -> None:
        assert ready(None, 5).enrolled == 1
        assert all(ready(None, 5).of(key(user)).experiment for user in USERS[:200])

    @pytest.mark.parametrize("shares", [(None, None), (5, None), (5, 0)])
    def test_without_a_challenger_that_gets_somebody_nobody_is_enrolled(
        self, shares: tuple[float | None, float | None]
    ) -> None:
        made = ready(*shares)
        assert made.enrolled == 0
        assert not any(made.of(key(user)).experiment for user in USERS[:200])


class TestSegments:
    ROUTING = Routing.of(config(route(), route(canary=100, segment="eu")))

    def test_a_segment_that_is_pinned_is_answered_by_its_own_pins(self) -> None:
        assert self.ROUTING.decide("u", 0.5, "eu").arm.role is Role.CANARY
        assert self.ROUTING.decide("u", 0.5, "eu").segment == "eu"

    @pytest.mark.parametrize("segment", [None, "us", "", "EU", "x" * 10_000])
    def test_any_other_is_answered_by_the_pins_without_a_segment(self, segment: str | None) -> None:
        found = self.ROUTING.decide("u", 0.5, segment)
        assert found.arm.role is Role.CHAMPION
        assert found.segment is None

    @pytest.mark.parametrize("segment", [None, "us", "\x1b[31m" + "x" * 10_000])
    def test_where_there_are_none_it_is_told_with_the_segments_that_there_are(self, segment: str | None) -> None:
        with pytest.raises(NoRoute, match="nothing is pinned for") as caught:
            Routing.of(config(route(segment="eu"), route(segment="uk"))).decide("u", 0.5, segment)
        assert "eu, uk" in caught.value.fix
        assert "\x1b" not in str(caught.value)
        assert len(str(caught.value)) < 400


class TestConfig:
    def test_the_stage_has_to_be_named_where_there_are_several(self) -> None:
        both = config(route(stage="staging"), route(5))
        with pytest.raises(GatehouseError, match="production and staging"):
            Routing.of(both)
        assert Routing.of(both, "production").splits[None] == ready(5)

    @pytest.mark.parametrize("stage", [None, "production"])
    def test_a_config_of_nothing_is_refused(self, stage: str | None) -> None:
        with pytest.raises(GatehouseError, match="nothing is pinned"):
            Routing.of(config(), stage)

    def test_two_routes_for_one_segment_are_refused(self) -> None:
        with pytest.raises(GatehouseError, match="two routes for one segment"):
            Routing.of(config(route(), route()))

    @pytest.mark.parametrize(
        ("arms", "why"),
        [
            ((), "no champion"),
            ((beside(Role.CANARY, 5),), "no champion"),
            ((champion(), champion(2)), "one role twice"),
            ((champion(percent=95), beside(Role.CANARY, 5)), "the champion has a percentage"),
            ((champion(), beside(Role.CANARY, None)), "the canary has no percentage"),
            ((champion(), beside(Role.CANARY, 100.01)), "canary: a percentage is 0 to 100"),
            ((champion(), beside(Role.SHADOW, float("nan"))), "shadow: a percentage is 0 to 100"),
            ((champion(), beside(Role.CANARY, 50.01), beside(Role.CHALLENGER, 50)), "over 100 % together"),
            ((champion(), beside(Role.CANARY, 5, "")), "canary: a salt is text"),
            ((champion(), beside(Role.CANARY, 5, CHALLENGER), beside(Role.CHALLENGER, 5)), "two arms with one salt"),
            ((champion(), beside(Role.CANARY, 5), beside(Role.SHADOW, 5, CANARY)), "two arms with one salt"),
            (
                (champion(), msgspec.structs.replace(beside(Role.CHALLENGER, 5), experiment=None)),
                "the challenger has no experiment",
            ),
        ],
    )
    def test_a_route_that_does_not_say_who_answers_is_refused(self, arms: tuple[object, ...], why: str) -> None:
        with pytest.raises(GatehouseError, match=why) as caught:
            split(MODEL, Route("production", "eu", arms))  # type: ignore[arg-type]
        assert "credit-risk/production.eu" in caught.value.message
        assert caught.value.fix


def test_the_decision_costs_at_most_50_microseconds_of_processor() -> None:
    routing, dice = Routing.of(config(route(5, 5, 1))), random.Random(1)

    def each() -> float:
        began = time.process_time()
        for user in USERS[:5000]:
            routing.decide(user, dice.random())
        return (time.process_time() - began) / 5000

    assert min(each() for _ in range(3)) < 50e-6


def test_the_table_of_decisions_has_every_answer_in_its_place() -> None:
    made: Split = ready(5, 5, 5)
    for challenger, canary, shadow in product((False, True), repeat=3):
        found = made.at(challenger, canary, shadow)
        wanted = Role.CHALLENGER if challenger else Role.CANARY if canary else Role.CHAMPION
        assert found.arm.role is wanted
        assert (found.shadow is not None) == shadow
        assert (found.experiment is not None) == (not canary)
