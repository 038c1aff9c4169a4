"""What is unusual against the last promotions of a slot: a table of checks that differ in one thing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.evaluate.result import Result
from gatehouse.report.context import Earlier
from gatehouse.report.unusual import ENOUGH, FAR, against, far
from gatehouse.verdict import Interval, Outcome, Verdict, at_least, at_most, judged
from tests.report.reviewed import promoted
from tests.support import hostile, results


def check(
    auc: float = 0.836, gain: float = 0.0115, p95: float = 28.0, *, rows: int = 10_000, size: int = 5_120_000
) -> Result:
    """A check as those that led to the last promotions, unless said otherwise."""
    made = results.result([results.accuracy(auc, auc - gain), results.latency(p95)], candidate=results.THIRD)
    candidate = msgspec.structs.replace(made.candidate, bytes=size)
    return msgspec.structs.replace(made, rows=rows, candidate=candidate)


def told(result: Result, past: Sequence[Earlier]) -> tuple[str, ...]:
    """What is said, with plain blanks before units."""
    return tuple(said.replace("\u00a0", " ") for said in against(result, past))


def with_verdicts(result: Result, *verdicts: Verdict) -> Result:
    return msgspec.structs.replace(result, verdicts=(*result.verdicts, *verdicts))


def drifted(value: float) -> Verdict:
    return judged([at_most("PSI of income", value, 0.2), at_most("psi of age", value / 2, 0.2)], "x").named("drift")


def all_with(verdict: Verdict, count: int = 6) -> list[Earlier]:
    return [msgspec.structs.replace(one, result=with_verdicts(one.result, verdict)) for one in promoted(count)]


WARNED = Verdict("card", Outcome.WARN, "old")


class TestWithEnoughHistory:
    def test_a_check_as_all_the_others_is_not_unusual(self) -> None:
        assert told(check(), promoted(6)) == ()

    @pytest.mark.parametrize(
        ("result", "said"),
        [
            (check(gain=0.0350), "gain in roc_auc of +0.035 is larger than usual (median of 6: +0.0115)"),
            (check(gain=-0.0120), "gain in roc_auc of −0.012 is smaller than usual (median of 6: +0.0115)"),
            (check(auc=0.831), "roc_auc 0.831 is below all of the last 5 (0.835 to 0.837)"),
            (check(p95=46.0), "latency p95 46 ms is slower than usual (median of 6: 28 ms)"),
            (check(p95=9.0), "latency p95 9 ms is faster than usual (median of 6: 28 ms)"),
            (check(size=512_000_000), "artifact of 512 MB is larger than usual (median of 6: 5.12 MB)"),
            (check(size=50_000), "artifact of 50 kB is smaller than usual (median of 6: 5.12 MB)"),
            (
                check(rows=2_500),
                "an evaluation on 2,500 labelled rows is smaller than usual (median of 6: 10,000 labelled rows)",
            ),
            (
                check(rows=60_000),
                "an evaluation on 60,000 labelled rows is larger than usual (median of 6: 10,000 labelled rows)",
            ),
            (with_verdicts(check(), WARNED), "1 warning, none with the last 6 promotions"),
        ],
    )
    def test_one_that_differs_in_one_thing_says_that_one(self, result: Result, said: str) -> None:
        assert told(result, promoted(6)) == (said,)

    @pytest.mark.parametrize(
        "result",
        [
            check(gain=0.0150),
            check(auc=0.8351),
            check(auc=0.9, gain=0.0115),
            check(p95=32.0),
            check(size=5_500_000),
            check(rows=10_900),
        ],
    )
    def test_what_differs_as_much_as_chance_does_is_left_unsaid(self, result: Result) -> None:
        assert told(result, promoted(6)) == ()

    def test_drift_is_held_by_its_largest_shift_and_a_smaller_one_is_good_news(self) -> None:
        past = all_with(drifted(0.02))
        said = "largest PSI 0.18 is larger than usual (median of 6: 0.02)"
        assert told(with_verdicts(check(), drifted(0.18)), past) == (said,)
        assert told(with_verdicts(check(), drifted(0.18)), all_with(drifted(0.19))) == ()
        assert told(with_verdicts(check(), drifted(0.001)), all_with(drifted(0.19))) == ()

    def test_a_metric_of_which_less_is_better_is_worse_above(self) -> None:
        def of(rmse: float) -> Verdict:
            return judged([at_most("rmse", rmse, 30, unit="min")], "x").named("accuracy")

        past = [Earlier(results.result([of(20 + number / 10)]), one.at) for number, one in enumerate(promoted(6))]
        assert told(results.result([of(22)]), past) == ("rmse 22 min is above all of the last 5 (20.1 to 20.5)",)
        assert told(results.result([of(12)]), past) == ()

    def test_as_good_as_the_worst_of_the_last_is_not_worse(self) -> None:
        assert told(check(auc=0.835), promoted(6)) == ()

    def test_other_rows_are_told_beside_the_metric(self) -> None:
        other = msgspec.structs.replace(check(auc=0.831), data={"evaluation": "sha256:other"})
        assert any("0.835 to 0.837, not all on the same rows" in said for said in told(other, promoted(6)))

    def test_as_many_warnings_as_one_of_the_last_had_are_usual(self) -> None:
        past = list(promoted(6))
        past[2] = msgspec.structs.replace(past[2], result=with_verdicts(past[2].result, WARNED))
        assert told(with_verdicts(check(), WARNED), past) == ()
        two = with_verdicts(check(), WARNED, WARNED.named("another"))
        assert told(two, past) == ("2 warnings, at most 1 with the last 6 promotions",)

    @pytest.mark.parametrize(
        ("days", "said"),
        [
            (0.125, "3 h after the last promotion, sooner than usual (median 21 d)"),
            (6, ""),
            (21, ""),
            (60, ""),
            (200, "200 d after the last promotion, later than usual (median 21 d)"),
        ],
    )
    def test_the_time_since_the_last_promotion(self, days: float, said: str) -> None:
        past = promoted(6)
        result = msgspec.structs.replace(check(), evaluated=past[-1].at + timedelta(days=days))
        assert told(result, past) == ((said,) if said else ())

    def test_a_check_from_before_the_last_promotion_says_nothing_of_time(self) -> None:
        past = promoted(6)
        assert told(msgspec.structs.replace(check(), evaluated=past[-1].at - timedelta(days=40)), past) == ()

    def test_figures_that_only_a_few_of_them_have_are_not_compared(self) -> None:
        past = [*promoted(6)[:2], *all_with(drifted(0.02), 6)[2:]]
        assert told(with_verdicts(check(), drifted(0.18)), past) == ()

    def test_a_gain_in_another_metric_is_not_compared(self) -> None:
        f1 = judged(
            [at_least("f1", 0.7, 0.5, champion=0.4), at_least("improvement", 0.3, 0.0, interval=Interval(0.29, 0.31))],
            "x",
        ).named("accuracy")
        assert told(results.result([f1, results.latency(28.0)]), promoted(6)) == ()


@pytest.mark.parametrize("count", [1, 6])
def test_that_the_last_promotion_was_rolled_back_is_said_first_however_few_there_are(count: int) -> None:
    *past, last = promoted(count)
    back = msgspec.structs.replace(last, withdrawn=True)
    said = f"the last promotion of this slot, version {count + 9}, was rolled back"
    assert told(check(p95=46.0), [*past, back])[0] == said
    older = [msgspec.structs.replace(one, withdrawn=True) for one in past]
    assert said not in told(check(p95=46.0), [*older, last])


class TestWithLittleHistory:
    def test_the_first_promotion_of_all_is_said_elsewhere(self) -> None:
        assert told(results.first(), ()) == ()

    def test_the_first_of_a_slot_that_has_a_champion_elsewhere(self) -> None:
        made = results.passing()
        first = msgspec.structs.replace(made, request=msgspec.structs.replace(made.request, previous=None))
        assert told(first, ()) == ("the first promotion of this slot",)

    def test_promotions_of_which_no_evidence_is_kept(self) -> None:
        assert "no earlier promotion of this slot has its evidence on record" in told(check(), ())[0]

    @pytest.mark.parametrize("count", range(1, ENOUGH))
    def test_a_few_are_too_few(self, count: int) -> None:
        (said,) = told(check(auc=0.1), promoted(count))
        assert said.startswith(f"only {count} promotion")
        assert said.endswith("of this slot before: too few to say what is usual")


class TestFar:
    def test_at_the_limit_is_near_and_beyond_it_is_far(self) -> None:
        values = [10.0, 10.0, 10.0, 10.0, 10.0]
        assert not far(values, 10 + FAR * 2, 2)
        assert far(values, 10 + FAR * 2 + 0.01, 2)

    def test_one_outlier_among_the_earlier_ones_does_not_make_everything_usual(self) -> None:
        """The mean and the standard deviation would: 100 is 1.8 deviations from the mean of these."""
        assert far([1.0, 1.1, 0.9, 1.0, 1.05, 200.0], 100.0, 0.05)

    @given(st.lists(st.floats(-1e6, 1e6), min_size=ENOUGH), st.floats(0, 10))
    def test_the_median_itself_is_never_far(self, values: Sequence[float], noise: float) -> None:
        middle = sorted(values)[len(values) // 2]
        assert len(values) % 2 == 0 or not far(values, middle, noise)


@settings(max_examples=30, deadline=None)
@given(hostile.results, st.lists(hostile.results, max_size=8))
def test_whatever_the_evidence_branch_holds_it_is_compared_or_left_out(made: Result, past: list[Result]) -> None:
    moments = [one.at for one in promoted(8)]
    for said in told(made, [Earlier(one, at) for one, at in zip(past, moments, strict=False)]):
        assert said


def test_only_the_relation_that_a_metric_is_held_by_says_which_way_is_worse() -> None:
    loose = judged([msgspec.structs.replace(at_least("auc", 0.9, 0.1), relation=None, limit=None)], "x")
    past = [Earlier(results.result([loose.named("accuracy")]), one.at) for one in promoted(6)]
    low = judged([msgspec.structs.replace(at_least("auc", 0.2, 0.1), relation=None, limit=None)], "x")
    assert told(results.result([low.named("accuracy")]), past) == ()
