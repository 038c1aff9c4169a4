"""What a gate's section says beside its figures."""

from __future__ import annotations

import msgspec
import pytest

from gatehouse.report.basis import NEXT, basis, next_steps
from gatehouse.verdict import Outcome, Verdict, at_most, judged, plainly
from tests.support import results


def _of(gate: str) -> str:
    made = results.passing()
    return basis(made, next(verdict for verdict in made.verdicts if verdict.gate == gate))


def test_a_section_says_which_versions_and_which_rows_its_figures_rest_on() -> None:
    assert _of("accuracy") == "version 3 beside version 1, on 10,000 labelled rows of the evaluation data 5d0c5d0c5d0c"
    assert _of("latency") == "version 3 beside version 1, on 1,000 requests drawn from the evaluation data 5d0c5d0c5d0c"
    assert _of("drift") == "version 3, on 10,000 rows of the production data 77ab77ab77ab"
    assert _of("schema") == "version 3, on the production data 77ab77ab77ab"
    assert _of("staging") == "version 3"


def test_a_champion_without_a_figure_is_not_claimed_to_have_been_looked_at() -> None:
    alone = results.accuracy(0.84, None)
    assert basis(results.result([alone]), alone).startswith("version 2, on")
    compared = results.accuracy()
    assert basis(results.result([compared], champion=None), compared).startswith("version 2, on")


def test_a_teams_own_gate_says_how_many_rows_and_names_no_table() -> None:
    own = judged([at_most("x", 1, 2, rows=12)], "x").named("own")
    assert basis(results.result([own]), own) == "version 2, on 12 rows"


def test_live_traffic_is_counted_in_what_it_is_made_of() -> None:
    logged = judged([at_most("error rate", 0.001, 0.01, rows=40_000)], "x").named("shadow")
    assert basis(results.result([logged]), logged) == "version 2, on 40,000 logged requests"


def test_data_that_was_not_read_is_not_named() -> None:
    made = msgspec.structs.replace(results.passing(), data={})
    assert basis(made, made.verdicts[2]) == "version 3 beside version 1, on 10,000 labelled rows"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_verdict_has_a_next_step_its_own_before_the_usual_one(outcome: Outcome) -> None:
    assert next_steps(Verdict("g", outcome, "x")) == (NEXT[outcome],)
    expected = ("do this",) if outcome is not Outcome.PASS else ("nothing",)
    assert next_steps(plainly(outcome, "x", "do this")) == expected
