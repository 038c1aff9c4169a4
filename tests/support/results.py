"""Results as the gates produce them, one of every kind that a person may meet; everything in them is made up."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import NormalDist

import msgspec

from gatehouse.evaluate.result import Request, Result, Subject
from gatehouse.pin import Pin, Role, Slot
from gatehouse.report.context import Context, Links
from gatehouse.verdict import (
    Curve,
    Exhibit,
    Interval,
    Measure,
    Outcome,
    Points,
    Relation,
    Row,
    Rows,
    Verdict,
    at_least,
    at_most,
    judged,
    plainly,
    shown,
)

BASE, HEAD = "4c1f" * 10, "a93e" * 10
SLOT = Slot("credit-risk", "production")
FIRST, SECOND, THIRD = (Pin(number, "sha256:" + f"{number}f2c9ab04d7e" * 5 + "0000") for number in (1, 2, 3))
HOSTILE = (
    "</td><script>alert(1)</script> @acme/risk #12 | x `y` [go](https://evil.example) ![i](http://evil.example/p.png) "
    "**bold** $x$ <!-- --> \u202egnp.exe &amp; \n\n# Heading\n| a | b |\n|---|---|\n :tada: www.evil.example ~~gone~~"
)

CONTEXT = Context(
    repository="acme/promotions",
    pull_request=17,
    links=Links(
        report="https://acme.example/reports/17/index.html",
        mlflow="https://mlflow.acme.example",
        docs="https://github.com/acme/promotions/blob/HEAD/docs/gates.md",
        repository="https://github.com/acme/promotions",
    ),
    gates={
        "artifact": "The registry holds exactly the artifact that the pin names, and it looks safe to load.",
        "schema": "The model's signature fits what the production feature pipeline delivers.",
        "accuracy": "The candidate is good enough, and better than the champion on the same rows.",
        "latency": "The candidate keeps its p95 latency inside the budget, under the load that production sees.",
        "fairness": "No protected group is served much worse than the whole.",
        "drift": "The training features still look like the features that production sees now.",
        "staging": "The same artifact has been in staging long enough.",
    },
    explained={
        "drift": "The training features still look like the features that production sees now.\n\nBy their PSI."
    },
    documented=frozenset(["artifact", "schema", "accuracy", "latency", "fairness", "drift", "staging"]),
    limitations={"credit-risk": ("thin-file-applicants", "post-2024-inflation")},
    owners={"credit-risk": "@acme/credit-risk"},
)


def roc(auc: float, steps: int = 60) -> list[tuple[float, float]]:
    """The ROC of two normal score distributions that far apart."""
    normal = NormalDist()
    distance = math.sqrt(2) * normal.inv_cdf(auc)
    inner = [step / steps for step in range(1, steps)]
    return [(0.0, 0.0), *((x, normal.cdf(normal.inv_cdf(x) + distance)) for x in inner), (1.0, 1.0)]


def slowest(median: float, spread: float) -> list[tuple[float, float]]:
    """A log-normal latency: how many milliseconds the slowest request in so many takes, up to one in a thousand."""
    normal = NormalDist()
    ranks = [*range(1, 99), 98.5, 99, 99.5, 99.7, 99.9]
    return [(100 / (100 - rank), median * math.exp(spread * normal.inv_cdf(rank / 100))) for rank in ranks]


def artifact() -> Verdict:
    return plainly(Outcome.PASS, "The artifact is the one that was pinned; 5.1 MB, sklearn as skops.").named("artifact")


def schema() -> Verdict:
    measures = [at_most("missing columns", 0, 0), at_most("mistyped columns", 0, 0), shown("columns", 20)]
    return judged(measures, "All 20 input columns are delivered in a type that fits.").named("schema")


def accuracy(value: float = 0.8412, champion: float | None = 0.8291) -> Verdict:
    band = Interval(value - 0.011, value + 0.011)
    measures = [at_least("roc_auc", value, 0.82, interval=band, champion=champion, rows=10_000)]
    series: dict[str, Sequence[tuple[float, float]]] = {"candidate": roc(value)}
    summary = f"roc_auc {value:.4f} is above the minimum of 0.82"
    if champion is not None:
        change = Interval(value - champion - 0.0046, value - champion + 0.0046)
        measures.append(at_least("improvement", value - champion, 0.005, interval=change, rows=10_000))
        series["champion"] = roc(champion)
        summary += f" and {value - champion:+.4f} against the champion"
    exhibit = Curve("ROC on the evaluation rows", "false positive rate", "true positive rate", series, diagonal=True)
    advice = ["Train on more recent rows, or compare the features that the champion has and this one lacks."]
    return judged(measures, summary + ".", exhibits=[exhibit], advice=advice).named("accuracy")


def latency(p95: float = 31.4, *, compared: bool = True) -> Verdict:
    measures = [
        at_most("requests that failed or got no answer", 0, 0, rows=1000),
        at_most("p95", p95, 50, unit="ms", champion=28.9, interval=Interval(p95 - 1.8, p95 + 2.4), rows=1000),
        shown("p50", p95 / 2.6, unit="ms", champion=11.2, rows=1000),
        shown("p99", p95 * 1.5, unit="ms", champion=44.0, rows=1000),
    ]
    series = {"candidate": slowest(p95 / 2.6, 0.58), "champion": slowest(11.2, 0.57)}
    if not compared:
        measures = [msgspec.structs.replace(measure, champion=None) for measure in measures]
        del series["champion"]
    limits = {"p95 budget": 50.0}
    exhibit = Curve("Latency", "one request in …", "milliseconds", series, x_log=True, y_log=True, limits=limits)
    word = "inside" if p95 <= 50 else "over"
    return judged(
        measures,
        f"p95 {p95:.1f} ms is {word} the budget of 50 ms at 100 requests/s.",
        exhibits=[exhibit],
        notes=["Champion and candidate were measured in the same run, in the order ABBA."] if compared else [],
    ).named("latency")


GROUPS = {
    "business_size = small": (0.794, 0.035, 0.801, 812),
    "business_size = medium": (0.842, 0.018, 0.826, 4120),
    "business_size = large": (0.851, 0.015, 0.833, 5068),
    "age_band = < 25": (0.829, 0.028, 0.815, 1422),
    "age_band = 25 to 65": (0.843, 0.013, 0.830, 7604),
    "age_band = >= 65": (0.838, 0.032, 0.828, 974),
    "age_band = missing": (0.702, 0.171, 0.741, 31),
}


def fairness(groups: Mapping[str, tuple[float, float, float | None, int]] = GROUPS, limit: float = 0.08) -> Verdict:
    """The gaps of every group to the best one; a group under 50 rows is shown and not judged."""
    judged_ones = {name: group for name, group in groups.items() if group[3] >= 50}
    best, worst = (pick(judged_ones, key=lambda name: groups[name][0]) for pick in (max, min))
    gaps = {name: groups[best][0] - value for name, (value, *_) in judged_ones.items()}
    before = [champion for _, _, champion, _ in judged_ones.values() if champion is not None]
    band = Interval(gaps[worst] - 0.021, gaps[worst] + 0.021)
    old = max(before) - min(before) if before else None
    measures = [at_most("largest gap", gaps[worst], limit, interval=band, champion=old, rows=10_000)]
    open_gaps = [(name, gap) for name, gap in gaps.items() if gap > limit]
    measures += [at_most(f"roc_auc: {best} to {name}", gap, limit) for name, gap in open_gaps]
    rows = tuple(
        Row(
            name,
            value,
            Interval(value - half, value + half),
            champion,
            size,
            Outcome.PASS if name in judged_ones else Outcome.INSUFFICIENT,
        )
        for name, (value, half, champion, size) in groups.items()
    )
    words = "beyond" if open_gaps else "within"
    return judged(
        measures,
        f"roc_auc: {best} and {worst} differ by {gaps[worst]:.3f}, {words} {limit}",
        advice=[
            *(f"look at how the model treats {best} and {name}: roc_auc" for name, _ in open_gaps),
            "look for a feature that stands in for the group, or for training data that is bent for it",
        ],
        exhibits=[Rows("roc_auc by group", "roc_auc", rows, limits={"overall": 0.8412})],
        notes=[f"{name} has {groups[name][3]} rows and is not judged" for name in groups if name not in judged_ones],
    ).named("fairness")


def drift(columns: int = 8, worst: float = 0.062) -> Verdict:
    draw = random.Random(7)
    names = [
        "income",
        "loan_amount",
        "duration_months",
        "credit_history_length",
        "employment_years",
        "purpose",
        "region",
    ]
    names += [f"bureau_attribute_{index:02d}_utilisation_of_revolving_credit_12m" for index in range(columns)]
    values = sorted((worst * draw.random() ** 3 for _ in range(columns - 1)), reverse=True)
    rows = [
        Row(
            name,
            value,
            rows=10_000,
            outcome=Outcome.FAIL if value > 0.2 else Outcome.WARN if value > 0.1 else Outcome.PASS,
        )
        for name, value in zip(names, [worst, *values], strict=False)
    ]
    measures = [at_most("features that production lacks", 0, 0)]
    measures += [
        msgspec.structs.replace(at_most(f"psi of {row.name}", row.value, 0.2, rows=10_000), outcome=row.outcome)
        for row in rows
    ]
    exhibit = Rows(
        "Population stability of each feature",
        "PSI",
        tuple(rows),
        "bars",
        {"investigate": 0.1, "block": 0.2},
        floor=0.0017,
    )
    return judged(
        measures,
        f"The largest shift is {names[0]} with a PSI of {worst:.3f}.",
        advice=[f"Find out why {names[0]} moved before you rely on the model; retrain if it is here to stay."],
        exhibits=[exhibit],
    ).named("drift")


def staging() -> Verdict:
    return judged(
        [at_least("days in staging", 9.2, 7, unit="days")], "In staging for 9.2 days; 7 were asked for."
    ).named("staging")


def residuals() -> Verdict:
    draw = random.Random(11)
    cloud = {
        name: [(x, draw.gauss(0, noise * (0.4 + x / 400))) for x in (draw.uniform(40, 420) for _ in range(400))]
        for name, noise in (("champion", 31.0), ("candidate", 24.0))
    }
    measures = [
        at_most("rmse", 24.6, 30, unit="min", champion=31.2, interval=Interval(23.1, 26.2), rows=4_000),
        at_least("improvement", 6.6, 1, unit="min", interval=Interval(5.2, 8.1), rows=4_000),
    ]
    exhibit: Exhibit = Points("Residuals against predictions", "predicted minutes", "residual (minutes)", cloud)
    return judged(measures, "rmse 24.6 min against 31.2 min of the champion.", exhibits=[exhibit]).named("accuracy")


def result(
    verdicts: Sequence[Verdict],
    *,
    candidate: Pin = SECOND,
    champion: Pin | None = FIRST,
    slot: Slot = SLOT,
    role: Role = Role.CHAMPION,
) -> Result:
    def subject(pin: Pin, by: str) -> Subject:
        run = f"{pin.version}b7d41f0c2e94a6d"
        link = f"https://mlflow.acme.example/#/experiments/4/runs/{run}"
        when = datetime(2026, 11, 3 + pin.version, 9, 30, tzinfo=UTC)
        return Subject(pin, run, by, when, "sklearn", 5_120_000, {"train_auc": 0.871}, link)

    return Result(
        Request(slot, role, candidate, champion, champion, BASE, HEAD, line=2),
        key="sha256:" + "e7a1b0c3" * 8,
        verdicts=tuple(verdicts),
        candidate=subject(candidate, "alice"),
        champion=subject(champion, "bob") if champion else None,
        evaluated=datetime(2026, 11, 24, 3, 49, tzinfo=UTC),
        seconds=18.4,
        engine="gatehouse 0.1.0",
        isolation="bubblewrap",
        data={"evaluation": "sha256:" + "5d0c" * 16, "production": "sha256:" + "77ab" * 16},
        rows=10_000,
    )


def passing() -> Result:
    return result([artifact(), schema(), accuracy(), latency(), fairness(), drift(), staging()], candidate=THIRD)


def blocked() -> Result:
    """Better overall, and unfair to small businesses: the demo's version 2."""
    groups = {**GROUPS, "business_size = small": (0.701, 0.035, 0.801, 812)}
    return result([artifact(), schema(), accuracy(0.8503), latency(), fairness(groups), drift(8, 0.143), staging()])


