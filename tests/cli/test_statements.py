"""``gatehouse evidence verify``: files and public keys alone, no repository, no network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatehouse.cli.main import main
from gatehouse.pin import Pin
from gatehouse.registry.digest import digest
from gatehouse.report import keys, seal
from gatehouse.report.statement import statement
from tests.support.company import Ran
from tests.support.desk import STAGING, desk
from tests.support.keys import pair
from tests.support.registered import overwrite
from tests.support.repo import promotion
from tests.support.stated import judged


@dataclass
class Files:
    """What was copied from an evidence branch, the model that it is about, and the public key."""

    document: Path
    envelope: Path
    model: Path
    key: Path


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """The evidence of a check, as a workflow with a signing key leaves it on the branch."""
    model, folder = tmp_path / "model", tmp_path / "elsewhere"
    overwrite(model, "weights")
    folder.mkdir()
    with desk(tmp_path) as at:
        at.environ["GATEHOUSE_SIGNING_KEY"] = pair().private.decode()
        at.judge(at.open({STAGING.path: promotion(Pin(2, digest(model)))}))
        names = [entry for entry in at.remote.git.entries("evidence", recursive=True) if entry.kind == "blob"]
        for entry in names:
            (folder / Path(entry.path).name).write_bytes(at.remote.git.blob(entry.sha))
    (folder / "evidence.pub").write_bytes(pair().public)
    (envelope,) = folder.glob("*.intoto.json")
    document = envelope.with_name(envelope.name.removesuffix(".intoto.json") + ".json")
    # Nothing of the repository is near, and nothing answers.
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    return Files(document, envelope, model, folder / "evidence.pub")


@dataclass
class Verify:
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *args: object) -> Ran:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["evidence", "verify", *map(str, args)])
        out, err = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out, err)


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    return Verify(capsys)


@pytest.mark.parametrize("named", ["document", "envelope"])
def test_either_file_finds_the_other_and_the_statement_is_shown(files: Files, verify: Verify, named: str) -> None:
    done = verify(getattr(files, named), "--key", files.key, "--format", "json")
    assert done.code == 0, done.err
    told = done.document
    kept = json.loads(files.document.read_bytes())
    assert told["subject"] == "pkg:mlflow/credit-risk@2"
    assert told["digest"] == digest(files.model)
    assert told["verdict"] == "PASSED"
    assert "artifact" in told["passed"]
    assert told["key"] == kept["key"]
    assert told["document"] is True
    assert told["isolation"] == "bubblewrap"


def test_a_person_reads_who_signed_what(files: Files, verify: Verify) -> None:
    done = verify(files.envelope, "--key", files.key)
    assert done.code == 0
    assert done.out.startswith("✓ pkg:mlflow/credit-risk@2: PASSED")
    assert keys.public(files.key.read_bytes()).keyid in done.out


def test_one_of_several_keys_is_enough_and_none_is_not(files: Files, verify: Verify, tmp_path: Path) -> None:
    other = tmp_path / "other.pub"
    other.write_bytes(pair(number=1).public)
    assert verify(files.envelope, "--key", other, "--key", files.key).code == 0
    done = verify(files.envelope, "--key", other)
    assert done.code == 1
    assert "not to be believed" in done.out
    assert verify(files.envelope).code == 2


def test_a_document_that_was_changed_after_it_was_signed_is_found(files: Files, verify: Verify) -> None:
    files.document.write_bytes(files.document.read_bytes().replace(b'"PASS"', b'"WARN"'))
    done = verify(files.document, "--key", files.key)
    assert done.code == 1
    assert "another document, or it was changed" in done.out


def test_a_statement_alone_holds_by_its_signature_and_says_so(files: Files, verify: Verify) -> None:
    files.document.unlink()
    done = verify(files.envelope, "--key", files.key)
    assert done.code == 0
    assert "its document was not looked at" in done.out


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[" * 100_000, b"x" * 17_000_000])
def test_what_is_no_envelope_is_not_believed(files: Files, verify: Verify, content: bytes) -> None:
    files.envelope.write_bytes(content)
    files.document.unlink()
    done = verify(files.envelope, "--key", files.key)
    assert done.code == 1
    assert "not to be believed" in done.out
    assert "Traceback" not in done.err


def test_a_document_without_a_statement_beside_it_is_told_where_one_comes_from(files: Files, verify: Verify) -> None:
    files.envelope.unlink()
    done = verify(files.document, "--key", files.key)
    assert done.code == 2
    assert "GATEHOUSE_SIGNING_KEY" in done.err


@pytest.mark.parametrize(
    ("key", "said"), [(b"no key", "no public key in PEM"), (pair().private, "a private key stands")]
)
def test_a_key_that_is_none_is_wrong_use_and_no_verdict(files: Files, verify: Verify, key: bytes, said: str) -> None:
    files.key.write_bytes(key)
    done = verify(files.envelope, "--key", files.key)
    assert done.code == 2
    assert said in done.err


def test_the_model_in_a_folder_is_held_against_the_statement(files: Files, verify: Verify) -> None:
    done = verify(files.envelope, "--key", files.key, "--artifact", files.model)
    assert done.code == 0
    assert "as in the folder" in done.out
    overwrite(files.model, "other weights")
    done = verify(files.envelope, "--key", files.key, "--artifact", files.model)
    assert done.code == 1
    assert digest(files.model) in done.out


@pytest.mark.parametrize(
    "text", ["\x1b[31mred\x1b]8;;https://evil.example\x07", "a\n✓ b\r\nc\u2028d", "\u202egnp.exe\u200b"]
)
def test_what_a_statement_says_reaches_no_terminal_raw(tmp_path: Path, files: Files, verify: Verify, text: str) -> None:
    result, basis = judged()
    told = json.loads(statement(result, b"{}", basis))
    told["subject"][0]["uri"] = text
    told["predicate"]["passedTests"] = [text]
    signed = seal.seal(json.dumps(told).encode(), keys.signer(pair().private))
    (tmp_path / "hostile.intoto.json").write_bytes(signed)
    done = verify(tmp_path / "hostile.intoto.json", "--key", files.key)
    assert done.code == 0
    assert not {"\x1b", "\u202e", "\u200b", "\u2028"} & set(done.out)
    assert len(done.out.splitlines()) == 6
