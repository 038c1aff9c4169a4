"""What the evidence branch holds, whatever somebody has put there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.sync import kept
from gatehouse.sync.places import Place
from gatehouse.sync.shelve import document
from tests.support.repo import Promotions, promotions
from tests.support.thousand import digest
from tests.sync.bench import MODEL, bench

KEY = digest("key")
PATH = Place(MODEL, KEY).document


@pytest.fixture
def repo(tmp_path: Path) -> Promotions:
    return promotions(tmp_path, "sqlite:///mlflow.db")


def shelved(repo: Promotions, model: str = MODEL) -> tuple[kept.Shelved, ...]:
    repo.repository.run("fetch", "-q", "origin", "+evidence:refs/remotes/origin/evidence")
    return kept.documents(repo.repository, kept.entries(repo.repository, "origin/evidence"), model)


def test_documents_come_in_the_order_in_which_they_came(repo: Promotions) -> None:
    paths = [Place(MODEL, digest(text)).document for text in "cab"]
    for path in paths:
        repo.tamper({path: path.encode()})
    assert [one.path for one in shelved(repo)] == paths


def test_those_that_came_together_go_by_their_numbers(repo: Promotions) -> None:
    first = Place(MODEL, KEY)
    places = [first, first.further, first.further.further]
    repo.tamper({place.document: place.document.encode() for place in reversed(places)})
    assert [one.path for one in shelved(repo)] == [place.document for place in places]


def test_a_statement_is_no_document_and_stands_beside_its_own(repo: Promotions) -> None:
    place = Place(MODEL, KEY)
    repo.tamper({place.document: b"{}"})
    repo.tamper({place.envelope: b"signed", place.further.envelope: b"of nothing"})
    (one,) = shelved(repo)
    assert (one.path, one.envelope, one.altered, one.key) == (PATH, b"signed", "", KEY)


def test_a_name_that_is_none_of_ours_has_no_key(repo: Promotions) -> None:
    names = ["x.json", "README.md", f"{KEY[7:]}.1.json", f"{KEY[7:]}.02.json", f"{KEY[7:].upper()}.json"]
    repo.tamper({f"evidence/{MODEL}/{name}": name.encode() for name in names})
    found = shelved(repo)
    assert len(found) == 4
    assert {one.key for one in found} == {""}


def test_the_models_of_similar_names_are_apart(repo: Promotions) -> None:
    repo.tamper({Place(name, KEY).document: name.encode() for name in ("credit", "credit-risk", "credit-risk-2")})
    assert [one.document for one in shelved(repo, "credit-risk")] == [b"credit-risk"]


def test_a_name_that_looks_like_a_pattern_is_a_name(repo: Promotions) -> None:
    repo.tamper({PATH: b"{}"})
    repo.repository.run("fetch", "-q", "origin", "+evidence:refs/remotes/origin/evidence")
    assert kept.entries(repo.repository, "origin/evidence", "evidence/*") == {}


def test_a_submodule_is_no_document_and_stops_nothing(repo: Promotions) -> None:
    repository = repo.repository
    tree = repository.run("mktree", "--missing", data=f"160000 commit {'a' * 40}\t{KEY[7:]}.json".encode())
    for name in (MODEL, "evidence"):
        tree = repository.run("mktree", data=f"040000 tree {tree}\t{name}".encode())
    commit = repository.run("commit-tree", tree, "-m", "Module")
    (one,) = kept.documents(repository, kept.entries(repository, commit), MODEL)
    assert (one.result, one.unreadable) == (None, "it is no regular file")


def test_a_person_who_does_not_show_root_commits_sees_them_here(repo: Promotions) -> None:
    repo.repository.run("config", "log.showRoot", "false")
    repo.tamper({PATH: b"{}"})
    assert [one.path for one in shelved(repo)] == [PATH]


def test_two_who_put_different_things_under_one_name_and_a_merge_of_both_is_no_evidence(repo: Promotions) -> None:
    repository = repo.repository
    writer = [repo.tamper({PATH: b"one"}), ""]
    repository.run("push", "-q", "origin", ":refs/heads/evidence")
    writer[1] = repo.tamper({PATH: b"two"})
    tree = repository.run("rev-parse", f"{writer[1]}^{{tree}}")
    joined = repository.run("commit-tree", tree, "-p", writer[0], "-p", writer[1], "-m", "Join")
    (one,) = kept.documents(repository, kept.entries(repository, joined), MODEL)
    assert one.altered


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return document(bench(tmp_path_factory.mktemp("bench")).result())


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_bytes_are_a_result_or_no_result_and_never_an_error(honest: bytes, data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(honest) - 1))
    change = data.draw(st.binary(max_size=4))
    cut = data.draw(st.integers(0, 4))
    result, fault = kept.read(honest[:where] + change + honest[where + cut :])
    assert (result is None) is bool(fault)
