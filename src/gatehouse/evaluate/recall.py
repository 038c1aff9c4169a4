"""Answers that were found before: a second check of the same question need not run the models again.

They lie beside the repository's own git objects, on the machine that found them, and serve the person there. What a
pull request is told, and what sync believes, is always found anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import msgspec

from gatehouse.declare.types import Policy
from gatehouse.evaluate.material import Staged
from gatehouse.evaluate.papers import KINDS
from gatehouse.evaluate.result import Request, Result
from gatehouse.verdict import Outcome, Verdict

# Answers kept; the oldest are forgotten first.
MOST = 200


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer depends on: the evidence key, and what the key leaves out since it changes by itself.

    ``data`` maps each table to its digest, ``staged`` says whether the version has been in the stage before for long
    enough, and ``day`` is there because thresholds and cards grow old.
    """

    key: str
    data: Mapping[str, str]
    staged: str
    day: date


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    standing: Standing
    result: Result


def soak(staged: Staged | None, policy: Policy, request: Request) -> str:
    """A version that has soaked for long enough stays so; of another, the time until then is part of the answer."""
    if staged is None:
        return "never"
    enough = staged.soaked >= policy.stages[request.slot.stage].soak
    return f"since {staged.since}" if enough else f"since {staged.since}, for {staged.soaked}"


def _fleeting(verdict: Verdict) -> bool:
    """Whether a verdict may be another one the next time, though everything stands the same."""
    return verdict.outcome is Outcome.ERROR or (verdict.gate in KINDS and not verdict.outcome.lets_through)


class Recall:
    """The answers in one folder, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answer(self, standing: Standing, request: Request) -> Result | None:
        """What was found where everything stood the same, as the answer to ``request``; None where nothing was."""
        kept = self._read(self._place(standing.key))
        if kept is None or kept.standing != standing:
            return None
        return msgspec.structs.replace(kept.result, request=request, reused=kept.result.evaluated)

    def keep(self, standing: Standing, result: Result) -> None:
        """Keeps an answer for the next time. One that could not look is no answer, nor is one to something else, nor
        one that misses something in a card: whoever mends the card changes nothing that the standing knows of."""
        if result.key != standing.key or any(map(_fleeting, result.verdicts)):
            return
        # A check is worth its answer where nothing can be kept, too.
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            place = self._place(standing.key)
            draft = place.with_suffix(".new")
            draft.write_bytes(msgspec.json.encode(_Kept(standing, result)))
            draft.replace(place)
            for old in sorted(self._files(), key=lambda file: file.stat().st_mtime)[:-MOST]:
                old.unlink(missing_ok=True)

    def results(self) -> Iterator[Result]:
        """Every answer that is kept, in no order."""
        kept = (self._read(file) for file in self._files())
        return (one.result for one in kept if one is not None)

    def _files(self) -> list[Path]:
        return list(self._folder.glob("*.json"))

    def _place(self, key: str) -> Path:
        return self._folder / f"{key.removeprefix('sha256:')}.json"

    def _read(self, file: Path) -> _Kept | None:
        """None for a file that is not there, or is another version's: it is asked again then."""
        try:
            return msgspec.json.decode(file.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return None
