"""Small promotions/ folders in memory, and the sentences that they lead to."""

from __future__ import annotations

from collections.abc import Mapping

from gatehouse.declare.fault import Fault
from gatehouse.declare.validate import validate
from gatehouse.pin import Pin
from tests.support.thousand import GATES, digest

A, B, C = digest("a"), digest("b"), digest("c")
POLICY = """\
owner: "@acme/credit-risk"
risk: medium
task: binary
reviewed: 2026-09-01
gates:
  drift: {max_psi: 0.2}
stages:
  staging: {gates: [schema, drift]}
  production: {gates: [schema, drift, staging], soak: 24h}
"""


class Files:
    """A Source over a mapping of paths to texts."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files = files

    def paths(self, prefix: str) -> list[str]:
        return sorted(path for path in self.files if path.startswith(f"{prefix}/"))

    def read(self, path: str) -> bytes | None:
        text = self.files.get(path)
        return text.encode() if isinstance(text, str) else text


def pin(version: int, seed: str = "a") -> Pin:
    return Pin(version, digest(seed))


def promotion(version: int, written: str = A, *more: str) -> str:
    return "\n".join((f"version: {version}", f"digest: {written}", *more)) + "\n"


def beside(role: str, version: int, written: str, percent: float = 5, more: str = "") -> str:
    return f"{role}: {{version: {version}, digest: {written}, percent: {percent}{more}}}"


def repository(**files: str | bytes) -> dict[str, str | bytes]:
    """The files of the model credit-risk by stem, beside a valid policy; ``_`` in a stem stands for the dot."""
    named = {f"promotions/credit-risk/{stem.replace('_', '.')}.yaml": text for stem, text in files.items()}
    return {"promotions/credit-risk/policy.yaml": POLICY, **named}


def faults(files: Mapping[str, str | bytes], base: Mapping[str, str | bytes] | None = None) -> list[Fault]:
    return list(validate(Files(files), GATES, base=Files(base) if base is not None else None))


def said(files: Mapping[str, str | bytes], base: Mapping[str, str | bytes] | None = None) -> str:
    """Every fault, a line each."""
    return "\n".join(map(str, faults(files, base)))
