"""Every fault between files, and of a change against its base."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.declare.source import Revision, WorkTree
from gatehouse.declare.validate import validate
from gatehouse.git import Author, Repository, Writer
from tests.declare.helpers import POLICY, A, B, C, Files, beside, faults, promotion, repository, said
from tests.support.thousand import GATES, thousand


def policy(gates: str, staging: str = "[schema, drift]") -> dict[str, str | bytes]:
    return repository(policy=POLICY.replace("drift: {max_psi: 0.2}", gates).replace("[schema, drift]", staging))


def test_a_valid_repository_has_no_fault() -> None:
    assert said(repository(staging=promotion(48, B), production=promotion(47), production_eu=promotion(46, C))) == ""


def test_many_valid_models_have_no_fault_and_ask_jsonschema_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatehouse.declare.schema.explain", None)
    assert thousand(tmp_path, models=60) == 180
    assert validate(WorkTree(tmp_path), GATES) == ()


def test_a_misspelt_threshold_is_a_fault_with_its_line() -> None:
    assert said(policy("accuracy: {metric: roc_auc,\n    min_improvment: 0.1}", "[accuracy]")) == (
        "promotions/credit-risk/policy.yaml:7: gates.accuracy.min_improvment: "
        "unknown key; did you mean `min_improvement`?"
    )


@pytest.mark.parametrize(
    ("gates", "fault"),
    [
        ("drift: {max_psi: 0}", ":6: gates.drift.max_psi: expected more than 0, got 0"),
        ('drift: {max_psi: "0.2"}', ':6: gates.drift.max_psi: expected a number, got "0.2"; take the quotes off: 0.2'),
        ("drift: {max_psi: .inf}", ":6: gates.drift.max_psi: `.inf` is no number that a limit can be held against"),
        ("drift: 0.2", ":6: gates.drift: expected a mapping, got 0.2"),
        ("drft: {}", ":6: gates.drft: there is no gate `drft`; did you mean `drift`?"),
        ("zzz: {}", ":6: gates.zzz: there is no gate `zzz`; choose from accuracy, artifact, drift, fairness"),
        ("latency: {p95_ms: 50}", ":6: gates.latency: no stage lists this gate, so it never runs"),
    ],
)
def test_thresholds_are_held_against_their_gates_schema(gates: str, fault: str) -> None:
    found = said(policy(gates))
    assert fault in found
    assert found.count("\n") == 0


def test_a_gate_that_no_file_defines_cannot_be_listed() -> None:
    found = said(policy("drift: {}", "[schema, drift, fairnes]"))
    assert ":8: stages.staging.gates[2]: there is no gate `fairnes`; did you mean `fairness`?" in found


def test_a_listed_gate_runs_on_its_defaults_unless_it_requires_something() -> None:
    assert said(policy("drift: {}", "[schema, drift, latency]")) == ""
    assert said(policy("drift: {}", "[accuracy, drift]")) == (
        "promotions/credit-risk/policy.yaml:8: stages.staging.gates[0]: accuracy has no thresholds: "
        "`metric` is missing; add `metric: …` under gates: accuracy"
    )


def test_thresholds_are_judged_even_where_the_policy_has_other_faults() -> None:
    broken = repository(policy=POLICY.replace("medium", "hgh").replace("max_psi", "max_spi"))
    assert [fault.key for fault in faults(broken)] == ["risk", "gates.drift.max_spi"]


@pytest.mark.parametrize(
    "text", ["gates: 1\nstages: 2\n", "gates: [a]\nstages: {a: 1, b: {gates: 2}, c: {gates: [1]}}\n"]
)
def test_gates_and_stages_of_the_wrong_shape_are_faults_and_no_crash(text: str) -> None:
    assert faults(repository(policy=POLICY.partition("gates:")[0] + text))


def test_a_metric_that_the_task_does_not_have_is_told_at_its_line() -> None:
    files = policy("accuracy: {metric: rmse}", "[accuracy]")
    (found,) = validate(Files(files), GATES, unmeasured=lambda task, metric: "use roc_auc")
    assert str(found) == (
        "promotions/credit-risk/policy.yaml:6: gates.accuracy.metric: no binary metric `rmse`; use roc_auc"
    )
    assert validate(Files(files), GATES, unmeasured=lambda task, metric: None) == ()


def test_a_gate_whose_thresholds_are_no_schema_is_named_itself() -> None:
    gates = {**GATES, "drift": {"type": "object", "properties": {"max_psi": {"type": "nmber"}}}}
    found = validate(Files(repository()), gates)
    assert [str(fault).partition("'")[0] for fault in found] == [
        "gates/drift.py:1: THRESHOLDS: is no JSON Schema: properties.max_psi.type: "
    ]


def test_a_stage_that_is_not_declared_cannot_be_in_a_policy() -> None:
    found = said(repository(policy=POLICY.replace("production:", "prodution:")))
    assert ":9: stages.prodution: there is no stage `prodution`; did you mean `production`?" in found


def test_a_promotion_to_a_stage_that_the_policy_is_silent_about_is_a_fault() -> None:
    silent = POLICY.rpartition("  production:")[0]
    found = said(repository(policy=silent, production=promotion(1)))
    assert "production.yaml:1: the policy says nothing about production, so no gate would judge it" in found


@pytest.mark.parametrize("role", ["canary", "shadow"])
def test_a_version_on_hold_cannot_be_pinned_in_any_role_and_the_reason_is_said(role: str) -> None:
    hold = "versions: [{version: 48, reason: declines small businesses, since: 2026-03-03}]\n"
    champion = repository(hold=hold, production=promotion(48))
    assert said(champion) == (
        "promotions/credit-risk/production.yaml:1: version: version 48 is on hold since 2026-03-03: "
        "declines small businesses; pin another version"
    )
    other = repository(hold=hold, production=promotion(47, A, beside(role, 48, B)))
    assert f"production.yaml:3: {role}.version: version 48 is on hold" in said(other)


def test_one_version_has_one_digest_across_all_files_of_a_model() -> None:
    files = repository(production=promotion(47, A, beside("canary", 48, B)), staging=promotion(48, C))
    assert said(files) == (
        "promotions/credit-risk/staging.yaml:2: digest: version 48 has another digest in "
        "promotions/credit-risk/production.yaml:3; a version is one artifact; "
        "`gatehouse propose` writes the digest that the registry has"
    )
    other = {"promotions/other/policy.yaml": POLICY, "promotions/other/production.yaml": promotion(48, C)}
    assert said({**repository(production=promotion(48, B)), **other}) == ""


def test_a_freeze_names_models_that_there_are() -> None:
    window = (
        "windows:\n- start: 2026-12-20T18:00:00Z\n  end: 2026-12-21T18:00:00Z\n  reason: x\n  models: [credit-rsk]\n"
    )
    found = said({**repository(), "promotions/freeze.yaml": window})
    assert "freeze.yaml:5: windows[0].models[0]: there is no model `credit-rsk`; did you mean `credit-risk`?" in found


def test_stray_files_are_faults_with_a_fix() -> None:
    files = {**repository(), "promotions/credit-risk/production.yml": promotion(1), "promotions/README.md": "# hello"}
    assert said(files) == (
        "promotions/credit-risk/production.yml:1: is not read by gatehouse; "
        "rename it to production.yaml, or take it out of promotions/"
    )


def test_faults_come_in_the_order_of_paths_and_lines_and_once_each() -> None:
    found = faults(
        {**repository(production="version: x\ndigest: y\n"), "promotions/a.yaml": "", "promotions/z.yml": ""}
    )
    assert found == sorted(set(found))
    assert len(found) == 4


JUDGES = [
    "gates/drift.py",
    "gates/README.md",
    "promotions/credit-risk/policy.yaml",
    "promotions/other/policy.yaml",
    "promotions/stages.yaml",
    "promotions/freeze.yaml",
    ".github/workflows/gates.yml",
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
]
STAGES = "stages: [{name: staging, registry: x}, {name: production, registry: x}]\n"


def judge(path: str) -> str:
    if path.endswith("policy.yaml"):
        return POLICY.replace("0.2", "0.3")
    return {"promotions/stages.yaml": STAGES, "promotions/freeze.yaml": "holidays: DE\n"}.get(path, "new")


@pytest.mark.parametrize("path", JUDGES)
def test_a_pin_does_not_change_together_with_what_judges_it(path: str) -> None:
    base = repository(production=promotion(47))
    both = {**repository(production=promotion(48, B)), path: judge(path)}
    assert said(both, base) == (
        f"promotions/credit-risk/production.yaml:1: a pin changes together with what judges it: {path}; "
        "split it in two pull requests: first those files, then, once they are merged, the pin"
    )


@pytest.mark.parametrize("path", JUDGES)
def test_what_judges_may_change_alone(path: str) -> None:
    base = repository(production=promotion(47))
    assert said({**base, path: judge(path)}, base) == ""


def test_a_deleted_gate_is_a_change_too_and_long_lists_are_cut() -> None:
    base = {**repository(production=promotion(47)), **{f"gates/g{n}.py": "x" for n in range(5)}}
    found = said(repository(production=promotion(48, B), production_eu=promotion(48, B)), base)
    assert found.count("gates/g0.py, gates/g1.py, gates/g2.py and 2 more") == 2


@pytest.mark.parametrize("path", ["README.md", "src/model.py", "promotions/credit-risk/model_card.md"])
def test_other_files_may_come_with_a_pin(path: str) -> None:
    base = repository(production=promotion(47))
    assert said({**repository(production=promotion(48, B)), path: "words"}, base) == ""


def test_a_rollback_may_hold_the_bad_version_in_the_same_change() -> None:
    base = repository(production=promotion(48, B))
    hold = "versions: [{version: 48, reason: bad, since: 2026-03-03}]\n"
    assert said(repository(production=promotion(47), hold=hold), base) == ""


def test_a_hold_is_not_lifted_by_the_change_that_needs_it_lifted() -> None:
    hold = "versions: [{version: 48, reason: declines small businesses, since: 2026-03-03}]\n"
    base = repository(production=promotion(47), hold=hold)
    assert said(repository(production=promotion(48, B)), base) == (
        "promotions/credit-risk/production.yaml:1: version: version 48 was on hold until this very change: "
        "declines small businesses; lift the hold in a pull request of its own, then promote"
    )
    assert said(repository(production=promotion(47)), base) == ""


def test_the_same_faults_are_found_in_the_working_tree_and_in_a_revision(tmp_path: Path) -> None:
    repository_ = Repository(tmp_path)
    repository_.run("init", "-q", "-b", "main")
    files = repository(production=promotion(47, A, beside("canary", 47, A)), hold="versions: 4\n", staging=b"\xff")
    for path, text in files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
    encoded = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    commit = Writer(repository_, author=Author("a", "a@example.org")).commit(None, encoded, "all")
    found = validate(WorkTree(tmp_path), GATES)
    assert len(found) == 3
    assert validate(Revision(repository_, commit), GATES) == found
    assert [str(fault) for fault in found] == said(files).splitlines()


def test_a_file_of_five_megabytes_is_a_fault_beside_the_others(tmp_path: Path) -> None:
    thousand(tmp_path, models=1)
    folder = tmp_path / "promotions/model-0000"
    (folder / "hold.yaml").write_text("a: " + "x" * 5_000_000)
    (folder / "production.yaml").unlink()
    (folder / "production.yaml").symlink_to("staging.yaml")
    assert [fault.message for fault in validate(WorkTree(tmp_path), GATES)] == [
        "`promotions/model-0000/hold.yaml` has 5,000,003 bytes, more than the 1,000,000 that are read",
        "`promotions/model-0000/production.yaml` is a symbolic link, which is never followed",
    ]


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        (None, "there is no file .github/e.pem; write the public half into it: openssl pkey -in evidence.key -pubout"),
        ("ssh-ed25519 AAAA me", ".github/e.pem holds no public key in PEM; write the public half"),
        ("-----BEGIN PRIVATE KEY-----\nMC4C", ".github/e.pem holds a private key; make a new pair"),
        ("-----BEGIN EC PRIVATE KEY-----\n-----BEGIN PUBLIC KEY-----\n", ".github/e.pem holds a private key"),
        ("-----BEGIN PUBLIC KEY-----\nMCow", ""),
    ],
)
def test_a_key_for_evidence_is_there_and_public(key: str | None, fault: str) -> None:
    stages = STAGES + "evidence: {keys: [.github/e.pem]}\n"
    files = {"promotions/stages.yaml": stages, **({} if key is None else {".github/e.pem": key})}
    found = said(files)
    assert found.startswith("promotions/stages.yaml:2: evidence.keys[0]: " if fault else "")
    assert fault in found
    assert bool(found) == bool(fault)


def test_a_key_for_evidence_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    for folder in ("promotions", ".github"):
        (tmp_path / folder).mkdir()
    (tmp_path / "promotions/stages.yaml").write_text(STAGES + "evidence: {keys: [.github/e.pem]}\n")
    (tmp_path / ".github/e.pem").symlink_to("/etc/hostname")
    assert [fault.message for fault in validate(WorkTree(tmp_path), GATES)] == [
        ".github/e.pem is not read: `.github/e.pem` is a symbolic link, which is never followed"
    ]
