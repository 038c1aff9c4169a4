"""What the gates look at: facts about one candidate and its champion, each found when first asked for, and once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from gatehouse.declare.types import Policy
from gatehouse.errors import NotFound
from gatehouse.evaluate import schema
from gatehouse.evaluate.contract import Contract, contract
from gatehouse.evaluate.engines.embedded import Embedded
from gatehouse.evaluate.engines.engine import Engine
from gatehouse.evaluate.facts import CANDIDATE as CANDIDATE
from gatehouse.evaluate.facts import CHAMPION as CHAMPION
from gatehouse.evaluate.material import Case
from gatehouse.evaluate.measured import Figures
from gatehouse.evaluate.scoring import Model, features
from gatehouse.evaluate.statistics.own import NONE, Own
from gatehouse.evaluate.table import Recipe
from gatehouse.evaluate.timed import Timed
from gatehouse.evaluate.traffic.fetching import TRAFFIC
from gatehouse.evaluate.traffic.traffic import Traffic
from gatehouse.runtime.launch import Launcher

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.drift import ColumnDrift, Drift
    from gatehouse.evaluate.statistics.profile import Profile


class Evidence(Figures):
    """One case's evidence; a context manager, because it starts the models' processes and stops them.

    Every fact is lazy: a policy that does not ask for latency pays nothing for it. A fact that cannot be had raises
    GatehouseError, which the caller of the gate turns into an ERROR verdict.
    """

    def __init__(
        self,
        folder: Path,
        case: Case,
        policy: Policy,
        launcher: Launcher,
        own: Own = NONE,
        engine: Engine | None = None,
    ) -> None:
        """``own`` are the metrics that the base commit brings; ``engine`` is the policy's, else the embedded one."""
        super().__init__(folder, case, policy, launcher, own, engine or Embedded())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- latency

    def latency(self, rate_per_s: float, duration_s: float, warmup_s: float) -> dict[str, Timed]:
        """Candidate and champion under the same open-loop load, in turns; single rows of the evaluation table."""
        from gatehouse.evaluate.load import Load, measure
        from gatehouse.evaluate.turns import turns

        asked = {who: self._asked(who) for who in self.models}
        columns = list(dict.fromkeys(name for one in asked.values() for name in one.features))
        load = Load(rate_per_s, duration_s, warmup_s, patience_s=max(5.0, duration_s))
        with turns(
            {who: self.process(who) for who in asked}, {who: one.answer for who, one in asked.items()}
        ) as taking:
            samples = measure(taking, self.tables.sample(columns), load)
        timed = {who: Timed.of(one) for who, one in samples.items()}
        self._median_ms = timed[CANDIDATE].latency.percentile("p50").value
        return timed

    # --- drift

    @cached_property
    def drift(self) -> Drift:
        """Production features against the profile of the candidate's training run; only what the model takes counts.

        Raises GatehouseError where no profile was logged.
        """
        from gatehouse.evaluate.statistics.drift import Binner

        profile = self._profile
        used = {column.name for column in self.signature.columns()} & set(profile.features)
        kept = msgspec.structs.replace(
            profile, features={name: feature for name, feature in profile.features.items() if name in used}
        )
        now = self.tables.production
        return now.reduce(Recipe(Binner, (kept,)), [name for name in now.schema.names if name in used]).finish()

    @cached_property
    def prediction_drift(self) -> Mapping[str, ColumnDrift]:
        """What each model says of production's rows against what it said before; see evaluate.drifted."""
        from gatehouse.evaluate.drifted import predictions_moved

        now = self.tables.production
        models = {who: partial(self._on_production, who) for who in self.models}
        profiles = {who: self.fetched(who).profile for who in self.models}
        files = {who: self._folder / profile for who, profile in profiles.items() if profile is not None}
        return predictions_moved(now, self.scored, models, files, self.policy.task)

    def _on_production(self, who: str) -> Model:
        assert self.policy.data.production is not None
        named = self.policy.data.production.named
        taken = features(self.signature_of(who), self.tables.production, named)
        return replace(self._model(who), features=taken)

    @property
    def unprofiled(self) -> tuple[str, ...]:
        """Features that the candidate takes and its training profile does not have, so that nothing says whether they
        have drifted."""
        return tuple(str(spec.name) for spec in self.signature.columns() if spec.name not in self._profile.features)

    @cached_property
    def _profile(self) -> Profile:
        from gatehouse.evaluate.statistics.profile import Profile

        if self.candidate.profile is None:
            raise NotFound(
                f"the training run of version {self.request.candidate.version} logged no feature profile",
                "log one with the run: gatehouse/profile.json, see `gatehouse profile --help`",
            )
        return Profile.from_json((self._folder / self.candidate.profile).read_bytes())

    # --- live traffic

    @cached_property
    def traffic(self) -> Traffic:
        """The logs of live traffic. Raises NotFound where the policy does not say where they are; that nothing was
        logged is for the gates to judge."""
        if self.policy.data.traffic is None:
            raise NotFound("the policy does not say where live traffic is logged", "add data.traffic to policy.yaml")
        place = self._case.data.get(TRAFFIC)
        return Traffic(self._folder / place if place else None, self.request, self.policy, self.now, self._own)

    # --- schema

    @cached_property
    def fit(self) -> tuple[schema.Finding, ...]:
        """The candidate's signature against the production table, column by column."""
        tables = self.tables
        return schema.compare(self.signature, tables.production.schema, tables.nulls())

    @cached_property
    def contract(self) -> Contract:
        """What callers of the champion would notice of the candidate; nothing to compare at a first promotion."""
        champion = self.champion
        return contract(self.signature, None if champion is None else self.logged_signature(CHAMPION))
