"""The drift gate's limits: which divergences can have one, how a column is held against it, and how that is said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.divergence import floors
from gatehouse.evaluate.statistics.drift import ColumnDrift
from gatehouse.verdict import Measure, Outcome, Relation, within


@dataclass(frozen=True, slots=True)
class Divergence:
    """One way to say how far a column has moved. ``key`` is its name in thresholds, ``field`` in ColumnDrift; ``scale``
    says what its numbers are."""

    key: str
    name: str
    field: str
    scale: str = ""
    unit: str = ""
    numbers_only: bool = False

    def of(self, column: ColumnDrift) -> float | None:
        value: float | None = getattr(column, self.field)
        return None if value is None or math.isnan(value) else value


DIVERGENCES = (
    Divergence("psi", "PSI", "psi"),
    Divergence("kl", "KL divergence", "kl", "training from production, in nats"),
    Divergence("js", "JS divergence", "js", "in nats, 0 to 0.693"),
    Divergence("cramers_v", "Cramér's V", "cramers_v", "the chi-square test's effect size, 0 to 1"),
    Divergence("ks", "KS distance", "ks", "0 to 1; numbers only", "", True),
    Divergence(
        "wasserstein",
        "Wasserstein distance",
        "wasserstein_sd",
        "in standard deviations of its training values; numbers only",
        "sd",
        True,
    ),
)
OF_PREDICTIONS = tuple(one for one in DIVERGENCES if one.key in ("psi", "ks"))
DEFAULTS = {"max_psi": 0.25, "warn_psi": 0.1}
NO_NUMBERS = ("categorical", "opaque")


def properties(
    of: str = "any feature", it: str = "a feature is", prefix: str = "", kinds: Sequence[Divergence] = DIVERGENCES
) -> dict[str, Any]:
    """JSON Schema properties of a blocking and a warning limit for each kind."""
    found = {}
    for kind in kinds:
        scale = f" ({kind.scale})" if kind.scale else ""
        found[f"max_{prefix}{kind.key}"] = _limit(
            f"Largest {kind.name} of {of}{scale}; beyond it the promotion is blocked."
        )
        found[f"warn_{prefix}{kind.key}"] = _limit(f"{kind.name} from which {it} worth a look.")
    return found


def _limit(text: str) -> dict[str, Any]:
    return {"type": "number", "exclusiveMinimum": 0, "description": text}


def schema() -> dict[str, Any]:
    """The limits on every feature, with their defaults, and on single features by name."""
    own = properties("this feature", "it is")
    every = {name: {**part, **_default(name)} for name, part in properties().items()}
    return {
        **every,
        "features": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "properties": own,
            },
            "default": {},
            "description": "Limits of single features by name, instead of the ones above: {age: {max_psi: 0.4}}.",
        },
        **properties("the candidate's predictions on production rows", "they are", "prediction_", OF_PREDICTIONS),
    }


def _default(name: str) -> dict[str, float]:
    return {"default": DEFAULTS[name]} if name in DEFAULTS else {}


def asks_predictions(thresholds: Mapping[str, Any]) -> bool:
    """Whether any limit on predictions is set."""
    return any(f"{word}_prediction_{kind.key}" in thresholds for word in ("max", "warn") for kind in OF_PREDICTIONS)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One divergence of one column, held against its limits. ``name`` is the column's, as people read it."""

    kind: Divergence
    column: ColumnDrift
    name: str
    limit: float | None
    warn: float | None
    outcome: Outcome

    @property
    def rank(self) -> float:
        """What has moved most stands first, and what cannot be compared before it."""
        value = self.kind.of(self.column)
        return math.inf if value is None else value

    def measure(self, champion: ColumnDrift | None = None) -> Measure:
        value = self.kind.of(self.column)
        return Measure(
            f"{self.kind.name} of {self.name}",
            value if value is None or math.isfinite(value) else None,
            self.outcome,
            limit=self.limit,
            relation=None if self.limit is None else Relation.AT_MOST,
            champion=None if champion is None else self.kind.of(champion),
            rows=min(self.column.rows),
            unit=self.kind.unit,
            note=self._note(value),
        )

    def _note(self, value: float | None) -> str:
        column = self.column
        if column.adjusted_p is None:
            return column.note or "it cannot be compared"
        if value is None:
            return "no values, or infinite ones, on one side"
        if math.isinf(value):
            return "training does not vary, and production is elsewhere"
        told = {} if column.floor is None else floors(column.floor, *column.rows)
        chance = f"chance alone: {told[self.kind.key]:.3f}, " if self.kind.key in told else ""
        warns = f"; worth a look from {self.warn:g}" if self.limit is None else ""
        return f"{chance}p {column.adjusted_p:.2g}{warns}" + (f", {column.note}" if column.note else "")


