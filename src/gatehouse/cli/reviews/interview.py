"""The questionnaire, asked one question at a time; at the end all answers are looked over, and a decision is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from rich.text import Text

from gatehouse.cli.reviews.form import Form, Item, items
from gatehouse.cli.reviews.picked import picked
from gatehouse.cli.reviews.talk import Talk
from gatehouse.declare.types import Question
from gatehouse.errors import GatehouseError
from gatehouse.report.text import clean
from gatehouse.review import body
from gatehouse.review.questions import chosen, wanted
from gatehouse.review.quoting import says_something

HELP = (
    ":b back · :e write it in your editor · :r reject (a reason is all it takes) · :q stop, answers are kept\n"
    "An answer of several lines: end each with a backslash, or paste it."
)
# Answers that are the same for every pin that is decided at one moment.
_OF_THE_MOMENT = frozenset({"timing", "on-call"})
# Answers to choose from stand on one line while they fit there.
_ONE_LINE = 50


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


class Interview:
    """``keep`` is called after each answer, so that whatever happens next loses none."""

    def __init__(self, talk: Talk, forms: Sequence[Form], keep: Callable[[], None]) -> None:
        self._talk, self._forms, self._keep = talk, forms, keep
        self._items = [item for form in forms for item in items(form)]

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


def _is(question: Question, answer: str) -> bool:
    return bool(chosen(question, answer))
