"""What a reviewer is asked: the questions that every review has, and those that the model's policy adds.

Some are answered in words and some from a list. The words are not judged; that there are some is.
"""

from __future__ import annotations

from gatehouse.declare.types import Policy, Question
from gatehouse.review.quoting import says_something
from gatehouse.review.sheet import Decision, Sheet

YES_NO = ("yes", "no")

BUILT_IN = (
    Question("gain", "Does the gain that was measured justify the risk of this change, and why?"),
    Question(
        "data", "Which known issues of the data that it was trained or tested on matter here? Write none if none."
    ),
    Question("groups", "Which group does worst in the results by group, and is that acceptable?"),
    Question("by-hand", "What did you try by hand, and what of it was unexpected?"),
    Question("model-card", "Have you read the model card, and does it describe this version?", YES_NO),
    Question("timing", "Is this a good moment: no launch, no holiday and no other change in the way?", YES_NO),
    Question("on-call", "Who is on call for the day after, and knows of it?"),
    Question("remarks", "Is there anything else that should be on the record?", required=False),
)
# An approval against one's own answer is none.
_WANTED = {question: "yes" for question in BUILT_IN if question.answers == YES_NO}


def questions(policy: Policy) -> tuple[Question, ...]:
    """Those of every review, then the policy's, remarks last; one of the policy under a built-in id takes its place."""
    own = {question.id: question for question in policy.review.questions}
    *first, last = (own.pop(question.id, question) for question in BUILT_IN)
    return (*first, *own.values(), last)


def wanted(question: Question) -> str:
    """The one answer with which an approval counts; "" where any will do."""
    return _WANTED.get(question, "")


def chosen(question: Question, answer: str) -> str:
    """Which of the question's answers was chosen: the first line, whatever its case; "" if none, or more than one."""
    lines = [line.strip().casefold() for line in answer.split("\n")]
    found = [each for each in question.answers if each.strip().casefold() in lines]
    return found[0] if len(found) == 1 and found[0].strip().casefold() == lines[0] else ""


def missing(sheet: Sheet, policy: Policy) -> tuple[str, ...]:
    """What this sheet lacks to be a whole approval, a sentence each, by name; () if it lacks nothing."""
    return (*unanswered(sheet, policy), *unacknowledged(sheet, policy))


def unanswered(sheet: Sheet, policy: Policy) -> tuple[str, ...]:
    """The questions that an approval needs answered, and this sheet does not answer so: a sentence each."""
    if sheet.decision is Decision.REJECT:
        return ("it is headed as a rejection, so that it approves nothing",)
    return tuple(fault for question in questions(policy) if (fault := _fault(sheet, question)))


def unacknowledged(sheet: Sheet, policy: Policy) -> tuple[str, ...]:
    """The known limitations that this sheet does not acknowledge: a sentence each."""
    unseen = [limit for limit in policy.review.limitations if limit not in sheet.acknowledged]
    return tuple(f"{limit}: this known limitation is not acknowledged" for limit in unseen)


def _fault(sheet: Sheet, question: Question) -> str:
    answer = sheet.answers.get(question.id, "")
    if question.id in sheet.twice:
        return f"{question.id}: it is answered twice, and not the same"
    if not says_something(answer):
        return f"{question.id}: it is not answered" if question.required else ""
    if not question.answers:
        return ""
    choice = chosen(question, answer)
    if not choice:
        return f"{question.id}: choose one of {', '.join(question.answers)}"
    needed = wanted(question)
    return f"{question.id}: an approval needs {needed} here, not {choice}" if needed not in ("", choice) else ""
