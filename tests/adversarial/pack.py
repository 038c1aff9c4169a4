"""The pack: every module of ``tests.adversarial.models`` as an attack.

A module has a docstring (what it tries), a class ``Model`` or a function ``save(folder, told)``, and says with which
verdict it has to end:

- ``GATE``, ``OUTCOME`` (both as patterns) and ``SAYS`` (a pattern in its summary); ``accuracy``, ``ERROR`` and
  "found nothing" where it says nothing else.
- ``GATES`` of the policy (``accuracy``), ``LATENCY`` thresholds, ``SANDBOX`` limits of the policy.
- ``PROOF`` that it is an attack, found by the same model in a bare process, without walls:
  ``secret`` it gets the canary; ``written`` it writes where it should not; ``left`` a process outlives it; ``killed``
  the victim is dead; ``passes`` it is promoted; ``says`` its verdict says ``BARE_SAYS``; and, within walls,
  ``until asked again``: every gate but conduct lets it pass. "" where what it answers is the attack.
- ``LEVELS`` that it is let loose in, ``PINNED`` another digest, ``OVERLOOKED`` where fetch would have refused it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.adversarial import models, saving

LEVELS = ("none", "bubblewrap", "unshare")
# What every attack may use, unless it says otherwise: far more than an honest model of this size takes.
USUAL = {"memory_mb": 2048, "processes": 32, "seconds": 60}


@dataclass(frozen=True)
class Attack:
    """One hostile model, see above. ``seconds`` is the time limit of its policy."""

    name: str
    tries: str
    save: Callable[[Path, dict[str, Any]], None]
    gate: str
    outcome: str
    says: str
    gates: str
    latency: str
    sandbox: dict[str, int]
    proof: str
    bare_says: str
    levels: tuple[str, ...]
    pinned: str | None
    overlooked: bool

    @property
    def seconds(self) -> int:
        return self.sandbox["seconds"]

    @property
    def on_walls(self) -> bool:
        """Whether walls or limits stop it, and not what the gates make of its answers."""
        return self.proof not in ("", "until asked again") or self.sandbox != USUAL


def _attack(name: str, module: ModuleType) -> Attack:
    def save(folder: Path, told: dict[str, Any]) -> None:
        saving.save(module.Model(told), folder)

    def says(key: str, otherwise: Any) -> Any:
        return getattr(module, key, otherwise)

    written = dict(part.split(": ") for part in says("SANDBOX", "").split(", ") if part)
    return Attack(
        name=name,
        tries=(module.__doc__ or "").strip(),
        save=says("save", save),
        gate=says("GATE", "accuracy"),
        outcome=says("OUTCOME", "ERROR"),
        says=says("SAYS", "found nothing"),
        gates=says("GATES", "accuracy"),
        latency=says("LATENCY", "{p95_ms: 1000, rate_per_s: 60, duration_s: 1, warmup_s: 0.1}"),
        sandbox={**USUAL, **{limit: int(value) for limit, value in written.items()}},
        proof=says("PROOF", ""),
        bare_says=says("BARE_SAYS", ""),
        levels=says("LEVELS", LEVELS),
        pinned=says("PINNED", None),
        overlooked=says("OVERLOOKED", False),
    )


def _attacks() -> dict[str, Attack]:
    names = [found.name for found in pkgutil.iter_modules(models.__path__) if not found.name.startswith("_")]
    return {name: _attack(name, importlib.import_module(f"{models.__name__}.{name}")) for name in sorted(names)}


ATTACKS = _attacks()