def judgements(
    column: ColumnDrift, name: str, limits: Mapping[str, Any], alpha: float, prefix: str = ""
) -> list[Judgement]:
    """The column against every limit that is set and can be asked of it."""
    found = []
    for kind in DIVERGENCES:
        limit, warn = (limits.get(f"{word}_{prefix}{kind.key}") for word in ("max", "warn"))
        if (limit is None and warn is None) or (kind.numbers_only and column.kind in NO_NUMBERS):
            continue
        outcome = _outcome(kind.of(column), column.adjusted_p, limit, warn, alpha)
        found.append(Judgement(kind, column, name, limit, warn, outcome))
    return found


def of_features(columns: Sequence[ColumnDrift], thresholds: Mapping[str, Any]) -> list[Judgement]:
    """Every feature by every divergence that has a limit, a divergence at a time, what moved most first.

    Raises GatehouseError for a feature's own limit that cannot be asked of it.
    """
    own = thresholds["features"]
    for column in columns:
        _asked_rightly(column, own.get(column.feature, {}))
    found = [
        one
        for column in columns
        for one in judgements(
            column, column.feature, {**thresholds, **own.get(column.feature, {})}, thresholds["alpha"]
        )
    ]
    return sorted(found, key=lambda one: (DIVERGENCES.index(one.kind), -one.rank))


def of_predictions(column: ColumnDrift, thresholds: Mapping[str, Any]) -> list[Judgement]:
    """The predictions by the limits that are set for them. Raises GatehouseError where none of these can be asked."""
    found = judgements(column, "predictions", thresholds, thresholds["alpha"], "prediction_")
    if not found:
        raise GatehouseError(
            "gates.drift: a KS limit is for numbers, and the model answers classes", "set max_prediction_psi instead"
        )
    return found


def known(features: Sequence[str], thresholds: Mapping[str, Any]) -> None:
    """Raises GatehouseError where a limit is set for a feature that the model does not take: a slip of the pen there
    would leave the feature that is meant with the limits of all."""
    for name in thresholds["features"]:
        if name not in features:
            near = get_close_matches(name, features, n=1)
            raise GatehouseError(
                f"gates.drift.features: the candidate takes no {name!r}",
                f"did you mean {near[0]!r}?" if near else "take it out of policy.yaml",
            )


def _asked_rightly(column: ColumnDrift, own: Mapping[str, Any]) -> None:
    for kind in DIVERGENCES:
        wrong = [name for name in (f"max_{kind.key}", f"warn_{kind.key}") if name in own]
        if wrong and kind.numbers_only and column.kind in NO_NUMBERS:
            raise GatehouseError(
                f"gates.drift.features.{column.feature}.{wrong[0]} is for numbers, and it is {column.kind}",
                "limit its psi, js or cramers_v instead",
            )


def _outcome(value: float | None, p: float | None, limit: float | None, warn: float | None, alpha: float) -> Outcome:
    """By size and by chance: what is beyond a limit on so few rows that chance can do that is not decided."""
    if value is None or p is None:
        return Outcome.FAIL
    certain = p < alpha
    if limit is not None and not within(value, limit, Relation.AT_MOST):
        return Outcome.FAIL if certain else Outcome.INSUFFICIENT
    return Outcome.WARN if certain and warn is not None and value >= warn else Outcome.PASS
