"""``gatehouse report`` believes nothing of the models' job but the answer to what was asked of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli.main import main
from gatehouse.cli.scene import between
from gatehouse.declare import edit
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.material import Case, Fetched, Material, write
from gatehouse.evaluate.result import Result
from gatehouse.git import Repository, Writer
from gatehouse.pin import Role
from gatehouse.report import document
from tests.github.state import Pull
from tests.support import gated
from tests.support.company import STAGING as SLOT
from tests.support.company import Cli, Company, Ran
from tests.support.desk import MODEL, PRODUCTION, STAGING, Desk, desk, pin
from tests.support.repo import ADA, promotion

Json = dict[str, Any]
PASSED = {"measures": [], "outcome": "PASS", "summary": "fine"}


class TestAfterARealFetchAndEvaluate:
    @pytest.fixture
    def folders(self, company: Company, cli: Cli, tmp_path: Path) -> tuple[str, str]:
        """The material of a check of version 1 for staging, and what evaluate says of it."""
        company.repo.pull()
        repository, text = company.repo.repository, edit.set_pin(None, Role.CHAMPION, company.pins[1])
        head = Writer(repository, author=ADA).commit(repository.resolve("HEAD"), {SLOT.path: text.encode()}, "Promote")
        material, results = str(tmp_path / "material"), str(tmp_path / "results")
        assert cli("fetch", "--base", "HEAD", "--head", head, "--out", material).code == 0
        assert cli("evaluate", material, "--out", results).code == 0
        return material, results

    def test_the_honest_answer_is_believed(self, folders: tuple[str, str], cli: Cli, tmp_path: Path) -> None:
        material, results = folders
        ran = cli("report", results, "--asked", material, "--out", str(tmp_path / "report"))
        assert ran.code == 0, ran.err
        assert (tmp_path / "report" / "comment.md").exists()

    def test_the_question_may_be_a_manifest_by_itself(self, folders: tuple[str, str], cli: Cli, tmp_path: Path) -> None:
        alone = tmp_path / "asked.json"
        alone.write_bytes((Path(folders[0]) / "manifest.json").read_bytes())
        assert cli("report", folders[1], "--asked", str(alone)).code == 0

    def test_a_pass_with_another_key_is_not_believed_and_nothing_is_written(
        self, folders: tuple[str, str], cli: Cli, tmp_path: Path
    ) -> None:
        place = Path(folders[1]) / "results.json"
        place.write_text(json.dumps(forged(json.loads(place.read_text()), lambda one: one.update(key=KEY))))
        ran = cli("report", folders[1], "--asked", folders[0], "--out", str(tmp_path / "report"))
        assert ran.code == 2
        assert "the evaluate job's answer cannot be believed" in ran.err
        assert not (tmp_path / "report").exists()


KEY = "sha256:" + "0" * 64


def forged(made: Json, change: Callable[[Json], object]) -> Json:
    for result in made["results"]:
        change(result)
    return made


@dataclass
class Check:
    """A check of a pull request on the stand-in for GitHub, between its second and its third step."""

    at: Desk
    pull: Pull
    folder: Path
    command: Callable[..., Ran]

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def asked(self) -> Path:
        return self.folder / "asked"

    def answer(self, says: gated.Gates = gated.passes) -> Json:
        """What an honest evaluate job writes, with fetch's manifest beside it; as JSON, for whoever wants to forge."""
        self.at.fetch()
        requests = between(self.at.settings, self.at.main, self.at.head(self.pull)).requests
        found = [gated.judged(self.at.repository, one, datetime.now(UTC), says) for one in requests]
        self.asked.mkdir(exist_ok=True)
        write(Material(tuple(map(_case, found)), datetime.now(UTC)), self.asked)
        made: Json = json.loads(document.encode(found))
        self.write(json.dumps(made))
        return made

    def write(self, text: str) -> None:
        self.results.mkdir(exist_ok=True)
        (self.results / "results.json").write_text(text)

    def run(self, *args: str) -> Ran:
        return self.command(self.at, *args)

    def report(self) -> Ran:
        return self.run(str(self.results), "--asked", str(self.asked), "--pr", str(self.pull.number))

    @property
    def evidence(self) -> list[str]:
        self.at.fetch()
        there = Repository(self.at.root)
        return list(there.blobs("origin/evidence")) if there.has("origin/evidence") else []

    @property
    def comment(self) -> str:
        found = [one.body for one in self.at.remote.comments.values() if one.number == self.pull.number]
        return found[-1] if found else ""


def _case(result: Result) -> Case:
    candidate = Fetched(result.candidate, "models/candidate", result.candidate.pin.digest)
    champion = Fetched(result.champion, "models/champion", result.champion.pin.digest) if result.champion else None
    tables = {kind: f"data/{kind}.parquet" for kind in result.data}
    return Case(result.request, candidate, champion, data=tables, digests=result.data)


