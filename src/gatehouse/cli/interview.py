"""The questionnaire, asked one question at a time; at the end all answers are looked over, and a decision is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

import msgspec
from rich.text import Text

from gatehouse.cli.talk import Talk
from gatehouse.declare.types import Policy, Question
from gatehouse.errors import GatehouseError
from gatehouse.report.text import clean
from gatehouse.review import body
from gatehouse.review.facts import Asked
from gatehouse.review.questions import chosen, missing, questions, wanted
from gatehouse.review.quoting import says_something
from gatehouse.review.sheet import Decision, Sheet, blank

HELP = (
    ":b back · :e write it in your editor · :r reject (a reason is all it takes) · :q stop, answers are kept\n"
    "An answer of several lines: end each with a backslash, or paste it."
)
# Answers that are the same for every pin that is decided at one moment.
_OF_THE_MOMENT = frozenset({"timing", "on-call"})
# Answers to choose from stand on one line while they fit there.
_ONE_LINE = 50
_AFTER_CHOICE = (",", ":", ";", "-")


class Choice(Enum):
    """What a person wants done with the pull request."""

    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"


class Turn(Enum):
    """Where it goes on after an answer."""

    ON = "on"
    BACK = "back"
    REJECT = "reject"
    STOP = "stop"


_COMMANDS = {":b": Turn.BACK, ":r": Turn.REJECT, ":q": Turn.STOP}


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


class Interview:
    """``keep`` is called after each answer, so that whatever happens next loses none."""

    def __init__(self, talk: Talk, forms: Sequence[Form], keep: Callable[[], None]) -> None:
        self._talk, self._forms, self._keep = talk, forms, keep
        self._items = [item for form in forms for item in _items(form)]

    def run(self) -> Choice:
        """Asks what is open, then for a decision."""
        self._talk.show(Text(HELP, style="dim"))
        turn = self._ask_all()
        if turn is Turn.ON:
            return self.decide()
        return Choice.REJECT if turn is Turn.REJECT else Choice.CANCEL

    def _ask_all(self) -> Turn:
        # What may be left out was asked when the last of the others was answered.
        at = next((at for at, item in enumerate(self._items) if item.needed and not item.done), len(self._items))
        while at < len(self._items):
            if at == 0 or self._items[at - 1].form is not self._items[at].form:
                self._head(self._items[at].form)
            turn = self._ask(at)
            if turn in (Turn.REJECT, Turn.STOP):
                return turn
            at = max(0, at - 1) if turn is Turn.BACK else at + 1
        return Turn.ON

    def _head(self, form: Form) -> None:
        if len(self._forms) > 1:
            asked = form.asked
            self._talk.show("")
            self._talk.show(Text(f"{asked.slot}, version {asked.candidate.version}", style="bold underline"))

    def _ask(self, at: int) -> Turn:
        item = self._items[at]
        count = f"[{at + 1}/{len(self._items)}] "
        self._talk.show("")
        if item.question is None:
            self._talk.show(Text.assemble((count, "dim"), ("known limitation: ", "bold"), clean(item.limitation, 300)))
            return self._acknowledge(item)
        optional = "" if item.question.required else " (Enter leaves it out)"
        self._talk.show(Text.assemble((count, "dim"), (item.question.id, "bold"), (optional, "dim")))
        self._talk.show(Text(clean(item.question.ask, 1000)))
        return self._choose(item, item.question) if item.question.answers else self._write(item, item.question)

    def _acknowledge(self, item: Item) -> Turn:
        while True:
            said = self._talk.line("Have you weighed it? y/n > ").lower()
            if said in _COMMANDS:
                return _COMMANDS[said]
            if said in ("y", "yes", "n", "no"):
                item.form.seen.add(item.limitation)
                (item.form.acknowledged.add if said[0] == "y" else item.form.acknowledged.discard)(item.limitation)
                if said[0] == "n":
                    self._talk.show(Text("Without it an approval does not count.", style="yellow"))
                self._keep()
                return Turn.ON
            self._talk.show("y: you weighed it and it is acceptable here; n: not so")

    def _choose(self, item: Item, question: Question) -> Turn:
        before = self._before(item, question)
        options = [f"{at} {clean(each, 200)}" for at, each in enumerate(question.answers, 1)]
        apart = "   " if sum(map(len, options)) < _ONE_LINE else "\n"
        self._talk.show(Text(apart.join(options) + (f"   (Enter: {clean(before, 60)})" if before else "")))
        while True:
            said = self._talk.text("> ")
            if said in _COMMANDS:
                return _COMMANDS[said]
            answer = picked(question, said) or ("" if said else before)
            if answer and self._taken(item, question, answer):
                return Turn.ON
            if not said and not question.required:
                return self._left_out(item, question)
            self._talk.show(f"one of the answers by its number or word; a remark may follow: {question.answers[0]}, …")

    def _write(self, item: Item, question: Question) -> Turn:
        before = self._before(item, question)
        if before:
            self._talk.show(Text(f"(Enter: {clean(before, 200)})", style="dim"))
        while True:
            said = self._talk.text("> ")
            if said in _COMMANDS:
                return _COMMANDS[said]
            answer = self._talk.edit(before) if said == ":e" else said or before
            if not answer and not question.required:
                return self._left_out(item, question)
            if answer and not says_something(answer):
                answer = ""
            if answer and self._taken(item, question, answer):
                return Turn.ON
            if not answer:
                self._talk.show("a word is enough, but there has to be one")

    def _before(self, item: Item, question: Question) -> str:
        """What Enter answers: what was answered here before, or for another pin of this moment."""
        here = item.form.answers.get(question.id, "")
        if here or question.id not in _OF_THE_MOMENT:
            return here
        others = (form.answers.get(question.id, "") for form in self._forms)
        return next((answer for answer in others if answer and (not question.answers or _is(question, answer))), "")

    def _left_out(self, item: Item, question: Question) -> Turn:
        item.form.answers[question.id] = ""
        self._keep()
        return Turn.ON

    def _taken(self, item: Item, question: Question, answer: str) -> bool:
        """Whether the answer was taken: what no longer fits into a review is not."""
        before = item.form.answers.get(question.id)
        item.form.answers[question.id] = answer
        try:
            body.write([(form.sheet(), form.policy) for form in self._forms])
        except GatehouseError as error:
            del item.form.answers[question.id]
            item.form.answers |= {} if before is None else {question.id: before}
            self._talk.show(Text(f"{error.message}: {error.fix}", style="yellow"))
            return False
        needed = wanted(question)
        if needed and chosen(question, answer) != needed:
            self._talk.show(Text(f"An approval needs {needed} here; a rejection does not.", style="yellow"))
        self._keep()
        return True

    def decide(self) -> Choice:
        """Shows all answers, and asks what is to be done; here each can be changed."""
        while True:
            self._look_over()
            count = len(self._items)
            said = self._talk.line(f"a approve · r reject · 1-{count} change an answer · c cancel > ").lower()
            for choice in Choice:
                if said and choice.value.startswith(said):
                    return choice
            if said in (":q", "q"):
                return Choice.CANCEL
            if said == ":r":
                return Choice.REJECT
            if said.isdecimal() and 1 <= int(said) <= count:
                turn = self._ask(int(said) - 1)
                if turn in (Turn.REJECT, Turn.STOP):
                    return Choice.REJECT if turn is Turn.REJECT else Choice.CANCEL

    def _look_over(self) -> None:
        from rich.table import Table

        table = Table.grid(padding=(0, 1))
        table.add_column(justify="right", style="dim", no_wrap=True)
        table.add_column(no_wrap=True, max_width=24, overflow="ellipsis")
        table.add_column(overflow="fold")
        for at, item in enumerate(self._items, 1):
            table.add_row(str(at), Text(clean(item.name, 100)), Text(clean(item.answer.replace("\n", " · "), 200)))
        self._talk.show("")
        self._talk.show(Text("What goes on record:", style="bold"))
        self._talk.show(table)
        several = len(self._forms) > 1
        for form in self._forms:
            for fault in form.open:
                place = f"{form.asked.slot}: " if several else ""
                self._talk.show(Text(f"! {place}{clean(fault, 300)}", style="yellow"))


def _items(form: Form) -> Iterator[Item]:
    asks = questions(form.policy)
    yield from (Item(form, question) for question in asks if question.required)
    yield from (Item(form, None, limit) for limit in form.policy.review.limitations)
    yield from (Item(form, question) for question in asks if not question.required)


def _is(question: Question, answer: str) -> bool:
    return bool(chosen(question, answer))


def picked(question: Question, said: str) -> str:
    """The answer that was chosen by its number, its word or the beginning of it, with the remark that follows below."""
    first, line_end, rest = said.partition("\n")
    head, remark = first, ""
    for mark in _AFTER_CHOICE:
        start, found, after = first.partition(mark)
        if found and len(start) < len(head) and _named(question, start):
            head, remark = start, after
    answer = _named(question, first) or _named(question, head)
    if not answer:
        return ""
    below = [] if _named(question, first) else [remark.strip()]
    return "\n".join([answer, *filter(None, [*below, rest.strip() if line_end else ""])])


def _named(question: Question, word: str) -> str:
    word = word.strip().casefold()
    if word.isdecimal() and 1 <= int(word) <= len(question.answers):
        return question.answers[int(word) - 1]
    same = [each for each in question.answers if each.casefold() == word]
    begun = [each for each in question.answers if word and each.casefold().startswith(word)]
    found = same or begun
    return found[0] if len(found) == 1 else ""
