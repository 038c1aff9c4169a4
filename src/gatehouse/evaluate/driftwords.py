"""The drift gate's words and pictures: what moved, and what a person does about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gatehouse.evaluate.driftlimits import Judgement
from gatehouse.evaluate.statistics.drift import ColumnDrift
from gatehouse.verdict import Outcome, Row, Rows

MOST_NAMED = 5


def summary(
    found: Sequence[Judgement], absent: Sequence[str], unknown: Sequence[str], predictions: Sequence[Judgement]
) -> str:
    if absent:
        return f"production does not have {_listed(absent)}"
    if unknown:
        return f"the training profile does not have {_listed(unknown)}"
    said = [_features(found)] if found else []
    said += [f"predictions: {_shown(one)}" for one in predictions[:1]]
    return "; ".join(said)


def _features(found: Sequence[Judgement]) -> str:
    worst = Outcome.worst(one.outcome for one in found)
    first = next(one for one in found if one.outcome is worst)
    if first.kind.of(first.column) is None:
        return f"{first.name} cannot be compared: {first.measure().note}"
    outcomes = by_feature(found)
    moved = sum(outcome is not Outcome.PASS for outcome in outcomes.values())
    return f"largest {_shown(first)} ({first.name}); {moved} of {len(outcomes)} features moved"


def _shown(one: Judgement) -> str:
    value = one.kind.of(one.column)
    return f"{one.kind.name} not known" if value is None else f"{one.kind.name} {value:.3f}"


def by_feature(found: Sequence[Judgement]) -> dict[str, Outcome]:
    """Each feature's worst outcome, in the order of their PSI."""
    names = dict.fromkeys(one.name for one in found)
    return {name: Outcome.worst(one.outcome for one in found if one.name == name) for name in names}


def advice(found: Sequence[Judgement], absent: Sequence[str], unknown: Sequence[str]) -> list[str]:
    outcomes = by_feature(found)

    def those(outcome: Outcome) -> list[str]:
        return [name for name, its in outcomes.items() if its is outcome]

    said: list[tuple[str, Sequence[str]]] = [
        ("bring back in the feature pipeline, or train without", absent),
        ("log the profile of the very table that the model is trained on, with", unknown),
        ("find out what changed in", those(Outcome.FAIL)),
        ("take more production rows to decide on", those(Outcome.INSUFFICIENT)),
        ("look at, and say in the pull request why it is fine:", those(Outcome.WARN)),
    ]
    lines = [f"{what} {_listed(names)}" for what, names in said if names]
    return [*lines, "if the world has changed, train on data of now"] if those(Outcome.FAIL) else lines


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED])


def bars(columns: Sequence[ColumnDrift], found: Sequence[Judgement], thresholds: Mapping[str, Any]) -> Rows:
    """PSI by feature, coloured by the worst that is known of it."""
    outcomes = by_feature(found)
    rows = tuple(
        Row(
            column.feature,
            column.psi,
            rows=min(column.rows),
            outcome=outcomes[column.feature],
            note=_note(column, thresholds["features"].get(column.feature, {})),
        )
        for column in columns
    )
    floors = [column.floor for column in columns if column.floor is not None]
    limits = {"worth a look": thresholds["warn_psi"], "limit": thresholds["max_psi"]}
    return Rows("Population stability index by feature", "PSI", rows, "bars", limits, max(floors, default=None))


def _note(column: ColumnDrift, own: Mapping[str, Any]) -> str:
    if column.note:
        return column.note
    limit = f"its own limit is {own['max_psi']:g}; " if "max_psi" in own else ""
    return f"{limit}missing {column.missing[0]:.1%} then, {column.missing[1]:.1%} now"