def insufficient() -> Result:
    undecided = msgspec.structs.replace(
        judged(
            [
                msgspec.structs.replace(
                    at_least("improvement", 0.0071, 0.005, interval=Interval(-0.0052, 0.0194), rows=640),
                    outcome=Outcome.INSUFFICIENT,
                )
            ],
            "+0.0071 on 640 rows; the interval reaches below the 0.005 that is asked for.",
            advice=["Evaluate on about 5,200 rows: that many would decide a margin of 0.005."],
        ),
        gate="accuracy",
    )
    return result([artifact(), schema(), undecided, latency(), fairness(), drift()])


def broken() -> Result:
    error = plainly(
        Outcome.ERROR,
        "the gate broke at gates/latency.py:31: TimeoutError: the model did not answer within 30 s",
        "mend gates/latency.py, or ask its owner; a broken gate blocks",
    ).named("latency")
    return result([artifact(), schema(), accuracy(), error, fairness(), drift()])


def first() -> Result:
    verdict = fairness({name: (value, half, None, size) for name, (value, half, _, size) in GROUPS.items()})
    return result(
        [artifact(), schema(), accuracy(0.8412, None), latency(compared=False), verdict], candidate=FIRST, champion=None
    )


def regression() -> Result:
    return result([artifact(), schema(), residuals(), latency()], slot=Slot("delivery-time", "staging"))


