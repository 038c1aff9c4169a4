"""Names that Kubernetes takes (RFC 1123 labels), short enough for what controllers append, and never two alike.

A model's name may have capitals, dots and underscores, and 200 characters. One that is a label as it stands keeps it;
any other is made fit and told apart by a hash of the whole name. What follows a model's name here (``-v13``,
``--staging``, a hash) never ends a name that was kept, so no model can be called what another one's parts are.
"""

from __future__ import annotations

import re
from hashlib import sha256

from gatehouse.errors import GatehouseError

# KServe appends "-predictor", and a Service's name has 63 characters: 40 + 2 for "-v" + 10 digits leave room.
_MODEL, _STAGE, _DIGITS = 40, 20, 10
_HASH = 10
_KEPT = re.compile(r"[a-z](-?[a-z0-9])*")
_TAKEN = re.compile(rf".*-(v[0-9]+|[0-9a-f]{{{_HASH}}})")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def base(model: str, limit: int = _MODEL) -> str:
    """The model's name as a label of at most ``limit`` characters that begins with a letter."""
    if _KEPT.fullmatch(model) and not _TAKEN.fullmatch(model) and len(model) <= limit:
        return model
    plain = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")
    plain = plain if plain[:1].isalpha() else f"m-{plain}"
    return f"{plain[: limit - _HASH - 1].strip('-')}-{sha256(model.encode()).hexdigest()[:_HASH]}"


def of_version(model: str, version: int) -> str:
    """``credit-risk-v13``. Raises GatehouseError for a number that no registry reaches."""
    if not 0 < version < 10**_DIGITS:
        raise GatehouseError(
            f"{model}: version {version} has no name on a cluster",
            f"pin a version between 1 and {10**_DIGITS - 1:,}",
        )
    return f"{base(model)}-v{version}"


def of_stage(model: str, stage: str) -> str:
    """What callers ask for: ``credit-risk`` in production, ``credit-risk--staging`` in another stage."""
    return base(model) if stage == "production" else f"{base(model)}--{base(stage, _STAGE)}"


def label(name: str, what: str) -> str:
    """The name, which is an RFC 1123 label; raises GatehouseError for one that is not."""
    if not _LABEL.fullmatch(name):
        raise GatehouseError(
            f"{what} {name[:80]!r} is no name for Kubernetes",
            "use at most 63 lower-case letters, digits and '-', with a letter or digit at both ends",
        )
    return name
