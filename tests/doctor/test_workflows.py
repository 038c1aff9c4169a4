"""What a workflow file asks for, however it is written."""

from __future__ import annotations

import pytest

from gatehouse.doctor.workflows import Job, Workflow, read
from tests.doctor.installed import SECRETS, own_files

PATH = ".github/workflows/x.yml"


def job(text: str) -> Job:
    return read(PATH, f"on: push\njobs:\n  one:\n{text}".encode()).jobs[0]


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ("on: push", ("push",)),
        ("on: [push, merge_group]", ("push", "merge_group")),
        ("on:\n  push: {branches: [main]}\n  merge_group:", ("push", "merge_group")),
        ('"on": {merge_group: {}}', ("merge_group",)),
        ("true: push", ("push",)),
    ],
)
def test_events_are_found_in_every_form(events: str, found: tuple[str, ...]) -> None:
    assert read(PATH, f"{events}\njobs: {{}}\n".encode()).events == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("    steps:\n      - env: {A: '${{ secrets.TOKEN }}'}\n", ("TOKEN",)),
        ("    env: {A: '${{ secrets.ONE }} ${{secrets.TWO}}'}\n", ("ONE", "TWO")),
        ("    if: ${{ secrets['TOKEN'] != '' }}\n", ("TOKEN",)),
        ('    env:\n      A: ${{ secrets[ "TOKEN" ] }}\n', ("TOKEN",)),
        ("    steps:\n      - with: {token: '${{ secrets.GITHUB_TOKEN }}'}\n", ()),
        ("    steps:\n      - with: {token: '${{ github.token }}'}\n", ()),
        ("    steps:\n      - run: echo secretsXTOKEN nosecrets.TOKEN\n", ()),
        ("    # ${{ secrets.COMMENT }}\n    runs-on: x\n", ()),
    ],
)
def test_secrets_are_found_wherever_they_are_read(text: str, found: tuple[str, ...]) -> None:
    assert job(text).secrets == found


def test_a_secret_of_the_whole_workflow_is_read_by_each_job() -> None:
    text = b"on: push\nenv: {A: '${{ secrets.TOKEN }}'}\njobs: {one: {}, two: {}}\n"
    assert [one.secrets for one in read(PATH, text).jobs] == [("TOKEN",), ("TOKEN",)]


@pytest.mark.parametrize("text", ["    secrets: inherit\n", "    env: {A: '${{ toJSON(secrets) }}'}\n"])
def test_a_job_that_takes_every_secret_is_told(text: str) -> None:
    assert job(text).every


@pytest.mark.parametrize("text", ["    environment: prod\n", "    environment: {name: prod, url: https://x}\n"])
def test_an_environment_is_found_in_both_forms(text: str) -> None:
    assert job(text).environment == "prod"


@pytest.mark.parametrize(
    "data",
    [b"", b"- a\n", b"jobs: [a]\n", b"a: [\n", b"\xff\xfe", b"a: &a [*a, !!python/object:os.system x]\n", b"{" * 5000],
)
def test_a_file_that_cannot_be_read_is_a_fault_and_no_crash(data: bytes) -> None:
    assert read(PATH, data).fault


def test_this_projects_own_workflows_ask_for_what_an_installation_has() -> None:
    workflows: list[Workflow] = [
        read(path, text.encode()) for path, text in own_files().items() if path.startswith(".github/workflows/")
    ]
    jobs = [one for workflow in workflows for one in workflow.jobs]
    assert not [workflow.fault for workflow in workflows if workflow.fault]
    assert {one.environment for one in jobs} - {""} == SECRETS.keys()
    for name, held in SECRETS.items():
        assert {secret for one in jobs if one.environment == name for secret in one.secrets} == set(held)
    assert not [str(one) for one in jobs if one.secrets and not one.environment]
