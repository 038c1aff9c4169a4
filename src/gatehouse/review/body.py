"""A review's body: the filled-in questionnaire as Markdown that people read on GitHub, and that is read back here.

```markdown
### Approval of `credit-risk/production`, version 48

Token: `3f9a0c1b2d4e`

**gain**: Does the gain that was measured justify the risk of this change, and why?

> It does: …

**timing**: Is this a good moment: …?

- [x] yes
- [ ] no

**limitations**: Known limitations. Tick each one that you have weighed.

- [x] thin-file-applicants
```

An answer is all that stands below its question, quoted or not. Where the form is left, what cannot be found counts as
not answered, and ``questions.missing`` names it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gatehouse.declare.types import Policy, Question
from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.review import lines, quoting
from gatehouse.review.commands import Verb, given
from gatehouse.review.filled import LIMITATIONS, Filled
from gatehouse.review.questions import questions
from gatehouse.review.sheet import Decision, Sheet

# GitHub takes 65,535 characters; whoever sends the review may add a line.
LIMIT = 65_000
_HEADS = {Decision.APPROVE: "Approval", Decision.REJECT: "Rejection"}
_ONE_LINE = re.compile(r"\s+")


def write(sheets: Sequence[tuple[Sheet, Policy]]) -> str:
    """The body that says these sheets, each with the policy that asks.

    Raises GatehouseError where it is more than GitHub takes.
    """
    body = "\n\n".join(_sheet(sheet, policy, blank=False) for sheet, policy in sheets) + "\n"
    if len(body) > LIMIT:
        fix = "shorten the longest answer: a link to where it is told in full is enough"
        raise GatehouseError(f"the review has {len(body):,} characters, and {LIMIT:,} fit", fix)
    return body


def template(sheet: Sheet, policy: Policy) -> str:
    """The form for one pin, to be filled in where it says ``>`` and ``[ ]``; of a rejection, only the reason."""
    return _sheet(sheet, policy, blank=True) + "\n"


def read(body: str) -> tuple[Sheet, ...]:
    """The sheets in a review's body, or in a comment that begins with ``/approve-model``; () where there is none."""
    text = lines.lines(body)
    code = lines.inside_code(text)
    filled = Filled()
    for at, line in enumerate(text):
        filled.add(line, structure=at not in code)
    return filled.sheets()


def find(body: str, token: str) -> Sheet | None:
    """The sheet that repeats this token; the fullest, where a command and the form below it both do."""
    found = [sheet for sheet in read(body) if sheet.token == token]
    return max(found, key=lambda sheet: len(sheet.answers) + len(sheet.acknowledged), default=None)


def reason(body: str) -> str:
    """Why somebody rejects, from the body of a review or comment: what a form or a command says, else all of it."""
    forms = [sheet.reason for sheet in read(body) if sheet.decision is Decision.REJECT]
    told = [*forms, *(command.reason for command in given(body) if command.verb is Verb.REJECT)]
    return "\n".join(dict.fromkeys(filter(None, told))) if told else quoting.unquoted(lines.lines(body))


def _sheet(sheet: Sheet, policy: Policy, *, blank: bool) -> str:
    approving = sheet.decision is Decision.APPROVE
    # A rejection may come before there is evidence that could be named.
    blocks = [_head(sheet), *([f"Token: `{sheet.token}`"] if sheet.token else [])]
    if sheet.reason or (blank and not approving):
        blocks.append(_quote(sheet.reason))
    for question in _shown(sheet, policy, blank=blank):
        blocks += _question(question, sheet.answers.get(question.id, ""), blank=blank)
    blocks += _limitations(sheet, policy.review.limitations if approving else ())
    return "\n\n".join(blocks)


def _shown(sheet: Sheet, policy: Policy, *, blank: bool) -> list[Question]:
    """What is asked, answered or not; what may be left out and was; and answers that nobody asked for."""
    asked = questions(policy)
    wanted = sheet.decision is Decision.APPROVE
    shown = [each for each in asked if each.id in sheet.answers or (wanted and (blank or each.required))]
    others = sheet.answers.keys() - {each.id for each in asked} - {LIMITATIONS}
    return [*shown, *(Question(name, "") for name in sorted(others))]


def _head(sheet: Sheet) -> str:
    role = "" if sheet.role is Role.CHAMPION else f" as {sheet.role}"
    return f"### {_HEADS[sheet.decision]} of `{sheet.promotion}`{role}, version {sheet.version}"


def _question(question: Question, answer: str, *, blank: bool) -> list[str]:
    optional = " (may be left out)" if blank and not question.required else ""
    ask = quoting.written(_ONE_LINE.sub(" ", question.ask).strip())
    blocks = [f"**{question.id}**: {ask}{optional}".rstrip()]
    choice, rest = _split(question, answer)
    if question.answers:
        blocks.append("\n".join(_item(each, each == choice) for each in question.answers))
    if rest or (blank and not question.answers):
        blocks.append(_quote(rest))
    return blocks


def _split(question: Question, answer: str) -> tuple[str, str]:
    """An answer as the box to tick and what is written below; only where both together are that very answer again."""
    choice, line_end, rest = answer.partition("\n")
    if choice in question.answers and bool(line_end) == bool(rest):
        return choice, rest
    return "", answer


def _limitations(sheet: Sheet, listed: Sequence[str]) -> list[str]:
    shown = [*listed, *sorted(sheet.acknowledged.difference(listed))]
    remark = sheet.answers.get(LIMITATIONS, "")
    if not shown and not remark:
        return []
    items = "\n".join(_item(limit, limit in sheet.acknowledged) for limit in shown)
    head = f"**{LIMITATIONS}**: Known limitations. Tick each one that you have weighed."
    return [block for block in (head, items, _quote(remark) if remark else "") if block]


def _quote(text: str) -> str:
    return "\n".join(quoting.quoted(text)).rstrip()


def _item(text: str, ticked: bool) -> str:
    return f"- [{'x' if ticked else ' '}] {quoting.written(text)}"