def wide() -> Result:
    """Sixty features, and as many groups as two columns make."""
    groups = {
        f"region = {region}, occupation = {occupation}": (
            0.80 + 0.004 * row + 0.001 * column,
            0.02 + 0.004 * row,
            0.81,
            90 * row,
        )
        for row, region in enumerate(("north", "south", "east", "west", "north-north-east of the capital"), 1)
        for column, occupation in enumerate(
            ("self-employed", "employed", "retired", "student", "agricultural and forestry")
        )
    }
    return result([artifact(), accuracy(), fairness(groups), drift(60, 0.31)], role=Role.CANARY)


def hostile() -> Result:
    """Every text that a model or a pull request may write, written by somebody who means harm."""
    row = Row(HOSTILE, 0.5, Interval(float("-inf"), float("nan")), float("nan"), -1, Outcome.FAIL, HOSTILE)
    exhibits: list[Exhibit] = [
        Rows(HOSTILE, HOSTILE, (row, row), HOSTILE, {HOSTILE: 0.4, "x": float("nan")}, float("inf")),
        Rows(HOSTILE, HOSTILE, (row,), "bars", {HOSTILE: 1e308}, -1.0),
        Curve(
            HOSTILE, HOSTILE, HOSTILE, {HOSTILE: [(0, 0), (float("nan"), 1), (1e308, -1e308)]}, limits={HOSTILE: 0.5}
        ),
        Points(HOSTILE, HOSTILE, HOSTILE, {HOSTILE: [(0, 0), (1, float("inf"))], HOSTILE[::-1]: []}),
    ]
    measure = Measure(HOSTILE, float("nan"), Outcome.FAIL, 0.5, None, Interval(0, 1), 0.4, 3, HOSTILE, HOSTILE)
    verdict = Verdict(HOSTILE, Outcome.FAIL, HOSTILE, (measure,) * 2, (HOSTILE,), (HOSTILE,), tuple(exhibits))
    broken = plainly(Outcome.ERROR, HOSTILE, HOSTILE).named("fairness")
    warned = plainly(Outcome.WARN, HOSTILE, HOSTILE, notes=[HOSTILE]).named("accuracy")
    made = result([verdict, broken, warned], slot=Slot(HOSTILE, HOSTILE, HOSTILE))
    subject = Subject(SECOND, HOSTILE, HOSTILE, None, HOSTILE, 3, {HOSTILE: float("nan")}, "javascript:alert(1)")
    return msgspec.structs.replace(
        made,
        key=HOSTILE,
        candidate=subject,
        engine=HOSTILE,
        isolation=HOSTILE,
        data={HOSTILE: HOSTILE},
        undecidable=(HOSTILE,) * 9,
    )


