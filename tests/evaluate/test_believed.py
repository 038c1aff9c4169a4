"""Results are believed as the honest answer to what was asked, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatehouse.declare.load import require
from gatehouse.evaluate import believed
from gatehouse.evaluate.believed import Judges, doubt, unasked
from gatehouse.evaluate.key import Basis, evidence_key
from gatehouse.evaluate.material import Case, Fetched, Material, Staged
from gatehouse.evaluate.question import ENGINE
from gatehouse.evaluate.result import Request, Result, Subject
from gatehouse.pin import Pin, Role, Slot
from gatehouse.verdict import Outcome, Verdict
from tests.declare.helpers import Files

FETCHED = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
NOW = FETCHED + timedelta(minutes=10)
SLOT = Slot("credit-risk", "staging")
FIRST, SECOND, OTHER = (Pin(number, f"sha256:{number}" + "a" * 63) for number in (1, 2, 3))
GATE = '"""Anything goes."""\n\nTHRESHOLDS = {}\n\n\ndef check(evidence, thresholds):\n    raise SystemExit\n'
TABLE, LIVE = "sha256:" + "e" * 64, "sha256:" + "f" * 64
POLICY = """\
owner: "@acme/credit-risk"
risk: medium
task: binary
reviewed: 2026-09-01
{more}
data:
  evaluation: {{path: data/eval.parquet, label: defaulted}}
  production: {{path: data/live.parquet}}
stages:
  staging: {{gates: [artifact, schema]}}
  production: {{gates: [artifact, staging], soak: 24h}}
