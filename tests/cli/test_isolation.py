"""A machine without a sandbox, from the command line: nothing runs, the pull request is told, a person may look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatehouse.declare import edit
from gatehouse.pin import Role
from tests.cli.test_check import _branch
from tests.support.company import MODEL, Cli, Company
from tests.support.walls import unwalled

__all__ = ["unwalled"]

CHECK = ("check", MODEL, "--to", "staging", "--version", "2")
TOO_WEAK = "at least 'unshare', and this machine reaches 'none'"


@pytest.fixture(autouse=True)
def checked_out(company: Company) -> None:
    """The clone holds what main holds, as a person's does."""
    company.repo.pull()


@pytest.mark.usefixtures("unwalled")
def test_evaluate_refuses_and_the_report_says_why(company: Company, cli: Cli, tmp_path: Path) -> None:
    head = _branch(company, edit.set_pin(None, Role.CHAMPION, company.pins[1]))
    material, results = tmp_path / "material", tmp_path / "results"
    assert cli("fetch", "--base", "HEAD", "--head", head, "--out", str(material)).code == 0

    ran = cli("evaluate", str(material), "--out", str(results))

    assert ran.code == 2
    assert TOO_WEAK in " ".join(ran.err.split())
    document = json.loads((results / "results.json").read_text())
    assert (document["passed"], document["results"]) == (False, [])
    assert TOO_WEAK in document["refused"]
    assert "apt-get install bubblewrap" in document["fix"]
    told = cli("report", str(results))
    assert told.code == 2
    assert TOO_WEAK in " ".join(told.err.split())


def test_evaluate_says_in_its_results_that_there_was_no_material(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert cli("evaluate", str(tmp_path / "empty"), "--out", str(tmp_path / "results")).code == 2
    assert "holds no manifest.json" in (tmp_path / "results" / "results.json").read_text()


@pytest.mark.usefixtures("unwalled")
def test_a_person_may_look_without_a_sandbox_and_the_look_is_not_remembered(cli: Cli) -> None:
    assert cli(*CHECK).code == 2
    looked = cli(*CHECK, "--isolation", "none", json=True)
    assert looked.code == 0
    assert looked.document["results"][0]["isolation"] == "none"
    ran = cli(*CHECK)
    assert ran.code == 2
    assert TOO_WEAK in " ".join(ran.err.split())


def test_an_answer_from_behind_walls_serves_those_who_would_accept_less(cli: Cli) -> None:
    first = cli(*CHECK, json=True).document["results"][0]
    again = cli(*CHECK, "--isolation", "none", json=True).document["results"][0]
    assert again["reused"] == first["evaluated"]
    assert again["isolation"] == first["isolation"] != "none"


def test_a_pull_request_is_never_judged_on_less(cli: Cli) -> None:
    ran = cli("check", "--base", "HEAD", "--head", "HEAD", "--isolation", "none", "--pr", "1")
    assert ran.code == 2
    assert "as its policy asks" in " ".join(ran.err.split())


def test_a_level_that_there_is_not_is_wrong_use(cli: Cli) -> None:
    ran = cli(*CHECK, "--isolation", "vm")
    assert ran.code == 2
    assert "'vm' is not one of" in ran.err
