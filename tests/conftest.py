"""What every test shares: the note on checks that this machine could not make."""

from __future__ import annotations

from tests.github.openapi import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]