"""


class Folders(Files):
    """The same, also where a folder is named with its slash."""

    def paths(self, prefix: str) -> list[str]:
        return super().paths(prefix.rstrip("/"))


def judges(more: str = "", **files: str) -> Judges:
    base = Folders({"promotions/credit-risk/policy.yaml": POLICY.format(more=more), **files})
    return Judges.at(base, require(base).policies)


JUDGES = judges()


def request(**changes: Any) -> Request:
    asked = Request(SLOT, Role.CHAMPION, SECOND, FIRST, FIRST, "b" * 40, "c" * 40, 1)
    return msgspec.structs.replace(asked, **changes)


def subject(pin: Pin) -> Subject:
    return Subject(pin, "run-1", "dana", FETCHED, "sklearn", 12_345, {"auc": 0.9, "rows": 10})


def case(asked: Request, **changes: Any) -> Case:
    fetched = {
        who: Fetched(subject(pin), f"models/{pin.version}", pin.digest) if pin is not None else None
        for who, pin in (("candidate", asked.candidate), ("champion", asked.champion))
    }
    tables = {"evaluation": "data/a/eval.parquet", "production": "data/b/live.parquet"}
    digests = {"evaluation": TABLE, "production": LIVE}
    given = {**fetched, "data": tables, "digests": digests, **changes}
    return Case(asked, **given)


def honest(asked: Case, by: Judges = JUDGES, **changes: Any) -> Result:
    """What an evaluate job that nobody has got at answers."""
    request, data = asked.request, dict(asked.digests)
    names = by.names(request)
    result = Result(
        request=request,
        key=by.key(request, data.get("evaluation", "")),
        verdicts=tuple(Verdict(name, Outcome.PASS, "fine") for name in names),
        candidate=subject(request.candidate),
        champion=subject(request.champion) if request.champion else None,
        evaluated=FETCHED + timedelta(minutes=5),
        seconds=42.0,
        engine=ENGINE,
        isolation="bubblewrap",
        data=data,
        rows=1000,
    )
    return msgspec.structs.replace(result, **changes)


def of(*cases: Case) -> Material:
    return Material(cases, FETCHED)


def doubted(result: Result, asked: Case | None = None, by: Judges = JUDGES) -> str:
    return doubt([result], of(asked or case(request())), by, NOW)


def test_the_honest_answer_is_believed() -> None:
    cases = [case(request()), case(request(role=Role.SHADOW, champion=None, previous=None))]
    assert doubt([honest(one) for one in cases], of(*cases), JUDGES, NOW) == ""


def test_a_document_s_trip_through_json_changes_nothing_that_is_compared() -> None:
    from gatehouse.report import document

    asked = case(request())
    made = msgspec.convert(msgspec.to_builtins(asked), Case)
    (found,) = document.decode(document.encode([honest(asked)]))
    assert doubt([found], of(made), JUDGES, NOW) == ""


def test_a_check_without_questions_has_no_answers() -> None:
    assert doubt([], of(), JUDGES, NOW) == ""
    assert "0 questions asked, 1 answer given" in doubt([honest(case(request()))], of(), JUDGES, NOW)


def test_silence_is_no_answer() -> None:
    assert "1 question asked, 0 answers given" in doubt([], of(case(request())), JUDGES, NOW)


def test_each_question_has_its_own_answer_in_its_place() -> None:
    one, two = case(request()), case(request(role=Role.SHADOW))
    assert doubt([honest(two), honest(one)], of(one, two), JUDGES, NOW)
    assert doubt([honest(one), honest(one)], of(one, two), JUDGES, NOW)
    assert doubt([honest(one), honest(two), honest(two)], of(one, two), JUDGES, NOW)


OTHER_QUESTIONS: dict[str, Any] = {
    "slot": Slot("credit-risk", "production"),
    "role": Role.CANARY,
    "candidate": OTHER,
    "champion": OTHER,
    "previous": None,
    "base": "d" * 40,
    "head": "d" * 40,
    "line": 7,
}


def test_every_field_of_the_question_is_attacked_here() -> None:
    assert set(OTHER_QUESTIONS) == set(Request.__struct_fields__)


@pytest.mark.parametrize("field", list(OTHER_QUESTIONS))
def test_the_answer_to_another_question_is_not_believed(field: str) -> None:
    another = request(**{field: OTHER_QUESTIONS[field]})
    assert unasked([honest(case(another))], [request()])
    assert "another question" in doubted(honest(case(another)))


def passing(*names: str) -> tuple[Verdict, ...]:
    return tuple(Verdict(name, Outcome.PASS, "") for name in names)


ASKED = JUDGES.names(request())
LIES: dict[str, tuple[dict[str, Any], str]] = {
    "no verdict": ({"verdicts": ()}, "none answered"),
    "a gate is left out": ({"verdicts": passing(*ASKED[1:])}, "were asked"),
    "the gate that always runs is left out": ({"verdicts": passing("artifact", "schema")}, "conduct"),
    "a gate more": ({"verdicts": passing(*ASKED, "mine")}, "mine answered"),
    "gates in another order": ({"verdicts": passing(*reversed(ASKED))}, "were asked"),
    "a gate by another name": ({"verdicts": passing("artefact", *ASKED[1:])}, "artefact"),
    "ten thousand gates": ({"verdicts": passing(*map(str, range(10_000)))}, "and 9990 more"),
    "another key": ({"key": "sha256:" + "0" * 64}, "evidence key"),
    "the key of another table": ({"key": JUDGES.key(request(), LIVE)}, "evidence key"),
    "the key of another slot": (
        {"key": JUDGES.key(request(slot=Slot("credit-risk", "production")), TABLE)},
        "evidence key",
    ),
    "the key of another champion": ({"key": JUDGES.key(request(champion=OTHER), TABLE)}, "evidence key"),
    "another table, and its key": (
        {"data": {"evaluation": LIVE, "production": LIVE}, "key": JUDGES.key(request(), LIVE)},
        "tables are not the ones",
    ),
    "no table": ({"data": {}, "key": JUDGES.key(request(), "")}, "tables are not the ones"),
    "a table more": ({"data": {"evaluation": TABLE, "production": LIVE, "mine": LIVE}}, "tables are not the ones"),
    "another trainer": (
        {"candidate": msgspec.structs.replace(subject(SECOND), trained_by="somebody else")},
        "candidate is not the one",
    ),
    "another run": ({"candidate": msgspec.structs.replace(subject(SECOND), run="run-2")}, "candidate is not the one"),
    "better metrics": (
        {"candidate": msgspec.structs.replace(subject(SECOND), metrics={"auc": 0.99, "rows": 10})},
        "candidate is not the one",
    ),
    "a link elsewhere": (
        {"candidate": msgspec.structs.replace(subject(SECOND), link="https://evil.example")},
        "candidate is not the one",
    ),
    "another candidate": ({"candidate": subject(OTHER)}, "candidate is not the one"),
    "another champion": ({"champion": subject(OTHER)}, "champion is not the one"),
    "no champion": ({"champion": None}, "champion is not the one"),
    "no sandbox": ({"isolation": "none"}, "the policy asks for unshare"),
    "a sandbox that nobody knows": ({"isolation": "fort knox"}, "the policy asks for unshare"),
    "an empty level": ({"isolation": ""}, "the policy asks for unshare"),
    "a cluster that nobody asked for": ({"isolation": "cluster"}, "isolation is not that of the policy's engine"),
    "another engine": ({"engine": "gatehouse 99"}, "another engine"),
    "an engine on a cluster": ({"engine": f"{ENGINE} on local[2]"}, "another engine"),
    "before it was fetched": ({"evaluated": FETCHED - timedelta(hours=1)}, "between the fetch and now"),
    "tomorrow": ({"evaluated": NOW + timedelta(days=1)}, "between the fetch and now"),
    "nobody knows when": ({"evaluated": datetime(2026, 11, 29, 8, 5)}, "between the fetch and now"),  # noqa: DTZ001
    "in no time": ({"seconds": -1.0}, "longer than there was time"),
    "for a day": ({"seconds": 86_400.0}, "longer than there was time"),
    "not a number of seconds": ({"seconds": float("nan")}, "longer than there was time"),
    "without end": ({"seconds": float("inf")}, "longer than there was time"),
    "rows below none": ({"rows": -1}, "only the report may say"),
    "a count of uses": ({"uses": 1}, "only the report may say"),
    "from memory": ({"reused": FETCHED}, "only the report may say"),
    "of another schema": ({"schema": 2}, "only the report may say"),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_an_answer_that_no_honest_job_gives_is_not_believed(lie: str) -> None:
    changes, said = LIES[lie]
    why = doubted(honest(case(request()), **changes))
    assert said in why
    assert str(SLOT) in why
    assert len(why) < 1000


def test_every_field_of_a_result_is_attacked_but_the_words_and_figures() -> None:
    attacked = {name for changes, _ in LIES.values() for name in changes} | {"request"}
    assert attacked == set(Result.__struct_fields__) - {"undecidable"}


@pytest.mark.parametrize("who", ["candidate", "champion"])
def test_nothing_passes_on_an_artifact_that_is_not_the_one_pinned(who: str) -> None:
    """Fetch has seen it, whatever evaluate says; that it is blocked is an honest answer."""
    pin = SECOND if who == "candidate" else FIRST
    swapped = case(request(), **{who: Fetched(subject(pin), "models/x", OTHER.digest)})
    assert f"the {who}'s artifact is not the one that is pinned" in doubted(honest(swapped), swapped)
    verdicts = (Verdict(ASKED[0], Outcome.FAIL, "swapped"), *passing(*ASKED[1:]))
    assert doubted(honest(swapped, verdicts=verdicts), swapped) == ""


class TestStaging:
    """Whether a version has been in staging is read from main's history, which evaluate has no part in."""

    PRODUCTION = request(slot=Slot("credit-risk", "production"))
    SOAKED = Staged(FETCHED - timedelta(days=2), timedelta(hours=30))
    BRIEFLY = Staged(FETCHED - timedelta(hours=2), timedelta(hours=2))

    def test_a_pass_that_main_s_history_bears_out_is_believed(self) -> None:
        asked = case(self.PRODUCTION, staged=self.SOAKED)
        assert doubted(honest(asked), asked) == ""

    @pytest.mark.parametrize("staged", [None, BRIEFLY], ids=["never", "not for long enough"])
    def test_a_pass_that_it_does_not_is_not(self, staged: Staged | None) -> None:
        asked = case(self.PRODUCTION, staged=staged)
        assert "by main's history it does not" in doubted(honest(asked), asked)

    def test_a_failure_is_believed(self) -> None:
        asked = case(self.PRODUCTION)
        verdicts = tuple(
            Verdict(name, Outcome.FAIL if name == "staging" else Outcome.PASS, "")
            for name in JUDGES.names(asked.request)
        )
        assert doubted(honest(asked, verdicts=verdicts), asked) == ""

    def test_a_team_s_own_gate_of_that_name_is_evaluate_s_to_judge(self) -> None:
        own = judges(**{"gates/staging.py": GATE})
        asked = case(self.PRODUCTION)
        assert doubted(honest(asked, own), asked, own) == ""


