"""The check as JUnit XML."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from gatehouse.evaluate.result import Result
from gatehouse.pin import Role, Slot
from gatehouse.report.junit import junit
from gatehouse.verdict import Measure, Outcome, Verdict, shown
from tests.support import hostile, results
from tests.support.junit import faults, rules
from tests.support.snapshots import matches

SNAPSHOTS = Path(__file__).parent / "snapshots"
RULES = rules()


def _read(*made: Result) -> ET.Element:
    return ET.fromstring(junit(made))


def _cases(*made: Result) -> dict[str, ET.Element]:
    return {case.get("name", ""): case for case in _read(*made).iter("testcase")}


@pytest.mark.parametrize("name", ["blocked", "insufficient", "broken", "empty", "hostile"])
def test_the_document_reads_as_the_snapshot(name: str) -> None:
    matches(junit(results.samples()[name]), SNAPSHOTS / f"{name}.junit.xml")


@pytest.mark.parametrize("name", list(results.samples()))
def test_the_document_keeps_to_the_schema_of_jenkins(name: str) -> None:
    assert list(faults(_read(*results.samples()[name]), RULES)) == []


def test_the_schema_is_one_that_refuses() -> None:
    bad = '<testsuite name="a" tests="1" failures="0" time="soon" x="1"><testcase><a/></testcase></testsuite>'
    assert set(faults(ET.fromstring(bad), RULES)) == {
        *("<testsuite> lacks errors", "<testsuite> has x", "<testsuite> time='soon'"),
        *("<testcase> lacks name", "<a> in <testcase>", "no element <a>"),
    }


def test_what_blocks_is_a_failure_what_broke_an_error_and_a_warning_passes_with_its_words() -> None:
    blocked, broken = _cases(results.blocked()), _cases(results.broken())
    assert blocked["fairness"].find("failure") is not None
    assert _cases(results.insufficient())["accuracy"].find("failure") is not None
    assert broken["latency"].find("error") is not None
    assert {child.tag for child in blocked["drift"]} == {"properties", "system-out"}
    assert {child.tag for child in blocked["artifact"]} == {"properties"}


def test_the_numbers_of_cases_are_those_of_the_cases() -> None:
    root = _read(results.blocked(), results.insufficient(), results.broken(), results.result([]))
    for scope in (root, *root.iter("testsuite")):
        cases = list(scope.iter("testcase"))
        assert scope.get("tests") == str(len(cases))
        assert scope.get("failures") == str(sum(case.find("failure") is not None for case in cases))
        assert scope.get("errors") == str(sum(case.find("error") is not None for case in cases))


def test_a_case_leads_to_the_pins_line() -> None:
    case = _cases(results.blocked())["fairness"]
    assert (case.get("file"), case.get("line")) == ("promotions/credit-risk/production.yaml", "2")
    assert case.get("classname") == "credit-risk.production"
    text = case.findtext("failure") or ""
    assert text.startswith("promotions/credit-risk/production.yaml:2: ")
    assert "Next: look at how the model treats" in text


def test_segment_and_role_tell_two_cases_of_a_model_apart() -> None:
    made = results.result([], slot=Slot("churn", "production", "eu"), role=Role.CANARY)
    (case,) = _read(made).iter("testcase")
    assert case.get("classname") == "churn.production.eu.canary"


def test_a_promotion_without_a_verdict_is_an_error_and_never_an_empty_suite_that_passes() -> None:
    suite = _read(results.result([]))[0]
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")
    assert suite.find("testcase/error") is not None


def test_every_figure_is_a_property_with_what_it_rests_on() -> None:
    case = _cases(results.blocked())["fairness"]
    held = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert held["largest gap"] == "0.15 (limit ≤\u00a00.08, champion 0.032, 95 % interval 0.129 to 0.171, n = 10,000)"


def test_two_figures_of_one_name_are_both_told() -> None:
    verdict = Verdict("g", Outcome.PASS, "", (shown("a", 1.0), shown("a", 2.0)))
    assert [one.get("value") for one in _cases(results.result([verdict]))["g"].iter("property")][1:] == ["1", "2"]


def test_the_moment_is_in_universal_time() -> None:
    when = datetime(2026, 11, 24, 3, 49, tzinfo=UTC).astimezone(timezone(timedelta(hours=9)))
    suite = _read(msgspec.structs.replace(results.passing(), evaluated=when))[0]
    assert suite.get("timestamp") == "2026-11-24T03:49:00"


# A whole result takes minutes to shrink; what fails is told as it was found.
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(hostile.results, max_size=2))
def test_whatever_a_result_says_the_document_parses_and_keeps_to_the_schema(made: list[Result]) -> None:
    assert list(faults(ET.fromstring(junit(made)), RULES)) == []


@given(st.text(st.characters(exclude_categories=()), max_size=40))
@example("\x00\x0b\ufffe\uffff\ud800]]><!--&\x85")
def test_characters_that_xml_forbids_are_taken_out_of_every_field(text: str) -> None:
    verdict = Verdict(
        text, Outcome.FAIL, text, (Measure(text, 1.0, Outcome.FAIL, unit=text, note=text),), (text,), (text,)
    )
    made = msgspec.structs.replace(results.result([verdict], slot=Slot(text, text, text)), engine=text, isolation=text)
    ET.fromstring(junit([made]).encode())