Command = Callable[..., Ran]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """``gatehouse report`` in this process, on the clone of a desk."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")

    def run(at: Desk, *args: str) -> Ran:
        for name, value in {**at.environ, "GITHUB_TOKEN": at.token}.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["report", *args, "--repo", str(at.root)])
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out, err)

    return run


@pytest.fixture
def check(tmp_path: Path, command: Command) -> Iterator[Check]:
    with desk(tmp_path) as at:
        yield Check(at, at.promote(STAGING, 2), tmp_path, command)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Pull]]:
    """A desk for attacks that leave nothing behind, with a pull request."""
    with desk(tmp_path_factory.mktemp("standing")) as at:
        yield at, at.promote(STAGING, 2)


@pytest.fixture
def attacked(standing: tuple[Desk, Pull], tmp_path: Path, command: Command) -> Iterator[Check]:
    """The check of that pull request; whatever was tried, the evidence branch never comes to be."""
    made = Check(*standing, tmp_path, command)
    yield made
    assert made.evidence == []


def test_an_honest_pass_is_kept_and_posted(check: Check) -> None:
    check.answer()
    ran = check.report()
    assert ran.code == 0, ran.err
    assert check.at.color(check.pull) == "green"
    assert len(check.evidence) == 1


def test_an_honest_failure_is_kept_and_posted(check: Check) -> None:
    check.answer(gated.fails)
    assert check.report().code == 1
    assert check.at.color(check.pull) == "red"
    assert len(check.evidence) == 1


def _passes(result: Json) -> None:
    """The forger's first wish."""
    result["verdicts"] = [{**PASSED, "gate": verdict["gate"]} for verdict in result["verdicts"]]


def _other_pin(result: Json) -> None:
    result["request"]["candidate"]["version"] = 3


FORGERIES: dict[str, Callable[[Json], object]] = {
    "no results at all": lambda made: made.update(results=[], passed=True),
    "one result twice": lambda made: made.update(results=made["results"] * 2),
    "a gate left out": lambda made: made["results"][0]["verdicts"].pop(),
    "a gate put in": lambda made: made["results"][0]["verdicts"].append({**PASSED, "gate": "mine"}),
    "another key": lambda made: made["results"][0].update(key=KEY),
    "another version": lambda made: _other_pin(made["results"][0]),
    "another slot": lambda made: made["results"][0]["request"]["slot"].update(stage="production"),
    "another base": lambda made: made["results"][0]["request"].update(base="HEAD"),
    "another head": lambda made: made["results"][0]["request"].update(head="f" * 40),
    "another champion": lambda made: made["results"][0].update(champion=None),
    "another trainer": lambda made: made["results"][0]["candidate"].update(trained_by="nobody"),
    "no sandbox": lambda made: made["results"][0].update(isolation="none"),
    "found last year": lambda made: made["results"][0].update(evaluated="2025-01-01T00:00:00Z"),
    "found in memory": lambda made: made["results"][0].update(reused="2026-01-01T00:00:00Z"),
    "used before": lambda made: made["results"][0].update(uses=-5),
    "a field more": lambda made: made["results"][0].update(approved=True),
    "passed, it says": lambda made: made.update(passed=not made["passed"]),
}


@pytest.mark.parametrize("forgery", list(FORGERIES))
def test_a_forged_answer_is_told_on_the_pull_request_and_kept_nowhere(attacked: Check, forgery: str) -> None:
    made = attacked.answer()
    FORGERIES[forgery](made)
    attacked.write(json.dumps(made))
    ran = attacked.report()
    assert ran.code == 2
    assert attacked.at.check(attacked.pull) == ("failure", "Nothing was checked")
    assert "cannot be" in attacked.comment
    assert "✅" not in attacked.comment


def test_what_a_forger_can_do_at_most_is_lie_about_verdicts_under_a_sandbox_that_held(check: Check) -> None:
    """The limit of what the report can know, written down: why the sandbox and the empty job are there."""
    made = check.answer(gated.fails)
    forged(made, _passes)
    check.write(json.dumps({**made, "passed": True}))
    assert check.report().code == 0


def _instead(place: Path, make: Callable[[], object]) -> None:
    place.unlink()
    make()


BROKEN: dict[str, Callable[[Path], object]] = {
    "nothing": lambda place: place.unlink(),
    "a folder": lambda place: _instead(place, place.mkdir),
    "an empty file": lambda place: place.write_bytes(b""),
    "a link to a secret": lambda place: _instead(place, lambda: place.symlink_to("/proc/self/environ")),
    "a link to what never ends": lambda place: _instead(place, lambda: place.symlink_to("/dev/zero")),
    "a pipe that nobody writes to": lambda place: _instead(place, lambda: os.mkfifo(place)),
    "a terabyte of nothing": lambda place: os.truncate(place, 1 << 40),
    "a deep hole": lambda place: place.write_bytes(b'{"results":' + b"[" * 10_000_000),
    "half of it": lambda place: place.write_bytes(place.read_bytes()[:-40]),
    "no text": lambda place: place.write_bytes(bytes(range(256)) * 100),
    "another format": lambda place: place.write_bytes(b"<html><script>alert(1)</script>"),
    "a number too long": lambda place: place.write_bytes(b'{"schema": ' + b"9" * 5_000_000 + b"}"),
}