class TestWhatFetchRefused:
    PROBLEM = case(request(), candidate=None, champion=None, data={}, digests={}, problem="no version 2", fix="")

    def answer(self, *verdicts: Verdict) -> Result:
        key = evidence_key(Basis(request(), "", {}, "", ENGINE))
        made = honest(self.PROBLEM, verdicts=verdicts, champion=None, isolation="none", key=key)
        return msgspec.structs.replace(made, candidate=Subject(SECOND), rows=0)

    def test_that_it_could_not_be_fetched_is_the_one_answer(self) -> None:
        told = Verdict("fetch", Outcome.ERROR, "no version 2")
        assert doubted(self.answer(told), self.PROBLEM) == ""

    @pytest.mark.parametrize(
        "verdicts",
        [
            (),
            passing("fetch"),
            passing(*ASKED),
            (Verdict("fetch", Outcome.WARN, ""),),
            (Verdict("fetch", Outcome.ERROR, ""), *passing("artifact")),
        ],
        ids=["silence", "a pass", "the gates", "a warning", "more"],
    )
    def test_anything_else_is_not_believed(self, verdicts: tuple[Verdict, ...]) -> None:
        assert "nothing was fetched" in doubted(self.answer(*verdicts), self.PROBLEM)

    def test_nor_is_another_key(self) -> None:
        told = self.answer(Verdict("fetch", Outcome.ERROR, ""))
        forged = msgspec.structs.replace(told, key=JUDGES.key(request(), TABLE))
        assert "nothing was fetched" in doubted(forged, self.PROBLEM)


