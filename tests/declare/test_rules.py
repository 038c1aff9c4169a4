"""Values of one file must fit each other."""

from __future__ import annotations

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
