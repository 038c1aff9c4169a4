"""What is promoted, and where to: the nouns that every package shares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
MODEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
NAME = re.compile(r"[a-z0-9][a-z0-9_\-]{0,62}")
ROOT = PurePosixPath("promotions")
# Files of a model's folder that are not promotions.
RESERVED = frozenset({"policy", "hold"})


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """One exact model: the registry's version number, and the digest of its artifact.

    Raises ValueError for a version below 1 or a digest that is not ``sha256:`` and 64 hex digits.
    """

    version: int
    digest: str

    def __post_init__(self) -> None:
        if self.version < 1:
            raise ValueError(f"a version is 1 or more, got {self.version}")
        if not DIGEST.fullmatch(self.digest):
            raise ValueError(f"a digest is sha256: and 64 hex digits, got {self.digest!r}")

    @property
    def short(self) -> str:
        """The first twelve hex digits of the digest, for people."""
        return self.digest.removeprefix("sha256:")[:12]

    def __str__(self) -> str:
        return f"version {self.version} ({self.short})"


class Role(StrEnum):
    """The part a pin plays in its slot; the values are the keys of the promotion file."""

    CHAMPION = "champion"
    CANARY = "canary"
    CHALLENGER = "challenger"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class Slot:
    """The place that a promotion file names by its path: a model, a stage, perhaps a segment."""

    model: str
    stage: str
    segment: str | None = None

    @property
    def path(self) -> str:
        """The promotion file, from the repository's root, with forward slashes."""
        return f"{ROOT}/{self.model}/{self.label}.yaml"

    @property
    def label(self) -> str:
        """``production`` or ``production.eu``."""
        return self.stage if self.segment is None else f"{self.stage}.{self.segment}"

    def alias(self, role: Role = Role.CHAMPION) -> str:
        """The MLflow alias that mirrors this slot: ``staging``, ``champion``, ``champion-eu``, ``shadow-eu``…

        Only production's champion is *the* champion; every other stage lends its own name to its main pin.
        """
        name = self.stage if role is Role.CHAMPION and self.stage != "production" else str(role)
        if self.stage != "production" and role is not Role.CHAMPION:
            name = f"{self.stage}-{role}"
        return name if self.segment is None else f"{name}-{self.segment}"

    @classmethod
    def from_path(cls, path: str) -> Slot | None:
        """The slot that a repository path names, or None when the path is not a promotion file."""
        parts = PurePosixPath(path).parts
        if len(parts) != 3 or parts[0] != str(ROOT) or not parts[2].endswith(".yaml"):
            return None
        stage, _, segment = parts[2].removesuffix(".yaml").partition(".")
        if stage in RESERVED:
            return None
        return cls(parts[1], stage, segment or None)

    def __str__(self) -> str:
        return f"{self.model}/{self.label}"
