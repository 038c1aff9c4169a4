"""No protected group is served worse than another by more than the policy allows.

The metric is measured in every group (and, with `depth`, in intersections of groups) and the gaps between them are
held against `max_disparity` by their confidence bounds, all at once: every gap's upper bound within the limit passes,
a gap whose lower bound is beyond it fails, and between the two the gate says which group needs how many more rows.
People whose group is not recorded are a group of their own, "missing". The champion's disparity stands beside the
candidate's, so that a reviewer sees what would change.
"""

from gatehouse.evaluate.evidence import CANDIDATE, CHAMPION, Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.statistics.fairness import Disparity, Kind, Rule
from gatehouse.verdict import Measure, Outcome, Relation, Row, Rows, Verdict, judged

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["max_disparity"],
    "examples": [{"metric": "roc_auc", "max_disparity": 0.05, "min_group_size": 50}],
    "properties": {
        "metric": {
            "type": "string",
            "default": "equalized_odds",
            "description": "A metric by group, or demographic_parity, equal_opportunity or equalized_odds.",
        },
        "max_disparity": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "Largest gap; for a ratio, the smallest ratio (0.8 is the four-fifths rule).",
        },
        "compare": {
            "enum": [str(kind) for kind in Kind],
            "default": str(Kind.BETWEEN),
            "description": "Gaps between groups, gaps to the overall figure, or ratios between groups.",
        },
        "depth": {
            "type": "integer",
            "minimum": 1,
            "maximum": 3,
            "default": 1,
            "description": "How many group columns an intersection may combine.",
        },
        "min_group_size": {
            "type": "integer",
            "minimum": 1,
            "default": 50,
            "description": "Groups with fewer rows are reported and not judged.",
        },
        "min_positives": {
            "type": "integer",
            "minimum": 1,
            "default": 10,
            "description": "Groups with fewer positives, or fewer negatives, are reported and not judged.",
        },
        "small_groups": {
            "enum": ["report", "insufficient"],
            "default": "report",
            "description": "Whether groups that are too small to judge only stand in the report, or hold up a pass.",
        },
        "confidence": {
            "type": "number",
            "exclusiveMinimum": 0.5,
            "exclusiveMaximum": 1,
            "default": 0.95,
            "description": "Confidence of each bound.",
        },
    },
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    rule, metric = _rule(thresholds), thresholds["metric"]
    found = evidence.disparity(metric, rule, CANDIDATE)
    before = evidence.disparity(metric, rule, CHAMPION) if evidence.champion is not None else None
    return judged(
        _measures(found, before, evidence.rows),
        _summary(found),
        advice=_advice(found),
        notes=found.notes,
        exhibits=[_forest(name, found, before) for name in found.metrics],
    )


def foresee(evidence: Evidence, thresholds: Thresholds) -> list[str]:
    return [str(need) for need in evidence.needs(thresholds["metric"], _rule(thresholds))]


def _rule(thresholds: Thresholds) -> Rule:
    return Rule(
        limit=thresholds["max_disparity"],
        kind=Kind(thresholds["compare"]),
        confidence=thresholds["confidence"],
        min_rows=thresholds["min_group_size"],
        min_positives=thresholds["min_positives"],
        min_negatives=thresholds["min_positives"],
        small=thresholds["small_groups"],
        depth=thresholds["depth"],
    )


def _measures(found: Disparity, before: Disparity | None, rows: int) -> list[Measure]:
    """The largest gap over all groups decides; every gap that does not pass stands below it."""
    rule = found.rule
    relation = Relation.AT_LEAST if rule.kind is Kind.RATIO else Relation.AT_MOST
    name = "smallest ratio" if rule.kind is Kind.RATIO else "largest gap"
    largest = Measure(
        name,
        found.value,
        found.outcome,
        limit=rule.limit,
        relation=relation,
        interval=found.interval,
        champion=before.value if before else None,
        rows=rows,
    )
    open_gaps = [gap for gap in found.gaps if gap.outcome is not Outcome.PASS][:20]
    return [
        largest,
        *(
            Measure(
                f"{gap.metric}: {gap.first} to {gap.second}",
                gap.value,
                gap.outcome,
                limit=rule.limit,
                relation=relation,
                interval=gap.interval,
                note=gap.needed,
            )
            for gap in open_gaps
        ),
    ]


def _summary(found: Disparity) -> str:
    worst = found.worst
    if worst is None:
        return "; ".join(found.notes) or "there are no groups to compare"
    words = {Outcome.PASS: "within", Outcome.FAIL: "beyond", Outcome.INSUFFICIENT: "not decided whether within"}
    said = "have the ratio" if found.rule.kind is Kind.RATIO else "differ by"
    return (
        f"{' and '.join(found.metrics)}: {worst.first} and {worst.second} {said} {worst.value:.3f}, "
        f"{words[found.outcome]} {found.rule.limit:g}"
    )


def _advice(found: Disparity) -> list[str]:
    failed = [gap for gap in found.gaps if gap.outcome is Outcome.FAIL]
    advice = [f"look at how the model treats {gap.first} and {gap.second}: {gap.metric}" for gap in failed[:3]]
    if failed:
        advice.append("look for a feature that stands in for the group, or for training data that is bent for it")
    advice += _needs(found)[:3]
    return advice or [f"take more rows into the evaluation table: {note}" for note in found.notes[:3]]


def _needs(found: Disparity) -> list[str]:
    """What each small group needs, once: its widest gap is the hardest to decide, and the gaps come widest first."""
    needs: dict[str, str] = {}
    for gap in found.gaps:
        if gap.outcome is Outcome.INSUFFICIENT and gap.needed:
            needs.setdefault(gap.needed.partition(" needs ")[0], gap.needed)
    return list(needs.values())


def _forest(metric: str, found: Disparity, before: Disparity | None) -> Rows:
    mine = [group for group in found.groups if group.metric == metric]
    theirs = {
        group.group: group.estimate.value for group in (before.groups if before else ()) if group.metric == metric
    }
    overall = found.overall[found.metrics.index(metric)].value
    rows = tuple(
        Row(
            name=group.group,
            value=group.estimate.value,
            interval=group.estimate.interval,
            champion=theirs.get(group.group),
            rows=group.rows,
            outcome=Outcome.PASS if group.status == "judged" else Outcome.INSUFFICIENT,
            note="" if group.status == "judged" else group.estimate.note or group.status,
        )
        for group in mine
    )
    return Rows(f"{metric} by group", metric, rows, limits={"overall": overall} if overall is not None else {})
