from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from gatehouse.cli import frame, rollback
from gatehouse.declare.source import Revision
from gatehouse.declare.validate import validate
from gatehouse.evaluate.gates import discover
from gatehouse.git import Repository
from gatehouse.pin import Slot
from tests.github import GitHub
from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company
from tests.support.gated import passes

EU = Slot(MODEL, "production", "eu")


@pytest.fixture
def served(company: Company) -> Company:
    """Version 1 served, version 3 serves."""
    for version in (1, 3):
        company.repo.stage_and_promote(MODEL, company.pins[version])
        company.sync()
    return company


def main_file(company: Company, path: str) -> str | None:
    found = Repository(company.repo.origin).read("main", path)
    return None if found is None else found.decode()


def test_the_last_good_version_serves_again_and_the_bad_one_is_on_hold(served: Company, cli: Cli) -> None:
    ran = cli("rollback", MODEL, "--reason", "declines small\nbusinesses", "--yes")
    assert ran.code == 0
    assert "version 1 serves again" in ran.out
    assert " s after you asked" in ran.out
    assert served.reader.aliases(MODEL) == {"champion": 1}
    config = yaml.safe_load(served.repo.remote_files("serving")["serving/credit-risk.yaml"])
    assert [arm["version"] for arm in config["routes"][0]["arms"]] == [1]
    (held,) = yaml.safe_load(main_file(served, f"promotions/{MODEL}/hold.yaml") or "")["versions"]
    assert (held["version"], held["digest"], held["reason"]) == (3, served.pins[3].digest, "declines small businesses")


def test_it_is_one_commit_on_main_by_who_asked_and_the_working_tree_is_not_touched(served: Company, cli: Cli) -> None:
    before = served.repo.head
    (served.repo.root / "notes.txt").write_text("mine")
    cli("rollback", MODEL, "--reason", "bad", "--yes")
    (commit,) = Repository(served.repo.origin).log(f"{served.repo.head}", limit=1)
    assert commit.parents == (before,)
    assert (commit.author, commit.subject) == ("Ada", "Roll back credit-risk/production to version 1: bad")
    assert (served.repo.root / "notes.txt").read_text() == "mine"
    assert served.repo.repository.run("status", "--porcelain") == "?? audit.db\n?? notes.txt"


def test_the_document_says_everything(served: Company, cli: Cli) -> None:
    document = cli("rollback", MODEL, json=True).document
    assert document["slot"] == "credit-risk/production"
    assert (document["bad"]["version"], document["good"]["version"]) == (3, 1)
    assert document["commit"] == served.repo.head
    assert document["seconds"] > 0
    assert document["plan"]["refusals"] == []
    assert document["also"] == ["version 3 is on hold", "staging is empty; it held version 3"]


def test_main_is_valid_afterwards_as_far_as_pins_and_holds_go(served: Company, cli: Cli) -> None:
    cli("rollback", MODEL, "--yes")
    source = Revision(Repository(served.repo.origin), "main")
    gates = {"artifact": {"type": "object"}, "staging": {"type": "object"}}
    assert validate(source, gates) == ()
    assert discover(source) is not None


def test_it_does_not_go_back_to_what_sync_never_let_in(company: Company, cli: Cli) -> None:
    for version, gates in ((1, passes), (2, None), (3, passes)):
        company.repo.promote(STAGING, company.pins[version])
        company.repo.later(24)
        company.repo.promote(PRODUCTION, company.pins[version], gates=gates)
        company.sync()
    ran = cli("rollback", MODEL, "--to", "2", "--yes")
    assert ran.code == 2
    assert "sync refused version 2 as champion of credit-risk/production; it never served" in ran.err
    ran = cli("rollback", MODEL, "--yes")
    assert ran.code == 0
    assert company.reader.aliases(MODEL)["champion"] == 1


