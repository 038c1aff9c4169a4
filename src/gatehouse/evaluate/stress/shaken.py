"""Both models asked about changed rows: what they answer, beside what they answered to the same rows as they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.scored import Scored, predictions
from gatehouse.evaluate.scoring import Asked
from gatehouse.evaluate.statistics import metrics
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import batch_of, score
from gatehouse.evaluate.stress.changes import Change, Wanted, planned
from gatehouse.evaluate.stress.sample import Floats, Sample
from gatehouse.evaluate.stress.search import Limits, Search, worst
from gatehouse.runtime.failures import ModelError, ModelRaised

if TYPE_CHECKING:
    import pyarrow as pa

    from gatehouse.evaluate.statistics.board import Board

CHANGED, CLEAN = "changed", "clean"
# Shorter work needs no word; longer work speaks about once a second.
_SILENT_S, _EVERY_S = 2.0, 1.0


@dataclass(frozen=True, slots=True)
class Stress:
    """What is tried, on at most ``rows`` rows, and by which metric it is judged."""

    metric: str
    rows: int
    wanted: Wanted
    search: Limits | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change: each model's board of ``changed`` beside ``clean`` answers, or what the model raised."""

    name: str
    feature: str | None
    boards: Mapping[str, Board | str]


@dataclass(frozen=True, slots=True)
class Flips:
    """What the search did to one model: decisions flipped, and the board of the worst answers beside the clean."""

    flipped: int
    rows: int
    asked: int
    board: Board


@dataclass(frozen=True, slots=True)
class Shaken:
    """Everything that was tried; ``notes`` say what was not, and why."""

    rows: int
    steps: tuple[Step, ...] = ()
    flips: Mapping[str, Flips] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shaking:
    """The models and the sample that they are asked about. ``plan`` says how a board is made, whatever its models;
    ``label`` is (n,); ``classes`` are the table's."""

    sample: Sample
    asked: Mapping[str, Asked]
    label: Floats
    classes: tuple[str, ...]
    plan: Plan
    say: Callable[[str], None] = lambda _: None

    def run(self, stress: Stress) -> Shaken:
        """Raises GatehouseError for a metric that does not suit, and for a model that fails on rows as they are."""
        clean = self._clean(stress.metric)
        changes, notes = planned(stress.wanted, self.sample)
        steps, fickle = self._again(clean)
        telling = _Telling(self.say, len(changes))
        for change in changes:
            telling.tell(change.name)
            steps.append(self._step(change, clean))
        flips = {} if stress.search is None else self._searched(stress.search, clean)
        return Shaken(len(self.sample), tuple(steps), flips, (*fickle, *notes))

    def _clean(self, metric: str) -> dict[str, Floats]:
        answers = self._both(lambda asked: asked.answer(self.sample.rows))
        decisions_only = frozenset(who for who, answer in answers.items() if answer.kind == "labels")
        chosen = metrics.get(metric, self.plan.task, self.plan.own)
        Scored(None, len(self.sample), self.classes, decisions_only).suits(chosen)  # type: ignore[arg-type] # no rows
        clean = {who: predictions(answer, self.classes, self.plan.task) for who, answer in answers.items()}
        for who, values in clean.items():
            if not np.isfinite(values).all():
                raise GatehouseError(
                    f"some predictions of the {who} are no finite numbers, on rows as they are",
                    "mend what the model answers",
                )
        return clean

    def _again(self, clean: Mapping[str, Floats]) -> tuple[list[Step], list[str]]:
        """A model that answers differently when it is asked twice has that to answer for as well."""
        again = self._changed(self.sample.rows)
        apart = {who: _apart(answers, clean[who]) for who, answers in again.items()}
        notes = [
            f"the {who} answers the same rows differently when it is asked twice: by up to {most:.3g}"
            for who, most in apart.items()
            if most
        ]
        return ([Step("asked again", None, self._boards(again, clean))] if notes else []), notes

    def _step(self, change: Change, clean: Mapping[str, Floats]) -> Step:
        return Step(change.name, change.feature, self._boards(self._changed(change.of(self.sample)), clean))

    def _changed(self, rows: pa.RecordBatch) -> dict[str, Floats | str]:
        return self._both(lambda asked: self._answered(asked, rows))

    def _answered(self, asked: Asked, rows: pa.RecordBatch) -> Floats | str:
        """The predictions, or what the model raised: its process lives on, and the next change is tried."""
        try:
            return predictions(asked.answer(rows), self.classes, self.plan.task)
        except ModelRaised as error:
            return error.message

    def _both(self, ask: Callable[[Asked], Any]) -> dict[str, Any]:
        """Both models at the same time; each is a process of its own."""
        with ThreadPoolExecutor(len(self.asked)) as pool:
            waiting = {who: pool.submit(ask, asked) for who, asked in self.asked.items()}
            try:
                return {who: answer.result() for who, answer in waiting.items()}
            except ModelError as error:
                who = next(who for who, answer in waiting.items() if answer.exception() is error)
                raise GatehouseError(f"{who}: {error.message}", error.fix) from error

    def _boards(self, changed: Mapping[str, Floats | str], clean: Mapping[str, Floats]) -> dict[str, Board | str]:
        return {
            who: answers if isinstance(answers, str) else self._board(answers, clean[who])
            for who, answers in changed.items()
        }

    def _board(self, changed: Floats, clean: Floats) -> Board:
        batch = batch_of({self.plan.label: self.label, CHANGED: changed, CLEAN: clean})
        if self.plan.cluster is not None:
            batch = batch.append_column(self.plan.cluster, self.sample.rows.column(self.plan.cluster))
        return score(self.plan, [batch])

    def _searched(self, limits: Limits, clean: Mapping[str, Floats]) -> dict[str, Flips]:
        _known(limits.categories, self.sample)
        found = self._both(lambda asked: self._search(asked, limits, clean))
        return dict(found)

    def _search(self, asked: Asked, limits: Limits, clean: Mapping[str, Floats]) -> Flips:
        (who,) = (name for name, one in self.asked.items() if one is asked)
        search = Search(self.sample, limits, self.plan.threshold)
        telling = _Telling(self.say, limits.budget)

        def ask(rows: pa.RecordBatch) -> Floats:
            telling.tell(f"searching for what flips decisions of the {who}")
            return predictions(asked.answer(rows), self.classes, self.plan.task)

        found = search.run(ask, clean[who], self.sample.random("search"))
        worse = worst(found, clean[who], self.label, self.plan.threshold)
        return Flips(int(found.flipped.sum()), len(self.sample), found.asked, self._board(worse, clean[who]))


class _Telling:
    """Says which change is being tried, once the work takes long enough for somebody to wonder."""

    def __init__(self, say: Callable[[str], None], total: int) -> None:
        self._say, self._total, self._done = say, total, 0
        self._next = time.monotonic() + _SILENT_S

    def tell(self, name: str) -> None:
        self._done += 1
        if time.monotonic() >= self._next:
            self._say(f"{name} ({self._done} of {self._total})")
            self._next = time.monotonic() + _EVERY_S


def _apart(answers: Floats | str, clean: Floats) -> float:
    """The largest difference between two answers to the same rows; infinite where there is no second one."""
    if isinstance(answers, str):
        return float("inf")
    apart = np.abs(answers - clean)
    return float(np.where(np.isfinite(apart), apart, np.inf).max())


def _known(names: Sequence[str], sample: Sample) -> None:
    for name in names:
        if name not in sample.words:
            near = get_close_matches(name, sample.words, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sample.words) or 'none'}"
            raise NotFound(f"the candidate has no feature of text called {name!r} that could be changed", hint)