class TestOnACluster:
    """What Spark reads where it is, fetch has not seen: its digest is evaluate's word, and no more than that is."""

    JUDGES = judges("engine: local[2]\nsandbox: {minimum: cluster}")
    CASE = case(request(), digests={"production": LIVE})

    def answer(self, **changes: Any) -> Result:
        told = {"evaluation": TABLE, "production": LIVE}
        key = self.JUDGES.key(request(), TABLE)
        made = honest(self.CASE, self.JUDGES, data=told, key=key, engine=f"{ENGINE} on local[2]", isolation="cluster")
        return msgspec.structs.replace(made, **changes)

    def test_the_digest_of_a_table_that_only_spark_reads_is_taken_as_it_says(self) -> None:
        assert doubted(self.answer(), self.CASE, self.JUDGES) == ""

    def test_the_digest_of_a_table_that_was_fetched_is_not(self) -> None:
        told = {"evaluation": TABLE, "production": TABLE}
        assert "tables are not the ones" in doubted(self.answer(data=told), self.CASE, self.JUDGES)

    def test_what_is_no_digest_is_none(self) -> None:
        told = {"evaluation": "</td>", "production": LIVE}
        key = self.JUDGES.key(request(), "</td>")
        assert "the digest of a table is none" in doubted(self.answer(data=told, key=key), self.CASE, self.JUDGES)

    @pytest.mark.parametrize("level", ["none", "unshare", "bubblewrap"])
    def test_models_that_ran_in_a_cluster_ran_in_no_sandbox(self, level: str) -> None:
        assert "isolation is not that" in doubted(self.answer(isolation=level), self.CASE, self.JUDGES)

    def test_the_master_is_the_policy_s(self) -> None:
        assert "another engine" in doubted(self.answer(engine=f"{ENGINE} on local[4]"), self.CASE, self.JUDGES)
        assert "another engine" in doubted(self.answer(engine=ENGINE), self.CASE, self.JUDGES)


def test_a_weaker_sandbox_is_believed_where_the_policy_accepts_it_by_name() -> None:
    weak = judges("sandbox: {minimum: none}")
    assert doubted(honest(case(request()), weak, isolation="none"), by=weak) == ""


METRIC = (Path(__file__).parents[2] / "docs/examples/metrics/cost_per_decision.py").read_text()
OTHER_JUDGES: dict[str, Callable[[], Judges]] = {
    "policy": lambda: judges("# another word"),
    "gate": lambda: judges(**{"gates/artifact.py": GATE}),
    "metric": lambda: judges(**{"gates/metrics/cost_per_decision.py": METRIC}),
}


@pytest.mark.parametrize("what", list(OTHER_JUDGES))
def test_an_answer_by_another_policy_gate_or_metric_is_not_believed(what: str) -> None:
    other = OTHER_JUDGES[what]()
    assert "evidence key" in doubted(honest(case(request()), other))
    assert doubted(honest(case(request()), other), by=other) == ""


def test_a_stage_without_gates_lets_nothing_through() -> None:
    nowhere = case(request(slot=Slot("credit-risk", "nowhere")))
    unknown = case(request(slot=Slot("other", "staging")))
    for asked in (nowhere, unknown):
        assert "no gates" in doubted(honest(asked), asked)


def test_clocks_may_differ_by_minutes() -> None:
    for when in (FETCHED - believed.SKEW, NOW + believed.SKEW):
        assert doubted(honest(case(request()), evaluated=when)) == ""
    for when in (FETCHED - 2 * believed.SKEW, NOW + 2 * believed.SKEW):
        assert "between the fetch and now" in doubted(honest(case(request()), evaluated=when))