@pytest.mark.parametrize("damage", ["delete", "garble"])
def test_a_lost_record_and_a_broken_one_do_not_keep_main_from_going_back(
    served: Company, cli: Cli, damage: str
) -> None:
    served.store.path.unlink()
    if damage == "garble":
        served.store.path.write_bytes(b"no database")
    ran = cli("rollback", MODEL, "--yes")
    assert "version: 1\n" in (main_file(served, PRODUCTION.path) or "")
    assert ran.code == (0 if damage == "delete" else 2)
    if damage == "delete":
        assert served.reader.aliases(MODEL)["champion"] == 1


def test_a_second_roll_back_right_after_needs_to_say_how_far(company: Company, cli: Cli) -> None:
    for version in (1, 2, 3):
        company.repo.stage_and_promote(MODEL, company.pins[version])
        company.sync()
    assert cli("rollback", MODEL, "--reason", "slow", "--yes").code == 0
    ran = cli("rollback", MODEL, "--yes")
    assert ran.code == 2
    assert "was rolled back" in ran.err
    assert "by Ada: slow" in ran.err
    assert company.reader.aliases(MODEL)["champion"] == 2
    ran = cli("rollback", MODEL, "--to", "1", "--yes")
    assert ran.code == 0
    assert company.reader.aliases(MODEL)["champion"] == 1
    held = yaml.safe_load(main_file(company, f"promotions/{MODEL}/hold.yaml") or "")["versions"]
    assert [entry["version"] for entry in held] == [3, 2]


def test_already_there_changes_nothing_and_makes_sure(served: Company, cli: Cli) -> None:
    before = served.repo.head
    ran = cli("rollback", MODEL, "--to", "3", "--yes")
    assert ran.code == 0
    assert "is at version 3 already" in ran.out
    assert served.repo.head == before


