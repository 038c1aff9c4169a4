"""The checks that need no GitHub, on facts made by hand: CODEOWNERS, MLflow, promotions/ and the sandbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.declare import owners as codeowners
from gatehouse.declare.load import default_stages
from gatehouse.declare.types import Policy, Sandbox, Stages
from gatehouse.doctor.checks import CHECKS, ELSEWHERE, judge
from gatehouse.doctor.checks.registries import old
from gatehouse.doctor.facts import Facts, Machine, Main, OwnersFile
from gatehouse.doctor.finding import Finding, Level, Unseen
from gatehouse.doctor.words import listed
from gatehouse.registry.server import Server
from gatehouse.runtime.isolation import Probed

PATHS = (
    "promotions/churn/policy.yaml",
    "promotions/churn/extra.yaml",
    "gates/a.py",
    ".github/workflows/gates.yml",
)
ALL = "* @acme/all\n"
BEST = (Probed("bubblewrap", True), Probed("unshare", True))


def policy(model: str, minimum: str = "unshare") -> Policy:
    sandbox = Sandbox(minimum=minimum)  # type: ignore[arg-type]  # as a test names it
    return Policy(model, "@acme/a", "low", "binary", date(2026, 3, 1), {}, sandbox=sandbox)


def facts(
    text: str | None = ALL,
    paths: Iterable[str] = PATHS,
    path: str = ".github/CODEOWNERS",
    policies: Mapping[str, Policy] | None = None,
    stages: Stages | None = None,
    registry: Server | Unseen | None = None,
    machine: Machine | None = None,
) -> Facts:
    file = None if text is None else OwnersFile(path, len(text), codeowners.parse(text))
    main = Main("c" * 40, True, (*paths, path), file, (), stages or default_stages({}), policies or {})
    registries = {} if registry is None else {"https://mlflow.acme.example": registry}
    return Facts(main, Unseen("not asked", "ask"), registries, machine or Machine("3.17.2", BEST))


def found(check: str, given: Facts) -> list[Finding]:
    return list(ELSEWHERE[check](given))


def only(check: str, given: Facts) -> Finding:
    (finding,) = found(check, given)
    return finding


def test_a_file_that_owns_everything_is_fine() -> None:
    assert only("owners/paths", facts()).what == (
        "all 5 paths in promotions/, gates/ and .github/ have an owner, and so has what may come"
    )


@pytest.mark.parametrize(
    ("text", "naked", "why"),
    [
        ("", "5 of 5 paths", ""),
        ("/promotions/ @a\n/.github/ @a\n", "1 of 5 paths have no owner: gates/a.py", ""),
        ("* @a\n/promotions/churn/\n", "2 of 5 paths", "un-owned by .github/CODEOWNERS:2 (/promotions/churn/)"),
        ("* @a\n*.yaml\n/gates/ @a\n", "2 of 5 paths", "un-owned by .github/CODEOWNERS:2 (*.yaml)"),
        ("* @a\n/.github/CODEOWNERS\n", "1 of 5 paths have no owner: .github/CODEOWNERS", ":2 (/.github/CODEOWNERS)"),
        # A star in a folder stops there.
        ("* @a\n/promotions/\n/promotions/* @b\n", "2 of 5 paths", ":2 (/promotions/)"),
    ],
)
def test_a_path_without_an_owner_is_named_with_the_line_that_is_to_blame(text: str, naked: str, why: str) -> None:
    finding = only("owners/paths", facts(text))
    assert finding.level is Level.BAD
    assert naked in finding.what
    assert why in finding.what


@pytest.mark.parametrize(
    ("text", "coming"),
    [
        ("* @a\n/promotions/*/production.yaml\n", "promotions/churn/production.yaml"),
        ("* @a\n/promotions/*/production.*.yaml\n", "promotions/churn/production.some-new-one.yaml"),
        ("* @a\nhold.yaml\n", "promotions/churn/hold.yaml"),
        ("* @a\n/promotions/stages.yaml\n", "promotions/stages.yaml"),
        ("/promotions/ @a\n/gates/a.py @a\n/.github/ @a\n", "gates/some-new-one.py"),
        ("/promotions/churn/ @a\n/promotions/*.yaml @a\n/gates/ @a\n/.github/ @a\n", "promotions/some-new-one/"),
        ("* @a\n/.github/actions/\n", ".github/actions/some-new-one/action.yml"),
    ],
)
def test_a_file_that_may_come_needs_an_owner_before_it_is_there(text: str, coming: str) -> None:
    finding = only("owners/paths", facts(text))
    assert finding.level is Level.BAD
    assert coming in finding.what
    assert "that may come" in finding.what


def test_a_root_codeowners_owns_itself_too() -> None:
    text = "/promotions/ @a\n/gates/ @a\n/.github/ @a\n"
    finding = only("owners/paths", facts(text, path="CODEOWNERS"))
    assert finding.what == "1 of 5 paths have no owner: CODEOWNERS"


def test_a_file_in_a_place_that_is_not_read_is_told() -> None:
    told = found("owners/file", facts(paths=(*PATHS, "docs/CODEOWNERS")))
    assert [one.level for one in told] == [Level.WARN, Level.OK]
    assert told[0].what == "docs/CODEOWNERS is not read: .github/CODEOWNERS counts"


def test_a_file_that_github_would_not_load_owns_nothing() -> None:
    given = facts()
    large = replace(given, main=replace(given.main, owners=OwnersFile(".github/CODEOWNERS", 3_000_000, None)))
    assert "3,000,000 bytes" in only("owners/file", large).what
    assert only("owners/file", large).level is Level.BAD
    assert found("owners/paths", large) == []


def test_without_the_file_one_thing_is_said_of_owners() -> None:
    assert [one.check for one in judge(facts(None)) if one.check.startswith("owners/")] == ["owners/file"]


def test_the_engine_has_owners_where_the_repository_holds_it() -> None:
    assert found("owners/engine", facts()) == []
    there = (*PATHS, "src/gatehouse/pin.py", "requirements.lock")
    assert only("owners/engine", facts(paths=there)).level is Level.OK
    finding = only("owners/engine", facts("/promotions/ @a\n/gates/ @a\n/.github/ @a\n", there))
    assert finding.level is Level.WARN
    assert finding.fix == "add to .github/CODEOWNERS: `/requirements.lock and /src/ @team`"


@given(
    st.lists(
        st.sampled_from(["* @a", "/gates/ @b", "/gates/", "*.yaml", "/.github/ @c", "/promotions/ @d"]), max_size=6
    )
)
def test_paths_are_fine_exactly_where_each_has_an_owner(lines: list[str]) -> None:
    text = "\n".join(lines)
    finding = only("owners/paths", facts(text))
    owned = codeowners.parse(text)
    if any(not owned.of(path) for path in (*PATHS, ".github/CODEOWNERS")):
        assert finding.level is Level.BAD
    elif finding.level is Level.BAD:
        assert "that may come" in finding.what
    else:
        assert owned.of("gates/another.py")


SERVER = Server("https://mlflow.acme.example", True, "3.17.2", "SqlStore", open=False)


@pytest.mark.parametrize(
    ("release", "too_old"),
    [
        ("3.11.0", False), ("3.11", False), ("3.17.2", False), ("4.0.0", False), ("3.11.0rc1", False), ("10.0", False),
        ("3.10.9", True), ("2.22.0", True), ("", True), ("dev", True), ("3", True),
    ],
)  # fmt: skip
def test_the_floor_is_held_from_both_sides(release: str, too_old: bool) -> None:
    assert old(release) is too_old


@pytest.mark.parametrize(
    ("check", "server", "level", "words"),
    [
        ("registry/server", SERVER, Level.OK, "runs MLflow 3.17.2"),
        ("registry/server", replace(SERVER, release="3.10.0"), Level.BAD, "runs MLflow 3.10.0"),
        ("registry/server", replace(SERVER, release=""), Level.UNKNOWN, "does not tell us its release"),
        ("registry/server", replace(SERVER, store="FileStore"), Level.BAD, "in files"),
        ("registry/server", Server("sqlite:///m.db", http=False), Level.WARN, "is no server"),
        ("registry/server", Unseen("gone", "start it"), Level.UNKNOWN, "gone"),
        ("registry/access", SERVER, Level.OK, "asks who comes"),
        ("registry/access", replace(SERVER, open=True), Level.WARN, "lists its models to anybody"),
        ("registry/access", replace(SERVER, open=None), Level.UNKNOWN, "odd answer"),
    ],
)
def test_each_state_of_a_registry_is_said(check: str, server: Server | Unseen, level: Level, words: str) -> None:
    finding = only(check, facts(registry=server))
    assert finding.level is level
    assert words in finding.what


def test_tokens_in_the_clear_are_bad_whoever_is_asked() -> None:
    told = found("registry/access", facts(registry=replace(SERVER, private=False)))
    assert [one.level for one in told] == [Level.BAD, Level.OK]


def test_nothing_is_said_of_who_comes_where_there_is_no_server() -> None:
    assert found("registry/access", facts(registry=Server("sqlite:///m.db", http=False))) == []
    assert found("registry/access", facts(registry=Unseen("gone", "start it"))) == []


def test_an_old_mlflow_here_is_bad() -> None:
    assert only("registry/client", facts(machine=Machine("3.10.1", BEST))).level is Level.BAD


FAILED = (
    Probed("bubblewrap", False, "not installed", "install it"),
    Probed("unshare", False, "not allowed", "allow it"),
)
UNSHARE = (FAILED[0], Probed("unshare", True))


@pytest.mark.parametrize(
    ("minimum", "sandboxes", "runner", "levels"),
    [
        ("unshare", BEST, True, [Level.OK]),
        ("unshare", UNSHARE, True, [Level.OK]),
        ("bubblewrap", BEST, True, [Level.OK]),
        ("bubblewrap", UNSHARE, True, [Level.BAD]),
        ("bubblewrap", UNSHARE, False, [Level.WARN]),
        ("unshare", FAILED, True, [Level.BAD]),
        ("unshare", FAILED, False, [Level.WARN]),
        ("none", FAILED, True, [Level.WARN, Level.WARN]),
        ("none", BEST, True, [Level.OK, Level.WARN]),
        ("cluster", BEST, True, [Level.OK]),
    ],
)
def test_a_sandbox_is_held_against_what_the_policy_asks(
    minimum: str, sandboxes: tuple[Probed, ...], runner: bool, levels: list[Level]
) -> None:
    given = facts(policies={"churn": policy("churn", minimum)}, machine=Machine("3.17.2", sandboxes, runner))
    assert [one.level for one in found("sandbox/level", given)] == levels


def test_what_does_not_work_is_told_with_why_and_what_to_install() -> None:
    given = facts(policies={"churn": policy("churn")}, machine=Machine("3.17.2", FAILED, True))
    finding = only("sandbox/level", given)
    assert finding.what.endswith("no sandbox reaches unshare (bubblewrap: not installed; unshare: not allowed)")
    assert finding.fix == "install it"


def test_unsigned_evidence_is_to_be_thought_about() -> None:
    assert only("promotions/signed", facts()).level is Level.WARN
    signed = Stages(default_stages({}).stages, evidence_keys=(".github/a.pem", ".github/b.pem"))
    finding = only("promotions/signed", facts(stages=signed))
    assert finding.what == "sync takes only evidence that is signed by .github/a.pem or .github/b.pem"


def test_promotions_with_faults_are_bad_and_say_the_first() -> None:
    given = facts()
    faulty = replace(given, main=replace(given.main, faults=("a: wrong", "b: wrong", "c: wrong")))
    assert only("promotions/valid", faulty).what == "a: wrong (and 2 more)"


def test_every_finding_carries_the_name_under_which_its_check_is_known() -> None:
    given = facts("", registry=replace(SERVER, open=True, private=False))
    for name, check in ELSEWHERE.items():
        assert {one.check for one in check(given)} <= {name}
    assert len(CHECKS) == len(set(CHECKS))


def test_every_check_says_in_one_sentence_what_must_be_true() -> None:
    for name, check in CHECKS.items():
        assert check.__doc__, name
        assert check.__doc__.endswith("."), name


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdefg"), "a, b, c, d, e, f and 1 more"),
    ],
)
def test_lists_are_in_words(names: list[str], words: str) -> None:
    assert listed(names) == words
