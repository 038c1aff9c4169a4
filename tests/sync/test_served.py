"""Whether a version ever served is read from where each target puts a model's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.git import Author, Repository, Writer
from gatehouse.serve import targets
from gatehouse.sync.approved import served
from tests.serve.targets.examples import CHAMPION, MODEL, OPTIONS, arm


def published(folder: Path, files: dict[str, bytes]) -> tuple[Repository, str]:
    repository = Repository(folder)
    repository.run("init", "-q", ".")
    writer = Writer(repository, remote=None, author=Author("Ada", "ada@example.org"))
    first = writer.commit(None, dict(files), "Serve")
    return repository, writer.commit(first, dict.fromkeys(files), "Serve nothing")


@pytest.mark.parametrize("target", targets.names())
def test_what_a_target_once_rendered_served(target: str, tmp_path: Path) -> None:
    options = OPTIONS if target in ("kserve", "kubernetes") else {}
    repository, commit = published(tmp_path, dict(targets.render(target, CHAMPION, options)))
    assert served(repository, commit, MODEL, arm(1).pin)
    assert not served(repository, commit, MODEL, arm(2).pin)
    assert not served(repository, commit, "credit", arm(1).pin)


@pytest.mark.parametrize(
    "path",
    ["serving/kserve/other/credit-risk.yaml", "elsewhere/kserve/credit-risk/x.yaml", "serving/credit-risk2.yaml"],
)
def test_a_digest_anywhere_else_says_nothing(path: str, tmp_path: Path) -> None:
    repository, commit = published(tmp_path, {path: arm(1).digest.encode()})
    assert not served(repository, commit, MODEL, arm(1).pin)
