"""The runner plays workflow files as GitHub would, as far as this project's own files go, and refuses the rest."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from tests.world.actions import play
from tests.world.line import PROJECT


def played(tmp_path: Path, text: str, **context: str) -> list[tuple[str, int, str]]:
    """Each step that ran: its job, exit code and output."""
    file = tmp_path / "workflow.yml"
    file.write_text(dedent(text))
    steps = play(file, context, {"PATH": os.environ["PATH"], "WHERE": "runner"}, tmp_path)
    return [(step.job, step.done.exit, step.done.out.strip()) for step in steps]


def test_actions_and_set_up_are_left_out(tmp_path: Path) -> None:
    text = """
        jobs:
          one: {steps: [{uses: "actions/checkout@x"}, {run: scripts/setup}, {run: echo here}]}
    """
    assert played(tmp_path, text) == [("one", 0, "here")]


def test_a_steps_environment_goes_over_the_jobs_and_that_over_the_runners(tmp_path: Path) -> None:
    text = """
        jobs:
          one:
            env: {WHERE: job}
            steps: [{run: echo $WHERE}, {run: echo $WHERE, env: {WHERE: "${{ secrets.TOKEN }}!"}}]
          two: {steps: [{run: echo $WHERE}]}
    """
    said = [out for _, _, out in played(tmp_path, text, **{"secrets.TOKEN": "step"})]
    assert said == ["job", "step!", "runner"]


def test_a_job_ends_at_its_first_failing_step_and_what_needs_it_is_skipped(tmp_path: Path) -> None:
    text = """
        jobs:
          one: {steps: [{run: "false | true"}, {run: echo never}]}
          two: {needs: one, steps: [{run: echo never}]}
          three: {needs: [two], steps: [{run: echo never}]}
          four: {steps: [{run: echo alone}]}
    """
    assert played(tmp_path, text) == [("one", 1, ""), ("four", 0, "alone")]


@pytest.mark.parametrize(("code", "ran"), [(0, ["one", "two", "report", "last"]), (1, ["one", "report"])])
def test_a_report_is_written_after_a_failure_but_not_after_a_skip(tmp_path: Path, code: int, ran: list[str]) -> None:
    text = f"""
        jobs:
          one: {{steps: [{{run: exit {code}}}]}}
          two: {{needs: one, steps: [{{run: "true"}}]}}
          report:
            needs: one
            if: ${{{{ !cancelled() && needs.one.result != 'skipped' }}}}
            steps: [{{run: "true"}}]
          last:
            needs: two
            if: ${{{{ !cancelled() && needs.two.result != 'skipped' }}}}
            steps: [{{run: "true"}}]
    """
    assert [job for job, _, _ in played(tmp_path, text)] == ran


def test_what_it_does_not_understand_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="condition that this runner does not know"):
        played(tmp_path, """jobs: {one: {if: "success()", steps: [{run: "true"}]}}""")
    with pytest.raises(ValueError, match="expression that this runner does not know"):
        played(tmp_path, """jobs: {one: {env: {A: "${{ github.actor }}"}, steps: [{run: "true"}]}}""")


@pytest.mark.parametrize("name", ["gates", "sync"])
def test_every_step_of_the_projects_workflows_is_an_action_or_one_command(name: str) -> None:
    workflow = yaml.safe_load((PROJECT / ".github" / "workflows" / f"{name}.yml").read_text())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = [step["run"] for step in steps if "run" in step]
    assert all("uses" in step or "run" in step for step in steps)
    assert not [command for command in commands if "\n" in command or ";" in command or "&&" in command]
    assert [command for command in commands if command.startswith(".venv/bin/gatehouse ")]
