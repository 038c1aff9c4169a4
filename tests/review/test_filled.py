"""A form that people filled in by hand, wholly or half, is read as they meant it, and no further."""

from __future__ import annotations

import re
import time
from itertools import product

import pytest

from gatehouse.review import body
from gatehouse.review.questions import missing
from gatehouse.review.sheet import Sheet
from tests.review.forms import APPEALS, LIMITATIONS, PATIENCE_S, TOKEN, policy, sheet

POLICY = policy(APPEALS)


class TestTheTemplate:
    blank = Sheet("credit-risk/production", 48, TOKEN)
    form = body.template(blank, POLICY)

    def test_nothing_is_filled_in(self) -> None:
        assert body.read(self.form) == (self.blank,)

    def test_all_of_it_lacks_by_name(self) -> None:
        named = [said.partition(":")[0] for said in missing(body.read(self.form)[0], POLICY)]
        assert named == [
            *("gain", "data", "groups", "by-hand", "model-card", "timing", "on-call", "appeals"),
            *LIMITATIONS,
        ]

    @pytest.mark.parametrize(
        "line",
        ["> It does.", ">It does.", "It does.", "  It does.  ", ">\nIt does.", "> \n\nIt does.\n\n", "It does.\n>"],
    )
    def test_an_answer_may_be_typed_in_or_below_the_quote_or_in_its_place(self, line: str) -> None:
        typed = self.form.replace("and why?\n\n>", f"and why?\n\n{line}")
        assert body.read(typed)[0].answers == {"gain": "  It does." if line.startswith(" ") else "It does."}

    @pytest.mark.parametrize(
        "box", ["- [x] yes", "- [X] yes", "* [x] yes", "- [ x ] yes", "-  [x]  yes", "- [✓] yes", "yes"]
    )
    def test_a_box_may_be_ticked_in_whatever_way_people_do(self, box: str) -> None:
        typed = self.form.replace("in the way?\n\n- [ ] yes", f"in the way?\n\n{box}")
        assert body.read(typed)[0].answers == {"timing": "yes"}

    def test_every_part_filled_in_by_hand_is_a_whole_approval(self) -> None:
        typed = (
            self.form.replace("[ ] no", "")
            .replace("[ ]", "[x]")
            .replace("- [x] does not apply", "")
            .replace(">", "> ok")
        )
        assert missing(body.read(typed)[0], POLICY) == ()

    @pytest.mark.parametrize(
        "part", ["gain", "data", "groups", "by-hand", "model-card", "timing", "on-call", "appeals"]
    )
    def test_a_question_that_was_cut_out_lacks_by_name(self, part: str) -> None:
        text = body.write([(sheet(POLICY), POLICY)])
        cut = re.sub(rf"(?ms)^\*\*{part}\*\*.*?(?=^\*\*)", "", text)
        assert [said.partition(":")[0] for said in missing(body.read(cut)[0], POLICY)] == [part]

    @pytest.mark.parametrize("limit", LIMITATIONS)
    def test_a_limitation_that_was_not_ticked_lacks_by_name(self, limit: str) -> None:
        text = body.write([(sheet(POLICY), POLICY)]).replace(f"- [x] {limit}", f"- [ ] {limit}")
        assert missing(body.read(text)[0], POLICY) == (f"{limit}: this known limitation is not acknowledged",)


class TestWhatIsNoAnswer:
    text = body.write([(sheet(POLICY), POLICY)])

    def test_what_an_html_comment_hides(self) -> None:
        hidden = self.text.replace("> fine", "<!--\n> fine\n-->", 1)
        assert "gain" not in body.read(hidden)[0].answers
        assert body.read(f"<!--\n{self.text}\n-->") == ()

    def test_a_form_in_code_is_an_example(self) -> None:
        assert body.read(f"```\n{self.text}```\n") == ()
        assert body.read("".join(f"    {line}\n" for line in self.text.splitlines())) == ()

    def test_a_form_that_is_quoted_is_somebody_elses(self) -> None:
        assert body.read("".join(f"> {line}\n" for line in self.text.splitlines())) == ()

    def test_a_question_inside_code_is_part_of_the_answer_above(self) -> None:
        text = self.text.replace("> fine", "```\n**data**: x\n```", 1)
        assert body.read(text)[0].answers["gain"] == "```\n**data**: x\n```"
        assert body.read(text)[0].answers["data"] == "fine"

    def test_two_answers_to_one_question(self) -> None:
        again = body.read(self.text + "\n**timing**: ?\n\n- [x] no\n")[0]
        assert again.twice == {"timing"}
        assert missing(again, POLICY) == ("timing: it is answered twice, and not the same",)
        assert body.read(self.text + "\n**timing**: ?\n\n- [x] yes\n")[0].twice == frozenset()

    def test_two_boxes_of_one_question(self) -> None:
        both = body.read(self.text.replace("- [ ] no", "- [x] no"))[0]
        assert "timing: choose one of yes, no" in missing(both, POLICY)


def test_giant_bodies_are_read_in_no_time() -> None:
    started = time.monotonic()
    starts = (
        "Token",
        "Token: ",
        "- [",
        "- [ ",
        "**",
        "### ",
        "### Approval of ",
        "<",
        "> ",
        "[",
        "`",
        "- ",
        "&#",
        "\\",
    )
    for start, more in product(starts, "* `[<->#\\"):
        body.read("Token: `3f9a0c1b2d4e`\n" + start + more * 65_000)
    assert time.monotonic() - started < PATIENCE_S
