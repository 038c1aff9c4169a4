from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from gatehouse.evaluate.contract import Change, Contract, Kind
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.schema import Finding, Fit
from gatehouse.verdict import Outcome
from tests.evaluate import made
from tests.gates.given import Given, fetched, measure, verdict
from tests.support import models


@pytest.mark.parametrize("fit", [Fit.MISSING, Fit.MISTYPED, Fit.NULLS])
def test_a_column_that_breaks_the_model_blocks_and_says_what_to_do(fit: Fit) -> None:
    fine = Finding("age", Fit.SAME, "double", "double")
    found = None if fit is Fit.MISSING else "string"

    said = verdict("schema", Given(fit=(fine, Finding("income", fit, "double", found))))

    assert said.outcome is Outcome.FAIL
    assert said.summary == f"income is {fit}: wants double, gets {found or 'nothing'}"
    assert said.advice[0].startswith("income: ")
    assert measure(said, "columns that do not fit").note == "income"


def test_what_loses_nothing_is_named_and_allowed() -> None:
    found = (
        Finding("a", Fit.WIDENED, "double", "integer"),
        Finding("b", Fit.OPTIONAL, "string", None),
        Finding("c", Fit.EXTRA, None, "long"),
        Finding("d", Fit.SAME, "long", "long"),
    )

    said = verdict("schema", Given(fit=found))

    assert said.outcome is Outcome.PASS
    assert said.summary == "all 3 columns that the model wants are there"
    assert said.notes == (
        "a: integer is widened to double, which loses nothing",
        "b: optional, and the pipeline does not make it",
        "c: the pipeline makes it, the model does not use it",
    )


def test_a_pipeline_that_makes_what_the_model_takes_passes(bench: made.Bench) -> None:
    said = verdict("schema", bench.evidence(bench.case(bench.model("good"), bench.model("twin"))))

    assert said.outcome is Outcome.PASS
    assert said.notes == ()


def test_answers_of_another_type_break_those_who_read_them(real: Evidence) -> None:
    """The champion answers floats, the candidate whole numbers."""
    said = verdict("schema", real)

    assert said.outcome is Outcome.FAIL
    assert said.summary == "output 1 is of another type: was tensor of float64 [-1], is tensor of int64 [-1]"
    assert said.advice[-1] == "or set allow_output_change where every caller is ready for it"


def test_answers_may_change_where_the_policy_allows_it_and_the_change_is_named(real: Evidence) -> None:
    said = verdict("schema", real, allow_output_change=True)

    assert said.outcome is Outcome.PASS
    assert measure(said, "outputs that break callers").value == 1
    assert said.notes == ("output 1 is of another type: was tensor of float64 [-1], is tensor of int64 [-1]",)


NEW = Change("seed", Kind.ADDED, None, "long, null where it is not sent")


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.breaks])
@pytest.mark.parametrize("allowed", [False, True])
def test_a_parameter_that_callers_cannot_send_any_more_blocks_whatever_is_allowed(kind: Kind, allowed: bool) -> None:
    changed = Contract((Change("threshold", kind, "double", "string"), NEW), (), compared=True)

    said = verdict("schema", Given(contract=changed), allow_output_change=allowed)

    assert said.outcome is Outcome.FAIL
    assert said.summary == f"threshold {kind}: was double, is string"
    assert measure(said, "parameters that break callers").note == "threshold"
    assert said.advice[0].startswith("threshold: ")
    assert said.notes == ("seed is new: is long, null where it is not sent",)


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.breaks])
def test_changes_that_break_nobody_are_notes(kind: Kind) -> None:
    changed = Contract((Change("threshold", kind, "0.5", "0.4"),), (), compared=True)

    said = verdict("schema", Given(contract=changed))

    assert said.outcome is Outcome.PASS
    assert said.notes == (f"threshold {kind}: was 0.5, is 0.4",)


def test_a_champion_without_a_signature_is_a_note_and_a_first_promotion_is_none() -> None:
    unknown = Contract((), (), compared=False)

    assert verdict("schema", Given(contract=unknown)).notes == ()
    assert verdict("schema", Given(contract=unknown, champion=fetched())).notes == (
        "the champion has no signature, so what callers rely on could not be compared",
    )


def test_a_real_champion_without_a_signature_can_be_followed(bench: made.Bench) -> None:
    said = verdict("schema", bench.evidence(bench.case(bench.model("good"), bench.model("unsigned"))))

    assert said.outcome is Outcome.PASS
    assert said.notes[-1].startswith("the champion has no signature")


def test_a_real_table_is_read_for_missing_and_mistyped_columns(bench: made.Bench) -> None:
    rows = models.features(10).drop(columns="age").assign(income="much", extra=1)

    said = verdict("schema", bench.evidence(bench.case(bench.model("good"), production=bench.table("bad", rows))))

    assert said.outcome is Outcome.FAIL
    assert said.summary == "income is mistyped: wants double, gets string; age is missing: wants double, gets nothing"
    assert said.notes == ("extra: the pipeline makes it, the model does not use it",)


def test_missing_values_of_a_real_table_are_counted_in_all_of_it(bench: made.Bench) -> None:
    rows = pa.Table.from_pandas(pd.DataFrame({"income": [1.0, None], "age": [2.0, 3.0], "region": ["x", None]}))

    said = verdict("schema", bench.evidence(bench.case(bench.model("good"), production=bench.table("gaps", rows))))

    # A float column can say that a value is missing, and so can text.
    assert said.outcome is Outcome.PASS


def test_a_model_without_a_signature_is_an_error_that_says_how_to_log_one(bench: made.Bench) -> None:
    said = verdict("schema", bench.evidence(bench.case(bench.model("unsigned"))))

    assert said.outcome is Outcome.ERROR
    assert "has no signature" in said.summary
    assert "infer_signature" in said.advice[0]
