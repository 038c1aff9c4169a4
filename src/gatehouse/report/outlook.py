"""What the evidence that is kept says of the pins of a pull request, where no model is run: words and Markdown.

The title of a check that says so begins with one of two words, by which the next look finds it again: a check that
failed for another reason is never turned green here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gatehouse.pin import Pin, Role, Slot
from gatehouse.report.text import clean, code, markdown

OUTDATED = "Out of date: "
TAKEN = "One promotion a slot: "
NOTHING = "No pin changes"
_SHOWN = 50
# A commit status, where a token may not make check runs, takes 140 characters.
_LIMIT = 105


class Answer(msgspec.Struct, frozen=True):
    """Whether one pin may come in on the evidence that is kept.

    ``fault`` says why not ("": it may), ``fix`` what to do. ``key`` names the evidence ("": none answers).
    ``returning``: the pin was the slot's champion before, so that it may come back without evidence.
    """

    slot: Slot
    role: Role
    candidate: Pin
    fault: str = ""
    fix: str = ""
    key: str = ""
    returning: bool = False

    @property
    def good(self) -> bool:
        return not self.fault


class Word(msgspec.Struct, frozen=True):
    """What a check has to say: its title, and its summary in Markdown."""

    title: str
    summary: str


def ours(title: str) -> bool:
    """Whether a failed check's title is one of this module's."""
    return title.startswith((OUTDATED.strip(), TAKEN.strip()))


def outdated(answers: Sequence[Answer]) -> Word:
    """The word on answers of which one at least is no longer good."""
    bad = [answer for answer in answers if not answer.good]
    more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    lines = [
        "## ⏳ The evidence does not hold against main as it is now",
        "",
        *_table(answers),
        "",
        "Approvals of the old evidence do not count.",
    ]
    return _word(f"{OUTDATED}{clean(f'{bad[0].slot}: {bad[0].fault}', _LIMIT)}{more}", lines)


def unread(message: str, fix: str) -> Word:
    """The word on pins that cannot be judged against main at all."""
    lines = [
        "## ⏳ These pins cannot be judged against main as it is now",
        "",
        markdown(message, 2000),
        *(["", f"**Next:** {markdown(fix, 1000)}"] if fix else []),
    ]
    return _word(f"{OUTDATED}{clean(message, _LIMIT)}", lines)


def taken(slot: Slot, number: int) -> Word:
    """The word on a slot that an older pull request changes too. Its title was written by somebody: it is left out."""
    title = f"{TAKEN}#{number} is open for {clean(str(slot), 80)} already"
    lines = [
        f"## ⛔ #{number} changes {code(str(slot))} too, and is older",
        "",
        "Two promotions of one slot are each judged against what serves now, and not against each other: the second to "
        "be merged would come in on evidence that no longer holds.",
        "",
        f"**Next:** merge or close #{number}. This check is looked at again after every merge to main, and every hour; "
        "`gatehouse evidence open` does it at once.",
    ]
    return _word(title, lines)


def holds(answers: Sequence[Answer]) -> Word:
    """The word on answers that are all good; on no answer where no pin changes."""
    if not answers:
        return _word(NOTHING, ["No pin under `promotions/` changes here."])
    count = len(answers)
    title = f"The evidence of {count} pin{'s' * (count != 1)} holds: no model was run again"
    return _word(title, ["## ✅ The evidence holds", "", *_table(answers)])


def words(answers: Sequence[Answer]) -> list[str]:
    """Answers for a terminal, a line each and another for what to do."""
    lines: list[str] = []
    for answer in answers:
        part = "" if answer.role is Role.CHAMPION else f" as {answer.role}"
        start = f"{'✓' if answer.good else '✗'} {answer.slot} {answer.candidate}{part}: "
        lines.append(clean(start + (answer.fault or _reason(answer)), 500))
        lines += [f"  {clean(answer.fix, 500)}"] if answer.fix else []
    return lines


def _table(answers: Sequence[Answer]) -> list[str]:
    rows = ["| Promotion | Version | Evidence | Next |", "|:--|:--|:--|:--|"]
    for answer in answers[:_SHOWN]:
        part = "" if answer.role is Role.CHAMPION else f" as {answer.role}"
        sign = "✅" if answer.good else "⏳"
        said = markdown(answer.fault, 500) if answer.fault else _reason(answer, code(answer.key, 24))
        fix = markdown(answer.fix, 500) or "–"
        rows.append(f"| {code(str(answer.slot))}{part} | {answer.candidate.version} | {sign} {said} | {fix} |")
    left = len(answers) - _SHOWN
    return [*rows, *(["", f"… and {left:,} more"] if left > 0 else [])]


def _reason(answer: Answer, key: str = "") -> str:
    if answer.returning:
        return "it was champion here before, and may come back"
    return f"holds {key or answer.key}".rstrip()


def _word(title: str, lines: Sequence[str]) -> Word:
    # White space as GitHub keeps it: a title is compared with what was posted before.
    return Word(" ".join(title.split()), "\n".join(lines).rstrip() + "\n")
