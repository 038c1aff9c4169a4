"""What one person says of the pins of a pull request while it is being said, and what is still to be asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from gatehouse.declare.types import Policy, Question
from gatehouse.review.facts import Asked
from gatehouse.review.questions import missing, questions
from gatehouse.review.sheet import Decision, Sheet, blank


@dataclass
class Form:
    """What one person says of one pin, while it is being said."""

    asked: Asked
    answers: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, asked: Asked, sheet: Sheet | None) -> Form:
        """As it was left, where there is a sheet."""
        if sheet is None:
            return cls(asked)
        known = sheet.acknowledged & set(asked.policy.review.limitations)
        return cls(asked, dict(sheet.answers), set(known), set(known))

    def sheet(self, decision: Decision = Decision.APPROVE, reason: str = "") -> Sheet:
        answers = {name: answer for name, answer in self.answers.items() if answer}
        known = frozenset(self.acknowledged)
        return msgspec.structs.replace(blank(self.asked, decision), answers=answers, acknowledged=known, reason=reason)

    @property
    def policy(self) -> Policy:
        return self.asked.policy

    @property
    def open(self) -> tuple[str, ...]:
        """What is missing before it is a whole approval, a sentence each."""
        return missing(self.sheet(), self.policy)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is asked: a question, or where there is none a limitation to acknowledge."""

    form: Form
    question: Question | None
    limitation: str = ""

    @property
    def name(self) -> str:
        return self.question.id if self.question else self.limitation

    @property
    def needed(self) -> bool:
        return self.question is None or self.question.required

    @property
    def done(self) -> bool:
        if self.question is None:
            return self.limitation in self.form.seen
        return self.question.id in self.form.answers

    @property
    def answer(self) -> str:
        if self.question is None:
            return "acknowledged" if self.limitation in self.form.acknowledged else "not acknowledged"
        return self.form.answers.get(self.question.id, "") or "–"


def items(form: Form) -> Iterator[Item]:
    """Everything that is asked of one pin, in order; what may be left out comes last."""
    asks = questions(form.policy)
    yield from (Item(form, question) for question in asks if question.required)
    yield from (Item(form, None, limit) for limit in form.policy.review.limitations)
    yield from (Item(form, question) for question in asks if not question.required)
