"""Who must agree to a change of a path: a CODEOWNERS file, read as GitHub reads it.

The last line that matches a path decides alone; a line without owners un-owns what it matches. Patterns are those of
gitignore, except that ``!`` and ``[ ]`` are not allowed and that ``docs/*`` stops at the folder's own files. Source:
https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order; the first file there is counts, and none beside it."""
LIMIT = 3_000_000
"""Bytes; GitHub loads no larger file ("under 3 MB"), and then nobody owns anything."""

_OWNER = re.compile(r"@[A-Za-z0-9][\w-]*(?:/[\w.-]+)?|[^\s@]+@[^\s@]+\.[^\s@]+")
# White space ends a pattern unless it is escaped.
_PATTERN = re.compile(r"(?:\\.|[^\s\\])+\\?")


@dataclass(frozen=True)
class Line:
    """One line that GitHub takes. Without ``owners`` nobody owns what it matches."""

    number: int
    pattern: str
    owners: tuple[str, ...]

    @cached_property
    def _folder(self) -> str:
        """The top folder that the pattern is tied to by its own name; "" where it is tied to none."""
        first, _, rest = self.pattern.removeprefix("/").partition("/")
        return first if rest and not set(first) & set("*?\\") else ""

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return _expression(self.pattern)

    def matches(self, path: str) -> bool:
        """Whether the line speaks of a file; ``path`` from the repository's root, with ``/`` between."""
        # Most lines of a large file speak of another folder, which is told without an expression.
        if self._folder and not path.startswith(f"{self._folder}/"):
            return False
        return self._expression.fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that GitHub does not take, and skips; what it was meant to protect is left to the lines above it."""

    number: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Owners:
    """A whole file: its lines in order, and what GitHub skips."""

    lines: tuple[Line, ...]
    skipped: tuple[Skipped, ...] = ()

    def line(self, path: str) -> Line | None:
        """The line that decides about a path; None where no line matches it."""
        return next((line for line in reversed(self.lines) if line.matches(path)), None)

    def of(self, path: str) -> tuple[str, ...]:
        """Who owns a path, any one of whom suffices; empty where nobody does."""
        line = self.line(path)
        return line.owners if line else ()


def find(paths: Sequence[str]) -> str | None:
    """The CODEOWNERS file that counts among a revision's paths."""
    there = set(paths)
    return next((place for place in PLACES if place in there), None)


def parse(text: str) -> Owners:
    """The lines of a CODEOWNERS file; what GitHub would skip is kept aside, with why."""
    lines: list[Line] = []
    skipped: list[Skipped] = []
    # GitHub counts lines by line feeds alone; str.splitlines would also split at form feeds and the like.
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        said = raw.strip()
        if not said or said.startswith("#"):
            continue
        pattern, owners = _split(said)
        why = next(_wrong(pattern, owners), None)
        if why is None:
            lines.append(Line(number, pattern, owners))
        else:
            skipped.append(Skipped(number, said, why))
    return Owners(tuple(lines), tuple(skipped))


def _split(said: str) -> tuple[str, tuple[str, ...]]:
    """The pattern and the owners of a line, without the comment behind them."""
    found = _PATTERN.match(said)
    pattern = found[0] if found else ""
    rest = said[len(pattern) :]
    return pattern, tuple(re.split(r"\s#|^#", rest, maxsplit=1)[0].split())


def _wrong(pattern: str, owners: Sequence[str]) -> Iterator[str]:
    if pattern.startswith("!"):
        yield "`!` does not negate a pattern here"
    if "[" in pattern or "]" in pattern:
        yield "`[ ]` makes no range here"
    if "***" in pattern:
        yield "`***` is no pattern"
    if "#" in pattern:
        yield "`#` cannot be part of a pattern, not even escaped"
    if _dangling(pattern):
        yield "a backslash at the end escapes nothing"
    for owner in owners:
        if not _OWNER.fullmatch(owner):
            yield f"`{owner}` is no @user, @organization/team or e-mail address"


def _dangling(pattern: str) -> bool:
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 1


def _expression(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression over a whole path."""
    if pattern == "/":
        return re.compile(r"(?!)")
    parts = pattern.removeprefix("/").split("/")
    # A pattern of one part holds at any depth, unless a slash ties it to the root.
    if not pattern.startswith("/") and (len(parts) == 1 or parts[1:] == [""]) and parts[0] != "**":
        parts.insert(0, "**")
    if parts[-1] == "" and len(parts) > 1:
        parts[-1] = "**"
    return re.compile("".join(_pieces(parts)), re.DOTALL)


def _pieces(parts: Sequence[str]) -> Iterator[str]:
    last = len(parts) - 1
    for place, part in enumerate(parts):
        if part == "**":
            # Any folders, none included; at the end whatever lies below.
            yield "(?:[^/]+/)*" if place < last else ".+"
        elif part == "*":
            yield "[^/]+" + ("/" if place < last else "")
        else:
            # A name at the end stands for a file or a whole folder.
            yield _name(part) + ("/" if place < last else "(?:/.+)?")


def _name(part: str) -> str:
    """One part between slashes: ``*`` and ``?`` stand for what is no slash, a backslash takes the next character as it
    is."""
    wild = {"*": "[^/]*", "?": "[^/]"}
    return "".join(
        wild.get(found, re.escape(found[1:] if found[0] == "\\" else found))
        for found in re.findall(r"\\.|.", part, re.DOTALL)
    )
