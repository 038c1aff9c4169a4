"""The five lines, as plain text and as pieces with links."""

from __future__ import annotations

import msgspec
import pytest

from gatehouse.evaluate.result import Result
from gatehouse.report.brief import MOST_UNUSUAL, Line, Part, brief
from gatehouse.report.context import Context
from gatehouse.verdict import Outcome, Verdict
from tests.report import reviewed
from tests.support import results
from tests.support.results import CONTEXT

NAMES = ["Changes", "Gain", "Worst group", "Unusual", "To acknowledge"]


def line(result: Result, name: str, context: Context = CONTEXT) -> Line:
    return next(line for line in brief(result, context) if line.name == name)


def links(result: Result, context: Context = CONTEXT) -> list[tuple[str, str]]:
    (item,) = line(result, "Changes", context).items
    return [(part.text, part.url) for part in item if part.url]


@pytest.mark.parametrize("name", list(results.samples()))
def test_there_are_always_the_same_five_and_none_is_empty(name: str) -> None:
    for result in results.samples()[name]:
        for context in (Context(), CONTEXT, reviewed.context([result])):
            found = brief(result, context)
            assert [line.name for line in found] == NAMES
            assert all(line.text and "\n" not in line.text for line in found)


def test_as_plain_text_it_reads_without_links() -> None:
    text = line(results.passing(), "Changes").text
    assert text == (
        "version 1 (1f2c9ab04d7e) → version 3 (3f2c9ab04d7e), trained by alice, registered 2026-11-06 09:30 UTC, "
        "run 3b7d41f0c2e94a6d"
    )


def test_the_versions_the_run_and_the_model_card_are_linked() -> None:
    base = "https://mlflow.acme.example/#"
    assert links(results.passing()) == [
        ("version 1", f"{base}/models/credit-risk/versions/1"),
        ("version 3", f"{base}/models/credit-risk/versions/3"),
        ("3b7d41f0c2e94a6d", f"{base}/experiments/4/runs/3b7d41f0c2e94a6d"),
        ("model card", f"{base}/models/credit-risk/versions/3"),
    ]


def test_a_card_that_was_read_among_the_runs_artifacts_is_linked_there() -> None:
    note = "read from gatehouse/model_card.md of the training run, sha256:5d0c"
    made = results.result([Verdict("model_card", Outcome.PASS, "complete", notes=(note,))])
    run = "https://mlflow.acme.example/#/experiments/4/runs/2b7d41f0c2e94a6d"
    assert links(made)[-1] == ("model card", f"{run}/artifacts/gatehouse/model_card.md")


def test_what_leads_elsewhere_than_below_a_trusted_address_is_no_link() -> None:
    made = results.passing()
    away = msgspec.structs.replace(made.candidate, link="https://mlflow.acme.example.evil.example/#/runs/1")
    found = links(msgspec.structs.replace(made, candidate=away))
    assert all(url.startswith(f"{CONTEXT.links.mlflow}/") for _, url in found)
    assert "3b7d41f0c2e94a6d" not in [text for text, _ in found]
    assert links(made, Context()) == []


def test_what_is_unusual_against_the_last_promotions_stands_before_what_changed_since_the_champion() -> None:
    made = results.result([results.accuracy(), results.latency(46.0), results.drift(8, 0.143)], candidate=results.THIRD)
    texts = line(made, "Unusual", reviewed.context([made])).texts
    at = [next(number for number, text in enumerate(texts) if word in text) for word in ("a warning", "usual", "went")]
    assert at == sorted(at)


def test_where_the_promotions_before_were_not_looked_up_nothing_is_said_of_them() -> None:
    assert not any("promotion" in text for text in line(results.passing(), "Unusual").texts)
    few = reviewed.context([results.passing()], before=2)
    assert "only 2 promotions of this slot before: too few to say what is usual" in (
        line(results.passing(), "Unusual", few).texts
    )


def test_what_is_too_much_for_a_line_is_counted() -> None:
    warnings = [Verdict(f"gate-{number}", Outcome.WARN, "x") for number in range(MOST_UNUSUAL + 3)]
    assert line(results.result(warnings), "Unusual").texts[-1] == "and 3 more"
    many = msgspec.structs.replace(CONTEXT, limitations={"credit-risk": tuple(f"limit-{n}" for n in range(24))})
    assert line(results.passing(), "To acknowledge", many).texts[-1] == "and 4 more"


def test_a_line_of_several_items_is_one_text() -> None:
    made = Line("Unusual", ((Part("one"),), (Part("two "), Part("parts")), (Part("x"), Part("y", linked=True))))
    assert made.text == "one · two parts · x"
