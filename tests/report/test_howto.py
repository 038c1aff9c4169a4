"""How to review: in the comment and on the page, for those who are asked, when they are asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import pytest
from markdown_it import MarkdownIt

from gatehouse.evaluate.result import Result
from gatehouse.pin import Slot
from gatehouse.report import html
from gatehouse.report.context import Asking, Consent
from gatehouse.report.howto import form
from gatehouse.report.markdown import LIMIT, comment
from gatehouse.review import body
from gatehouse.review.commands import given
from tests.report import reviewed
from tests.support import results

TITLE = "<summary><strong>How to review</strong>: 2 approvals, two minutes each</summary>"


def written(made: Sequence[Result], asking: Sequence[Asking] | None = None) -> str:
    return comment(made, reviewed.context(made, asking=asking))


def page(made: Sequence[Result], asking: Sequence[Asking] | None = None) -> str:
    return html.page(made, reviewed.context(made, asking=asking))


def fenced(text: str) -> list[str]:
    """What GitHub's button copies, fence by fence."""
    return [token.content for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]


def parallel() -> tuple[Result, ...]:
    return results.passing(), results.passing_as(Slot("churn", "production", "eu"))


class TestWhoIsAsked:
    def test_the_command_the_token_and_both_answers_are_told(self) -> None:
        asking = reviewed.asked(results.passing())
        text = written([results.passing()])
        assert TITLE in text
        assert "`gatehouse review 17`" in text
        assert f"token <code>{asking.token}</code>, 2 approvals" in text
        assert "<code>/reject-model credit-risk 3 …</code>" in text
        assert "within 30 s of the evidence does not count" in text

    def test_the_form_is_in_one_fence_and_is_the_form_of_the_policy(self) -> None:
        asking = reviewed.asked(results.passing())
        (copied,) = fenced(written([results.passing()]))
        assert copied == f"/approve-model credit-risk 3 {asking.token}\n\n{asking.form}"

    def test_the_forms_of_several_pins_are_one_text_that_reads_as_one_sheet_each(self) -> None:
        (copied,) = fenced(written(parallel()))
        tokens = [reviewed.asked(one).token for one in parallel()]
        assert [command.token for command in given(copied)] == tokens
        assert {sheet.token for sheet in body.read(copied)} == set(tokens)
        assert len(set(tokens)) == 2

    def test_the_dots_of_a_copied_rejection_are_no_reason(self) -> None:
        text = written([results.passing()])
        (copied,) = re.findall(r"<code>(/reject-model .*?)</code>", text)
        assert given(copied) == ()
        assert len(given(copied.replace("…", "it is unfair to small businesses"))) == 1

    def test_no_sentence_is_broken_over_lines_since_github_breaks_them_too(self) -> None:
        for crowd in ([results.passing()], [results.passing_as(Slot(f"m{number}", "x")) for number in range(60)]):
            lines = written(crowd).split(TITLE)[-1].split("````")[0].split("\n")
            assert not [one for one in lines if one and not one.startswith(("- ", "**", "<", "The token", "> ✂️"))]

    def test_a_question_with_fences_of_its_own_does_not_end_the_fence(self) -> None:
        asking = msgspec.structs.replace(reviewed.asked(results.passing()), form="`````\n</details>\n# Owned\n")
        text = written([results.passing()], [asking])
        (copied,) = fenced(text)
        assert copied.endswith("`````\n</details>\n# Owned\n")

    def test_the_five_lines_of_each_stay_in_sight(self) -> None:
        above = written(parallel()).split("<details>")
        shown = [part.split("</details>")[-1] for part in above]
        assert sum(part.count("- **Gain:**") for part in shown) == 2

    def test_of_many_the_five_lines_are_folded(self) -> None:
        many = [results.passing_as(Slot(f"m{number}", "production")) for number in range(6)]
        text = written(many)
        assert "### " not in text.split(TITLE)[0]

    def test_the_page_tells_the_same(self) -> None:
        asking = reviewed.asked(results.passing())
        text = page([results.passing()])
        assert "How to review" in text
        assert "/reject-model credit-risk 3 …</code> with your reason in place of the dots" in text
        assert f"/approve-model credit-risk 3 {asking.token}" in text
        assert "<strong>Review:</strong>" not in text


class TestWhoIsNotAsked:
    def test_while_a_gate_blocks_review_comes_after(self) -> None:
        asking = [reviewed.asked(results.blocked())]
        for text in (written([results.blocked()], asking), page([results.blocked()], asking)):
            assert "once every gate has passed, this report says how" in text
            assert "How to review" not in text

    def test_one_that_passes_waits_for_another_that_does_not(self) -> None:
        both = [results.passing(), results.blocked()]
        text = written(both, [reviewed.asked(one) for one in both])
        assert "How to review" not in text
        assert "once every gate has passed" in text

    def test_where_gates_alone_decide_it_says_that_it_merges_itself(self) -> None:
        made = results.regression()
        for text in (written([made], [reviewed.free(made)]), page([made], [reviewed.free(made)])):
            assert "not needed for staging: the gates alone decide there. It merges itself now that" in text
            assert "How to review" not in text

    def test_one_that_waits_for_people_beside_it_does_not_merge_itself(self) -> None:
        both = [results.passing(), results.regression()]
        text = written(both, [reviewed.asked(both[0]), reviewed.free(both[1])])
        assert TITLE in text
        assert "not needed for staging: the gates alone decide there." in text
        assert "merges itself" not in text

    def test_going_back_needs_nobody(self) -> None:
        text = written([results.passing()], [reviewed.free(results.passing(), Consent.RETURNING)])
        assert "not needed to go back: version 3 was champion here before, and may come back" in text

    def test_without_a_pull_request_nothing_is_said_of_reviews(self) -> None:
        text = written([results.passing()], [])
        assert "review" not in text.lower()


class TestWhereItIsTooLong:
    def many(self, count: int, limitations: int = 2) -> str:
        made = [results.passing_as(Slot(f"model-{number}", "production")) for number in range(count)]
        rules = reviewed.policy(limitations=[f"a limitation of some length, number {n}" for n in range(limitations)])
        return written(made, [reviewed.asked(one, rules) for one in made])

    def test_figures_go_before_the_form(self) -> None:
        text = self.many(12)
        assert "the figures behind each gate left out" in text
        assert len(fenced(text)) == 1

    @pytest.mark.parametrize(("count", "limitations"), [(40, 2), (1, 2000), (150, 2)])
    def test_the_form_goes_with_a_sentence_and_the_token_and_the_commands_stay(
        self, count: int, limitations: int
    ) -> None:
        text = self.many(count, limitations)
        assert len(text.encode()) <= LIMIT
        assert fenced(text) == []
        assert "the form is too long for this comment: `gatehouse review 17 --template` prints it" in text
        assert text.count("<code>/approve-model ") == count
        assert text.count(": token <code>") == count

    def test_even_of_thousands_the_command_stays(self) -> None:
        text = self.many(600)
        assert len(text.encode()) <= LIMIT
        assert "**How to review:** `gatehouse review 17` shows each pin with its token; 2 approvals." in text


def test_a_model_whose_name_is_none_gets_no_command_to_copy() -> None:
    odd = msgspec.structs.replace(reviewed.asked(results.passing()), slot=Slot("a\n````\n@acme", "production"))
    assert form([odd]) == ""
    assert "\n@acme" not in written([results.passing()], [odd])
