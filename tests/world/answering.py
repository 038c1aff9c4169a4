"""How a reviewer fills in the questionnaire: on the printed form, as with a pen, and by nothing of gatehouse's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_QUESTION = re.compile(r"\*\*([\w-]+)\*\*:")
_BOX = re.compile(r"- \[ \] (.*)")
_LIMITATIONS = "limitations"

# What somebody who read the report says of it; of a question that is not listed here, ``ELSE``.
ANSWERS: Mapping[str, str] = {
    "gain": "It does: the gain is far beyond its interval, and a version goes back in seconds.",
    "data": "The account package was lost in a join; this version does not use it.",
    "groups": "Small businesses do worst, by less than the limit, and no worse than with the champion.",
    "by-hand": "Ten applications of last week, two of them at the threshold: nothing unexpected.",
    "model-card": "yes",
    "timing": "yes",
    "on-call": "Olga, who has read this.",
}
ELSE = "Looked at, and fine."


def filled(form: str, answers: Mapping[str, str] = ANSWERS) -> str:
    """The form with every question answered and every known limitation ticked. Of boxes the one that the answer names,
    else the first; what may be left out is left out."""
    return "\n".join(_lines(form.splitlines(), answers)) + "\n"


def _lines(form: list[str], answers: Mapping[str, str]) -> Iterator[str]:
    question, open_ = "", False
    for line in form:
        asked, box = _QUESTION.match(line), _BOX.fullmatch(line)
        if asked:
            question, open_ = asked[1], "(may be left out)" not in line
        if line.strip() == ">" and open_:
            yield f"> {answers.get(question, ELSE)}"
        elif box and (question == _LIMITATIONS or (open_ and answers.get(question, box[1]) == box[1])):
            open_ = question == _LIMITATIONS
            yield f"- [x] {box[1]}"
        else:
            yield line