def test_nothing_to_roll_back_to_is_said(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.sync()
    ran = cli("rollback", MODEL, "--yes")
    assert ran.code == 2
    assert "nothing to roll back to" in ran.err
    assert company.reader.aliases(MODEL)["champion"] == 1


def test_a_held_version_is_no_way_back(served: Company, cli: Cli) -> None:
    hold = "versions:\n  - {version: 1, reason: old regulation, since: 2026-03-05}\n"
    served.repo.commit({f"promotions/{MODEL}/hold.yaml": hold})
    named = cli("rollback", MODEL, "--to", "1", "--yes")
    assert named.code == 2
    assert "version 1 is on hold since 2026-03-05: old regulation" in named.err
    assert "nothing to roll back to" in cli("rollback", MODEL, "--yes").err


def test_a_champion_that_sync_had_refused_is_no_way_back(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.repo.promote(PRODUCTION, company.pins[2])
    company.sync()
    company.repo.stage_and_promote(MODEL, company.pins[3])
    company.sync()
    assert cli("rollback", MODEL, "--yes").code == 0
    assert company.reader.aliases(MODEL)["champion"] == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--to", "2"), "version 2 never was champion of credit-risk/production"),
        (("--segment", "eu"), "credit-risk/production.eu holds nothing"),
        (("--stage", "prod"), "credit-risk/prod holds nothing"),
        (("--to", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_meant_is_exit_2_with_words(served: Company, cli: Cli, args: tuple[str, ...], said: str) -> None:
    before = served.repo.head
    ran = cli("rollback", MODEL, *args, "--yes")
    assert ran.code == 2
    assert said in ran.err
    assert served.repo.head == before


def test_an_unknown_model_names_the_one_that_was_meant(served: Company, cli: Cli) -> None:
    assert "did you mean credit-risk?" in cli("rollback", "credit_risk", "--yes").err


def test_a_segment_goes_back_alone_and_the_others_are_named(company: Company, cli: Cli) -> None:
    company.repo.stage_and_promote(MODEL, company.pins[1])
    company.repo.promote(EU, company.pins[1])
    company.repo.promote(STAGING, company.pins[3])
    company.repo.promote(PRODUCTION, company.pins[3])
    company.repo.promote(EU, company.pins[3])
    company.sync()
    ran = cli("rollback", MODEL, "--segment", "eu", "--yes")
    assert ran.code == 0
    assert company.reader.aliases(MODEL) == {"champion": 3, "champion-eu": 1}
    assert "credit-risk/production still serves version 3: gatehouse rollback credit-risk --stage production" in ran.out


def test_a_canary_of_either_version_goes_with_it(served: Company, cli: Cli) -> None:
    shadow = f"version: 1, digest: {served.pins[1].digest}, percent: 1"
    served.repo.promote(PRODUCTION, served.pins[3], shadow=shadow)
    served.sync()
    assert cli("rollback", MODEL, "--yes").code == 0
    assert yaml.safe_load(main_file(served, PRODUCTION.path) or "").keys() == {"version", "digest"}
    assert served.reader.aliases(MODEL) == {"champion": 1}


def test_comments_in_the_file_stay(served: Company, cli: Cli) -> None:
    pin = served.pins[3]
    served.repo.commit({PRODUCTION.path: f"# the good one\nversion: 3  # since March\ndigest: {pin.digest}\n"})
    cli("rollback", MODEL, "--yes")
    text = main_file(served, PRODUCTION.path) or ""
    assert "# the good one" in text
    assert "version: 1  # since March" in text


def test_the_same_artifact_under_another_number_is_not_held_with_it(company: Company, cli: Cli) -> None:
    from mlflow import MlflowClient

    from gatehouse.pin import Pin

    same = MlflowClient(company.registry, company.registry).create_model_version(
        MODEL, source=(company.folder / "artifacts" / MODEL / "v1").as_uri()
    )
    again = Pin(int(same.version), company.pins[1].digest)
    for pin in (company.pins[1], again):
        company.repo.stage_and_promote(MODEL, pin)
        company.sync()
    assert cli("rollback", MODEL, "--yes").code == 0
    assert company.reader.aliases(MODEL)["champion"] == 1
    assert cli("status").code == 0


def test_a_registry_that_is_gone_is_noticed_before_anything_is_pushed(served: Company, cli: Cli) -> None:
    before = served.repo.head
    Path(served.registry.removeprefix("sqlite:///")).unlink()
    ran = cli("rollback", MODEL, "--yes")
    assert ran.code == 2
    assert served.repo.head == before


def test_a_version_that_is_gone_from_the_registry_is_noticed_before_anything_is_pushed(
    served: Company, cli: Cli
) -> None:
    from mlflow import MlflowClient

    MlflowClient(served.registry, served.registry).delete_model_version(MODEL, "1")
    before = served.repo.head
    ran = cli("rollback", MODEL, "--yes")
    assert ran.code == 2
    assert "version 1" in ran.err
    assert served.repo.head == before


def test_a_merge_in_between_is_kept(served: Company, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatehouse.sync import rollback as library

    pushes: list[int] = []
    push = library.push

    def slow(*args: object) -> str:
        if not pushes:
            served.repo.commit({"README.md": "merged meanwhile"})
        pushes.append(1)
        return push(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(library, "push", slow)
    assert cli("rollback", MODEL, "--yes").code == 0
    assert len(pushes) == 2
    assert main_file(served, "README.md") == "merged meanwhile"
    assert served.reader.aliases(MODEL)["champion"] == 1


def test_a_slot_that_moves_in_between_is_left_alone(served: Company, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatehouse.sync import rollback as library

    push = library.push

    def slow(*args: object) -> str:
        served.repo.promote(PRODUCTION, served.pins[2])
        return push(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(library, "push", slow)
    ran = cli("rollback", MODEL, "--yes")
    assert ran.code == 2
    assert "moved to version 2 in the meantime" in ran.err


def test_without_a_remote_the_checkout_of_main_follows(served: Company, cli: Cli) -> None:
    served.repo.alone()
    assert cli("rollback", MODEL, "--yes").code == 0
    assert "version: 1" in (served.repo.root / PRODUCTION.path).read_text()
    assert served.reader.aliases(MODEL)["champion"] == 1


def protect(origin: Path) -> None:
    """Main takes no pushes, as a protected branch on GitHub."""
    hook = origin / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        '#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "error: GH006: Protected branch update failed"; exit 1; }\n'
    )
    hook.chmod(0o755)


def test_a_protected_main_leaves_the_commit_on_a_branch_and_says_what_to_do(served: Company, cli: Cli) -> None:
    protect(served.repo.origin)
    before = served.repo.head
    ran = cli("rollback", MODEL, "--yes")
    assert ran.code == 1
    assert "the roll-back waits on branch promote/credit-risk-v1-production" in ran.out
    assert "with GITHUB_TOKEN set, this command opens it" in ran.out
    assert served.repo.head == before
    remote = Repository(served.repo.origin)
    assert b"version: 1" in (remote.read("promote/credit-risk-v1-production", PRODUCTION.path) or b"")
    assert served.reader.aliases(MODEL)["champion"] == 3


def test_a_protected_main_gets_a_pull_request_where_github_is_configured(
    served: Company, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with GitHub(tmp_path / "github") as github:
        repo = github.repository("acme/models", {"ada": "write"})
        served.repo.repository.run("push", "-q", "--force", str(repo.remote), "origin/main:refs/heads/main")
        served.repo.repository.run("remote", "set-url", "origin", str(repo.remote))
        subprocess.run(["git", "config", "core.hooksPath", "hooks"], cwd=repo.remote, check=True)
        protect(Path(str(repo.remote)))
        for name, value in (
            ("GITHUB_TOKEN", github.token("ada")),
            ("GITHUB_API_URL", github.api_url),
            ("GITHUB_REPOSITORY", "acme/models"),
        ):
            monkeypatch.setenv(name, value)
        ran = cli("rollback", MODEL, "--reason", "too slow", "--yes")
        assert ran.code == 1
        (pull,) = repo.pulls.values()
        assert (pull.title, pull.head) == (
            "Roll back credit-risk/production to version 1",
            "promote/credit-risk-v1-production",
        )
        assert "too slow" in pull.body
        assert f"merge #{pull.number}" in ran.out


@pytest.mark.parametrize("agreed", [True, False])
def test_on_a_terminal_it_asks_first(served: Company, monkeypatch: pytest.MonkeyPatch, agreed: bool) -> None:
    from gatehouse.sync.revert import Move

    asked: list[str] = []

    def confirm(text: str, **_: object) -> bool:
        asked.append(text)
        return agreed

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", confirm)
    settings = frame.Settings(served.repo.root, {}, json=False)
    move = Move(PRODUCTION, served.pins[3], served.pins[1], "bad")
    assert rollback._agreed(settings, move, asked=True) is agreed
    assert "version 3" in asked[0]
    assert rollback._agreed(settings, move, asked=False)
    assert len(asked) == 1


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize(
    "environ", [{}, {"GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "acme/models", "GITHUB_API_URL": "http://127.0.0.1:9"}]
)
def test_it_waits_neither_for_people_nor_for_github_nor_for_the_record(
    environ: dict[str, str], lost: bool, served: Company, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.ask_people()
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    if lost:
        served.store.path.unlink()
    ran = cli("rollback", MODEL, "--yes")
    assert ran.code == 0
    assert "version 1 serves again" in ran.out
    assert served.reader.aliases(MODEL)["champion"] == 1


def test_what_waits_for_people_elsewhere_does_not_spoil_it(served: Company, cli: Cli) -> None:
    served.ask_people()
    served.repo.promote(Slot(MODEL, "staging", "eu"), served.pins[2])
    served.repo.later(24)
    served.repo.promote(EU, served.pins[2])
    ran = cli("rollback", MODEL, "--yes")
    assert ran.code == 0
    assert "version 1 serves again" in ran.out
    assert "credit-risk/production.eu champion: version 2" in ran.out
    assert "has to wait (approved)" in ran.out
