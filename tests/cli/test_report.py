"""``gatehouse report`` believes nothing of the models' job but the answer to what was asked of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatehouse.declare import edit
from gatehouse.git import Writer
from gatehouse.pin import Pin, Role
from tests.support.company import STAGING, Cli, Company, Ran
from tests.support.repo import ADA

Document = dict[str, Any]


class Check:
    """A check between its second and its third step: what fetch asked, and what evaluate answered."""

    def __init__(self, company: Company, cli: Cli, folder: Path, pin: Pin | None = None) -> None:
        self.cli, self.folder = cli, folder
        head = branch(company, edit.set_pin(None, Role.CHAMPION, pin or company.pins[1]))
        self.material, self.results = folder / "material", folder / "results"
        assert cli("fetch", "--base", "HEAD", "--head", head, "--out", str(self.material)).code == 0
        assert cli("evaluate", str(self.material), "--out", str(self.results)).code in (0, 1)

    @property
    def document(self) -> Document:
        found: Document = json.loads((self.results / "results.json").read_text())
        return found

    def forge(self, change: Callable[[Document], object]) -> None:
        """Rewrites the results as whoever got out of the sandbox could."""
        made = self.document
        change(made)
        (self.results / "results.json").write_text(json.dumps(made))

    def report(self, *more: str) -> Ran:
        return self.cli("report", str(self.results), "--asked", str(self.material), *more)


def branch(company: Company, text: str) -> str:
    """A commit beside main that sets the staging file to ``text``."""
    repository = company.repo.repository
    parent = repository.resolve("HEAD")
    return Writer(repository, author=ADA).commit(parent, {STAGING.path: text.encode()}, "Promote to staging")


@pytest.fixture
def check(company: Company, cli: Cli, tmp_path: Path) -> Check:
    company.repo.pull()
    return Check(company, cli, tmp_path)


def test_the_honest_answer_is_believed(check: Check, tmp_path: Path) -> None:
    ran = check.report("--out", str(tmp_path / "report"))
    assert ran.code == 0, ran.err
    assert (tmp_path / "report" / "comment.md").exists()


def test_the_question_may_be_a_manifest_by_itself(check: Check, tmp_path: Path) -> None:
    alone = tmp_path / "asked.json"
    alone.write_bytes((check.material / "manifest.json").read_bytes())
    assert check.cli("report", str(check.results), "--asked", str(alone)).code == 0
