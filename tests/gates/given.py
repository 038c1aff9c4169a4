"""A stand-in for Evidence, built from real frozen values and real statistics, for gates that only decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import numpy as np
import pyarrow as pa

from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError
from gatehouse.evaluate import sql
from gatehouse.evaluate.cards import Card
from gatehouse.evaluate.conduct import Conduct
from gatehouse.evaluate.contract import Contract
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import builtin, judge
from gatehouse.evaluate.material import Fetched, Staged
from gatehouse.evaluate.result import Request, Subject
from gatehouse.evaluate.schema import Finding
from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.drift import ColumnDrift, Drift
from gatehouse.evaluate.statistics.fairness import Disparity, Rule
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import batch_of, score
from gatehouse.evaluate.stress.shaken import Shaken, Stress
from gatehouse.evaluate.timed import Timed
from gatehouse.evaluate.traffic.traffic import Traffic
from gatehouse.registry.mlmodel import MLModel
from gatehouse.registry.pickles import Scan
from gatehouse.verdict import Curve, Measure, Verdict
from tests.evaluate import made

PIN = made.pin()


def fetched(found: str = PIN.digest, size: int = 1_000_000) -> Fetched:
    return Fetched(Subject(PIN, bytes=size), "models/it", found)


@dataclass
class Given:
    """Whatever a gate looks at, as given."""

    request: Request = field(default_factory=lambda: made.request(PIN))
    policy: Policy = field(default_factory=made.policy)
    candidate: Fetched = field(default_factory=fetched)
    champion: Fetched | None = None
    staged: Staged | None = None
    described: MLModel = field(default_factory=lambda: MLModel(("python_function", "sklearn")))
    today: date = date(2026, 3, 2)
    cards: dict[str, Card] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    pickles: Scan = field(default_factory=lambda: Scan(1))
    measured: Board | None = None
    drift: Drift | None = None
    moved: Mapping[str, ColumnDrift] | None = None
    unprofiled: tuple[str, ...] = ()
    fit: tuple[Finding, ...] = ()
    contract: Contract = field(default_factory=lambda: Contract((), (), compared=False))
    timed: dict[str, Timed] = field(default_factory=dict)
    rules: pa.RecordBatch | None = None
    shaking: Shaken = field(default_factory=lambda: Shaken(0))
    stress: Stress | None = None
    traffic: Traffic | None = None
    conducted: Conduct | None = None

    @property
    def rows(self) -> int:
        return self.measured.rows if self.measured else 0

    def card(self, kind: str) -> Card | None:
        return self.cards.get(kind)

    def board(self, metric: str) -> Board:
        assert self.measured is not None
        return self.measured

    def disparity(self, metric: str, rule: Rule, who: str) -> Disparity:
        return self.board(metric).disparity(metric, rule, who)

    def latency(self, rate_per_s: float, duration_s: float, warmup_s: float) -> dict[str, Timed]:
        return self.timed

    def answers(
        self, queries: Sequence[str], bounds: sql.Bounds, columns: Sequence[str] = ()
    ) -> list[sql.Answer | GatehouseError]:
        """From ``rules``, the table ``scored`` as an Arrow batch, whose rows are called by their ``id``."""
        assert self.rules is not None
        return sql.answers(queries, self.rules.schema, [self.rules], bounds, "id")

    @property
    def prediction_drift(self) -> Mapping[str, ColumnDrift]:
        assert self.moved is not None, "nobody set a limit on predictions"
        return self.moved

    def shaken(self, stress: Stress) -> Shaken:
        self.stress = stress
        return self.shaking

    def conduct(self, rows: int, max_slowdown: float) -> Conduct | None:
        return self.conducted

    def picture(self) -> Curve | None:
        return None


def verdict(gate: str, given: Given | Evidence, **thresholds: Any) -> Verdict:
    """What a built-in gate says, called as a check calls it."""
    return judge(builtin()[gate], cast(Evidence, given), thresholds)


def measure(said: Verdict, name: str) -> Measure:
    return next(one for one in said.measures if one.name == name)


def board(task: str, metrics: tuple[str, ...], columns: dict[str, Any], **plan: Any) -> Board:
    """The board of rows given as columns: ``label``, ``candidate``, perhaps ``champion``, and groups."""
    known = tuple(name for name in ("candidate", "champion") if name in columns)
    return score(Plan(cast(Any, task), metrics, models=known, **plan), [batch_of(columns)])


def scores(rows: int, signal: float, seed: int = 0) -> dict[str, Any]:
    """Labels, and a candidate's scores that tell them apart by ``signal`` standard deviations."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, rows).astype(float)
    return {"label": label, "candidate": 1 / (1 + np.exp(-rng.normal(signal * (label - 0.5), 1)))}
