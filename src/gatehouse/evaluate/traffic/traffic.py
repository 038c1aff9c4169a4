"""What the gates ask of the logs of one model: its version in the shadow, and its version as a challenger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Request
from gatehouse.evaluate.statistics.own import NONE, Own
from gatehouse.evaluate.traffic.columns import EXPOSURES, OUTCOMES, SHADOW, Kind
from gatehouse.evaluate.traffic.log import Log, read
from gatehouse.pin import Pin

if TYPE_CHECKING:
    from gatehouse.evaluate.traffic.desk import Desk
    from gatehouse.evaluate.traffic.experiment import Experiment, Value
    from gatehouse.evaluate.traffic.shadowed import Shadowed


@dataclass(frozen=True)
class Traffic:
    """One model's logs, as they were fetched; ``folder`` is None where there were none. ``own`` are the team's metrics.

    Raises GatehouseError for a log that is not as docs/traffic.md says. Nothing logged is an answer, not an error.
    """

    folder: Path | None
    request: Request
    policy: Policy
    now: datetime
    own: Own = NONE

    def shadow(self, warmup: timedelta, metric: str | None = None, confidence: float = 0.95) -> Shadowed | None:
        """What this very pin did in the shadow of this slot; None where it never was. Needs a champion.

        ``metric`` is measured on the requests whose outcome is known, shadow and champion side by side.
        """
        from gatehouse.evaluate.statistics import metrics
        from gatehouse.evaluate.statistics.rows import Plan
        from gatehouse.evaluate.traffic.desk import desk
        from gatehouse.evaluate.traffic.shadowed import Asked, shadowed

        task, threshold = self.policy.task, self.policy.prediction.threshold
        asked = Asked(
            shadow=self.request.candidate,
            champion=self._champion,
            segment=self.request.slot.segment,
            now=self.now,
            warmup=warmup,
            width=None if task == "multiclass" else 1,
            threshold=None if task == "regression" else threshold,
            confidence=confidence,
        )
        with desk([self._shadow, self._outcomes]) as opened:
            plan = None
            if metric is not None:
                metrics.get(metric, task, self.own)  # a typo is said before millions of rows are read
                models, classes = ("candidate", "champion"), _classes(opened)
                plan = Plan(task, (metric,), models, threshold=threshold, classes=classes, own=self.own)
            return shadowed(opened, asked, self._shadow.groups, plan)

    def experiment(self, window: timedelta, value: Value = "outcome", name: str | None = None) -> Experiment | None:
        """What became of the units of the experiment in which this very pin was the challenger; None where it was
        none. Needs a champion."""
        from gatehouse.evaluate.traffic.desk import desk
        from gatehouse.evaluate.traffic.experiment import Tried, experiment

        tried = Tried(
            challenger=self.request.candidate,
            champion=self._champion,
            segment=self.request.slot.segment,
            now=self.now,
            window=window,
            value=value,
            task=self.policy.task,
            threshold=self.policy.prediction.threshold,
            name=name,
        )
        with desk([self._exposures, self._outcomes]) as opened:
            return experiment(opened, tried)

    def others(self, role: str) -> tuple[str, ...]:
        """Where else this version number was ``shadow`` or ``challenger``: under another digest, in another segment.
        In words; empty where nowhere."""
        from gatehouse.evaluate.traffic.desk import desk

        log, where = (self._shadow, "true") if role == "shadow" else (self._exposures, "arm = 'challenger'")
        prefix = "shadow_" if role == "shadow" else ""
        query = (  # names of columns, and this package's own words
            f"SELECT DISTINCT {prefix}digest, segment FROM {log.kind.name} "  # noqa: S608
            f"WHERE {where} AND {prefix}version = $version ORDER BY ALL LIMIT 10"
        )
        with desk([log]) as opened:
            found = opened.rows(query, version=self.request.candidate.version)
        return tuple(word for digest, segment in found for word in self._otherwise(digest, segment))

    def _otherwise(self, digest: str, segment: str | None) -> list[str]:
        if digest != self.request.candidate.digest:
            return [f"under another digest ({digest.removeprefix('sha256:')[:12]})"]
        if segment != self.request.slot.segment:
            return [f"in segment {segment}" if segment else "outside any segment"]
        return []

    @property
    def skipped(self) -> tuple[str, ...]:
        """Files that a crash cut off, of the kinds that were read."""
        known = [self.__dict__.get(f"_{kind}") for kind in ("exposures", "shadow", "outcomes")]
        return tuple(name for log in known if log is not None for name in log.skipped)

    @cached_property
    def _exposures(self) -> Log:
        return self._log(EXPOSURES)

    @cached_property
    def _shadow(self) -> Log:
        return self._log(SHADOW)

    @cached_property
    def _outcomes(self) -> Log:
        return self._log(OUTCOMES)

    def _log(self, kind: Kind) -> Log:
        if self.folder is None:
            return Log(kind, (), (), ())
        return read(self.folder, kind, self.request.slot.model)

    @property
    def _champion(self) -> Pin:
        if self.request.champion is None:
            raise GatehouseError("no champion serves yet", "ask for traffic only where there is one")
        return self.request.champion


def _classes(desk: Desk) -> int:
    found = desk.row("SELECT max(len(champion_prediction)) FROM shadow")[0]
    return max(2, int(found or 2))
