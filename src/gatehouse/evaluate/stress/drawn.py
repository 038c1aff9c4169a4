"""From one case's evidence to the sample and the models that are asked about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatehouse.declare.types import Policy
from gatehouse.evaluate.labels import read_labels
from gatehouse.evaluate.result import Request
from gatehouse.evaluate.scoring import Asked
from gatehouse.evaluate.statistics.own import Own
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.stress.sample import Sample, decoded, positions, seed_of
from gatehouse.evaluate.stress.shaken import CHANGED, CLEAN, Shaken, Shaking, Stress
from gatehouse.registry.signature import Signature

if TYPE_CHECKING:
    from gatehouse.evaluate.tables import Tables

TENSORS = "the candidate takes tensors: only columns of a table are changed here"


@dataclass(frozen=True, slots=True)
class Case:
    """What one case has to be shaken: its tables, who is asked, and how their answers are measured."""

    request: Request
    policy: Policy
    own: Own
    tables: Tables
    signature: Signature


def shake(case: Case, started: Callable[[], Mapping[str, Asked]], stress: Stress, say: Callable[[str], None]) -> Shaken:
    """Everything that ``stress`` asks for, on rows that depend on the question alone: the same again for the same
    models and table. Nothing but a note where the candidate takes tensors."""
    if not case.signature.columns():
        return Shaken(0, notes=(TENSORS,))
    asked = started()
    table, evaluation, task = case.tables.labelled, case.tables.evaluation, case.policy.task
    seed = _seed(case)
    cluster = [evaluation.cluster] if evaluation.cluster else []
    columns = dict.fromkeys([*(name for one in asked.values() for name in one.features), evaluation.label, *cluster])
    drawn = decoded(table.take(positions(table.count(), stress.rows, seed), list(columns)))
    labels = read_labels(table, evaluation, task)
    plan = Plan(
        task=task,
        metrics=(stress.metric,),
        models=(CHANGED, CLEAN),
        cluster=evaluation.cluster,
        threshold=case.policy.prediction.threshold,
        classes=max(2, len(labels.classes)),
        own=case.own,
    )
    # From here on the label is apart from the rows that models see.
    rows = drawn.select([name for name in columns if name != evaluation.label])
    sample = Sample(rows, case.signature.columns(), seed)
    label = labels.numbers(drawn.column(evaluation.label))
    return Shaking(sample, asked, label, labels.classes, plan, say).run(stress)


def _seed(case: Case) -> int:
    """From what the question is about, the candidate's own bytes among it, so that no model can be made for a seed."""
    champion = case.request.champion
    digests = (case.tables.digests.get("evaluation", ""), case.request.candidate.digest)
    return seed_of(*digests, champion.digest if champion else "")