def tight() -> Result:
    """Tables with no room to spare: intervals of two confidences, verdicts of three words, gaps of intersections."""
    groups = {
        f"region = {region} & age_band = {band}": (0.78 + 0.01 * row, 0.05, 0.77, 240)
        for row, region in enumerate(("capital region of the north-east", "south", "west"))
        for band in ("< 25", "25 to 40", ">= 65")
    }
    names = list(groups)
    open_ones = [
        Measure(
            f"roc_auc: {one} to {other}",
            0.0837,
            Outcome.INSUFFICIENT,
            0.12,
            Relation.AT_MOST,
            Interval(0.009, 0.1584),
            note=f"{one} needs about 466 more rows, 266 of them positives",
        )
        for one, other in pairwise(names)
    ]
    whole = fairness(groups, 0.12)
    undecided = judged([*whole.measures, *open_ones], "not decided", exhibits=whole.exhibits, advice=["take more rows"])
    slow = latency()
    bounds = [
        msgspec.structs.replace(measure, interval=Interval(3537.1, 3879.4, 0.9), value=3723.4, outcome=Outcome.FAIL)
        if measure.limit
        else measure
        for measure in slow.measures
    ]
    late = judged(bounds, "p95 3723.4 ms is over the budget of 50 ms.", exhibits=slow.exhibits).named("latency")
    size = judged([at_most("size", 0.18, 2000, unit="MB")], "digest as pinned").named("artifact")
    return result([schema(), size, accuracy(), undecided.named("fairness"), drift(40, 0.284), late])


