"""What libyaml says of text that does not parse, said so that a person can mend it."""

from __future__ import annotations

import yaml

# The first of these that the parser's complaint contains: what is wrong, and what to do. None: keep the complaint.
_KNOWN = (
    ("mapping values are not allowed", "a `: ` where no value can begin",
     "check the indentation and the space after the colon above, and quote a text that contains `: `"),
    ("expected ',' or ']'", "a list that is not closed", "close it with `]`, with commas between its items"),
    ("expected ',' or '}'", "a mapping that is not closed", "close it with `}`, with commas between its keys"),
    ("expected node content", "no value where one must be", "write it, and close the brackets that are open above it"),
    ("unexpected end of stream", "a quote that is not closed", "close it"),
    ("unknown escape character", "an unknown escape in a quoted text", "double the backslash, or use single quotes"),
    ("expected '-' indicator", "a key among the items of a list", "indent it under its own key"),
    ("could not find expected ':'", "a key without its colon", "write `key: value`"),
    ("did not find expected key", "an indentation that fits nothing above", "align it with its neighbours"),
)  # fmt: skip


def complaint(error: yaml.YAMLError, text: str) -> tuple[int, str, str]:
    """The line (from 1), the message and the fix for an error of the parser."""
    if not isinstance(error, yaml.MarkedYAMLError):
        position = getattr(error, "position", 0)
        return (
            text.count("\n", 0, position) + 1,
            "a character that YAML does not allow",
            "take the control character out",
        )
    mark = error.problem_mark or error.context_mark
    problem = error.problem or "does not parse"
    if "cannot start any token" in problem and mark is not None:
        return mark.line + 1, *_token(text, mark.line, mark.column)
    for sign, said, fix in _KNOWN:
        if sign in problem:
            # What is never closed is named where it was opened, not where the file ends.
            began = error.context_mark if "not closed" in said else None
            return (began or mark).line + 1 if mark is not None else 1, said, fix
    return mark.line + 1 if mark is not None else 1, f"is no YAML: {problem}", "check the line and the one above it"


def _token(text: str, line: int, column: int) -> tuple[str, str]:
    rows = text.split("\n")
    row = rows[line] if line < len(rows) else ""
    rest = row[column:].split()
    if not rest or row[column] == "\t":
        return "a tab where YAML wants spaces", "indent with spaces"
    word = rest[0].rstrip(",]}")
    return f"a text cannot begin with `{word[:1]}`", f'put it in quotes: "{word[:60]}"'
