"""Hostile pull requests, and a models' job that lies, against the real workflows: nobody gets in, everybody is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.loop import GATES, REVIEW, Loop, said
from tests.world import trained
from tests.world.actions import Step
from tests.world.line import CREDIT_RISK, CREDIT_RISK_UNHURRIED
from tests.world.process import run
from tests.world.world import READ_TOKEN, WRITE_TOKEN, World, link_environment

pytestmark = pytest.mark.e2e

POLICY = "promotions/credit-risk/policy.yaml"
Forgery = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    with World(tmp_path_factory.mktemp("attacked"), CREDIT_RISK_UNHURRIED, trained.cached(CREDIT_RISK)) as world:
        yield Loop(world)


@pytest.fixture(scope="module")
def blocked(loop: Loop) -> Iterator[tuple[int, list[Step]]]:
    """Version 2, which is unfair, proposed and judged: its pull request, and what the workflow did."""
    number = loop.propose(2, "staging")
    yield number, loop.world.gates(number)
    loop.world.remote("dana").get_pull(number).edit(state="closed")


@pytest.fixture(scope="module")
def passed(loop: Loop) -> tuple[int, list[Step]]:
    """Version 1 proposed and judged, by an evaluate job whose scripts/setup is the real one."""

    def really(folder: Path) -> None:
        if folder.name != "evaluate":
            link_environment(folder)
            return
        env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        done = subprocess.run(("scripts/setup",), cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    loop.close_all()
    # It would merge itself, were it not for somebody else's check that main asks for.
    check = {"required_status_checks": [{"context": "tests"}], "strict_required_status_checks_policy": False}
    loop.world.github.ruleset(loop.world.repo, {"type": "required_status_checks", "parameters": check})
    number = loop.propose(1, "staging")
    loop.world.set_up = really
    try:
        steps = loop.world.gates(number)
    finally:
        loop.world.set_up = link_environment
    evaluate = of(steps, "evaluate")
    # It is as large as the project's own.
    shutil.rmtree(evaluate.folder / ".venv")
    return number, steps


def evidence(loop: Loop) -> list[str]:
    git = loop.world.repo.git
    return [entry.path for entry in git.entries("evidence", recursive=True)] if git.resolve("evidence") else []


def test_a_pull_request_without_a_pin_passes_without_a_comment(loop: Loop) -> None:
    number = loop.open("words", {"README.md": "# Models\n"})
    loop.world.gates(number)
    assert (loop.verdict(number), loop.verdict(number, REVIEW)) == ("success", "success")
    assert loop.comments(number) == []
    assert loop.world.repo.pulls[number].merged is None, "only a promotion merges itself"


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (POLICY, lambda text: text.replace("max_disparity: 0.05", "max_disparity: 1")),
        ("gates/fairness.py", lambda text: text + "\n# weaker\n"),
        (".github/workflows/gates.yml", lambda text: text.replace("permissions: {}", "permissions: write-all")),
        (".github/CODEOWNERS", lambda text: text + "* @dana\n"),
        ("src/gatehouse/verdict.py", lambda text: text + "\n# everything passes\n"),
    ],
    ids=["policy", "gate", "workflow", "owners", "engine"],
)
def test_whoever_changes_what_judges_a_pin_with_the_pin_is_told_to_split_it(
    path: str, change: Callable[[str], str], loop: Loop
) -> None:
    text = loop.text(path)
    assert change(text) != text
    number = loop.open(f"weaker-{Path(path).stem}", {path: change(text)}, version=2)
    try:
        steps = loop.world.gates(number)
        assert "permissions: write-all" not in (steps[0].folder / ".github/workflows/gates.yml").read_text()
        assert loop.verdict(number) == "failure"
        assert loop.world.repo.pulls[number].merged is None
        (comment,) = loop.comments(number)
        assert path in comment
        assert "pull request of its own" in comment or "split" in comment
        assert evidence(loop) == []
    finally:
        loop.world.remote("dana").get_pull(number).edit(state="closed")


def test_the_job_that_runs_models_finds_no_secret_and_no_token(loop: Loop, blocked: tuple[int, list[Step]]) -> None:
    _, steps = blocked
    evaluate, report, review = (of(steps, verb) for verb in ("evaluate", "report", "review"))
    tokens = {READ_TOKEN, WRITE_TOKEN, loop.world.teams_token, report.env["GITHUB_TOKEN"], review.env["GITHUB_TOKEN"]}
    secrets = {*tokens, report.env["MLFLOW_TRACKING_URI"]}
    assert not secrets & set(evaluate.env.values())
    lying = [path for path in evaluate.folder.rglob("*") if path.is_file() and ".venv" not in path.parts]
    assert len(lying) > 10
    for path in lying:
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), path


def every_gate_passes(document: dict[str, Any]) -> object:
    """Also the one that failed, which is left out."""
    (result,) = document["results"]
    result["verdicts"] = [verdict for verdict in result["verdicts"] if verdict["outcome"] == "PASS"]
    return document


def another_version(document: dict[str, Any]) -> object:
    document["results"][0]["request"]["candidate"]["version"] = 3
    return every_gate_passes(document)


def another_key(document: dict[str, Any]) -> object:
    document["results"][0]["key"] = "sha256:" + "0" * 64
    return document


def no_sandbox(document: dict[str, Any]) -> object:
    document["results"][0]["isolation"] = "none"
    return document


def one_more(document: dict[str, Any]) -> object:
    document["results"] *= 2
    return document


def none_at_all(document: dict[str, Any]) -> object:
    document["results"] = []
    return document


@pytest.mark.parametrize(
    "forgery",
    [every_gate_passes, another_version, another_key, no_sandbox, one_more, none_at_all],
    ids=lambda forgery: forgery.__name__,
)
def test_results_that_are_not_the_answer_to_what_was_asked_are_refused(
    forgery: Forgery, loop: Loop, blocked: tuple[int, list[Step]]
) -> None:
    number, steps = blocked
    before = evidence(loop)
    done = report(steps, lambda text: json.dumps(forgery(json.loads(text))))
    assert done.exit == 2
    assert "cannot be believed" in loop.comments(number)[0]
    assert loop.verdict(number) == "failure"
    assert evidence(loop) == before


@pytest.mark.parametrize("text", ["", "[]", '{"results": ' + "[" * 100_000, "\x00", '{"results": NaN}'])
def test_results_that_do_not_read_are_refused(text: str, loop: Loop, blocked: tuple[int, list[Step]]) -> None:
    number, steps = blocked
    assert report(steps, lambda _: text).exit == 2
    assert loop.verdict(number) == "failure"


def test_a_job_that_left_no_results_is_told_on_the_pull_request(loop: Loop, blocked: tuple[int, list[Step]]) -> None:
    number, steps = blocked
    folder = of(steps, "report").folder / "results"
    folder.rename(folder.with_name("kept"))
    try:
        assert report(steps).exit == 2
        assert "the evaluate job left no results" in loop.comments(number)[0]
        assert loop.verdict(number) == "failure"
    finally:
        folder.with_name("kept").rename(folder)


def of(steps: list[Step], verb: str) -> Step:
    (found,) = (step for step in steps if step.verb == verb)
    return found


def report(steps: list[Step], forged: Callable[[str], str] | None = None) -> Any:
    """The report's own command once more, on results that were tampered with."""
    step = of(steps, "report")
    file = step.folder / "results" / "results.json"
    kept = file.read_text() if file.exists() else None
    if forged is not None and kept is not None:
        file.write_text(forged(kept))
    try:
        return run(("bash", "-c", step.written), step.folder, step.env)
    finally:
        if kept is not None:
            file.write_text(kept)


