"""The comment on the pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result
from gatehouse.pin import Slot
from gatehouse.report.context import Context
from gatehouse.report.markdown import LIMIT, comment, refused, stale
from gatehouse.verdict import Outcome, Verdict, at_most, judged
from tests.report import reviewed
from tests.support import hostile, results
from tests.support.results import CONTEXT, HOSTILE
from tests.support.snapshots import matches

SNAPSHOTS = Path(__file__).parent / "snapshots"
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
BASES = (CONTEXT.links.report, CONTEXT.links.mlflow, CONTEXT.links.docs)
ALLOWED = frozenset(
    "h2 h3 p ul li strong em code pre a table thead tbody tr th td details summary sub blockquote span".split()  # noqa: SIM905
)


class Seen(HTMLParser):
    """What GitHub would show: tags, link targets, and text outside of code, where mentions live."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.cells: list[int] = []
        self._code = 0
        self.feed(GITHUB.render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self._code += tag == "code"
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.text += data if not self._code else ""


@pytest.mark.parametrize("name", list(results.samples()))
def test_the_comment_reads_as_the_snapshot(name: str) -> None:
    matches(comment(results.samples()[name], CONTEXT), SNAPSHOTS / f"{name}.md")


@pytest.mark.parametrize("name", ["passing", "first", "blocked", "regression", "several"])
def test_a_comment_that_asks_for_reviews_reads_as_the_snapshot(name: str) -> None:
    made = [reviewed.odd(), results.passing_as(Slot("churn", "production", "eu"))]
    made = made if name == "several" else list(results.samples()[name])
    asking = [reviewed.free(one) if one.request.slot.stage == "staging" else reviewed.asked(one) for one in made]
    few = {"passing": 6, "first": 0, "blocked": 2}.get(name, 6)
    matches(comment(made, reviewed.context(made, before=few, asking=asking)), SNAPSHOTS / f"{name}-reviewed.md")


def test_the_notices_read_as_the_snapshots() -> None:
    matches(stale("the champion moved from version 1 to version 3"), SNAPSHOTS / "stale.md")
    error = GatehouseError("registry http://mlflow:5000 does not answer", "start it, or set MLFLOW_TRACKING_URI")
    matches(refused(error), SNAPSHOTS / "refused.md")


def test_the_head_answers_a_reviewers_five_questions() -> None:
    head = comment([results.blocked()], CONTEXT).split("**Why it is blocked")[0]
    assert all(f"**{line}:**" in head for line in ("Changes", "Gain", "Worst group", "Unusual", "To acknowledge"))
    assert "thin-file-applicants" in head


def test_where_no_policy_is_at_hand_nothing_is_said_of_what_it_lists() -> None:
    text = comment([results.regression()], Context())
    assert "what the model's policy lists" in text
    assert "no known limitation" not in text


def test_a_model_sees_only_its_own_limitations() -> None:
    text = comment([results.regression()], CONTEXT)
    assert "thin-file-applicants" not in text
    assert "no known limitation is listed" in text


def test_every_blocking_gate_says_why_and_what_to_do() -> None:
    for sample in (results.blocked(), results.insufficient(), results.broken()):
        text = comment([sample], CONTEXT)
        for verdict in sample.verdicts:
            if not verdict.outcome.lets_through:
                assert re.search(rf"- \S+ \*\*{verdict.gate}\*\* .+\n  - \*\*Next:\*\* ", text)


def test_a_first_promotion_has_no_champion_column() -> None:
    assert "| Champion |" in comment([results.passing()], CONTEXT)
    assert "| Champion |" not in comment([results.first()], CONTEXT)


def test_results_link_nowhere_but_below_the_contexts_own_addresses() -> None:
    for sample in results.samples().values():
        assert all(link.startswith(BASES) for link in Seen(comment(sample, CONTEXT)).links)


def test_without_links_nothing_is_a_link() -> None:
    assert Seen(comment([results.blocked()], Context())).links == []


def test_the_owner_is_named_and_not_called() -> None:
    seen = Seen(comment([results.passing()], CONTEXT))
    assert "@acme" not in seen.text
    assert "acme/credit-risk" in comment([results.passing()], CONTEXT)


@settings(max_examples=60, deadline=None)
@given(st.lists(hostile.results, max_size=2))
def test_nothing_that_a_result_says_is_rendered_raw(made: list[Result]) -> None:
    for context in (CONTEXT, reviewed.context(made, before=5)):
        _is_harmless(comment(made, context))


def _is_harmless(text: str) -> None:
    seen = Seen(text)
    assert len(text.encode()) <= LIMIT
    assert seen.tags <= ALLOWED
    assert all(link.startswith(BASES) for link in seen.links)
    assert not re.search(r"@[A-Za-z0-9]", seen.text)
    assert "://" not in seen.text
    assert not re.search(r"(?i)www\.", seen.text)
    _assert_tables_are_whole(text)


def test_hostile_text_stays_in_its_cell() -> None:
    _assert_tables_are_whole(comment([results.hostile()], CONTEXT))


def _assert_tables_are_whole(text: str) -> None:
    """Each line of a table has as many unescaped pipes as the first."""
    pipes = 0
    for line in text.splitlines():
        found = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) if line.startswith("|") else 0
        assert found == pipes or not pipes or not found
        pipes = found