def worn() -> Result:
    """An answer found before, on an evaluation set that has judged many and cannot decide everything."""
    return msgspec.structs.replace(
        passing(),
        uses=14,
        undecidable=(
            "age_band = >= 65 has 61 positives; a gap of 0.08 in roc_auc takes about 290",
            "age_band = missing has 31 rows; it is not judged below 50",
        ),
        reused=datetime(2026, 11, 23, 17, 5, tzinfo=UTC),
    )


def several() -> tuple[Result, ...]:
    """One pull request that moves three models."""
    churn = Slot("churn", "staging", "eu")
    return blocked(), passing_as(churn), regression()


def passing_as(slot: Slot) -> Result:
    return result(passing().verdicts, candidate=THIRD, slot=slot)


EVERY = {
    "passing": (passing,),
    "blocked": (blocked,),
    "insufficient": (insufficient,),
    "broken": (broken,),
    "first": (first,),
    "regression": (regression,),
    "wide": (wide,),
    "hostile": (hostile,),
    "worn": (worn,),
    "tight": (tight,),
}


def samples() -> dict[str, tuple[Result, ...]]:
    """Every kind of report by name, the empty one and the one with several results among them."""
    made = {name: tuple(make() for make in makers) for name, makers in EVERY.items()}
    return {**made, "several": several(), "empty": ()}
