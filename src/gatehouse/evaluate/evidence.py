"""What the gates look at: facts about one candidate and its champion, each found when first asked for, and once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate import pictures, schema, sql, view
from gatehouse.evaluate.cards import Card, read_card
from gatehouse.evaluate.contract import Contract, contract
from gatehouse.evaluate.engines import Engine, Recipe
from gatehouse.evaluate.engines.embedded import Embedded
from gatehouse.evaluate.material import Case, Fetched, Staged
from gatehouse.evaluate.processes import Processes, pinned
from gatehouse.evaluate.scored import LABEL, Question, Scored
from gatehouse.evaluate.scoring import Asked, Model, features
from gatehouse.evaluate.statistics.own import NONE, Own
from gatehouse.evaluate.tables import Tables
from gatehouse.evaluate.timed import Timed
from gatehouse.evaluate.traffic.fetching import TRAFFIC
from gatehouse.evaluate.traffic.traffic import Traffic
from gatehouse.registry import mlmodel, pickles
from gatehouse.registry.mlmodel import MLModel
from gatehouse.registry.pickles import Scan
from gatehouse.registry.signature import Signature
from gatehouse.runtime.launch import Launcher
from gatehouse.runtime.process import ModelProcess

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.board import Board
    from gatehouse.evaluate.statistics.drift import ColumnDrift, Drift
    from gatehouse.evaluate.statistics.fairness import Disparity, Rule
    from gatehouse.evaluate.statistics.planning import Need
    from gatehouse.evaluate.statistics.profile import Profile
    from gatehouse.evaluate.stress.shaken import Shaken, Stress
    from gatehouse.verdict import Curve, Points

CANDIDATE, CHAMPION = "candidate", "champion"


class Evidence:
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
        self._folder = folder
        self._case = case
        self._launcher = launcher
        self._stack = ExitStack()
        self._engine = engine or Embedded()
        self.tables = Tables(folder, case, policy, (CANDIDATE, CHAMPION), self._engine)
        self._metrics: tuple[str, ...] = ()
        self._along: tuple[str, ...] = ()
        self._own = own
        self.say: Callable[[str], None] = lambda _: None  # where long work tells how far it is
        self.policy = policy
        self.request = case.request

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # --- what was fetched

    @property
    def candidate(self) -> Fetched:
        if self._case.candidate is None:
            raise NotFound("the candidate was not fetched", "fetch it again")
        return self._case.candidate

    @property
    def champion(self) -> Fetched | None:
        """What serves now; None at a model's first promotion, where only absolute limits count."""
        return self._case.champion

    @property
    def staged(self) -> Staged | None:
        """How long this very pin has been in the stage before; None if never."""
        return self._case.staged

    @cached_property
    def described(self) -> MLModel:
        """The candidate's MLmodel file."""
        return self._described(self.candidate)

    @cached_property
    def today(self) -> date:
        """The day of this check in UTC: one day for every gate, however long the check takes."""
        return self.now.date()

    @cached_property
    def now(self) -> datetime:
        """The moment of this check, in UTC: live traffic is judged up to here."""
        return datetime.now(UTC)

    @property
    def digests(self) -> dict[str, str]:
        """What the tables contain, by ``evaluation`` and ``production``."""
        return dict(self.tables.digests)

    def card(self, kind: str) -> Card | None:
        """The candidate's ``model_card`` or ``dataset_card``, None where there is none.

        Raises GatehouseError for one that does not read, with its line.
        """
        paper = self._case.cards.get(kind)
        return None if paper is None else read_card(self._folder, paper)

    @cached_property
    def pickles(self) -> Scan:
        """What the candidate's pickles would import, found without loading them."""
        return pickles.scan(self._folder / self.candidate.folder)

    @property
    def signature(self) -> Signature:
        """What the candidate takes. Raises GatehouseError for a model that was logged without one."""
        return _signature(self.candidate, self.described)

    def _described(self, fetched: Fetched) -> MLModel:
        return mlmodel.read(self._folder / fetched.folder)

    def _fetched(self, who: str) -> Fetched:
        fetched = self.candidate if who == CANDIDATE else self.champion
        if fetched is None:
            raise NotFound("there is no champion yet", "ask only for the candidate at a first promotion")
        return fetched

    # --- the models' processes

    def process(self, who: str) -> ModelProcess:
        """The process of the candidate or the champion; at the first use of one both are started, side by side.

        Raises GatehouseError for an artifact whose digest is not the pin's: nobody reviewed that model, so it is not
        even started; and where it does not come up.
        """
        self._fetched(who)
        return self._processes.of(who)

    @cached_property
    def _processes(self) -> Processes:
        models = {who: self._fetched(who) for who in self.models}
        processes = Processes(models, self._folder, self._launcher, self.policy.prediction.method)
        self._stack.callback(processes.close)
        return processes

    @property
    def models(self) -> tuple[str, ...]:
        """``candidate``, and ``champion`` where there is one."""
        return (CANDIDATE,) if self.champion is None else (CANDIDATE, CHAMPION)

    # --- figures on the labelled rows

    @cached_property
    def scored(self) -> Scored:
        """Every labelled row, with each model's prediction on it."""
        models = {who: self._model(who) for who in self.models}
        beside = (*self.tables.beside, *view.planned(self.policy, self.tables), *self._along)
        question = Question(self.tables.evaluation, self.policy.task, models, tuple(dict.fromkeys(beside)))
        return self._engine.score(self.tables.labelled, question)

    @property
    def rows(self) -> int:
        """How many labelled rows the models were asked about; 0 while nothing has asked."""
        return self.scored.rows if "scored" in self.__dict__ else 0

    def board(self, metric: str) -> Board:
        """What is measured on the labelled rows, this metric among it: reached in one pass over them.

        Raises NotFound for a metric that the task does not have, GatehouseError for one that needs scores where a
        model answers labels.
        """
        from gatehouse.evaluate.statistics import metrics

        wanted = metrics.get(metric, self.policy.task, self._own)
        self.scored.suits(wanted)
        if metric not in self._metrics:
            # Whatever else the policy measures is taken along, so that the next gate finds it done.
            self._metrics = tuple(dict.fromkeys((*self._metrics, metric, *self._planned())))
            self.__dict__.pop("_board", None)
        return self._board

    def answers(
        self, queries: Sequence[str], bounds: sql.Bounds, columns: Sequence[str] = ()
    ) -> list[sql.Answer | GatehouseError]:
        """What each SELECT says of the table ``scored`` (see ``gatehouse.evaluate.view``), or why it says nothing.

        ``columns`` are the evaluation table's that the queries read, all where none is named.
        """
        kept = view.columns(self.tables, columns)
        if not {*kept} <= {*self.scored.table.schema.names}:
            # The policy did not announce them, so they have not been scored along.
            self._along = kept
            del self.__dict__["scored"]
        prediction = self.policy.prediction
        seen = view.View(self.scored, kept, self.policy.task, prediction.threshold, self.models)
        return sql.answers(queries, seen.schema, seen.batches(), bounds, self.tables.evaluation.id)

    def shaken(self, stress: Stress) -> Shaken:
        """Both models on rows that are not perfect: see ``gatehouse.evaluate.stress``."""
        from gatehouse.evaluate.stress.drawn import Case as Shaking
        from gatehouse.evaluate.stress.drawn import shake

        case = Shaking(self.request, self.policy, self._own, self.tables, self.signature)
        return shake(case, lambda: {who: self._asked(who) for who in self.models}, stress, self.say)

    def needs(self, metric: str, rule: Rule) -> tuple[Need, ...]:
        """Groups that are too small for the rule, by the labels alone: no model is asked."""
        from gatehouse.evaluate.statistics.planning import needs

        return needs(self._unscored, (metric,), rule) if self.policy.task == "binary" else ()

    def provable(self, metric: str, confidence: float) -> float | None:
        """How much better than the margin a candidate of a binary task has to be to be proven so, by the labels alone;
        None where they do not tell."""
        from gatehouse.evaluate.statistics.planning import provable

        if self.policy.task != "binary" or (tally := self._unscored.tally) is None:
            return None
        positives = int((tally.label * tally.counts).sum())
        return provable(metric, positives, int(tally.counts.sum()) - positives, confidence)

    def disparity(self, metric: str, rule: Rule, who: str) -> Disparity:
        """How far groups are apart by a metric or a named criterion, for the candidate or the champion."""
        from gatehouse.evaluate.statistics.fairness import CRITERIA, disparity

        if not self.tables.evaluation.groups:
            raise NotFound("the policy names no groups", "add data.evaluation.groups to policy.yaml")
        boards = [self.board(name) for name in CRITERIA.get(metric, (metric,))]
        return disparity(boards[-1], (metric,), who, rule)

    def picture(self) -> Curve | Points | None:
        """The models' ROC curves or residuals; None where neither says anything (multiclass, labels only …)."""
        if self.policy.task == "regression":
            return pictures.residuals(self.scored, self.models)
        if self.policy.task == "multiclass" or self.scored.decisions_only:
            return None
        drawn = pictures.roc(self.board("roc_auc"))
        return drawn if drawn.series else None

    @cached_property
    def _board(self) -> Board:
        return self._measured(self.scored, self._metrics, self.models)

    @cached_property
    def _unscored(self) -> Board:
        """The labelled rows and their groups, with nobody's predictions."""
        question = Question(self.tables.evaluation, self.policy.task, {}, self.tables.beside)
        return self._measured(self._engine.score(self.tables.labelled, question), (), ())

    def _measured(self, scored: Scored, metrics: tuple[str, ...], models: tuple[str, ...]) -> Board:
        from gatehouse.evaluate.statistics.rows import Plan
        from gatehouse.evaluate.statistics.scoreboard import Scoreboard

        evaluation = self.tables.evaluation
        plan = Plan(
            task=self.policy.task,
            metrics=metrics,
            models=models,
            groups=evaluation.groups,
            cluster=evaluation.cluster,
            threshold=self.policy.prediction.threshold,
            classes=max(2, len(scored.classes)),
            own=self._own,
        )
        columns = (LABEL, *models, *self.tables.beside)
        return scored.table.reduce(Recipe(Scoreboard, (plan,)), columns).finish()

    def _planned(self) -> list[str]:
        """The metrics that the policy's gates name, as far as they suit the models."""
        from gatehouse.evaluate.statistics import metrics

        named = [str(limits["metric"]) for limits in self.policy.gates.values() if "metric" in limits]
        task, own = self.policy.task, self._own
        known = [metrics.get(name, task, own) for name in named if metrics.known(name, task, own)]
        return [metric.name for metric in known if self.scored.misfit(metric) is None]

    def _asked(self, who: str) -> Asked:
        return self._model(who).asked()

    def _model(self, who: str) -> Model:
        """Raises GatehouseError for a model that takes what the table lacks, or the label."""
        fetched = self._fetched(who)
        signature = _signature(fetched, self._described(fetched))
        taken = features(signature, self.tables.labelled, self.tables.evaluation.named)
        if self.tables.evaluation.label in taken:
            raise GatehouseError(
                f"the {who} takes {self.tables.evaluation.label!r}, which is the label that it is to predict",
                "train it without that column: in production nobody knows it yet",
            )
        return Model(
            artifact=lambda: pinned(who, fetched, self._folder),
            features=taken,
            method=self.policy.prediction.method,
            start=lambda: self.process(who),
        )

    # --- latency

    def latency(self, rate_per_s: float, duration_s: float, warmup_s: float) -> dict[str, Timed]:
        """Candidate and champion under the same open-loop load, in turns; single rows of the evaluation table."""
        from gatehouse.evaluate.load import Load, measure

        asked = {who: self._asked(who) for who in self.models}
        columns = list(dict.fromkeys(name for one in asked.values() for name in one.features))
        load = Load(rate_per_s, duration_s, warmup_s, patience_s=max(5.0, duration_s))
        samples = measure({who: one.answer for who, one in asked.items()}, self.tables.sample(columns), load)
        return {who: Timed.of(one) for who, one in samples.items()}

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
        profiles = {who: self._fetched(who).profile for who in self.models}
        files = {who: self._folder / profile for who, profile in profiles.items() if profile is not None}
        return predictions_moved(now, self.scored, models, files, self.policy.task)

    def _on_production(self, who: str) -> Model:
        assert self.policy.data.production is not None
        fetched, named = self._fetched(who), self.policy.data.production.named
        taken = features(_signature(fetched, self._described(fetched)), self.tables.production, named)
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
        return contract(self.signature, None if champion is None else self._described(champion).signature)


def _signature(fetched: Fetched, described: MLModel) -> Signature:
    if described.signature is None or described.signature.inputs is None:
        raise GatehouseError(
            f"version {fetched.subject.pin.version} has no signature, so nobody can say which features it takes",
            "log the model again with mlflow.models.infer_signature(features, predictions)",
        )
    return described.signature
