"""Errors that a person can act on: one line that says what is wrong, one that says what to do."""

from __future__ import annotations


class GatehouseError(Exception):
    """Wrong use or broken configuration; the command line prints it without a traceback and exits 2.

    ``message`` says what is wrong and where; ``fix`` says what to do about it.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message


class Unreachable(GatehouseError):
    """A registry, a git remote or GitHub did not answer; nothing was changed."""


class NotFound(GatehouseError):
    """The named model, version, revision or file does not exist."""