@pytest.mark.parametrize("broken", list(BROKEN))
def test_results_that_do_not_read_are_told_in_bounded_time(attacked: Check, broken: str) -> None:
    attacked.answer()
    BROKEN[broken](attacked.results / "results.json")
    began = time.monotonic()
    ran = attacked.report()
    assert time.monotonic() - began < 60
    assert ran.code == 2
    assert "GITHUB_TOKEN" not in ran.out + ran.err + attacked.comment
    assert attacked.at.check(attacked.pull) == ("failure", "Nothing was checked")
    assert len(attacked.comment) < 5_000


def test_a_missing_folder_of_results_is_told_as_the_models_job_that_broke_off(attacked: Check) -> None:
    attacked.answer()
    (attacked.results / "results.json").unlink()
    attacked.results.rmdir()
    assert attacked.report().code == 2
    assert "the evaluate job left no results" in attacked.comment


HOSTILE = "@acme/risk fixes #1 <script>alert(1)</script> [go](https://evil.example)\n::add-mask::x\n# Passed \x1b[2J"


def test_a_hostile_refusal_by_the_models_job_is_told_as_text(attacked: Check) -> None:
    attacked.answer()
    (attacked.results / "results.json").write_bytes(document.refusal(GatehouseError(HOSTILE, HOSTILE)))
    ran = attacked.report()
    assert ran.code == 2
    assert attacked.at.color(attacked.pull) == "red"
    assert "@acme" not in attacked.comment
    assert "<script>" not in attacked.comment
    assert "\x1b" not in ran.out + ran.err + attacked.comment
    assert not [line for line in (ran.out + ran.err).splitlines() if line.strip().startswith("::")]


def test_what_fetch_refused_is_told_whatever_the_models_job_says(attacked: Check) -> None:
    attacked.answer()
    write(Material((), datetime.now(UTC), "staging.yaml: expected an integer", "write a number"), attacked.asked)
    assert attacked.report().code == 2
    assert "expected an integer" in attacked.comment


FETCH_ALONE_KNOWS = ("another trainer", "found last year")


def test_an_answer_that_breaks_what_reads_it_is_told_as_one_that_cannot_be_believed(
    attacked: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such answer is known. Whoever finds one gets a red check by it, and not a job that ends without a word."""

    def broken(*_: object) -> str:
        raise RecursionError("deeper than anybody thought")

    attacked.answer()
    monkeypatch.setattr("gatehouse.evaluate.believed.doubt", broken)
    assert attacked.report().code == 2
    assert "broke what reads it: RecursionError" in attacked.comment
    assert attacked.at.color(attacked.pull) == "red"


class TestWithoutFetchsWord:
    """``report --pr`` by itself asks git what the pull request changes: silence and other people's answers pass for
    nothing here either."""

    def report(self, check: Check) -> Ran:
        return check.run(str(check.results), "--pr", str(check.pull.number))

    def test_the_honest_answer_is_believed(self, check: Check) -> None:
        check.answer()
        assert self.report(check).code == 0
        assert check.at.color(check.pull) == "green"

    @pytest.mark.parametrize("forgery", [name for name in FORGERIES if name not in FETCH_ALONE_KNOWS])
    def test_a_forged_answer_is_not(self, attacked: Check, forgery: str) -> None:
        made = attacked.answer()
        FORGERIES[forgery](made)
        attacked.write(json.dumps(made))
        assert self.report(attacked).code == 2
        assert attacked.at.color(attacked.pull) == "red"

    def test_an_answer_about_another_pull_request_is_not(self, check: Check) -> None:
        check.answer()
        other = check.at.promote(PRODUCTION, 2)
        check.at.fetch()
        assert check.run(str(check.results), "--pr", str(other.number)).code == 2
        assert check.at.color(other) == "red"
        assert check.evidence == []

    def test_an_answer_judged_by_a_commit_that_main_never_was_at_is_not(self, attacked: Check) -> None:
        attacked.answer()
        weakened = attacked.at.open({f"promotions/{MODEL}/policy.yaml": None, "x": "y"})
        attacked.at.fetch()
        made = attacked.answer()
        forged(made, lambda one: one["request"].update(base=attacked.at.head(weakened)))
        attacked.write(json.dumps(made))
        assert self.report(attacked).code == 2
        assert "is no commit of main" in attacked.comment


def test_a_second_push_is_not_answered_by_the_results_of_the_first(check: Check) -> None:
    check.answer()
    check.at.change(check.pull, {STAGING.path: promotion(pin(3))})
    assert check.run(str(check.results), "--pr", str(check.pull.number)).code == 2
    assert check.evidence == []
