"""What a check run says."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings

from gatehouse.evaluate.result import Result
from gatehouse.report.checks import MAX_ANNOTATIONS, annotate, summary_line
from gatehouse.verdict import Outcome, Verdict
from tests.support import hostile, results


def test_the_summary_names_verdict_gates_model_slot_and_version() -> None:
    line = summary_line(results.blocked())
    assert line == "Blocked by 1 of 7 gates (fairness): credit-risk → production, version 2"


def test_a_gate_that_blocks_is_a_failure_on_the_pins_line_and_a_warning_is_a_warning() -> None:
    failure, warned = annotate(results.blocked())
    assert (failure.path, failure.line) == ("promotions/credit-risk/production.yaml", 2)
    assert (failure.level, failure.title) == ("failure", "fairness: failed")
    assert "largest gap: 0.15, limit ≤" in failure.message
    assert "Next: look at how the model treats" in failure.message
    assert (warned.level, warned.title) == ("warning", "drift: warning")


def test_undecided_and_broken_gates_are_failures_that_say_what_they_mean() -> None:
    (undecided,) = annotate(results.insufficient())
    (broken,) = annotate(results.broken())
    assert undecided.level == broken.level == "failure"
    assert "too few rows" in undecided.message
    assert "nothing is known" in broken.message


def test_a_passing_result_has_no_annotation() -> None:
    assert annotate(results.passing()) == ()


def test_no_more_annotations_than_github_takes_and_those_that_block_first() -> None:
    verdicts = [Verdict(f"w{i}", Outcome.WARN, "") for i in range(60)] + [
        Verdict(f"f{i}", Outcome.FAIL, "") for i in range(9)
    ]
    made = annotate(results.result(verdicts))
    assert len(made) == MAX_ANNOTATIONS
    assert [annotation.level for annotation in made[:10]] == ["failure"] * 9 + ["warning"]


@settings(max_examples=50, deadline=None)
@given(hostile.results)
def test_lines_and_lengths_are_bounded_whatever_a_result_says(result: Result) -> None:
    line = summary_line(result)
    assert len(line) <= 250
    assert "\n" not in line
    for annotation in annotate(result):
        assert annotation.line >= 1
        assert "\n" not in annotation.title
        assert len(annotation.title) <= 120
        assert len(annotation.message) <= 4000


def test_a_pin_without_a_line_is_annotated_on_the_first() -> None:
    request = msgspec.structs.replace(results.blocked().request, line=0)
    assert annotate(msgspec.structs.replace(results.blocked(), request=request))[0].line == 1
