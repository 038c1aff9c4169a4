"""Values of one file must fit each other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.declare.helpers import POLICY, A, B, C, beside, promotion, repository, said


@pytest.mark.parametrize("role", ["canary", "challenger", "shadow"])
def test_nothing_stands_beside_the_champion_that_is_the_champion(role: str) -> None:
    more = ", experiment: e" if role == "challenger" else ""
    same = repository(production=promotion(47, A, beside(role, 47, A, 5, more)))
    assert f"production.yaml:3: {role}.version: is the champion itself, version 47" in said(same)
    assert said(repository(production=promotion(47, A, beside(role, 48, B, 5, more)))) == ""


def test_shares_up_to_100_are_allowed_and_not_beyond() -> None:
    def shares(canary: float, challenger: float) -> str:
        roles = beside("canary", 48, B, canary), beside("challenger", 49, C, challenger, ", experiment: e")
        return said(repository(production=promotion(47, A, *roles)))

    assert shares(50, 50) == ""
    assert "production.yaml:4: challenger.percent: canary 50 and challenger 50.01 are over 100 % together" in shares(
        50, 50.01
    )


def test_a_shadow_may_see_all_of_the_traffic_that_others_share() -> None:
    roles = beside("canary", 48, B, 100), beside("shadow", 49, C, 100)
    assert said(repository(production=promotion(47, A, *roles))) == ""


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("review: {approvals: 1}", "review.approvals: high risk needs two approvals"),
        (
            "review: {flag_under: 20s}",
            "review.flag_under: an approval blocked under 30s can never be flagged under 20s",
        ),
        ("review: {block_under: 2m}", "review.block_under: an approval blocked under 2m can never be flagged under 1m"),
        ("review: {limitations: [a, b, a]}", "review.limitations[2]: `a` is listed twice"),
        ("review: {questions: [{id: a, ask: x}, {id: a, ask: y}]}", "review.questions[1].id: `a` is listed twice"),
        (
            "review: {questions: [{id: a, ask: x}, {id: limitations, ask: y}]}",
            "review.questions[1].id: a review's form has a part `limitations` already",
        ),
        (
            "review: {questions: [{id: emergency, ask: x}]}",
            "review.questions[0].id: the reason of an emergency goes on record as `emergency`",
        ),
        (
            "review: {questions: [{id: a, ask: x, answers: ['No', 'no']}]}",
            "review.questions[0].answers[1]: `no` is listed twice",
        ),
        ('review: {pool: ["@olga", "@ines", "@Olga"]}', "review.pool[2]: `@Olga` is listed twice"),
        (
            'review: {pool: ["@olga"]}',
            "review.pool: 1 cannot give 2 approvals; name more people, or take the pool away: then code owners are",
        ),
        ('review: {pool: ["@olga", "@ines"], approvals: 3}', "review.pool: 2 cannot give 3 approvals"),
        ("rollout: {steps: [5, 5, 100]}", "rollout.steps: steps must ascend and end at 100"),
        ("rollout: {steps: [25, 5, 100]}", "rollout.steps: steps must ascend and end at 100"),
        ("rollout: {steps: [5, 50]}", "rollout.steps: steps must ascend and end at 100"),
        ("data: {evaluation: {path: p, label: y, groups: [a, a]}}", "groups[1]: `a` is listed twice"),
        (
            "data: {evaluation: {path: p, label: y, groups: [{name: b, column: c, edges: [65, 25]}]}}",
            "groups[0].edges: edges must ascend; write [25, 65]",
        ),
    ],
)
def test_a_policy_whose_values_do_not_fit_says_which(more: str, fault: str) -> None:
    found = said(repository(policy=POLICY.replace("medium", "high") + more + "\n"))
    assert fault in found
    assert found.count("\n") == 0


def test_a_pool_that_can_give_the_approvals_fits() -> None:
    high = POLICY.replace("medium", "high")
    assert said(repository(policy=high + 'review: {pool: ["@olga", "@ines"]}\n')) == ""
    assert said(repository(policy=POLICY + 'review: {pool: ["@olga"]}\n')) == ""


def test_equal_times_for_blocking_and_flagging_fit() -> None:
    assert said(repository(policy=POLICY + "review: {block_under: 60s, flag_under: 1m}\n")) == ""


def test_a_gate_is_listed_once_a_stage() -> None:
    twice = POLICY.replace("[schema, drift]", "[schema, drift, schema]")
    assert "stages.staging.gates[2]: `schema` is listed twice" in said(repository(policy=twice))


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["a", "a"], "stages[1].name: `a` is listed twice"),
        (["policy"], "stages[0].name: `policy` cannot name a stage"),
        (["champion"], "stages[0].name: `champion` cannot name a stage"),
        (["latest"], "stages[0].name: `latest` cannot name a stage"),
    ],
)
def test_stages_have_names_of_their_own(names: list[str], fault: str) -> None:
    listed = ", ".join(f"{{name: {name}, registry: x}}" for name in names)
    assert fault in said({"promotions/stages.yaml": f"stages: [{listed}]\n"})


def test_a_key_for_evidence_is_named_once() -> None:
    text = "stages: [{name: a, registry: x}]\nevidence: {keys: [.github/e.pem, .github/e.pem]}\n"
    assert "evidence.keys[1]: `.github/e.pem` is listed twice" in said({"promotions/stages.yaml": text})


@pytest.mark.parametrize("end", ["2026-12-20T18:00:00+01:00", "2026-12-20T16:59:59Z"])
def test_a_freeze_ends_after_it_starts_whatever_the_zones(end: str) -> None:
    window = "windows: [{{start: 2026-12-20T18:00:00+01:00, end: '{}', reason: x}}]\n"
    assert "windows[0].end: " in said({"promotions/freeze.yaml": window.format(end)})
    assert said({"promotions/freeze.yaml": window.format("2026-12-20T17:00:01Z")}) == ""


@pytest.mark.parametrize(
    ("people", "fault"),
    [
        ("{olga: [ok], ines: [ik, OK]}", "people.ines[1]: `OK` is a name of `olga` too"),
        ("{olga: [ines], ines: [ik]}", "people.ines: `ines` is a name of `olga` too"),
        ("{olga: [ok], Olga: [okr]}", "people.Olga: `Olga` is a name of `olga` too"),
    ],
)
def test_a_name_is_one_person_s(people: str, fault: str) -> None:
    text = f"stages: [{{name: a, registry: x}}]\npeople: {people}\n"
    assert f"promotions/stages.yaml:2: {fault}; keep one of the two" in said({"promotions/stages.yaml": text})


def test_a_person_may_be_called_by_the_login_too() -> None:
    text = "stages: [{name: a, registry: x}]\npeople: {olga: [olga, Olga, o@acme.example]}\n"
    assert said({"promotions/stages.yaml": text}) == ""


HOURS = 'hours: {from: "09:00", to: "17:00"}\noncall: ["@olga"]\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("holidays: XX\n", "holidays: the holidays of `XX` are not known; write the country's two letters of ISO 3166"),
        ("holidays: US-CB\n", "holidays: `US` has no part `CB` with holidays of its own; choose from AK, AL"),
        (
            "timezone: Europe/Berln\n",
            "timezone: this machine knows no time zone `Europe/Berln`; did you mean `Europe/Ber",
        ),
        (
            "timezone: Zzz/Qqq\n",
            "timezone: this machine knows no time zone `Zzz/Qqq`; write a name of the IANA database",
        ),
        (HOURS.replace("17", "09"), 'hours.to: "09:00" is not after "09:00"; let people go later than they come'),
        (HOURS.replace("17", "08"), 'hours.to: "08:00" is not after "09:00"'),
        (HOURS.replace("{", "{days: [mon, tue, mon], "), "hours.days[2]: `mon` is listed twice"),
        (HOURS.partition("oncall")[0], 'hours: nobody could approve outside of these hours; add `oncall: ["@…"]`'),
        ('oncall: ["@olga"]\n', "oncall: without hours nobody on call is ever needed"),
        (HOURS.replace('"]', '", "@Olga"]'), "oncall[1]: `@Olga` is listed twice"),
    ],
)
def test_a_calendar_that_cannot_be_kept_says_why(text: str, fault: str) -> None:
    found = said({"promotions/freeze.yaml": text})
    assert fault in found
    assert found.count("\n") == 0


@pytest.mark.parametrize("text", [HOURS, HOURS.replace("17", "24"), HOURS + "timezone: UTC\nholidays: GB-SCT\n"])
def test_a_calendar_that_can_be_kept_has_no_fault(text: str) -> None:
    assert said({"promotions/freeze.yaml": text}) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("hours: {from: 09:00, to: 17:00}\n", "is a number in base 60 to some readers of YAML"),
        ('hours: {from: "24:00", to: "24:00"}\n', "hours.from: "),
        ('hours: {from: "9:00", to: "17:00"}\n', "hours.from: "),
        ('hours: {days: [monday], from: "09:00", to: "17:00"}\n', "hours.days[0]: "),
        ('oncall: ["olga"]\n', "oncall[0]: "),
        ('oncall: ["@acme/ml"]\n', "oncall[0]: "),
        ("oncall: []\n", "oncall: "),
        ("timezone: localtime\n", "timezone: "),
        ("timezone: right/Europe/Berlin\n", "timezone: "),
        ("timezone: ../../etc/passwd\n", "timezone: "),
        ("weekends: sat\n", "weekends: expected true or false"),
    ],
)
def test_a_calendar_is_written_in_one_way(text: str, fault: str) -> None:
    assert fault in said({"promotions/freeze.yaml": text})


def test_a_calendar_without_holidays_does_not_load_what_knows_them() -> None:
    code = (
        "import sys; from tests.declare.helpers import *;"
        "assert not faults({'promotions/freeze.yaml': 'weekends: true\\ntimezone: Europe/Berlin\\n'});"
        "print('holidays' in sys.modules);"
        "assert not faults({'promotions/freeze.yaml': 'holidays: DE\\n'});"
        "print('holidays' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
