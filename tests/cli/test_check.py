"""The check from the command line: a slot, two revisions, and the three steps alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.declare import edit
from gatehouse.pin import Pin, Role
from tests.support.company import MODEL, STAGING, Cli, Company
from tests.support.repo import promotion


@pytest.fixture(autouse=True)
def checked_out(company: Company) -> None:
    """The clone holds what main holds, as a person's does."""
    company.repo.pull()


def test_a_version_is_tried_before_any_file_names_it(company: Company, cli: Cli, tmp_path: Path) -> None:
    ran = cli("check", MODEL, "--to", "staging", "--version", "2", "--out", str(tmp_path / "report"), json=True)
    assert ran.code == 0
    (result,) = ran.document["results"]
    assert result["request"]["candidate"]["version"] == 2
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "comment.md",
        "evidence",
        "gates.sarif",
        "junit.xml",
        "report.html",
        "results.json",
    ]
    assert not (company.repo.root / STAGING.path).exists()


def test_a_gate_links_to_its_section_where_the_trusted_state_has_one(
    company: Company, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/promotions")
    link = "https://github.example/acme/promotions/blob/HEAD/docs/gates.md#artifact"
    manual = company.repo.root / "docs" / "gates.md"
    manual.parent.mkdir()
    for text, linked in (("", False), ("# The gates\n\n## artifact\n", True), ("### artifact\n", False)):
        manual.write_text(text)
        cli("check", MODEL, "--to", "staging", "--version", "2", "--out", str(tmp_path / "report"))
        written = {path.name: path.read_text() for path in (tmp_path / "report").iterdir() if path.is_file()}
        assert [link in written[name] for name in ("comment.md", "report.html", "gates.sarif")] == [linked] * 3


def test_an_uncommitted_pin_is_checked_as_it_lies_there(company: Company, cli: Cli) -> None:
    (company.repo.root / STAGING.path).write_text(promotion(company.pins[1]))
    assert cli("check", MODEL, "--to", "staging").code == 0


def test_a_digest_that_differs_blocks(company: Company, cli: Cli) -> None:
    (company.repo.root / STAGING.path).write_text(promotion(Pin(1, company.pins[2].digest)))
    ran = cli("check", MODEL, "--to", "staging")
    assert ran.code == 1
    assert "not" in ran.out
    assert "as pinned" in " ".join(ran.out.split())


def test_the_exit_code_tells_a_blocked_promotion(company: Company, cli: Cli) -> None:
    ran = cli("check", MODEL, "--to", "production", "--version", "1")
    assert ran.code == 1
    assert "never been in the stage before" in " ".join(ran.out.split())


def test_what_to_check_has_to_be_said(cli: Cli) -> None:
    ran = cli("check")
    assert ran.code == 2
    assert "MODEL --to STAGE" in ran.err


def test_wrong_names_are_answered_in_two_lines(cli: Cli) -> None:
    asked = {
        ("check", "credit-rsk", "--to", "staging", "--version", "1"): "credit-rsk",
        ("check", MODEL, "--to", "stagging", "--version", "1"): "no stage 'stagging'",
        ("check", MODEL, "--to", "policy", "--version", "1"): "names no slot",
        ("check", MODEL, "--to", "staging", "--version", "99"): "has no version 99",
        ("check", MODEL, "--to", "staging"): "pins no champion",
        ("check", "--base", "nowhere", "--head", "HEAD"): "no revision 'nowhere'",
    }
    for args, said in asked.items():
        ran = cli(*args)
        assert ran.code == 2, args
        assert said in ran.err
        assert len([line for line in ran.err.splitlines() if not line.startswith("·")]) <= 2


def test_two_revisions_without_a_pin_between_them_have_nothing_to_check(cli: Cli) -> None:
    ran = cli("check", "--base", "HEAD", "--head", "HEAD")
    assert (ran.code, ran.out.strip()) == (0, "no pin changes: there is nothing to check")


class TestThreeSteps:
    def test_fetch_evaluate_and_report_say_what_check_says(self, company: Company, cli: Cli, tmp_path: Path) -> None:
        head = _branch(company, edit.set_pin(None, Role.CHAMPION, company.pins[1]))
        folders = [str(tmp_path / name) for name in ("material", "results", "report")]
        assert cli("fetch", "--base", "HEAD", "--head", head, "--out", folders[0]).code == 0
        assert cli("evaluate", folders[0], "--out", folders[1]).code == 0
        ran = cli("report", folders[1], "--out", folders[2])
        assert ran.code == 0
        assert "2 of 2 gates" in ran.out
        assert (tmp_path / "report" / "report.html").stat().st_size > 5_000

    def test_an_unknown_version_is_blocked_and_told(self, company: Company, cli: Cli, tmp_path: Path) -> None:
        head = _branch(company, edit.set_pin(None, Role.CHAMPION, Pin(99, company.pins[1].digest)))
        material, results = str(tmp_path / "material"), str(tmp_path / "results")
        assert cli("fetch", "--base", "HEAD", "--head", head, "--out", material).code == 0
        ran = cli("evaluate", material, "--out", results)
        assert ran.code == 1
        assert "has no version 99" in " ".join(ran.out.split())
        assert cli("report", results).code == 1

    def test_pins_that_do_not_read_are_carried_on_to_the_report(
        self, company: Company, cli: Cli, tmp_path: Path
    ) -> None:
        head = _branch(company, "version: [1, 2\n")
        material, results = str(tmp_path / "material"), str(tmp_path / "results")
        assert cli("fetch", "--base", "HEAD", "--head", head, "--out", material).code == 0
        for args in (("evaluate", material, "--out", results), ("report", results)):
            ran = cli(*args)
            assert ran.code == 2
            assert f"{STAGING.path}:" in ran.err

    def test_a_registry_that_is_away_is_wrong_use_and_leaves_no_manifest(
        self, company: Company, cli: Cli, tmp_path: Path
    ) -> None:
        head = _branch(company, edit.set_pin(None, Role.CHAMPION, company.pins[1]))
        stages = company.repo.root / "promotions" / "stages.yaml"
        base = company.repo.commit(
            {"promotions/stages.yaml": stages.read_text().replace(company.registry, "http://127.0.0.1:9")}
        )
        company.repo.repository.run("fetch", "--quiet", "origin")
        ran = cli("fetch", "--base", base, "--head", head, "--out", str(tmp_path / "material"))
        assert ran.code == 2
        assert not (tmp_path / "material" / "manifest.json").exists()

    def test_folders_of_something_else_are_refused(self, cli: Cli, tmp_path: Path) -> None:
        for args in (("evaluate", str(tmp_path), "--out", str(tmp_path)), ("report", str(tmp_path))):
            ran = cli(*args)
            assert ran.code == 2
            assert "holds no" in ran.err

    def test_a_forged_result_is_not_believed(self, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "results.json").write_text('{"schema": 1, "passed": true, "results": [], "forged": true}')
        ran = cli("report", str(tmp_path))
        assert ran.code == 2
        assert "cannot be read" in ran.err


def _branch(company: Company, text: str) -> str:
    """A commit beside main that sets the staging file to ``text``."""
    from gatehouse.git import Writer
    from tests.support.repo import ADA

    repository = company.repo.repository
    return Writer(repository, author=ADA).commit(
        repository.resolve("HEAD"), {STAGING.path: text.encode()}, "Promote to staging"
    )
