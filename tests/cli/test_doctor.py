from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.cli import diagnosed
from gatehouse.cli.main import main
from gatehouse.doctor.finding import Finding, Level
from tests.doctor.installed import Installed, bare, installed
from tests.github import GitHub
from tests.support.company import Ran


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as github:
        yield github


class Doctor:
    """Runs ``gatehouse doctor`` in an installation's clone, with its environment."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    def __call__(self, at: Installed, *args: str, **environ: str) -> Ran:
        for name, value in {**at.environ, **environ}.items():
            self.monkeypatch.setenv(name, value)
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["doctor", "--repo", str(at.clone), *args])
        out, err = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out, err)


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Doctor:
    return Doctor(capsys, monkeypatch)


def test_where_nothing_is_bad_it_is_exit_0(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    ran = doctor(installed(tmp_path, github))
    assert ran.code == 0
    assert "✓ main/reviews                a pull request needs a code owner's approval" in ran.out
    assert re.search(r"\d+ to think about, \d+ fine$", ran.out.strip())
    assert github.writes() == []


def test_something_bad_is_exit_1_with_the_fix_and_where(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    at = installed(tmp_path, github)
    at.hosted.token_power = ("write", False)
    ran = doctor(at)
    assert ran.code == 1
    assert "✗ actions/token" in ran.out
    assert "fix: set Workflow permissions to read repository contents (--fix sets it)" in " ".join(ran.out.split())
    assert f"{github.url}/acme/models/settings/actions" in ran.out
    assert ran.out.strip().endswith("`gatehouse doctor --fix` sets 1 of them")
    assert github.writes() == []


def test_what_could_not_be_seen_is_exit_2(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    ran = doctor(installed(tmp_path, github), GITHUB_TOKEN=github.app_token("doctor", {}))
    assert ran.code == 2
    assert "? actions/token" in ran.out
    assert "give the token Administration: read" in ran.out


def test_something_bad_outweighs_what_could_not_be_seen(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    at = installed(tmp_path, github)
    at.without("pull_request")
    ran = doctor(at, GITHUB_TOKEN=github.app_token("doctor", {}))
    assert ran.code == 1


def test_without_a_token_the_rest_is_looked_at(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    ran = doctor(installed(tmp_path, github), GITHUB_TOKEN="")
    assert ran.code == 2
    assert "no GITHUB_TOKEN is set" in ran.out
    assert "gh auth token" in ran.out
    assert "✓ owners/paths" in ran.out
    assert github.log == []


def test_without_a_name_for_the_repository_the_rest_is_looked_at(
    tmp_path: Path, github: GitHub, doctor: Doctor
) -> None:
    ran = doctor(installed(tmp_path, github), GITHUB_REPOSITORY="")
    assert ran.code == 2
    assert "export GITHUB_REPOSITORY=owner/name" in ran.out


def test_json_holds_every_finding_and_nothing_else(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    at = installed(tmp_path, github)
    at.hosted.token_power = ("write", False)
    ran = doctor(at, "--format", "json")
    document = ran.document
    assert (ran.code, document["healthy"], document["repository"]) == (1, False, "acme/models")
    assert document["settings"] == []
    (bad,) = [one for one in document["findings"] if one["level"] == "bad"]
    assert bad == {
        "check": "actions/token",
        "level": "bad",
        "what": "GITHUB_TOKEN may write in every workflow that does not ask for less",
        "fix": "set Workflow permissions to read repository contents",
        "link": f"{github.url}/acme/models/settings/actions",
        "settable": True,
        "accepted": False,
    }
    assert {one["level"] for one in document["findings"]} == {"ok", "warn", "bad"}


def settings(ran: Ran) -> list[tuple[str, bool]]:
    return [(one["title"], one["done"]) for one in ran.document["settings"]]


def test_what_is_accepted_is_shown_and_does_not_count(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    at = installed(tmp_path, github)
    at.hosted.token_power = ("write", True)
    ran = doctor(at, "--accept", "actions/token")
    assert ran.code == 1
    ran = doctor(at, "--accept", "actions/token", "--accept", "actions/approvals")
    assert ran.code == 0
    assert "✗ actions/token               accepted: GITHUB_TOKEN may write" in ran.out
    assert ran.out.strip().split(";")[0].endswith("2 accepted")
    ran = doctor(at, "--accept", "actions/token", "--format", "json")
    assert [one["check"] for one in ran.document["findings"] if one["accepted"]] == ["actions/token"]


def test_a_token_that_only_reads_is_enough_where_its_blind_spot_may_stay_unseen(
    tmp_path: Path, github: GitHub, doctor: Doctor
) -> None:
    at = installed(tmp_path, github)
    reads = dict.fromkeys(("contents", "actions", "secrets", "environments", "administration", "members"), "read")
    token = github.app_token("doctor", reads)
    assert doctor(at, GITHUB_TOKEN=token).code == 2
    blind = ("main/bypass", "branches/history", "branches/pushes")
    unseen = [word for name in blind for word in ("--unseen", name)]
    assert doctor(at, *unseen, GITHUB_TOKEN=token).code == 0


def test_what_may_stay_unseen_counts_where_it_is_seen_to_be_bad(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    at = installed(tmp_path, github)
    at.hosted.token_power = ("write", False)
    assert doctor(at, "--unseen", "actions/token").code == 1


@pytest.mark.parametrize("option", ["--accept", "--unseen"])
def test_a_check_that_is_not_there_cannot_be_tolerated(
    tmp_path: Path, github: GitHub, doctor: Doctor, option: str
) -> None:
    ran = doctor(installed(tmp_path, github), option, "main/reveiws")
    assert (ran.code, f"{option}: there is no check" in ran.err, "Did you mean main/reviews?" in ran.err) == (
        2,
        True,
        True,
    )


def test_fix_sets_nothing_where_nobody_can_be_asked(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    ran = doctor(bare(tmp_path, github), "--fix")
    assert ran.code == 1
    assert (
        "to set:\n  a new ruleset 'gatehouse main' on main\n    a pull request, approved by the code owners" in ran.out
    )
    assert "nothing was set: there is nobody to ask" in ran.err
    assert github.writes() == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "agreed"), [("y", True), ("n", False), ("", False)])
def test_fix_shows_asks_sets_and_looks_again(
    answer: str, agreed: bool, tmp_path: Path, github: GitHub, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = installed(tmp_path, github)
    at.hosted.token_power = ("write", True)
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    ran = doctor(at, "--fix")
    before, _, after = ran.out.partition("set this?")
    assert "✗ actions/token" in before
    assert "the workflow permissions\n    a workflow's token only reads unless it asks for more" in before
    assert (ran.code, at.hosted.token_power) == ((0, ("read", False)) if agreed else (1, ("write", True)))
    assert ("✓ actions/token" in after) is agreed


def test_fix_with_yes_asks_nobody_and_tells_json_what_it_did(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    at = installed(tmp_path, github)
    at.hosted.token_power = ("write", True)
    ran = doctor(at, "--fix", "--yes", "--format", "json")
    assert ran.code == 0
    assert settings(ran) == [("the workflow permissions", True)]
    assert ran.document["healthy"]


def test_fix_in_json_without_yes_only_shows(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    at = installed(tmp_path, github)
    at.hosted.token_power = ("write", True)
    ran = doctor(at, "--fix", "--format", "json")
    assert (ran.code, settings(ran)) == (1, [("the workflow permissions", False)])
    assert github.writes() == []


def test_one_setting_that_cannot_be_set_keeps_no_other_from_being_set(
    tmp_path: Path, github: GitHub, doctor: Doctor
) -> None:
    at = installed(tmp_path, github)
    at.hosted.token_power = ("write", True)
    at.without("deletion")
    github.fail("POST", "/rulesets$", 422)
    ran = doctor(at, "--fix", "--yes", "--format", "json")
    assert ran.code == 1
    assert settings(ran) == [("a new ruleset 'gatehouse main' on main", False), ("the workflow permissions", True)]
    assert "would not set up the ruleset" in ran.document["settings"][0]["failed"]


def test_fix_where_there_is_nothing_to_set_says_so(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    ran = doctor(installed(tmp_path, github), "--fix", "--yes")
    assert ran.code == 0
    assert "there is nothing to set that GitHub's API could" in ran.out
    assert github.writes() == []


def test_yes_alone_is_wrong_use(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    ran = doctor(installed(tmp_path, github), "--yes")
    assert (ran.code, "--yes goes with --fix" in ran.err) == (2, True)


def test_an_app_that_is_not_there_is_wrong_use(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    ran = doctor(installed(tmp_path, github), "--app", "gatehuose")
    assert (ran.code, "GitHub knows no app 'gatehuose'" in ran.err) == (2, True)


def test_outside_a_repository_it_is_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--repo", str(tmp_path)])
    assert ended.value.code == 2
    assert "is not inside a git repository" in capsys.readouterr().err


HOSTILE = Finding("main/check", Level.BAD, "a\x1b[2Jb\u202e [red]c[/red]", "d\r\ne", "https://x/\x07", settable=True)


def drawn(findings: list[Finding], width: int) -> str:
    from rich.console import Console

    screen = Console(file=io.StringIO(), width=width, force_terminal=False)
    for part in diagnosed.drawn(findings):
        screen.print(part, markup=False)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_what_comes_from_elsewhere_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    said = drawn([HOSTILE], 100)
    assert not set("\x1b\u202e\x07\r") & set(said)
    assert "[red]c[/red]" in said


@pytest.mark.parametrize("width", [40, 60, 80, 89, 90, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen:
        def __init__(self) -> None:
            self.width = width

    monkeypatch.setattr(diagnosed, "console", lambda **_: Screen())
    long = Finding("environments/shared-secrets", Level.UNKNOWN, "word " * 60, "do " * 40, "https://x/" + "y" * 300)
    said = drawn([HOSTILE, long, Finding("main/check", Level.OK, "fine")], width)
    assert max(map(len, said.splitlines())) <= width
    # The name stands beside its finding where there is room, above it where there is none.
    beside = any(line.startswith("? environments/shared-secrets word") for line in said.splitlines())
    assert beside is (width >= 90)


def test_a_place_is_shown_once_for_the_findings_that_are_mended_there() -> None:
    place = "https://x/settings/rules"
    findings = [Finding(f"main/{name}", Level.BAD, name, "fix", place) for name in ("a", "b", "c")]
    assert drawn([*findings, Finding("z", Level.BAD, "z", "fix", "https://x/other")], 100).count(place) == 1


def test_json_of_nothing_set_is_the_same_twice(tmp_path: Path, github: GitHub, doctor: Doctor) -> None:
    at = installed(tmp_path, github)
    assert doctor(at, "--format", "json").out == doctor(at, "--format", "json").out


def test_the_checks_that_doctor_asks_for_are_those_that_are_set() -> None:
    from gatehouse.cli.checkrun import NAME, REVIEW
    from gatehouse.doctor.facts import CHECKS

    assert CHECKS == (NAME, REVIEW)
