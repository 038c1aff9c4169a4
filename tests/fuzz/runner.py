"""Lines of a log that a CI system obeys, as GitHub's runner finds them.

After ActionCommand.cs of https://github.com/actions/runner: TryParseV2 takes a line that begins, after white space,
with ``::``; TryParse takes ``##[`` anywhere in it. Both are held to the names of commands there; here any name counts.
"""

from __future__ import annotations

import re

# What .NET's TrimStart takes away: the characters that Unicode calls white space.
_BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SECOND = re.compile(rf"[{_BLANK}]*::[^:]*::")
_FIRST = re.compile(r"##\w*\[[^\]]*\]")
# How a process's output becomes lines: at any of these, so that a carriage return hides nothing.
_ENDS = re.compile("\r\n|\n|\r")


def obeyed(log: str) -> list[str]:
    """The lines that would be commands."""
    return [line for line in _ENDS.split(log) if _SECOND.match(line) or _FIRST.search(line)]
