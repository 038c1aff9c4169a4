"""promotions/ as one typed value, or every fault of every file."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest

from gatehouse.declare.freeze import Freeze, Hours
from gatehouse.declare.load import load, require
from gatehouse.declare.types import (
    Banding,
    Declared,
    Evaluation,
    Question,
    Review,
    Sandbox,
    Serving,
    Stage,
    Table,
    Traffic,
    Where,
)
from gatehouse.errors import GatehouseError
from gatehouse.pin import Role, Slot
from tests.declare.helpers import POLICY, A, B, Files, beside, pin, promotion, repository
from tests.support.thousand import files

PRODUCTION = Slot("credit-risk", "production")


def declared(given: dict[str, str | bytes], environment: dict[str, str] | None = None) -> Declared:
    found, faults = load(Files(given), environment)
    assert faults == ()
    assert found is not None
    return found


def complaints(given: dict[str, str | bytes], environment: dict[str, str] | None = None) -> list[str]:
    found, faults = load(Files(given), environment)
    assert found is None or not faults
    return list(map(str, faults))


def test_nothing_at_all_is_a_valid_beginning() -> None:
    found = declared({}, {})
    assert found.promotions == {}
    assert found.stages.stages == (
        Stage("staging", "sqlite:///mlflow.db", review="none"),
        Stage("production", "sqlite:///mlflow.db", review="required", serving=Serving("local", "serving")),
    )
    assert found.stages.audit == "sqlite:///gatehouse-audit.db"


def test_the_default_registry_is_the_environments() -> None:
    assert declared({}, {"MLFLOW_TRACKING_URI": "http://mlflow:5000"}).stages.stages[0].registry == "http://mlflow:5000"


def test_a_promotion_carries_each_roles_pin_share_and_line() -> None:
    text = promotion(
        47,
        A,
        beside("canary", 48, B),
        beside("challenger", 49, B, 2.5, ", experiment: gbm-q4"),
        beside("shadow", 50, B, 100),
    )
    found = declared(repository(production=text))
    got = found.promotions[PRODUCTION]
    assert (got.slot, got.pin) == (PRODUCTION, pin(47))
    assert got.canary == Traffic(pin(48, "b"), 5)
    assert got.challenger == Traffic(pin(49, "b"), 2.5, "gbm-q4")
    assert got.shadow == Traffic(pin(50, "b"), 100)
    assert [found.line(PRODUCTION, role) for role in Role] == [1, 3, 4, 5]


def test_segments_are_slots_of_their_own() -> None:
    found = declared(repository(production=promotion(1), production_eu=promotion(2, B)))
    assert found.promotions[Slot("credit-risk", "production", "eu")].pin == pin(2, "b")
    assert found.promotions[PRODUCTION].pin == pin(1)


def test_a_policy_is_typed_whole() -> None:
    text = files("m")["policy.yaml"] + "prediction: {method: predict_proba, threshold: 0.4}\n"
    policy = declared({"promotions/m/policy.yaml": text}).policies["m"]
    assert (policy.model, policy.owner, policy.risk, policy.task) == ("m", "@acme/m", "low", "binary")
    assert (policy.reviewed, policy.review_every) == (date(2026, 9, 1), timedelta(days=90))
    evaluation = policy.data.evaluation
    assert isinstance(evaluation, Evaluation)
    assert evaluation.groups == ("business_size", Banding("age_band", "age", (25, 65)))
    assert policy.data.production == Table(Where("data/m/features-last-30d.parquet"))
    assert policy.gates["drift"] == {"max_psi": 0.2}
    assert policy.stages["production"].soak == timedelta(hours=24)
    assert policy.stages["staging"].gates[:2] == ("artifact", "schema")
    assert (policy.review.approvals, policy.review.block_under) == (2, timedelta(seconds=30))
    assert (policy.rollout.steps, policy.rollout.hold) == ((5, 25, 100), timedelta(hours=2))
    assert policy.rollout.abort["error_rate"] == 0.01
    assert (policy.prediction.method, policy.prediction.threshold) == ("predict_proba", 0.4)


def test_a_model_is_sandboxed_unless_its_policy_says_otherwise() -> None:
    assert declared(repository()).policies["credit-risk"].sandbox == Sandbox("unshare", 8192, 64, 3600)

    named = POLICY + "sandbox: {minimum: none, memory_mb: 512, processes: 4, seconds: 10}\n"
    assert declared(repository(policy=named)).policies["credit-risk"].sandbox == Sandbox("none", 512, 4, 10)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("minimum: bwrap", "bwrap"),
        ("memory_mb: 0", "memory_mb"),
        ("memory_mb: 8 GB", "memory_mb"),
        ("processes: 1", "processes"),
        ("seconds: -1", "seconds"),
        ("seconds: 1h", "seconds"),
        ("network: true", "network"),
    ],
)
def test_a_sandbox_that_holds_nothing_is_a_fault(wrong: str, fault: str) -> None:
    (said,) = complaints(repository(policy=POLICY + f"sandbox: {{{wrong}}}\n"))
    assert said.startswith("promotions/credit-risk/policy.yaml:")
    assert fault in said


@pytest.mark.parametrize(("risk", "approvals"), [("low", 1), ("medium", 1), ("high", 2)])
def test_risk_sets_how_many_must_approve_unless_the_policy_does(risk: str, approvals: int) -> None:
    policy = POLICY.replace("medium", risk)
    assert declared(repository(policy=policy)).policies["credit-risk"].review.approvals == approvals
    named = policy + "review: {approvals: 3}\n"
    assert declared(repository(policy=named)).policies["credit-risk"].review.approvals == 3


def test_what_reviews_ask_is_typed_and_usually_nothing_more_than_every_review_asks() -> None:
    assert declared(repository()).policies["credit-risk"].review == Review()
    asks = "- {id: appeals, ask: Explained?, answers: [tried, does not apply]}\n  - {id: b, ask: B?, required: false}"
    text = (
        f'review:\n  questions:\n  {asks}\n  pool: ["@olga", "@ines"]\n  teams: distinct\n  limitations: [thin files]\n'
    )
    assert declared(repository(policy=POLICY + text)).policies["credit-risk"].review == Review(
        limitations=("thin files",),
        questions=(
            Question("appeals", "Explained?", ("tried", "does not apply"), True),
            Question("b", "B?", (), False),
        ),
        pool=("@olga", "@ines"),
        teams="distinct",
    )


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("questions: [{id: Appeals, ask: x}]", "review.questions[0].id"),
        ("questions: [{id: a}]", "review.questions[0]: `ask` is missing"),
        ('questions: [{id: a, ask: "two\\nlines"}]', "review.questions[0].ask"),
        ('questions: [{id: a, ask: " x"}]', "review.questions[0].ask"),
        ('questions: [{id: a, ask: ""}]', "review.questions[0].ask"),
        ("questions: [{id: a, ask: x, answers: [one]}]", "review.questions[0].answers"),
        ("questions: [{id: a, ask: x, answers: []}]", "review.questions[0].answers"),
        ("questions: [{id: a, ask: x, answers: [y, true]}]", "review.questions[0].answers[1]"),
        ("questions: [{id: a, ask: x, requird: false}]", "review.questions[0].requird"),
        ("pool: []", "review.pool"),
        ("pool: [olga]", "review.pool[0]"),
        ('pool: ["@acme/model-risk"]', "review.pool[0]"),
        ("teams: same", "review.teams"),
    ],
)
def test_a_review_that_asks_nobody_or_nothing_is_a_fault(wrong: str, fault: str) -> None:
    (said,) = complaints(repository(policy=POLICY + f"review: {{{wrong}}}\n"))
    assert said.startswith("promotions/credit-risk/policy.yaml:")
    assert fault in said


def test_people_have_other_names() -> None:
    stages = "stages: [{name: dev, registry: x}]\n"
    assert declared({"promotions/stages.yaml": stages}).stages.people == {}
    named = stages + "people: {olga: [olga.k@acme.example, Olga Krüger], ines: ['${INES}']}\n"
    found = declared({"promotions/stages.yaml": named}, {"INES": "ik"})
    assert found.stages.people == {"olga": ("olga.k@acme.example", "Olga Krüger"), "ines": ("ik",)}


@pytest.mark.parametrize(
    ("people", "key"),
    [("{'@olga': [x]}", "people"), ("{olga: []}", "people.olga"), ("{olga: x}", "people.olga"),
     ("{olga: ['']}", "people.olga[0]"), ("[olga]", "people")],
)  # fmt: skip
def test_people_that_name_nobody_are_a_fault(people: str, key: str) -> None:
    (line,) = complaints({"promotions/stages.yaml": f"stages: [{{name: dev, registry: x}}]\npeople: {people}\n"})
    assert line.startswith(f"promotions/stages.yaml:2: {key}: ")


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ('{from: "09:00", to: "17:30"}', Hours(time(9), time(17, 30), ("mon", "tue", "wed", "thu", "fri"))),
        ('{from: "00:00", to: "24:00", days: [sun, mon]}', Hours(time(0), time.max, ("sun", "mon"))),
    ],
)
def test_a_calendar_is_typed(written: str, hours: Hours) -> None:
    text = f'weekends: true\nhours: {written}\noncall: ["@olga"]\ntimezone: Europe/Berlin\n'
    assert declared({"promotions/freeze.yaml": text}).freeze == Freeze(
        weekends=True, hours=hours, oncall=("@olga",), timezone="Europe/Berlin"
    )
    assert declared({"promotions/freeze.yaml": "windows: []\n"}).freeze == Freeze()


def test_holds_and_freezes_are_typed() -> None:
    given = repository(hold=f"versions:\n- {{version: 48, digest: {B}, reason: declines, since: 2026-03-03}}\n")
    given["promotions/freeze.yaml"] = (
        "windows: [{start: 2026-12-20T18:00:00+01:00, end: 2027-01-02T08:00:00Z, reason: close}]\nholidays: DE\n"
    )
    found = declared(given)
    held = found.held("credit-risk", pin(48, "b"))
    assert held is not None
    assert (held.reason, held.since) == ("declines", date(2026, 3, 3))
    assert found.freeze.windows[0].start == datetime(2026, 12, 20, 17, tzinfo=UTC)
    assert found.freeze.holidays == "DE"


@pytest.mark.parametrize(
    ("written", "version", "seed", "caught"),
    [
        ("", 48, "a", True),
        ("", 48, "b", True),
        ("", 49, "a", False),
        (f"digest: {A}, ", 48, "a", True),
        (f"digest: {A}, ", 48, "b", False),
        (f"digest: {A}, ", 49, "a", True),
    ],
)
def test_a_hold_catches_its_version_or_with_a_digest_these_bytes_under_any_number(
    written: str, version: int, seed: str, caught: bool
) -> None:
    hold = f"versions: [{{version: 48, {written}reason: x, since: 2026-03-03}}]"
    found = declared(repository(hold=hold))
    assert (found.held("credit-risk", pin(version, seed)) is not None) is caught
    assert found.held("other", pin(version, seed)) is None


def test_stages_are_read_in_order_with_the_environment_in_their_texts() -> None:
    text = (
        "stages:\n"
        "- {name: dev, registry: '${DEV_URI}', review: none}\n"
        "- {name: production, registry: '${PROD_URI:-sqlite:///prod.db}', serving: {}, legacy_stages: true}\n"
        "webhooks: [{secret: 'x-${HOOK}-y'}]\n"
    )
    found = declared({"promotions/stages.yaml": text}, {"DEV_URI": "http://dev", "HOOK": "s: [e}cret"})
    assert [stage.registry for stage in found.stages.stages] == ["http://dev", "sqlite:///prod.db"]
    assert found.stages.stages[1].serving == Serving("local", "serving")
    assert found.stages.stages[1].legacy_stages
    assert found.stages.webhooks == ({"secret": "x-s: [e}cret-y"},)
    before = found.stages.before("production")
    assert before is not None
    assert before.name == "dev"


def test_evidence_need_not_be_signed_unless_keys_are_named() -> None:
    stages = "stages: [{name: dev, registry: x}]\n"
    assert declared({"promotions/stages.yaml": stages}).stages.evidence_keys == ()
    keys = stages + "evidence: {keys: [.github/new.pem, gates/keys/old.pem]}\n"
    assert declared({"promotions/stages.yaml": keys}).stages.evidence_keys == (".github/new.pem", "gates/keys/old.pem")


@pytest.mark.parametrize(
    "path",
    [
        "evidence.pem",
        "promotions/evidence.pem",
        ".github/../evidence.pem",
        ".github/.hidden.pem",
        "/etc/evidence.pem",
        ".github/evidence.key",
        "gates//evidence.pem",
        ".github/evidence.pem\n",
    ],
)
def test_keys_lie_where_code_owners_and_the_rule_against_mixed_changes_look(path: str) -> None:
    text = f"stages: [{{name: dev, registry: x}}]\nevidence: {{keys: [{json.dumps(path)}]}}\n"
    (line,) = complaints({"promotions/stages.yaml": text})
    assert line.startswith("promotions/stages.yaml:2: evidence.keys[0]: ")


@pytest.mark.parametrize("environment", [{}, {"DEV_URI": ""}])
def test_an_unset_variable_without_default_is_a_fault_with_file_line_and_name(environment: dict[str, str]) -> None:
    text = "stages:\n- name: dev\n  registry: ${DEV_URI}\n"
    assert complaints({"promotions/stages.yaml": text}, environment) == [
        "promotions/stages.yaml:3: stages[0].registry: the environment variable DEV_URI is not set; "
        "set DEV_URI, or give it a default: ${DEV_URI:-…}"
    ]


def test_without_an_environment_nothing_is_asked_of_it() -> None:
    text = "stages: [{name: dev, registry: '${DEV_URI}'}, {name: b, registry: '${X:-y}'}]\n"
    found = declared({"promotions/stages.yaml": text})
    assert [stage.registry for stage in found.stages.stages] == ["${DEV_URI}", "y"]


def test_every_fault_of_every_file_is_reported_in_order() -> None:
    given = repository(
        production="version: 047\ndigest: 12\nextra: 1\n",
        staging="version: [\n",
        hold="versions: [{version: 0}]\n",
    )
    given["promotions/freeze.yaml"] = "stop_the_line: true\n"
    assert [line.partition("; ")[0] for line in complaints(given)] == [
        "promotions/credit-risk/hold.yaml:1: versions[0]: `reason` is missing",
        "promotions/credit-risk/hold.yaml:1: versions[0]: `since` is missing",
        "promotions/credit-risk/hold.yaml:1: versions[0].version: expected at least 1, got 0",
        "promotions/credit-risk/production.yaml:1: version: `047` is octal to some readers of YAML",
        "promotions/credit-risk/production.yaml:2: digest: expected a text, got 12",
        "promotions/credit-risk/production.yaml:3: extra: unknown key",
        "promotions/credit-risk/staging.yaml:2: no value where one must be",
        "promotions/freeze.yaml:1: stop_the_line: expected a text, got true",
    ]


def test_a_promotion_of_a_model_without_policy_is_a_fault() -> None:
    assert complaints({"promotions/new/staging.yaml": promotion(1)}) == [
        "promotions/new/staging.yaml:1: `new` has no policy, so no gate would judge it; "
        "write promotions/new/policy.yaml"
    ]


def test_a_faulty_policy_is_not_also_called_missing() -> None:
    given = repository(policy="owner: [\n", staging=promotion(1))
    assert [line.partition(":")[0] for line in complaints(given)] == ["promotions/credit-risk/policy.yaml"]


def test_faulty_stages_do_not_make_every_promotion_faulty() -> None:
    given = {**repository(qa=promotion(1)), "promotions/stages.yaml": "stages: 4\n"}
    assert [line.partition(":")[0] for line in complaints(given)] == ["promotions/stages.yaml"]


def test_a_file_that_is_refused_by_its_source_is_a_fault_beside_the_others() -> None:
    class Linked(Files):
        def read(self, path: str) -> bytes | None:
            from gatehouse.declare.source import Unreadable

            if path.endswith("production.yaml"):
                raise Unreadable("is a symbolic link", "commit a regular file")
            return super().read(path)

    _, faults = load(Linked(repository(production=promotion(1), staging="")))
    assert [str(fault).partition(": ")[2] for fault in faults] == [
        "is a symbolic link; commit a regular file",
        "is empty; write its keys, or delete the file",
    ]


def test_require_raises_with_the_faults_and_cuts_a_long_list() -> None:
    given = repository(**{f"s{number:02d}": promotion(1) for number in range(25)})
    with pytest.raises(GatehouseError) as raised:
        require(Files(given))
    lines = raised.value.message.splitlines()
    assert (len(lines), lines[-1]) == (21, "… and 5 more")
    assert "there is no stage `s00`" in lines[0]
    assert "gatehouse validate" in raised.value.fix


def test_require_returns_what_is_declared() -> None:
    assert require(Files(repository(staging=promotion(3))), {}).promotions[Slot("credit-risk", "staging")].pin == pin(3)