def _crowd(gates: int, measures: int, advice: int = 0) -> Result:
    figures = [at_most(f"figure {HOSTILE} {i}", 2.0, 1.0, note=HOSTILE) for i in range(measures)]
    verdicts = [
        judged(figures, HOSTILE * 10, advice=[HOSTILE] * advice, notes=[HOSTILE] * measures).named(f"gate-{gate}")
        for gate in range(gates)
    ]
    return results.result(verdicts)


@pytest.mark.parametrize(
    ("crowd", "lost"),
    [
        ([_crowd(5, 40)], "the figures behind each gate left out"),
        (
            [_crowd(3, 1)] + [results.passing_as(Slot(f"m{i}", "staging")) for i in range(60)],
            "the tables of what passed left out",
        ),
        (
            [_crowd(3, 1)] + [results.passing_as(Slot(f"m{i}", "staging")) for i in range(150)],
            "the promotions that passed left out",
        ),
        ([_crowd(40, 1, 9)] * 3, "everything but the verdicts"),
        ([msgspec.structs.replace(results.hostile())] * 5000, "everything but the"),
        ([_crowd(30_000, 0)], "everything but the verdicts"),
    ],
    ids=["figures", "tables", "passed", "sections", "results", "gates"],
)
def test_a_comment_that_would_be_too_long_drops_the_longer_parts_and_says_so(
    crowd: Sequence[Result], lost: str
) -> None:
    text = comment(crowd, CONTEXT)
    assert len(text.encode()) <= LIMIT
    assert lost in text
    assert "Shortened to what fits into a comment" in text
    assert CONTEXT.links.report in text
    assert "locked" in text.split("\n")[0]


def test_the_verdict_of_a_blocked_promotion_survives_every_cut() -> None:
    crowd = [results.passing_as(Slot(f"m{i}", "staging")) for i in range(150)]
    text = comment([*crowd, results.blocked()], CONTEXT)
    assert "1 of 151 promotions blocked" in text
    assert "**fairness** failed" in text


def test_undecided_and_broken_are_explained_in_plain_words() -> None:
    assert "too few rows to say either way" in comment([results.insufficient()], CONTEXT)
    assert "nothing is known" in comment([results.broken()], CONTEXT)


def test_a_promotion_without_any_verdict_is_shown_as_blocked() -> None:
    assert "Blocked: no gate ran" in comment([results.result([])], CONTEXT)


def test_a_warning_stays_visible_when_the_promotion_passes() -> None:
    text = comment([results.result([results.drift(8, 0.143), results.latency()])], CONTEXT)
    assert "1 with a warning" in text
    assert "**Worth a look**" in text


def test_a_hostile_error_message_is_escaped_too() -> None:
    seen = Seen(refused(GatehouseError(HOSTILE, HOSTILE)) + stale(HOSTILE))
    assert seen.tags <= ALLOWED
    assert not seen.links


def test_a_gate_that_the_base_commit_does_not_know_has_no_link() -> None:
    text = comment([results.result([Verdict("mystery", Outcome.PASS, "x")])], CONTEXT)
    assert "| mystery |" in text
