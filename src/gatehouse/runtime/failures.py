"""What can go wrong with a model's process. Each kind is a type of its own, all of them ModelError.

Whatever these errors quote comes from a process that may be hostile: it is cut to a length and freed of control
characters by ``harmless`` before it becomes part of a message.
"""

from __future__ import annotations

from gatehouse.errors import GatehouseError

QUOTED = 500


class ModelError(GatehouseError):
    """A model's process did not do what was asked of it."""


class ModelDidNotStart(ModelError):
    """It could not be started or loaded, or was not ready in time."""


class ModelRaised(ModelError):
    """Predicting raised an exception in the model; ``error`` is its type. The process lives on."""

    def __init__(self, error: str, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.error = error


class ModelTimedOut(ModelError):
    """No answer in time. The process was killed: whatever it is busy with cannot be called off."""


class ModelDied(ModelError):
    """The process ended, or was ended, before it answered."""


class ModelOverLimits(ModelError):
    """The process used too much, together with what it had started, and was killed."""


class ModelAnswerInvalid(ModelError):
    """An answer came that cannot be one: wrong number of rows, wrong type, too large, not in the protocol."""


def harmless(text: str, limit: int = QUOTED) -> str:
    """The text in one line, at most ``limit`` characters of it, everything unprintable escaped."""
    cut = " ".join(text[: limit * 4].split())
    cut = cut if len(cut) <= limit else cut[:limit] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)
