"""What the models say of the labelled rows, and the figures that follow from it: each found once, at its first use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate import pictures, sql, view
from gatehouse.evaluate.engines.engine import Engine
from gatehouse.evaluate.facts import CANDIDATE, Facts
from gatehouse.evaluate.material import Case
from gatehouse.evaluate.processes import Processes, pinned
from gatehouse.evaluate.scored import LABEL, Question, Scored
from gatehouse.evaluate.scoring import Asked, Model, features
from gatehouse.evaluate.statistics.own import Own
from gatehouse.evaluate.table import Recipe
from gatehouse.runtime.launch import Launcher
from gatehouse.runtime.process import ModelProcess

if TYPE_CHECKING:
    from gatehouse.evaluate.conduct import Conduct
    from gatehouse.evaluate.statistics.board import Board
    from gatehouse.evaluate.statistics.fairness import Disparity, Rule
    from gatehouse.evaluate.statistics.planning import Need
    from gatehouse.evaluate.stress.shaken import Shaken, Stress
    from gatehouse.verdict import Curve, Points


class Figures(Facts):
    """Holds the models' processes until ``close``. ``own`` are the metrics that the base commit brings."""

    def __init__(self, folder: Path, case: Case, policy: Policy, launcher: Launcher, own: Own, engine: Engine) -> None:
        super().__init__(folder, case, policy, engine)
        self._launcher = launcher
        self._own = own
        self._stack = ExitStack()
        self._metrics: tuple[str, ...] = ()
        self._along: tuple[str, ...] = ()
        self._median_ms: float | None = None  # the candidate's under load, where that was measured
        self.say: Callable[[str], None] = lambda _: None  # where long work tells how far it is

    def close(self) -> None:
        """Ends the models' processes; safe to repeat."""
        self._stack.close()

    def process(self, who: str) -> ModelProcess:
        """The process of the candidate or the champion; at the first use of one both are started, side by side.

        Raises GatehouseError for an artifact whose digest is not the pin's: nobody reviewed that model, so it is not
        even started; and where it does not come up.
        """
        self.fetched(who)
        return self._processes.of(who)

    @cached_property
    def _processes(self) -> Processes:
        processes = self._starting(self.models)
        self._stack.callback(processes.close)
        return processes

    def _starting(self, who: Sequence[str]) -> Processes:
        models = {name: self.fetched(name) for name in who}
        return Processes(models, self._folder, self._launcher, self.policy.prediction.method)

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

    def conduct(self, rows: int, max_slowdown: float) -> Conduct | None:
        """The candidate asked again, on at most ``rows`` rows, see ``gatehouse.evaluate.conduct``; None where nothing
        has asked it yet."""
        from gatehouse.evaluate.conduct import Interview, drawn

        scored: Scored | None = self.__dict__.get("scored")
        # Where an engine of many machines has asked, it was in processes of its own.
        here = "_processes" in self.__dict__
        if scored is None and not here:
            return None
        measured = self._asked(CANDIDATE) if here else None
        sample = drawn(self.tables, self._model(CANDIDATE).features, scored, rows)
        return Interview(sample, measured, self._second).hold(self._median_ms, max_slowdown)

    @contextmanager
    def _second(self) -> Iterator[Asked]:
        """One more process of the candidate, which has answered nothing yet."""
        processes = self._starting((CANDIDATE,))
        try:
            yield Asked(processes.of(CANDIDATE), self._model(CANDIDATE).features)
        finally:
            processes.close()

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
        fetched = self.fetched(who)
        signature = self.signature_of(who)
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
