"""What a pull request asks, and which pull requests are turned away before anybody looks into them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from gatehouse.cli import scene
from gatehouse.cli.frame import Settings
from gatehouse.cli.scene import LARGEST, MOST_QUESTIONS, Scene
from gatehouse.errors import GatehouseError
from gatehouse.git import Repository, Writer
from gatehouse.pin import Pin, Role, Slot
from tests.support.repo import ADA, POLICY, Promotions, encoded, promotion, promotions

PIN = Pin(1, "sha256:" + "a" * 64)
STAGING = Slot("credit-risk", "staging")
# One path for each thing that judges, and what a hostile change would put there.
JUDGES = (
    *("gates/accuracy.py", "gates/metrics/cost.py", ".github/workflows/gates.yml", ".github/CODEOWNERS"),
    *("CODEOWNERS", "docs/CODEOWNERS", "promotions/stages.yaml", "promotions/freeze.yaml"),
    *("promotions/credit-risk/policy.yaml", "promotions/other/policy.yaml"),
    *("src/gatehouse/verdict.py", "scripts/setup", "requirements.lock", "pyproject.toml"),
)
SPLIT = "split it in two pull requests"


@pytest.fixture
def repo(tmp_path: Path) -> Promotions:
    return promotions(tmp_path, "sqlite:///nowhere.db")


def asked(repo: Promotions, files: Mapping[str, str | None], parent: str | None = None) -> Scene:
    """The scene of a branch cut from main (or from ``parent``) that changes these files."""
    head = Writer(repo.repository, author=ADA).commit(parent or repo.head, encoded(files), "A change")
    return between(repo, head)


def between(repo: Promotions, head: str) -> Scene:
    repo.repository.run("fetch", "--quiet", "origin")
    return scene.between(Settings(repo.root, {}, json=False), "origin/main", head)


def test_a_pin_alone_is_a_question(repo: Promotions) -> None:
    (request,) = asked(repo, {STAGING.path: promotion(PIN)}).requests
    assert (request.slot, request.role, request.candidate) == (STAGING, Role.CHAMPION, PIN)
    assert request.base == repo.head


@pytest.mark.parametrize("path", JUDGES)
def test_a_pin_together_with_what_judges_it_is_refused_and_told_how_to_split(repo: Promotions, path: str) -> None:
    with pytest.raises(GatehouseError) as refused:
        asked(repo, {STAGING.path: promotion(PIN), path: "# weakened\n"})
    assert f"a pin changes together with what judges it: {path}" in refused.value.message
    assert STAGING.path in refused.value.message
    assert SPLIT in refused.value.fix


@pytest.mark.parametrize("path", JUDGES)
def test_what_judges_may_change_by_itself_and_asks_nothing(repo: Promotions, path: str) -> None:
    assert asked(repo, {path: "# a change for its owners to read\n"}).requests == ()


@pytest.mark.parametrize("path", ["README.md", "promotions/credit-risk/card.md", "src/train.py", "scripts/train"])
def test_what_judges_nothing_may_come_along(repo: Promotions, path: str) -> None:
    assert len(asked(repo, {STAGING.path: promotion(PIN), path: "words\n"}).requests) == 1


def test_a_judge_that_is_taken_away_or_moved_is_a_judge_that_changes(repo: Promotions) -> None:
    repo.commit({"gates/mine.py": "x = 1\n"})
    with pytest.raises(GatehouseError, match=r"gates/mine\.py"):
        asked(repo, {STAGING.path: promotion(PIN), "gates/mine.py": None})
    with pytest.raises(GatehouseError, match=r"gates/mine\.py"):
        asked(repo, {STAGING.path: promotion(PIN), "gates/mine.py": None, "elsewhere.py": "x = 1\n"})


def test_a_judge_whose_mode_alone_changes_is_a_judge_that_changes(repo: Promotions) -> None:
    repo.commit({"scripts/setup": "#!/bin/sh\n"})
    head = _with_mode(repo, "100755", "scripts/setup", "#!/bin/sh\n")
    with pytest.raises(GatehouseError, match="scripts/setup"):
        between(repo, head)


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_a_link_or_submodule_in_a_pin_s_place_is_never_followed(repo: Promotions, mode: str) -> None:
    git = repo.repository.run
    git("read-tree", repo.head)
    blob = git("hash-object", "-w", "--stdin", data=b"/etc/passwd") if mode == "120000" else "1" * 40
    git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{STAGING.path}")
    head = git("commit-tree", git("write-tree"), "-p", repo.head, data=b"link")
    with pytest.raises(GatehouseError, match="symbolic link" if mode == "120000" else "submodule"):
        between(repo, head)


def test_what_main_got_since_the_branch_was_cut_is_not_the_branch_s_doing(repo: Promotions) -> None:
    cut = repo.head
    repo.commit({"gates/new.py": "x = 1\n", "promotions/credit-risk/policy.yaml": POLICY.format(soak="1h")})
    (request,) = asked(repo, {STAGING.path: promotion(PIN)}, parent=cut).requests
    assert request.base == repo.head


def test_a_judge_changed_in_an_older_commit_of_the_branch_counts_too(repo: Promotions) -> None:
    first = Writer(repo.repository, author=ADA).commit(repo.head, {"gates/mine.py": b"x = 1\n"}, "First the gate")
    with pytest.raises(GatehouseError, match=r"gates/mine\.py"):
        asked(repo, {STAGING.path: promotion(PIN)}, parent=first)


def test_a_judge_brought_in_by_merging_another_branch_counts_too(repo: Promotions) -> None:
    writer = Writer(repo.repository, author=ADA)
    other = writer.commit(repo.head, {"gates/mine.py": b"x = 1\n"}, "A gate, elsewhere")
    pinned = writer.commit(repo.head, {"gates/mine.py": b"x = 1\n", STAGING.path: promotion(PIN).encode()}, "Merged")
    tree = repo.repository.run("rev-parse", f"{pinned}^{{tree}}")
    merged = repo.repository.run("commit-tree", tree, "-p", repo.head, "-p", other, data=b"Merge")
    with pytest.raises(GatehouseError, match=r"gates/mine\.py"):
        between(repo, merged)


def test_a_promotion_file_is_read_up_to_its_limit_and_not_beyond(repo: Promotions) -> None:
    room = LARGEST - len(promotion(PIN)) - 2
    assert len(asked(repo, {STAGING.path: f"{promotion(PIN)}#{'x' * room}\n"}).requests) == 1
    with pytest.raises(GatehouseError, match=f"has {LARGEST + 1:,} bytes, more than the {LARGEST:,}"):
        asked(repo, {STAGING.path: f"{promotion(PIN)}#{'x' * (room + 1)}\n"})


def test_as_many_pins_as_one_check_takes_are_asked_and_no_more(repo: Promotions) -> None:
    names = [f"m{number}" for number in range(MOST_QUESTIONS + 1)]
    repo.commit({f"promotions/{name}/policy.yaml": POLICY.format(soak="0s") for name in names})
    pins = {Slot(name, "staging").path: promotion(PIN) for name in names}
    assert len(asked(repo, dict(list(pins.items())[:MOST_QUESTIONS])).requests) == MOST_QUESTIONS
    with pytest.raises(GatehouseError, match=f"{MOST_QUESTIONS + 1} promotion files change") as refused:
        asked(repo, pins)
    assert "several pull requests" in refused.value.fix


def test_many_roles_of_few_files_are_counted_as_the_questions_they_are(repo: Promotions) -> None:
    names = [f"m{number}" for number in range(MOST_QUESTIONS // 2 + 1)]
    repo.commit({f"promotions/{name}/policy.yaml": POLICY.format(soak="0s") for name in names})
    shadow = f"version: 2, digest: sha256:{'b' * 64}, percent: 1"
    files = {Slot(name, "staging").path: promotion(PIN, shadow=shadow) for name in names}
    with pytest.raises(GatehouseError, match=f"{MOST_QUESTIONS + 2} pins change"):
        asked(repo, files)


@pytest.mark.parametrize("place", ["promotions", "gates", ".github"])
def test_a_tree_of_ten_billion_files_in_a_few_kilobytes_ends_the_look_at_it(repo: Promotions, place: str) -> None:
    began = time.monotonic()
    with pytest.raises(GatehouseError, match=f"{place} holds more files than can be looked at"):
        between(repo, bomb(repo.repository, repo.head, place))
    assert time.monotonic() - began < 60


def bomb(repository: Repository, parent: str, place: str) -> str:
    """Kate Murphy's git bomb: ten entries a tree, ten levels deep, all of them the same eleven objects."""
    git = repository.run
    blob = git("hash-object", "-w", "--stdin", data=b"version: 1\n")
    tree = git("mktree", data="".join(f"100644 blob {blob}\tf{leaf}.yaml\n" for leaf in range(10)).encode())
    for _ in range(9):
        tree = git("mktree", data="".join(f"040000 tree {tree}\td{branch}\n" for branch in range(10)).encode())
    kept = [line for line in git("ls-tree", parent).splitlines() if not line.endswith(f"\t{place}")]
    root = git("mktree", data="".join(f"{line}\n" for line in [*kept, f"040000 tree {tree}\t{place}"]).encode())
    return git("commit-tree", root, "-p", parent, data=b"A few more models")


def _with_mode(repo: Promotions, mode: str, path: str, text: str) -> str:
    """A commit on main that pins a version and gives a file another mode."""
    pinned = Writer(repo.repository, author=ADA).commit(repo.head, {STAGING.path: promotion(PIN).encode()}, "Pin")
    git = repo.repository.run
    git("read-tree", pinned)
    blob = git("hash-object", "-w", "--stdin", data=text.encode())
    git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
    return git("commit-tree", git("write-tree"), "-p", repo.head, data=b"mode")