@pytest.mark.slow
def test_the_engine_that_is_handed_over_sets_itself_up_in_an_empty_folder_and_judges(
    loop: Loop, passed: tuple[int, list[Step]]
) -> None:
    number, steps = passed
    assert [step.done.exit for step in steps] == [0] * len(steps), said(steps)
    assert loop.verdict(number) == "success"


@pytest.mark.slow
def test_a_merge_queue_looks_at_evidence_and_reviews_and_runs_no_model(
    loop: Loop, passed: tuple[int, list[Step]]
) -> None:
    group, steps = loop.world.queue(passed[0])
    assert [(step.verb, step.done.exit) for step in steps] == [("evidence", 0), ("review", 0)], said(steps)
    checks = loop.world.remote("rosa").get_commit(group).get_check_runs()
    assert {(check.name, check.conclusion) for check in checks} == {(GATES, "success"), (REVIEW, "success")}


@pytest.mark.slow
def test_when_main_moves_on_no_group_is_merged_and_the_open_pull_request_turns_red(
    loop: Loop, passed: tuple[int, list[Step]]
) -> None:
    number, _ = passed
    policy = loop.text(POLICY).replace("max_disparity: 0.05", "max_disparity: 0.04")
    loop.world.github.push(loop.world.repo, "main", {POLICY: policy}, "A stricter policy", by="olga")
    group, steps = loop.world.queue(number)
    assert of(steps, "evidence").done.exit == 1, said(steps)
    checks = loop.world.remote("rosa").get_commit(group).get_check_runs()
    assert (GATES, "failure") in [(check.name, check.conclusion) for check in checks]
    assert loop.verdict(number) == "success"
    (step,) = loop.world.evidence()
    assert step.done.exit == 0, step.done.err
    assert loop.verdict(number) == "failure"
