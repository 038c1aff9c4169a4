"""Sheets and policies for the tests of forms, plain ones and whatever hypothesis thinks of."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from gatehouse.declare.types import Policy, Question, Review, StagePolicy
from gatehouse.pin import Role
from gatehouse.review.questions import questions, wanted
from gatehouse.review.quoting import LOST
from gatehouse.review.sheet import Decision, Sheet
from tests.fuzz.corpus import texts

TOKEN = "3f9a0c1b2d4e"
# Each giant takes a moment. What grows with the square of its length takes hours.
PATIENCE_S = 120
LIMITATIONS = ("thin-file-applicants", "post-2024-inflation")
APPEALS = Question("appeals", "Can the appeals team explain a refusal?", ("tried it", "does not apply"))


def policy(*asked: Question, limitations: tuple[str, ...] = LIMITATIONS) -> Policy:
    return Policy(
        model="credit-risk",
        owner="@acme/model-risk",
        risk="high",
        task="binary",
        reviewed=date(2026, 1, 1),
        stages={"production": StagePolicy(("accuracy",))},
        review=Review(limitations=limitations, questions=asked),
    )


def sheet(asked: Policy | None = None, **changes: Any) -> Sheet:
    """Every question answered, every limitation acknowledged."""
    asked = asked or policy()
    answers = {each.id: wanted(each) or (each.answers[0] if each.answers else "fine") for each in questions(asked)}
    plain: dict[str, Any] = {
        "promotion": "credit-risk/production",
        "version": 48,
        "token": TOKEN,
        "answers": answers,
        "acknowledged": frozenset(asked.review.limitations),
    }
    return Sheet(**{**plain, **changes})


def possible(text: str) -> str:
    """The text, as far as GitHub can hold it."""
    return "".join(LOST if letter == "\0" or 0xD800 <= ord(letter) <= 0xDFFF else letter for letter in text)


# Any text at all; much of what the form itself is made of; and what attackers write.
words = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60),
    st.lists(
        st.sampled_from(
            (
                *(
                    "\n",
                    "\n\n",
                    " ",
                    "\t",
                    "\r",
                    "\r\n",
                    "> ",
                    "- [x] ",
                    "- [ ] ",
                    "yes",
                    "no",
                    "**gain**: ",
                    "**limitations**:",
                ),
                *(
                    "### Approval of `a/b`, version 1",
                    f"Token: `{TOKEN}`",
                    "```",
                    "~~~",
                    "    ",
                    "<!--",
                    "-->",
                    "<details>",
                ),
                *(
                    "&lt;",
                    "&#10;",
                    "\\",
                    "\u2060",
                    "\u200b",
                    "\u202e",
                    "/approve-model a 1 " + TOKEN,
                    "---",
                    "===",
                    "a",
                ),
            )
        ),
        max_size=8,
    ).map("".join),
    texts.map(possible),
)
spoken = words.filter(bool)
# No id that could be a commit's: GitHub would link it, and a policy's author is trusted with worse.
ids = st.from_regex(r"[g-z][a-z0-9-]{0,10}", fullmatch=True)
one_line = spoken.map(lambda text: " ".join(text.split())).filter(bool)
asking = st.builds(
    Question,
    ids.filter(lambda name: name != "limitations"),
    one_line,
    st.one_of(st.just(()), st.lists(one_line, min_size=2, max_size=4, unique=True).map(tuple)),
    st.booleans(),
)
policies = st.builds(
    lambda asked, limits: policy(*asked, limitations=tuple(limits)),
    st.lists(asking, max_size=3, unique_by=lambda question: question.id),
    st.lists(spoken, max_size=3, unique=True),
)


@st.composite
def filled(draw: st.DrawFn) -> tuple[Sheet, Policy]:
    """A sheet that answers as it likes: chosen and not, asked and not, in whatever words."""
    asked = draw(policies)
    answers: dict[str, str] = {}
    for question in questions(asked):
        choice = st.sampled_from(question.answers) if question.answers else spoken
        remark = st.one_of(st.just(""), spoken.map(lambda text: f"\n{text}"))
        answer = draw(st.one_of(st.just(""), spoken, st.builds(str.__add__, choice, remark)))
        answers |= {question.id: answer} if answer else {}
    answers |= draw(st.dictionaries(ids, spoken, max_size=2))
    known = st.sampled_from(asked.review.limitations) if asked.review.limitations else spoken
    acknowledged = draw(st.frozensets(st.one_of(known, spoken), max_size=4))
    made = sheet(
        asked,
        promotion=draw(st.sampled_from(("credit-risk/production", "a.b_c-d/production.eu", "M/staging"))),
        version=draw(st.integers(1, 999_999_999)),
        token=draw(st.from_regex(r"[0-9a-f]{12}", fullmatch=True)),
        role=draw(st.sampled_from(Role)),
        decision=draw(st.sampled_from(Decision)),
        answers=answers,
        acknowledged=acknowledged,
        reason=draw(words),
    )
    return made, asked
