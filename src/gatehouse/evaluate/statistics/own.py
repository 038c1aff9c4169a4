"""A team's own metrics as they travel: source text by name, so that every partition runs the very same code.

What it becomes is in ``gatehouse.evaluate.statistics.loading``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec


class Source(msgspec.Struct, frozen=True):
    """One metric's file: ``origin`` is its path in the repository, ``code`` what stands in it."""

    name: str
    origin: str
    code: bytes


class Own(msgspec.Struct, frozen=True):
    """The metrics of one repository at one commit; equal where their code is, whatever process they are in."""

    files: tuple[Source, ...] = ()

    @property
    def sources(self) -> Mapping[str, bytes]:
        """The code by name."""
        return {file.name: file.code for file in self.files}

    @property
    def digests(self) -> Mapping[str, str]:
        """``metrics/<name>`` to the digest of its code, for the evidence key."""
        return {f"metrics/{file.name}": "sha256:" + hashlib.sha256(file.code).hexdigest() for file in self.files}


NONE = Own()
