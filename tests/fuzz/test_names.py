"""What a pull request calls its files, and writes in them, travels from fetch to the comment as text alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.cli import scene, steps
from gatehouse.cli.frame import Settings, emit, explain
from gatehouse.cli.harmless import legible
from gatehouse.declare.changes import changed_pins
from gatehouse.declare.load import require
from gatehouse.errors import GatehouseError
from gatehouse.evaluate import material
from gatehouse.git import Writer
from gatehouse.pin import MODEL, NAME, Pin, Role, Slot
from gatehouse.report import document, outlook
from gatehouse.report.markdown import refused
from tests.declare.helpers import Files, repository
from tests.fuzz.corpus import EVERYTHING, texts
from tests.fuzz.github import Seen
from tests.fuzz.runner import obeyed
from tests.support.repo import ADA, promotion, promotions

PIN = Pin(1, "sha256:" + "a" * 64)
STAGING = Slot("credit-risk", "staging").path
# Names that are no text, as git hands them on.
BYTES = tuple(name.decode(errors="surrogateescape") for name in (b"\xff", b"\xc3(", b"a\x80b", b"\xed\xa0\x80"))
Capture = pytest.CaptureFixture[str]


def asked(path: str, text: str) -> list[Slot] | GatehouseError:
    """The slots that a proposal with this file asks about, or why it is refused."""
    try:
        declared = require(Files({**repository(), path: text.encode(errors="surrogatepass")}))
    except GatehouseError as error:
        return error
    return [change.slot for change in changed_pins(None, declared)]


def told(error: GatehouseError, folder: Path, capsys: Capture) -> Seen:
    """The way of a refusal: fetch's log and material, evaluate's document, the report's log, and what GitHub shows."""
    said = GatehouseError(legible(error.message), legible(error.fix))
    for json in (False, True):
        emit(Settings(folder, {}, json=json), steps.refuse(said, folder), f"refused: {said.message}")
    carried = material.read(folder)
    with pytest.raises(GatehouseError) as final:
        document.decode(document.refusal(GatehouseError(carried.refused, carried.fix)))
    explain(final.value, ["--format=json"])
    out, err = capsys.readouterr()
    assert obeyed(out + err) == []
    assert not {"\x1b", "\x9b", "\u202e", "\u200b"} & set(out + err)
    return Seen(refused(final.value))


def _quiet(seen: Seen) -> None:
    assert (seen.links, seen.started) == ([], [])
    assert set(seen.tags) <= {"h2", "p", "strong"}


def _paths(name: str) -> tuple[str, ...]:
    return (
        f"promotions/{name}/staging.yaml",
        f"promotions/credit-risk/{name}.yaml",
        f"promotions/credit-risk/staging.{name}.yaml",
    )


@pytest.mark.parametrize("name", [*EVERYTHING, *BYTES])
def test_a_file_of_any_name_is_a_slot_by_its_own_path_or_refused_in_text(
    tmp_path: Path, capsys: Capture, name: str
) -> None:
    for place in _paths(name):
        found = asked(place, promotion(PIN))
        if isinstance(found, GatehouseError):
            _quiet(told(found, tmp_path, capsys))
            continue
        for slot in found:
            assert slot.path == place
            assert MODEL.fullmatch(slot.model)
            assert slot.segment is None or NAME.fullmatch(slot.segment)


@pytest.mark.parametrize("name", [*BYTES, "a\n::add-mask::x", "\x1b[2J", "@octocat fixes #1", "-oProxyCommand=x"])
def test_so_is_one_that_git_brings(tmp_path: Path, capsys: Capture, name: str) -> None:
    repo = promotions(tmp_path, "sqlite:///nowhere.db")
    files: dict[str, bytes | None] = {place: promotion(PIN).encode() for place in _paths(name)}
    head = Writer(repo.repository, author=ADA).commit(repo.head, files, "A change")
    with pytest.raises(GatehouseError) as found:
        scene.between(Settings(repo.root, {}, json=False), "origin/main", head)
    _quiet(told(found.value, tmp_path / "material", capsys))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, min_size=1, max_size=3).map("\n".join))
def test_a_promotion_of_any_text_is_refused_in_text(tmp_path: Path, capsys: Capture, text: str) -> None:
    found = asked(STAGING, text)
    assert isinstance(found, GatehouseError)
    _quiet(told(found, tmp_path, capsys))


@pytest.mark.parametrize("text", EVERYTHING)
def test_a_value_that_is_quoted_back_is_quoted_as_text(tmp_path: Path, capsys: Capture, text: str) -> None:
    quoted = text.encode(errors="replace").decode().replace("'", "''")
    found = asked(STAGING, f"version: '{quoted}'\ndigest: '{quoted}'\n{quoted}: 1\n")
    assert isinstance(found, GatehouseError)
    _quiet(told(found, tmp_path, capsys))


@settings(max_examples=100, deadline=None)
@given(texts, texts, texts)
def test_what_is_said_of_evidence_starts_nothing(model: str, fault: str, fix: str) -> None:
    answers = [outlook.Answer(Slot(model, "staging"), Role.SHADOW, PIN, fault or "no", fix)]
    for word in (outlook.unread(fault, fix), outlook.outdated(answers), outlook.taken(answers[0].slot, 12)):
        seen = Seen(word.summary.replace("#12", "number"))
        assert (seen.links, seen.started) == ([], [])
        assert word.title.isprintable()
