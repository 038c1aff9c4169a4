"""Which of a question's answers somebody means who types a number, a word, or the beginning of one."""

from __future__ import annotations

from gatehouse.declare.types import Question

_AFTER_CHOICE = (",", ":", ";", "-")


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
