"""A company in a folder has what the demo and the end-to-end tests lean on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from tests.github.raw import Raw
from tests.world.line import CREDIT_RISK, digest
from tests.world.world import BOT, PEOPLE, SLUG, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("company")) as made:
        yield made


def test_its_policy_names_the_data_that_was_written_and_is_else_the_projects_own(world: World) -> None:
    policy = yaml.safe_load((world.here / "promotions" / CREDIT_RISK.model / "policy.yaml").read_text())
    evaluation = policy["data"]["evaluation"]
    assert evaluation["digest"] == digest(world.here / evaluation["path"])
    assert (world.here / policy["data"]["production"]["path"]).exists()


def test_it_validates(world: World) -> None:
    done = world.gatehouse("validate")
    assert done.exit == 0, done.out


def test_main_holds_what_the_clone_holds(world: World) -> None:
    assert world.git("status", "--porcelain") == ""
    assert world.repo.git.resolve("main") == world.git("rev-parse", "HEAD")
    assert {".github", "data", "gates", "promotions"} <= {path.name for path in world.here.iterdir()}
    assert not (world.here / ".github" / "workflows" / "tests.yml").exists()


def test_people_and_the_bot_have_tokens_and_a_runner_has_none(world: World) -> None:
    assert world.tokens.keys() == {*PEOPLE, BOT}
    assert world.environment("rosa")["GITHUB_TOKEN"] == world.tokens["rosa"]
    assert "GITHUB_TOKEN" not in world.environment()
    assert world.remote("dana").full_name == SLUG


def test_a_persons_merge_starts_what_its_files_ask_for(world: World) -> None:
    world.started()
    world.github.push(world.repo, "main", {"README.md": "# Models\n"}, by="olga")
    assert "sync" not in world.started()
    world.github.push(world.repo, "main", {"promotions/README.md": "# Promotions\n"}, by="olga")
    assert {"sync", "evidence"} <= set(world.started())
    assert world.started() == []


def test_what_a_workflow_merges_starts_nothing_but_what_it_starts_by_hand(world: World) -> None:
    world.started()
    world.github.push(world.repo, "main", {"promotions/README.md": "# Merged\n"}, by=f"{BOT}[bot]")
    assert world.started() == []
    bot = Raw(world.github, world.github.app_token(BOT, {"actions": "write"}), SLUG)
    assert bot.call("POST", "/actions/workflows/sync.yml/dispatches", {"ref": "main"})[0] == 204
    assert world.started() == ["sync"]
