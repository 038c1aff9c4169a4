"""Statements on results: made from the repository's own history, signed with the key of the environment."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
import pytest

from gatehouse.cli.frame import Settings
from gatehouse.cli.main import main
from gatehouse.cli.notary import SIGNING_KEY, Notary
from gatehouse.declare.types import Stage, Stages
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.key import Basis, evidence_key
from gatehouse.evaluate.question import ENGINE
from gatehouse.evaluate.result import Result
from gatehouse.pin import Pin
from gatehouse.report import seal
from gatehouse.sync.shelve import document, place, shelve
from gatehouse.verdict import Outcome, plainly
from tests.cli.test_report import Check
from tests.support import gated
from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company, Ran
from tests.support.desk import desk
from tests.support.keys import Pair, pair
from tests.support.repo import STAGES, Promotions, promotion, promotions
from tests.support.thousand import digest

KEYS = (".github/evidence.pem",)
SIGNED = "evidence: {keys: [.github/evidence.pem]}\n"


@pytest.fixture
def repo(tmp_path: Path) -> Promotions:
    made = promotions(tmp_path, "sqlite:///mlflow.db")
    made.pull()
    return made


def settings(repo: Promotions, **environ: str) -> Settings:
    return Settings(repo.root, environ, json=False)


def signing(repo: Promotions, made: Pair | None = None) -> Settings:
    return settings(repo, **{SIGNING_KEY: (made or pair()).private.decode()})


def result(repo: Promotions) -> Result:
    """What the gates say of a pull request that pins the first version for staging."""
    base, head = repo.propose({STAGING.path: promotion(Pin(1, digest("1")))}, gates=None)
    (made,) = gated.check(repo.repository, base, head, repo.now)
    return made


def demand(repo: Promotions, key: bytes = pair().public) -> Stages:
    """Main asks for signed evidence; the clone has it checked out, as the job that reports has."""
    text = (repo.root / "promotions/stages.yaml").read_text()
    repo.commit({"promotions/stages.yaml": text + SIGNED, KEYS[0]: key.decode()}, "Ask for signatures")
    repo.pull()
    return Stages((Stage("staging", "x"),), evidence_keys=KEYS)


# --- what is stated


def test_a_statement_names_what_the_base_commit_has(repo: Promotions) -> None:
    found = result(repo)
    written = document(found)
    said = json.loads(Notary.of(settings(repo)).statement(found, written))
    parts = {each["name"]: each["digest"]["sha256"] for each in said["predicate"]["configuration"]}
    policy = repo.repository.read("origin/main", f"promotions/{MODEL}/policy.yaml")
    assert policy is not None
    assert parts[f"promotions/{MODEL}/policy.yaml"] == hashlib.sha256(policy).hexdigest()
    assert parts["evidence-key"] == found.key.removeprefix("sha256:")
    assert {"gates/artifact.py", "gates/conduct.py"} <= parts.keys()
    assert said["predicate"]["gatehouse"]["document"]["digest"]["sha256"] == hashlib.sha256(written).hexdigest()


def test_a_run_is_named_where_there_is_one(repo: Promotions) -> None:
    found = result(repo)
    run = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/p", "GITHUB_RUN_ID": "17"}
    for environ, url in ((run, "https://github.com/acme/p/actions/runs/17"), ({}, None)):
        said = json.loads(Notary.of(settings(repo, **environ)).statement(found, b""))
        assert said["predicate"].get("url") == url


@pytest.mark.parametrize(
    "change",
    [
        lambda found: {"key": digest("another")},
        lambda found: {"data": {"evaluation": digest("another table")}},
        lambda found: {"request": msgspec.structs.replace(found.request, champion=Pin(7, digest("7")))},
        lambda found: {"request": msgspec.structs.replace(found.request, slot=PRODUCTION)},
        lambda found: {"request": msgspec.structs.replace(found.request, base="0" * 40)},
        lambda found: {"request": msgspec.structs.replace(found.request, candidate=Pin(1, digest("swapped")))},
    ],
)  # fmt: skip
def test_a_result_that_main_would_not_have_asked_for_is_neither_stated_nor_signed(
    repo: Promotions, change: object
) -> None:
    assert callable(change)
    found = result(repo)
    forged = msgspec.structs.replace(found, **change(found))
    notary = Notary.of(signing(repo))
    sealer = notary.sealer(Stages((Stage("staging", "x"),)))
    assert sealer is not None
    for ask in (notary.statement, sealer):
        ask(found, document(found))
        with pytest.raises(GatehouseError):
            ask(forged, document(forged))


def test_what_could_not_be_fetched_failed_and_was_judged_by_nothing(repo: Promotions) -> None:
    found = result(repo)
    nothing = Basis(found.request, "", {}, "", ENGINE)
    verdict = plainly(Outcome.ERROR, "no version 99").named("fetch")
    unfetched = msgspec.structs.replace(found, key=evidence_key(nothing), verdicts=(verdict,), data={})
    said = json.loads(Notary.of(settings(repo)).statement(unfetched, b""))["predicate"]
    assert (said["result"], said["failedTests"]) == ("FAILED", ["fetch"])
    assert [each["name"] for each in said["configuration"]] == ["evidence-key"]


# --- which key signs


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_a_secret_that_is_not_set_signs_nothing(repo: Promotions, text: str) -> None:
    notary = Notary.of(settings(repo, **{SIGNING_KEY: text}))
    assert notary.sealer(Stages((Stage("staging", "x"),))) is None


def test_a_secret_that_is_no_key_stops_at_once_and_is_not_said(repo: Promotions) -> None:
    with pytest.raises(GatehouseError, match="no private key") as error:
        Notary.of(settings(repo, **{SIGNING_KEY: "hunter2"}))
    assert "hunter2" not in f"{error.value.message}{error.value.fix}"


def test_what_is_sealed_holds_for_the_public_half(repo: Promotions) -> None:
    found = result(repo)
    sealer = Notary.of(signing(repo)).sealer(demand(repo))
    assert sealer is not None
    assert seal.fault(document(found), sealer(found, document(found)), [pair().public]) == ""
    assert seal.fault(document(found), sealer(found, document(found)), [pair(number=1).public])


def test_evidence_that_sync_would_refuse_is_not_kept_in_the_first_place(repo: Promotions) -> None:
    stages = demand(repo)
    with pytest.raises(GatehouseError, match="GATEHOUSE_SIGNING_KEY is not set") as unset:
        Notary.of(settings(repo)).sealer(stages)
    assert "secret" in unset.value.fix
    with pytest.raises(GatehouseError, match=r"the private half of none of \.github/evidence\.pem"):
        Notary.of(signing(repo, pair(number=1))).sealer(stages)


# --- what is written


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_holds_what_the_branch_holds_and_the_statement_in_the_clear(repo: Promotions, tmp_path: Path) -> None:
    found = result(repo)
    notary, there = Notary.of(signing(repo)), place(found)
    notary.write([found], tmp_path / "out")
    shelve(repo.repository, [found], seal=notary.sealer(Stages((Stage("staging", "x"),))))
    written = files(tmp_path / "out")
    branch = repo.remote_files("evidence")
    assert {path: text.decode() for path, text in written.items() if path != there.statement} == branch
    assert seal.opened(written[there.envelope], [pair().public]).payload == written[there.statement]


def test_without_a_key_the_statement_is_written_in_the_clear_alone(repo: Promotions, tmp_path: Path) -> None:
    found = result(repo)
    Notary.of(settings(repo)).write([found], tmp_path / "out")
    assert set(files(tmp_path / "out")) == {place(found).document, place(found).statement}


def test_what_cannot_be_stated_is_said_and_the_rest_is_written(
    repo: Promotions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = result(repo)
    other = msgspec.structs.replace(found, key=digest("another"))
    request = msgspec.structs.replace(
        found.request, slot=gated.questions.__class__ and STAGING.__class__("../x", "staging")
    )
    astray = msgspec.structs.replace(found, request=request)
    Notary.of(settings(repo)).write([other, astray, found], tmp_path / "out")
    assert set(files(tmp_path / "out")) == {place(other).document, place(found).document, place(found).statement}
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("! no statement was written: ") == 2
    assert "was not judged by what commit" in said


# --- from the command line


def test_a_check_of_what_is_committed_is_stated(company: Company, cli: Cli, tmp_path: Path) -> None:
    company.repo.pull()
    ran = cli("check", MODEL, "--to", "staging", "--version", "2", "--out", str(tmp_path / "out"))
    assert (ran.code, "no statement" in ran.err) == (0, False)
    (said,) = (tmp_path / "out/evidence" / MODEL).glob("*.statement.json")
    assert json.loads(said.read_bytes())["subject"][0]["uri"] == f"pkg:mlflow/{MODEL}@2"


def test_a_check_by_an_uncommitted_policy_is_not_stated(company: Company, cli: Cli, tmp_path: Path) -> None:
    company.repo.pull()
    policy = company.repo.root / f"promotions/{MODEL}/policy.yaml"
    policy.write_text(policy.read_text() + "# weaker\n")
    ran = cli("check", MODEL, "--to", "staging", "--version", "2", "--out", str(tmp_path / "out"))
    assert (ran.code, "no statement was written" in ran.err) == (0, True)
    assert not list((tmp_path / "out").rglob("*.statement.json"))


def test_sync_takes_signed_evidence_and_no_other_where_main_names_a_key(company: Company) -> None:
    repo = company.repo
    repo.pull()
    demand(repo)
    for number, made, said in ((1, pair(number=1), "none of the keys that count"), (2, pair(), "")):
        base, head = repo.propose({STAGING.path: promotion(company.pins[number])}, gates=None)
        (found,) = gated.check(repo.repository, base, head, repo.now)
        unasked = Notary.of(signing(repo, made)).sealer(Stages((Stage("staging", "x"),)))
        shelve(repo.repository, [found], seal=unasked)
        repo.promote(STAGING, company.pins[number], gates=None)
        refused = [each.message for each in company.sync().refusals]
        assert bool(refused) == bool(said)
        assert said in "".join(refused)
        assert company.reader.aliases(MODEL).get("staging") == (None if said else number)


@pytest.mark.parametrize(
    ("secret", "said"),
    [("hunter2", "no private key in PEM"), (pair(number=1).private.decode(), "the private half of none of")],
)
def test_a_secret_that_does_not_sign_is_told_on_the_pull_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, said: str
) -> None:
    with desk(tmp_path) as at:
        at.push(
            {
                "promotions/stages.yaml": STAGES.format(registry="sqlite:///x.db") + SIGNED,
                KEYS[0]: pair().public.decode(),
            }
        )
        pull = at.promote(STAGING, 2)
        check = Check(at, pull, tmp_path, _nobody)
        check.answer()
        at.repository.run("checkout", "--quiet", at.main)
        for name, value in {**at.environ, "GITHUB_TOKEN": at.token, SIGNING_KEY: secret}.items():
            monkeypatch.setenv(name, value)
        asked = ("--asked", str(check.asked), "--pr", str(pull.number), "--out", str(tmp_path / "out"))
        with pytest.raises(SystemExit) as ended:
            main(["report", str(check.results), *asked, "--repo", str(at.root)])
        assert ended.value.code == 2
        assert said in check.comment
        assert "hunter2" not in check.comment
        assert at.color(pull) == "red"
        assert check.evidence == []


def _nobody(*_: object) -> Ran:
    raise AssertionError("the command is run as it is")
